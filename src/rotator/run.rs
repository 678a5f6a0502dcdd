//! The task that does what a machine asks for, to its end.

use std::{mem, sync::Arc, time::Duration};

use slack_proto::{
    Installation, Slot,
    rotation::{
        Action, AnyCredential, Input, Note, ReauthorizationReason, RefreshFailure, RefreshRequest,
        Write,
    },
};

use super::{
    entry::{Cause, Entry, Running},
    guard,
    pacer::Permit,
    send,
    shared::Shared,
    store_calls::Calls,
};
use crate::{
    pace::{Outcome, Priority},
    store::{LeaseHolder, LeaseOutcome, Loaded, StoreError, Stored},
};

/// One run of a machine, from the first action to its rest. If it is dropped before, what was under way counts as cut
/// off, and the next caller takes it up.
pub(super) struct Run {
    running: Running,
    /// Drawn for this run alone, so that a fork or a clone of the process is another holder; or that of the run before it
    /// in this entry, which was dropped with its lease.
    holder: LeaseHolder,
    /// What the store held when it was last read or written.
    stored: Option<Stored>,
    /// What was read with the lease, for the action that comes next and for no other.
    loaded: Loaded<Stored>,
    /// Until when the lease lasts, by the runtime's own clock.
    lease: Option<Duration>,
    permit: Option<Permit>,
}

impl Run {
    /// Starts a task; a runtime that cannot run it drops it here.
    pub(super) fn spawn(running: Running, first: Action) {
        let runtime = Arc::clone(&running.shared.runtime);
        let task = Box::pin(Self::drive(running, first));
        guard::contained(|| runtime.spawn(task));
    }

    /// Does all that the machine asks for, beginning with this.
    pub(super) async fn drive(running: Running, first: Action) {
        #[cfg(feature = "metrics")]
        let _counted = super::record::Counted::refresh();
        // Without randomness nothing can be sent: the run is cut off, and the next caller tries again.
        let Some(holder) = running.lease.or_else(|| LeaseHolder::random().ok()) else { return };
        // How long the lease of a run that was dropped still lasts is not known.
        let lease = running.lease.map(|_| Duration::ZERO);
        let loaded = Loaded::NotRead;
        let run = Self { running, holder, stored: None, loaded, lease, permit: None };
        run.go(first).await;
    }

    async fn go(mut self, first: Action) {
        let mut action = first;
        loop {
            if matches!(
                action,
                Action::Wait(_) | Action::Write(_) | Action::Note(_) | Action::Release
            ) {
                self.permit = None;
            }
            let Some((input, cause)) = self.perform(action).await else { break };
            let Some(next) = self.entry().step(self.shared(), input, cause) else {
                self.permit = None;
                self.revoke_orphan().await;
                self.running.done();
                return;
            };
            action = next;
        }
        self.release().await;
    }

    /// Returns the outcome of an action, or nothing if the run is to end here.
    async fn perform(&mut self, action: Action) -> Option<(Input, Cause)> {
        let loaded = mem::replace(&mut self.loaded, Loaded::NotRead);
        Some(match action {
            Action::Read => match self.read(loaded).await {
                Ok(found) => (Input::Read(found), None),
                Err(error) => (Input::ReadFailed, Some(Arc::new(error))),
            },
            Action::TakeLease => {
                self.take_turn().await;
                if self.entry().may_end(self.shared()) {
                    return None;
                }
                self.take_lease_and_load().await
            }
            Action::Release => {
                self.release().await;
                (Input::Released, None)
            }
            Action::Send(request) => self.send(request).await,
            Action::Write(write) => self.write(&write).await,
            Action::Note(note) => {
                self.note(&note).await;
                (Input::Noted, None)
            }
            Action::Wait(wait) => {
                if !self.wait(wait).await {
                    return None;
                }
                (Input::Waited, None)
            }
            _ => (Input::Tick, None),
        })
    }

