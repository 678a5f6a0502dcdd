//! What a sweep and a health check ask of a credential: they change nothing.

use slack_proto::{Timestamp, rotation::AnyCredential, tokens::Fingerprint};

use super::Entry;

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
}
