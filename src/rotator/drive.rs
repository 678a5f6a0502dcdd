//! The task that does what a machine asks for, to its end.

use std::{error::Error, sync::Arc};

use slack_proto::{
    ApiMethod, Timestamp,
    methods::{
        OauthV2ExchangeResponse, OauthV2RefreshResponse, OauthV2UserRefreshResponse,
        OpenidConnectRefreshResponse,
    },
    oauth::ClientCredentials,
    rotation::{Action, Input, Issued, RefreshFailure, RefreshRequest, Write},
};

use super::{entry::Entry, shared::Shared};
use crate::{
    error::CallError,
    store::{LeaseOutcome, Precondition, StoreError, Stored},
};

type Cause = Option<Arc<dyn Error + Send + Sync>>;

/// One run of a machine, from the first action to its rest. If it is dropped before, what was under way counts as cut
/// off, and the next caller takes it up.
pub(super) struct Run {
    shared: Arc<Shared>,
    entry: Arc<Entry>,
    /// What the store held when it was last read or written.
    stored: Option<Stored>,
    /// When the lease runs out by the clock of this process, counted from before it was asked for.
    lease_ends: Option<Timestamp>,
    done: bool,
}

impl Run {
    pub(super) fn new(shared: Arc<Shared>, entry: Arc<Entry>) -> Self {
        Self { shared, entry, stored: None, lease_ends: None, done: false }
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

    async fn perform(&mut self, action: Action) -> (Input, Cause) {
        match action {
            Action::Read => match self.read().await {
                Ok(()) => {
                    let held = self.stored.as_ref();
                    let slot = self.entry.slot;
                    (Input::Read(held.and_then(|it| it.installation.any_credential(slot))), None)
                }
                Err(error) => (Input::ReadFailed, Some(Arc::new(error))),
            },
            Action::TakeLease => self.take_lease().await,
            Action::Release => {
                self.lease_ends = None;
                let Shared { store, holder, .. } = &*self.shared;
                // If it cannot be given back it runs out.
                let _ = store.release(&self.entry.key, self.entry.slot, *holder).await;
                (Input::Released, None)
            }
            Action::Send(trade) => self.send(trade).await,
            Action::Write(write) => self.write(&write).await,
            Action::Wait(wait) => {
                self.shared.runtime.sleep(wait).await;
                (Input::Waited, None)
            }
            _ => (Input::Tick, None),
        }
    }

    async fn read(&mut self) -> Result<(), StoreError> {
        self.stored = self.shared.store.load(&self.entry.key).await?;
        Ok(())
    }

    async fn take_lease(&mut self) -> (Input, Cause) {
        let shared = &*self.shared;
        let now = shared.runtime.now();
        let length = shared.policy.lease_length();
        match shared.store.acquire(&self.entry.key, self.entry.slot, shared.holder, length).await {
            Ok(LeaseOutcome::Granted) => {
                self.lease_ends = Some(now + length);
                (Input::Leased, None)
            }
            Ok(LeaseOutcome::HeldFor(remaining)) => {
                self.lease_ends = None;
                (Input::LeaseHeld { remaining }, None)
            }
            Err(error) => (Input::LeaseFailed, Some(Arc::new(error))),
        }
    }

    async fn write(&mut self, write: &Write) -> (Input, Cause) {
        if self.stored.is_none() {
            // A run before this one has left it undone.
            if let Err(error) = self.read().await {
                return (Input::WriteFailed, Some(Arc::new(error)));
            }
        }
        let Some(stored) = &mut self.stored else { return (Input::Conflict, None) };
        let mut installation = stored.installation.clone();
        if !write.apply(&mut installation, self.entry.slot) {
            return (Input::Conflict, None);
        }
        let expected = Precondition::Version(stored.version);
        match self.shared.store.put(&self.entry.key, &installation, expected).await {
            Ok(version) => {
                *stored = Stored::new(installation, version);
                (Input::Written, None)
            }
            Err(error) if error.is_conflict() => (Input::Conflict, None),
            Err(error) => (Input::WriteFailed, Some(Arc::new(error))),
        }
    }

    async fn send(&mut self, trade: RefreshRequest) -> (Input, Cause) {
        if !self.lease_covers_a_call().await {
            return (Input::Failed(RefreshFailure::NothingSent), None);
        }
        let app = &self.shared.app;
        match &trade {
            RefreshRequest::Refresh(it) => {
                self.call(it, app, OauthV2RefreshResponse::into_credential).await
            }
            RefreshRequest::UserRefresh(it) => {
                self.call(it, app, OauthV2UserRefreshResponse::into_credential).await
            }
            RefreshRequest::OpenidRefresh(it) => {
                self.call(it, app, OpenidConnectRefreshResponse::into_credential).await
            }
            RefreshRequest::Rotate(it) => {
                self.call(it, &(), |response, sent| Issued::new(response.into_credential(sent)))
                    .await
            }
            RefreshRequest::Exchange(it) => match app {
                ClientCredentials::Confidential(app) => {
                    self.call(it, app, OauthV2ExchangeResponse::into_credential).await
                }
                _ => (Input::Failed(RefreshFailure::NothingSent), None),
            },
            _ => (Input::Failed(RefreshFailure::NothingSent), None),
        }
    }

    /// A slow store may have used up the lease: then it is prolonged first. Without any lease the machine is in a hurry.
    async fn lease_covers_a_call(&mut self) -> bool {
        let Some(lease_ends) = self.lease_ends else { return true };
        if self.shared.runtime.now() + self.shared.total_timeout < lease_ends {
            return true;
        }
        matches!(self.take_lease().await, (Input::Leased, _))
    }

    async fn call<M: ApiMethod>(
        &self,
        method: &M,
        auth: &M::Auth,
        issue: fn(M::Response, Timestamp) -> Issued,
    ) -> (Input, Cause) {
        let Shared { client, runtime, total_timeout, .. } = &*self.shared;
        let sent = runtime.now();
        let answer = async { Some(client.call_by_any_means(method, auth).await) };
        let timeout = async {
            runtime.sleep(*total_timeout).await;
            None
        };
        match futures_lite::future::or(answer, timeout).await {
            None => (Input::Failed(RefreshFailure::Unknown { after: None }), None),
            Some(Ok(reply)) => (Input::Issued(issue(reply.value, sent)), None),
            Some(Err(error)) => {
                let setback = match &error {
                    CallError::Response(error) => RefreshFailure::of(error),
                    CallError::Transport(error) if error.error.nothing_was_sent() => {
                        RefreshFailure::NothingSent
                    }
                    CallError::Transport(_) => RefreshFailure::Unknown { after: None },
                };
                (Input::Failed(setback), Some(Arc::new(error)))
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