    /// Reads the store, unless that was done with the lease a moment ago.
    async fn read(&mut self, loaded: Loaded<Stored>) -> Result<Option<AnyCredential>, StoreError> {
        let stored = match loaded {
            Loaded::NotRead => self.calls().load(&self.entry().name.key).await?,
            Loaded::Absent => None,
            Loaded::Found(stored) => Some(stored),
        };
        let installation = stored.as_ref().map(|it| &it.installation);
        self.entry().found(installation);
        let found = installation.and_then(|it| it.any_credential(self.slot()));
        self.stored = stored;
        Ok(found)
    }

    /// Waits for the right to send, unless it is there already.
    async fn take_turn(&mut self) {
        if self.permit.is_some() {
            return;
        }
        let (entry, shared) = (Arc::clone(self.entry()), Arc::clone(&self.running.shared));
        let Some(method) = entry.method() else { return };
        let priority = entry.priority(shared.runtime.now());
        let permit = shared.pacer.enqueue(&shared.runtime, method, priority);
        entry.queue(Some(permit.turn));
        loop {
            let woken = entry.listen_wake();
            let turn = async {
                permit.wait().await;
                true
            };
            let wake = async {
                woken.await;
                false
            };
            if futures_lite::future::or(turn, wake).await || entry.may_end(&shared) {
                break;
            }
        }
        entry.queue(None);
        self.permit = Some(permit);
    }

    /// Reads the entry with the lease where the store can: the machine asks for it next.
    async fn take_lease_and_load(&mut self) -> (Input, Cause) {
        let length = self.shared().policy.lease_length();
        let began = self.shared().runtime.elapsed();
        let name = &self.entry().name;
        let asked = self.calls().acquire_and_load(&name.key, name.slot, self.holder, length).await;
        let outcome = asked.map(|(outcome, loaded)| {
            if outcome == LeaseOutcome::Granted {
                self.loaded = loaded;
            }
            outcome
        });
        self.leased(began + length, outcome)
    }

    async fn take_lease(&mut self) -> (Input, Cause) {
        let length = self.shared().policy.lease_length();
        let began = self.shared().runtime.elapsed();
        let name = &self.entry().name;
        let outcome = self.calls().acquire(&name.key, name.slot, self.holder, length).await;
        self.leased(began + length, outcome)
    }

    fn leased(
        &mut self,
        until: Duration,
        outcome: Result<LeaseOutcome, StoreError>,
    ) -> (Input, Cause) {
        match outcome {
            Ok(LeaseOutcome::Granted) => {
                self.lease = Some(until);
                self.running.lease = Some(self.holder);
                (Input::Leased, None)
            }
            Ok(LeaseOutcome::HeldFor(remaining)) => {
                self.lease = None;
                self.running.lease = None;
                self.permit = None;
                (Input::LeaseHeld { remaining }, None)
            }
            Err(error) => (Input::LeaseFailed, Some(Arc::new(error))),
        }
    }

    /// A lease that cannot be given back runs out.
    async fn release(&mut self) {
        if self.lease.take().is_some() {
            let name = &self.entry().name;
            let _ = self.calls().release(&name.key, name.slot, self.holder).await;
            self.running.lease = None;
        }
    }

    async fn write(&mut self, write: &Write) -> (Input, Cause) {
        match self.change(|installation, slot| write.apply(installation, slot)).await {
            Ok(true) => (Input::Written, None),
            Ok(false) => (Input::Conflict, None),
            Err(error) => (Input::WriteFailed, Some(Arc::new(error))),
        }
    }

    /// What cannot be noted is found out again.
    async fn note(&mut self, note: &Note) {
        let now = self.shared().runtime.now();
        let _ = self.change(|installation, slot| note.apply(installation, slot, now)).await;
    }

