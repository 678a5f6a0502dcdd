//! What is known of the credential, and of its rotation.

use std::time::Duration;

use super::{Goal, Rotation, Stage};
use crate::{
    Timestamp,
    rotation::{AnyCredential, Problem, ReauthorizationReason, RefreshRequest, RotationPolicy},
    tokens::CredentialLifetime,
};

impl Rotation {
    /// Returns the credential that the store holds, as far as is known.
    #[must_use]
    pub fn credential(&self) -> Option<&AnyCredential> {
        self.stored.as_ref()
    }

    /// Returns the credential if its token stays valid for at least `min_validity` and Slack has not rejected it.
    ///
    /// A rotating credential with an unknown end does not count as valid: its access token may have ended already, and
    /// a refresh replaces it.
    #[must_use]
    pub fn valid_credential(
        &self,
        now: Timestamp,
        min_validity: Duration,
    ) -> Option<&AnyCredential> {
        let stored = self.stored.as_ref()?;
        let ended = self.is_rejected(stored) && !self.is_young(stored, now)
            || stored.lifetime() == (CredentialLifetime::Rotating { expires_at: None })
            || stored.expires_at().is_some_and(|end| now >= end || now + min_validity > end);
        (!ended).then_some(stored)
    }

    /// Returns a pair that Slack issued and that is not stored yet. It must not be lost.
    #[must_use]
    pub fn unsaved(&self) -> Option<&AnyCredential> {
        self.pending.as_ref().map(|write| &write.credential)
    }

    /// Returns when the next refresh is due; `None` if it never is.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        self.policy.due_at(self.stored.as_ref()?, self.phase)
    }

    /// Returns when a credential that does not expire is read again, an hour after the last time: another process may have
    /// exchanged it for a rotating pair, and then Slack refuses it some hours later. `None` for any other credential.
    #[must_use]
    pub fn read_again_at(&self) -> Option<Timestamp> {
        let stored = self.stored.as_ref()?;
        let is_unlimited = stored.lifetime() == CredentialLifetime::Unlimited;
        self.unlimited_read_at.filter(|_| is_unlimited).map(|at| at + BETWEEN_READS)
    }

    /// Returns the earliest time for another refresh of the credential that Slack has not made necessary by its end: a
    /// token that Slack rejects as soon as it has issued it is not refreshed again and again.
    #[must_use]
    pub fn next_refresh_at(&self, now: Timestamp) -> Option<Timestamp> {
        let issued_at = self.stored.as_ref().filter(|_| self.replaced)?.issued_at();
        // A token from the future is one of a clock that is wrong.
        let is_plausible = issued_at.since(now) <= MOST_SKEW;
        is_plausible.then(|| issued_at + RotationPolicy::shortest_life(self.rejections))
    }

    /// Returns whether the refresh token may be spent, and Slack takes it still: it must be sent again soon.
    #[must_use]
    pub fn is_in_doubt(&self, now: Timestamp) -> bool {
        self.in_grace(now) || self.goal == Goal::Settle && !self.fallbacks.is_empty()
    }

    /// Returns the name of the API method that gives the next pair; `None` if nothing is known, or nothing to be sent.
    #[must_use]
    pub fn method(&self) -> Option<&'static str> {
        let stored = self.stored.as_ref()?;
        let request = match self.goal {
            Goal::Exchange => RefreshRequest::exchange(stored),
            Goal::Keep | Goal::Settle => RefreshRequest::refresh(stored),
        };
        request.map(|request| request.method())
    }

    /// Returns when the refresh token of a public client expires. Before that the token must be refreshed, or a
    /// person must authorize again. `None` if it does not expire, or if the time is unknown.
    #[must_use]
    pub fn refresh_token_ends(&self) -> Option<Timestamp> {
        self.policy.refresh_token_ends(self.stored.as_ref()?)
    }

    /// Returns when the credential comes to an end that no refresh can put off:
    /// [`RotationPolicy::authorization_ends_at`].
    #[must_use]
    pub fn authorization_ends_at(&self) -> Option<Timestamp> {
        self.policy.authorization_ends_at(self.stored.as_ref()?)
    }

    /// Returns what prevents the refresh at the moment, if anything.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// Returns whether an action is outstanding, whose outcome has not been reported.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !matches!(self.stage, Stage::New | Stage::Rest | Stage::Stopped)
    }

    pub(super) fn is_young(&self, credential: &AnyCredential, now: Timestamp) -> bool {
        let life = RotationPolicy::shortest_life(self.rejections);
        let issued_at = credential.issued_at();
        self.replaced && issued_at.since(now) <= MOST_SKEW && now < issued_at + life
    }

    pub(super) fn is_rejected(&self, credential: &AnyCredential) -> bool {
        self.rejected.is_some_and(|rejected| rejected == credential.fingerprint())
    }

    pub(super) fn is_over(&self, credential: &AnyCredential, now: Timestamp) -> bool {
        self.is_rejected(credential) || credential.expires_at().is_some_and(|end| now >= end)
    }

    pub(super) fn reason_for(&self, credential: &AnyCredential) -> Option<&ReauthorizationReason> {
        let (mark, reason) = self.dead.as_ref()?;
        (*mark == credential.pair_fingerprint()).then_some(reason)
    }
}

/// Shorter than the life of any pair that a token is exchanged for.
const BETWEEN_READS: Duration = Duration::from_secs(3600);
/// By how much the clocks of two processes may differ.
const MOST_SKEW: Duration = Duration::from_secs(300);
