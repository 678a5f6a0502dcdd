//! What is asked of a credential beside the task that is at it.

use std::time::Duration;

use slack_proto::{
    Timestamp,
    rotation::{AnyCredential, Input, Problem, Rejection},
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

    /// Returns the input that has the store read anew, without anything being forgotten.
    pub(in crate::rotator) fn doubt(&self) -> Input {
        match self.known_token() {
            Some(token) => Input::Rejected { token, rejection: Rejection::Doubtful },
            None => Input::Tick,
        }
    }

    pub(in crate::rotator) fn known_token(&self) -> Option<Fingerprint> {
        self.state().rotation.credential().map(AnyCredential::fingerprint)
    }

    /// Returns until when a task waits before it does anything, if it does.
    pub(in crate::rotator) fn resumes_at(&self) -> Option<Timestamp> {
        self.state().resumes_at
    }

    /// Returns whether nothing happens until after this time.
    pub(in crate::rotator) fn is_held_up(&self, shared: &Shared, deadline: Timestamp) -> bool {
        let state = self.state();
        let held_up = state.held_up(shared, shared.runtime.now());
        state.running && held_up.is_some_and(|(until, _)| until > deadline)
    }

    /// Returns whether the store may be read beside a task that waits: not too often.
    pub(in crate::rotator) fn may_look_past(&self, shared: &Shared) -> bool {
        let now = shared.runtime.elapsed();
        let mut state = self.state();
        let is_time = state.looked_past_at.is_none_or(|at| now >= at + LOOK_PAST);
        if is_time {
            state.looked_past_at = Some(now);
        }
        is_time
    }

    pub(in crate::rotator) fn activity(&self, shared: &Shared) -> Activity {
        let now = shared.runtime.now();
        let state = self.state();
        Activity { running: state.running, held_up: state.held_up(shared, now) }
    }
}

/// How often the store is read while a task waits for long.
const LOOK_PAST: Duration = Duration::from_secs(30);
