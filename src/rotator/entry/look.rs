//! What a sweep and a health check ask of a credential: they change nothing.

use slack_proto::{
    Timestamp,
    rotation::{AnyCredential, Problem},
    tokens::Fingerprint,
};

use super::{super::shared::Shared, Entry};

/// What this process does about a credential at the moment.
#[derive(Clone, Debug)]
pub(in crate::rotator) struct Activity {
    /// Whether a task is at it.
    pub(in crate::rotator) running: bool,
    /// What stands in the way, and until when nothing happens.
    pub(in crate::rotator) held_up: Option<(Timestamp, Problem)>,
}

impl Entry {
    /// Returns the name of the pair that the store holds as far as is known here.
    pub(in crate::rotator) fn known_pair(&self) -> Option<Fingerprint> {
        self.state().rotation.credential().map(AnyCredential::pair_fingerprint)
    }

    pub(in crate::rotator) fn known_token(&self) -> Option<Fingerprint> {
        self.state().rotation.credential().map(AnyCredential::fingerprint)
    }

    /// Returns until when a task waits before it does anything, if it does.
    pub(in crate::rotator) fn resumes_at(&self) -> Option<Timestamp> {
        self.state().resumes_at
    }

    pub(in crate::rotator) fn activity(&self, shared: &Shared) -> Activity {
        let now = shared.runtime.now();
        let state = self.state();
        Activity { running: state.running, held_up: state.held_up(shared, now) }
    }
}
