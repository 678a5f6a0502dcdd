//! How a rotator is made.

use std::{fmt, io, sync::Arc, time::Duration};

use slack_proto::{oauth::ClientCredentials, rotation::RotationPolicy};

use super::{RotationObserver, TokenRotator, error::InvalidRotator, live::Cache, shared::Shared};
use crate::{Client, InstallationStore, Limits, runtime::Runtime, store::LeaseHolder};

/// Makes a [`TokenRotator`].
#[must_use = "a builder does nothing until it builds"]
pub struct TokenRotatorBuilder {
    client: Client,
    app: ClientCredentials,
    store: InstallationStore,
    runtime: Option<Arc<dyn Runtime>>,
    policy: RotationPolicy,
    observer: Option<Arc<dyn RotationObserver>>,
    min_validity: Duration,
    wait_timeout: Duration,
    total_timeout: Option<Duration>,
}

impl TokenRotatorBuilder {
    pub(super) fn new(client: Client, app: ClientCredentials, store: InstallationStore) -> Self {
        let policy = match app {
            ClientCredentials::Public(_) => RotationPolicy::new().for_public_client(),
            _ => RotationPolicy::new(),
        };
        Self {
            client,
            app,
            store,
            runtime: default_runtime(),
            policy,
            observer: None,
            min_validity: Duration::from_secs(10),
            wait_timeout: Duration::from_secs(30),
            total_timeout: None,
        }
    }

    /// Sets the clock, and what runs the tasks.
    ///
    /// Without it, `ThreadRuntime` runs them, if the feature `thread-runtime` is on; if not, [`build`](Self::build) fails.
    pub fn runtime(self, runtime: impl Runtime) -> Self {
        Self { runtime: Some(Arc::new(runtime)), ..self }
    }

    /// Sets when tokens are refreshed and how often it is tried.
    pub fn policy(self, policy: RotationPolicy) -> Self {
        Self { policy, ..self }
    }

    /// Sets who is told what happens.
    pub fn observer(self, observer: impl RotationObserver) -> Self {
        Self { observer: Some(Arc::new(observer)), ..self }
    }

    /// Sets for how long a token must still be good when it is handed out, in place of 10 s.
    pub fn min_validity(self, min_validity: Duration) -> Self {
        Self { min_validity, ..self }
    }

    /// Sets how long a caller waits for a token if there is none at hand, in place of 30 s.
    pub fn wait_timeout(self, wait_timeout: Duration) -> Self {
        Self { wait_timeout, ..self }
    }

    /// Sets the longest time that one request for a new pair may take.
    ///
    /// Without it, it is the client's own limit if the client was made by `with_reqwest` or `with_curl`, else 30 s. The
    /// rotator gives a request up after this time, whatever the transport does.
    pub fn total_timeout(self, timeout: Duration) -> Self {
        Self { total_timeout: Some(timeout), ..self }
    }

    /// Makes the rotator. Nothing is read or sent yet.
    ///
    /// # Errors
    ///
    /// When the lease is not at least a second longer than the total timeout, since another process would send the same
    /// refresh token while an answer is on its way; when it is not shorter than the grace time, since nobody could send
    /// it again in time after a process has died; when there is no runtime, since none was set and the feature
    /// `thread-runtime` is off; or when the system has no randomness to give.
    pub fn build(self) -> Result<TokenRotator, InvalidRotator> {
        let runtime = self.runtime.ok_or_else(|| InvalidRotator { rule: NO_RUNTIME.to_owned() })?;
        let total_timeout = self
            .total_timeout
            .or_else(|| self.client.total_timeout())
            .unwrap_or(Limits::new().total_timeout());
        let (lease, grace) = (self.policy.lease_length(), self.policy.grace_period());
        if lease < total_timeout.saturating_add(Duration::from_secs(1)) {
            return Err(InvalidRotator {
                rule: format!(
                    "the lease of {lease:?} must be at least a second longer than the {total_timeout:?} that a \
                     request may take; give the transport a shorter total timeout, or the policy a longer lease"
                ),
            });
        }
        if lease >= grace {
            return Err(InvalidRotator {
                rule: format!(
                    "the lease of {lease:?} must be shorter than the grace time of {grace:?}, in which another \
                     process must send the same refresh token again if this one dies; give the policy a shorter lease"
                ),
            });
        }
        let holder = LeaseHolder::random().map_err(|error: io::Error| InvalidRotator {
            rule: format!("the system gives no randomness: {}", error.kind()),
        })?;
        let clock = Arc::clone(&runtime);
        let store = self.store.clock(move || clock.now()).policy(self.policy);
        Ok(TokenRotator::over(Shared {
            client: self.client,
            app: self.app,
            store,
            runtime,
            policy: self.policy,
            observer: self.observer,
            holder,
            min_validity: self.min_validity,
            wait_timeout: self.wait_timeout,
            total_timeout,
            cache: Cache::default(),
            entries: Default::default(),
        }))
    }
}

impl fmt::Debug for TokenRotatorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRotatorBuilder")
            .field("client", &self.client)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// Features only add: without `thread-runtime` there is no default, rather than another one.
fn default_runtime() -> Option<Arc<dyn Runtime>> {
    #[cfg(feature = "thread-runtime")]
    return Some(Arc::new(crate::runtime::ThreadRuntime::new()));
    #[cfg(not(feature = "thread-runtime"))]
    None
}

const NO_RUNTIME: &str = "the rotator has no runtime; set one with `runtime`, for instance the `TokioRuntime` of the \
                          feature `tokio`, or turn on slack-auth's feature `thread-runtime`";
