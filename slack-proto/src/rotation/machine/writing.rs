//! A pair on its way into the store: nothing else is done before it is there.

use super::{Next, Rotation, Stage};
use crate::{
    Timestamp,
    rotation::{Action, AnyCredential, Problem, RotationEvent, policy::retry_wait},
};

impl Rotation {
    pub(super) fn write(&mut self) -> Action {
        match &self.pending {
            Some(write) => {
                self.stage = Stage::Writing;
                Action::Write(write.clone())
            }
            None => Action::Await,
        }
    }

    pub(super) fn written(&mut self, now: Timestamp) -> Action {
        let Some(write) = self.pending.take() else { return self.look(now) };
        let new = write.credential.fingerprint();
        let old = self.stored.as_ref().map(AnyCredential::fingerprint);
        if let Some(old) = old.filter(|old| *old != new) {
            let expires_at = write.credential.expires_at();
            self.events.push(RotationEvent::Refreshed { old, new, expires_at });
        }
        // Slack has rejected the token, rather than that it came due.
        let forced = self.stored.as_ref().is_some_and(|stored| self.is_rejected(stored));
        let is_same = old == Some(new);
        self.rejections = match forced {
            _ if is_same => self.rejections,
            true => self.rejections.saturating_add(1),
            false => 0,
        };
        self.replaced |= !is_same;
        self.fallbacks.clear();
        self.stored = Some(write.credential);
        self.rejected = self.rejected.filter(|rejected| *rejected == new);
        self.dead = None;
        self.forget_failures();
        self.rest_or_refresh(now)
    }

    pub(super) fn write_failed(&mut self) -> Action {
        self.store_wait(Next::Write)
    }

    /// Waits after a failure of the store: never long, since a pair may be waiting for it.
    pub(super) fn store_wait(&mut self, next: Next) -> Action {
        let after = retry_wait(self.store_failures.min(5));
        self.store_failures = self.store_failures.saturating_add(1);
        self.problem = Some(Problem::Store);
        self.events.push(RotationEvent::StoreFailed { after });
        self.wait(after, next)
    }

    /// Drops a pair that is not stored, and returns it: its installation is gone, and the pair must be revoked.
    pub fn give_up_unsaved(&mut self) -> Option<AnyCredential> {
        self.pending.take().map(|write| write.credential)
    }
}
