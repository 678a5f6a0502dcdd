//! Mistakes that can be built into the driver or the store, to show that the model finds them.

use crate::{actor::Actor, slack::Pair, world::World};

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Every process gets the lease.
    LeaseIgnored,
    /// The lease lasts longer than the grace time.
    LongLease,
    /// A write does not look at the version.
    VersionIgnored,
    /// Callers are given a pair that is not stored yet.
    HandedOutUnsaved,
}

impl World {
    /// Which pair a caller would be given.
    pub(crate) fn shown(&self, index: usize) -> Option<Pair> {
        let actor: &Actor = &self.actors[index];
        match self.plan.flaw {
            Some(Flaw::HandedOutUnsaved) => {
                actor.unsaved(&self.slack).or_else(|| actor.shown(&self.slack))
            }
            _ => actor.shown(&self.slack),
        }
    }
}
