//! The store of the model: one installation with a version, and leases by the real rule.

use std::{
    collections::BTreeSet,
    hash::{Hash, Hasher},
    rc::Rc,
};

use slack_auth::{
    Installation, Slot,
    store::{Lease, LeaseHolder, LeaseOutcome},
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

    pub(crate) fn acquire(&mut self, slot: Slot, wanted: &Lease) -> LeaseOutcome {
        let acquired = Lease::take(self.leases[place(slot)], wanted);
        if acquired == LeaseOutcome::Granted {
            self.leases[place(slot)] = Some(*wanted);
        }
        acquired
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
