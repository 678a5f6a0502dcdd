//! Mistakes that can be built into the driver or the store, to show that the model finds them.

use std::rc::Rc;

use slack_auth::{
    Installation, Slot,
    rotation::{AnyCredential, Write},
};

use crate::{actor::Task, slack::Pair, world::World};

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Every process gets the lease.
    LeaseIgnored,
    /// The lease lasts longer than the grace time.
    LongLease,
    /// A write does not look at the version.
    VersionIgnored,
    /// A write does not look at what it replaces.
    Unconditional,
    /// A write that failed is said to be done.
    FalselyWritten,
    /// Callers are given a pair that is not stored yet.
    HandedOutUnsaved,
    /// Each wait is longer than the grace time.
    LateRetry,
    /// A refresh token is sent once more after Slack has said that it is spent.
    SentAgain,
}

impl World {
    /// Which pair a caller would be given.
    pub(crate) fn shown(&self, index: usize) -> Option<Pair> {
        let actor = &self.actors[index];
        let unsaved = actor.unsaved(&self.slack);
        let unsaved = unsaved.filter(|_| self.has(Flaw::HandedOutUnsaved));
        unsaved.or_else(|| actor.shown(&self.slack))
    }

    pub(crate) fn has(&self, flaw: Flaw) -> bool {
        self.plan.flaw == Some(flaw)
    }

    pub(crate) fn oversleep(&mut self, index: usize) {
        if let Task::Waiting { until } = &mut self.actors[index].task {
            *until = (*until).max(self.now + 61_000);
        }
    }

    /// Reads at once, and puts the pair there, whatever it finds.
    pub(crate) fn write_blindly(&self, write: &Write, slot: Slot) -> (u64, Rc<Installation>) {
        let mut installation = self.store.installation.as_ref().clone();
        if let AnyCredential::Credential(credential) = &write.credential {
            match slot {
                Slot::Bot => installation.bot = Some(credential.clone()),
                _ => installation.user = Some(credential.clone()),
            }
        }
        (self.store.version, Rc::new(installation))
    }
}