    /// Stores a changed installation; returns whether it still was what was to be changed.
    async fn change(
        &mut self,
        change: impl FnOnce(&mut Installation, Slot) -> bool,
    ) -> Result<bool, StoreError> {
        if self.stored.is_none() {
            // A run before this one has left it undone.
            self.read(Loaded::NotRead).await?;
        }
        let (slot, key) = (self.slot(), self.entry().name.key.clone());
        let Some(stored) = &self.stored else { return Ok(false) };
        let mut installation = stored.installation.clone();
        if !change(&mut installation, slot) {
            return Ok(false);
        }
        match self.calls().replace(&key, &installation, stored.version).await {
            Ok(version) => {
                self.stored = Some(Stored::new(installation, version));
                Ok(true)
            }
            Err(error) if error.is_conflict() => {
                self.stored = None;
                Ok(false)
            }
            Err(error) => {
                // Nobody knows what is stored now.
                self.stored = None;
                Err(error)
            }
        }
    }

    async fn send(&mut self, request: RefreshRequest) -> (Input, Cause) {
        self.take_turn().await;
        if let Err(error) = self.reserve().await {
            self.permit = None;
            return (Input::Failed(RefreshFailure::NothingSent), Some(Arc::new(error)));
        }
        // A drain, or another entry that has taken the place of this one, may have come since the lease was taken.
        if !self.lease_covers_a_call().await || self.entry().may_end(self.shared()) {
            self.permit = None;
            return (Input::Failed(RefreshFailure::NothingSent), None);
        }
        let (input, cause) = send::send(self.shared(), request).await;
        if let Some(permit) = self.permit.take() {
            match &input {
                Input::Failed(RefreshFailure::RateLimited { after }) => {
                    permit.client_accepted();
                    permit.finish(Outcome::RateLimited { retry_after: *after });
                }
                Input::Failed(failure) if failure.refuses_client() => permit.client_refused(),
                Input::Failed(RefreshFailure::NothingSent | RefreshFailure::Unknown { .. }) => {}
                _ => {
                    permit.client_accepted();
                    permit.finish(Outcome::Answered);
                    self.shared().end_silence();
                }
            }
        }
        (input, cause)
    }

    /// Reserves room in the store for the pair that will come: a full store would lose it. A token that may be
    /// spent is sent again all the same.
    async fn reserve(&self) -> Result<(), StoreError> {
        let Some(stored) = &self.stored else { return Ok(()) };
        let reserved = self.calls().reserve(&self.entry().name.key, &stored.installation).await;
        let now = self.shared().runtime.now();
        if self.entry().priority(now) == Priority::Resend { Ok(()) } else { reserved }
    }

    /// A slow store may have used up the lease: then it is prolonged first. Without any lease the machine is in a hurry.
    async fn lease_covers_a_call(&mut self) -> bool {
        let Some(until) = self.lease else { return true };
        let now = self.shared().runtime.elapsed();
        if now + self.shared().settings.total_timeout < until {
            return true;
        }
        matches!(self.take_lease().await, (Input::Leased, _))
    }

    /// Returns whether the machine may go on.
    async fn wait(&mut self, length: Duration) -> bool {
        let (entry, shared) = (Arc::clone(self.entry()), Arc::clone(&self.running.shared));
        let woken = entry.listen_wake();
        if entry.may_end(&shared) {
            return false;
        }
        let timer = guard::sleep(&*shared.runtime, length);
        let wake = async {
            woken.await;
            true
        };
        futures_lite::future::or(timer, wake).await && !entry.may_end(&shared)
    }

    /// A pair that came for an installation which is gone would stay valid at Slack for ever.
    async fn revoke_orphan(&mut self) {
        let missing = ReauthorizationReason::Missing;
        if self.stored.is_some() || !self.entry().is_stopped_for(&missing) {
            return;
        }
        let Some(orphan) = self.entry().take_orphan() else { return };
        let _ = super::revoke::revoke_credential(self.shared(), &orphan).await;
    }

    fn entry(&self) -> &Arc<Entry> {
        &self.running.entry
    }

    fn shared(&self) -> &Shared {
        &self.running.shared
    }

    fn slot(&self) -> Slot {
        self.running.entry.name.slot
    }

    fn calls(&self) -> Calls<'_> {
        self.running.shared.calls()
    }
}
