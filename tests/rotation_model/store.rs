//! The store of the model: one installation with a version, and leases by its own clock.

use std::{
    collections::BTreeSet,
    hash::{Hash, Hasher},
    rc::Rc,
    time::Duration,
};

use slack_auth::{
    Installation, Slot,
    store::{LeaseHolder, LeaseOutcome},
};

use crate::slack::{Pair, Slack};

#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) version: u64,
    pub(crate) installation: Rc<Installation>,
    /// The pairs that it has ever held.
    pub(crate) held: Rc<BTreeSet<Pair>>,
    pub(crate) leases: [Option<Lease>; 2],
}

/// A lease, by the store's clock in milliseconds.
#[derive(Clone, Copy)]
pub(crate) struct Lease {
    pub(crate) holder: LeaseHolder,
    pub(crate) taken_at: u64,
    pub(crate) until: u64,
}

/// A snapshot, as a reader got it.
#[derive(Clone)]
pub(crate) struct View {
    pub(crate) version: u64,
    pub(crate) installation: Rc<Installation>,
}

impl Store {
    pub(crate) fn new(installation: Installation, slack: &Slack) -> Self {
        let installation = Rc::new(installation);
        let held = SLOTS.iter().filter_map(|slot| pair_in(&installation, *slot, slack)).collect();
        Self { version: 1, installation, held: Rc::new(held), leases: [None; 2] }
    }

    pub(crate) fn read(&self) -> View {
        View { version: self.version, installation: Rc::clone(&self.installation) }
    }

    /// Puts what passed the check of its version.
    pub(crate) fn put(&mut self, installation: Rc<Installation>, slack: &Slack) {
        self.version += 1;
        self.installation = installation;
        for slot in SLOTS {
            let pair = self.pair(slot, slack);
            Rc::make_mut(&mut self.held).extend(pair);
        }
    }

    pub(crate) fn acquire(
        &mut self,
        slot: Slot,
        holder: LeaseHolder,
        length: Duration,
        now: u64,
    ) -> LeaseOutcome {
        let lease = &mut self.leases[place(slot)];
        match lease {
            Some(held) if held.holder != holder && now < held.until => {
                LeaseOutcome::HeldFor(Duration::from_millis(held.until - now))
            }
            _ => {
                *lease = Some(Lease { holder, taken_at: now, until: now + millis(length) });
                LeaseOutcome::Granted
            }
        }
    }

    pub(crate) fn release(&mut self, slot: Slot, holder: LeaseHolder) {
        let lease = &mut self.leases[place(slot)];
        if lease.is_some_and(|lease| lease.holder == holder) {
            *lease = None;
        }
    }

    pub(crate) fn lease(&self, slot: Slot) -> Option<Lease> {
        self.leases[place(slot)]
    }

    pub(crate) fn pair(&self, slot: Slot, slack: &Slack) -> Option<Pair> {
        pair_in(&self.installation, slot, slack)
    }
}

/// Which pair an installation holds in a slot.
pub(crate) fn pair_in(installation: &Installation, slot: Slot, slack: &Slack) -> Option<Pair> {
    let held = installation.credential(slot)?;
    slack.pair_of_refresh(held.refresh_token.as_ref()?.expose())
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap()
}

fn place(slot: Slot) -> usize {
    usize::from(slot == Slot::User)
}

impl Hash for Store {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.read().hash(state);
        self.held.hash(state);
        for lease in self.leases {
            // Who holds it is told by the actors.
            lease.map(|lease| (lease.taken_at, lease.until)).hash(state);
        }
    }
}

impl Hash for View {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.version.hash(state);
        for slot in SLOTS {
            let Some(held) = self.installation.credential(slot) else { continue };
            held.access_token.expose().hash(state);
            (held.issued_at, held.expires_at).hash(state);
        }
    }
}

pub(crate) const SLOTS: [Slot; 2] = [Slot::Bot, Slot::User];
