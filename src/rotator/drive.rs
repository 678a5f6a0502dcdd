//! The task that does what a machine asks for, to its end.

use std::{error::Error, sync::Arc};

use slack_proto::{
    ClientCredentials, Method, OauthV2ExchangeResponse, OauthV2RefreshResponse,
    OauthV2UserRefreshResponse, OpenidConnectRefreshResponse, Timestamp,
    rotation::{Action, Event, Issued, Setback, Trade, Write},
};

use super::{entry::Entry, shared::Shared};
use crate::{Acquired, CallError, Expected, Lease, StoreError, Stored};

type Cause = Option<Arc<dyn Error + Send + Sync>>;

/// One run of a machine, from the first action to its rest. If it is dropped before, what was under way counts as cut
/// off, and the next caller takes it up.
pub(super) struct Run {
    shared: Arc<Shared>,
    entry: Arc<Entry>,
    /// What the store held when it was last read or written.
    stored: Option<Stored>,
    lease: Option<Lease>,
    done: bool,
}

impl Run {
    pub(super) fn new(shared: Arc<Shared>, entry: Arc<Entry>) -> Self {
        Self { shared, entry, stored: None, lease: None, done: false }
    }

    pub(super) fn spawn(self, first: Action) {
        let runtime = Arc::clone(&self.shared.runtime);
        runtime.spawn(Box::pin(self.drive(first)));
    }

    async fn drive(mut self, first: Action) {
        let mut action = first;
        loop {
            let (event, cause) = self.perform(action).await;
            match self.entry.step(&self.shared, event, cause) {
                Some(next) => action = next,
                None => break,
            }
        }
        self.done = true;
    }

    async fn perform(&mut self, action: Action) -> (Event, Cause) {
        match action {
            Action::Read => match self.read().await {
                Ok(()) => {
                    let held = self.stored.as_ref();
                    let slot = self.entry.slot;
                    (Event::Read(held.and_then(|it| it.installation.any_credential(slot))), None)
                }
                Err(error) => (Event::ReadFailed, Some(Arc::new(error))),
            },
            Action::TakeLease => self.take_lease().await,
            Action::Release => {
                self.lease = None;
                let Shared { store, holder, .. } = &*self.shared;
                // If it cannot be given back it runs out.
                let _ = store.release(&self.entry.key, self.entry.slot, *holder).await;
                (Event::Released, None)
            }
            Action::Send(trade) => self.send(trade).await,
            Action::Write(write) => self.write(&write).await,
            Action::Wait(wait) => {
                self.shared.runtime.sleep(wait).await;
                (Event::Waited, None)
            }
            _ => (Event::Look, None),
        }
    }

    async fn read(&mut self) -> Result<(), StoreError> {
        self.stored = self.shared.store.load(&self.entry.key).await?;
        Ok(())
    }

    async fn take_lease(&mut self) -> (Event, Cause) {
        let shared = &*self.shared;
        let now = shared.runtime.now();
        let lease = Lease::new(shared.holder, now, shared.policy.lease());
        match shared.store.acquire(&self.entry.key, self.entry.slot, &lease).await {
            Ok(Acquired::Granted) => {
                self.lease = Some(lease);
                (Event::Leased, None)
            }
            Ok(Acquired::HeldUntil(until)) => {
                self.lease = None;
                (Event::LeaseHeld { remaining: until.since(now) }, None)
            }
            Ok(_) => (Event::LeaseFailed, None),
            Err(error) => (Event::LeaseFailed, Some(Arc::new(error))),
        }
    }

    async fn write(&mut self, write: &Write) -> (Event, Cause) {
        if self.stored.is_none() {
            // A run before this one has left it undone.
            if let Err(error) = self.read().await {
                return (Event::WriteFailed, Some(Arc::new(error)));
            }
        }
        let Some(stored) = &mut self.stored else { return (Event::Conflict, None) };
        let mut installation = stored.installation.clone();
        if !write.apply(&mut installation, self.entry.slot) {
            return (Event::Conflict, None);
        }
        let expected = Expected::Version(stored.version);
        match self.shared.store.put(&self.entry.key, &installation, expected).await {
            Ok(version) => {
                *stored = Stored::new(installation, version);
                (Event::Written, None)
            }
            Err(error) if error.is_conflict() => (Event::Conflict, None),
            Err(error) => (Event::WriteFailed, Some(Arc::new(error))),
        }
    }

    async fn send(&mut self, trade: Trade) -> (Event, Cause) {
        if !self.lease_covers_a_call().await {
            return (Event::Failed(Setback::NothingSent), None);
        }
        let app = &self.shared.app;
        match &trade {
            Trade::Refresh(it) => self.call(it, app, OauthV2RefreshResponse::issued_at).await,
            Trade::UserRefresh(it) => {
                self.call(it, app, OauthV2UserRefreshResponse::issued_at).await
            }
            Trade::OpenidRefresh(it) => {
                self.call(it, app, OpenidConnectRefreshResponse::issued_at).await
            }
            Trade::Rotate(it) => {
                self.call(it, &(), |response, sent| Issued::new(response.issued_at(sent))).await
            }
            Trade::Exchange(it) => match app {
                ClientCredentials::Confidential(app) => {
                    self.call(it, app, OauthV2ExchangeResponse::issued_at).await
                }
                _ => (Event::Failed(Setback::NothingSent), None),
            },
            _ => (Event::Failed(Setback::NothingSent), None),
        }
    }

    /// A slow store may have used up the lease: then it is prolonged first. Without any lease the machine is in a hurry.
    async fn lease_covers_a_call(&mut self) -> bool {
        let Some(lease) = self.lease else { return true };
        if self.shared.runtime.now() + self.shared.total_timeout < lease.until {
            return true;
        }
        matches!(self.take_lease().await, (Event::Leased, _))
    }

    async fn call<M: Method>(
        &self,
        method: &M,
        auth: &M::Auth,
        issue: fn(M::Response, Timestamp) -> Issued,
    ) -> (Event, Cause) {
        let Shared { client, runtime, total_timeout, .. } = &*self.shared;
        let sent = runtime.now();
        let answer = async { Some(client.call_by_any_means(method, auth).await) };
        let timeout = async {
            runtime.sleep(*total_timeout).await;
            None
        };
        match futures_lite::future::or(answer, timeout).await {
            None => (Event::Failed(Setback::Unknown { after: None }), None),
            Some(Ok(reply)) => (Event::Issued(issue(reply.value, sent)), None),
            Some(Err(error)) => {
                let setback = match &error {
                    CallError::Response(error) => Setback::of(error),
                    CallError::Transport(error) if error.error.nothing_was_sent() => {
                        Setback::NothingSent
                    }
                    CallError::Transport(_) => Setback::Unknown { after: None },
                };
                (Event::Failed(setback), Some(Arc::new(error)))
            }
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if !self.done {
            self.entry.abort(&self.shared);
        }
    }
}
