//! How a rotator is made.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize},
    },
    time::Duration,
};

use event_listener::Event;
use slack_proto::{oauth::ClientCredentials, rotation::RotationPolicy};

use super::{
    RotationObserver, TokenRotator,
    cache::Cache,
    entries::Entries,
    error::{InvalidRotator, InvalidRotatorKind},
    pacer::Pacer,
    shared::{Settings, Shared},
    stop::Signal,
};
use crate::{Client, InstallationStore, Limits, runtime::Runtime};

/// Builds a [`TokenRotator`].
#[must_use = "a builder does nothing until it builds"]
pub struct TokenRotatorBuilder {
    client: Client,
    app: ClientCredentials,
    store: InstallationStore,
    runtime: Option<Arc<dyn Runtime>>,
    policy: RotationPolicy,
    observer: Option<Arc<dyn RotationObserver>>,
    total_timeout: Option<Duration>,
    settings: Settings,
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
            total_timeout: None,
            settings: Settings {
                min_validity: Duration::from_secs(10),
                wait_timeout: Duration::from_secs(30),
                total_timeout: Limits::new().total_timeout(),
                store_timeout: Duration::from_secs(10),
                window: 8,
                capacity: 10_000,
                idle_time: Duration::from_secs(3_600),
            },
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

    /// Sets the observer of what happens to credentials.
    pub fn observer(self, observer: impl RotationObserver) -> Self {
        Self { observer: Some(Arc::new(observer)), ..self }
    }

    /// Sets for how long a token must still be valid when it is handed out. Default: 10 s.
    pub fn min_validity(self, min_validity: Duration) -> Self {
        self.set(|settings| settings.min_validity = min_validity)
    }

    /// Sets how long a caller waits for a token if there is none at hand. Default: 30 s.
    pub fn wait_timeout(self, timeout: Duration) -> Self {
        self.set(|settings| settings.wait_timeout = timeout)
    }

    /// Sets how long one call of the store may take. Default: 10 s. After that its outcome is unknown.
    pub fn store_timeout(self, timeout: Duration) -> Self {
        self.set(|settings| settings.store_timeout = timeout)
    }

    /// Sets how many refreshes by one API method may be in flight in this process. Default: 8. Fewer are sent if
    /// Slack limits the rate.
    pub fn refreshes_in_flight(self, window: usize) -> Self {
        self.set(|settings| settings.window = window.max(1))
    }

    /// Sets how many credentials are kept in memory. Default: 10,000. Those that are being refreshed, and those whose
    /// new pair is not stored yet, are kept beside them.
    pub fn cache_capacity(self, capacity: usize) -> Self {
        self.set(|settings| settings.capacity = capacity.max(1))
    }

    /// Sets after what time a credential that nobody asks for leaves the memory. Default: one hour.
    pub fn cache_idle_time(self, idle_time: Duration) -> Self {
        self.set(|settings| settings.idle_time = idle_time)
    }

    fn set(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(&mut self.settings);
        self
    }

    /// Sets the longest time that one request may take: for a new pair, to revoke a token, or of
    /// [`TokenRotator::call`].
    ///
    /// Without it, it is the client's own limit if the client was made by `with_reqwest` or `with_curl`, else 30 s. The
    /// rotator gives a request up after that duration, whatever the transport does.
    pub fn total_timeout(self, timeout: Duration) -> Self {
        Self { total_timeout: Some(timeout), ..self }
    }

    /// Builds the rotator. Nothing is read or sent yet.
    ///
    /// # Errors
    ///
    /// When the lease is not at least a second longer than the total timeout and the store timeout together, since
    /// another process would send the same refresh token while an answer or its write is on its way; when the lease is
    /// not shorter than the grace time, since nobody could send the token again in time after a process has died; when
    /// the store belongs to another app than the client; and when there is no runtime, since none was set and the feature
    /// `thread-runtime` is off.
    pub fn build(self) -> Result<TokenRotator, InvalidRotator> {
        if self.store.app() != self.app.id() {
            return Err(InvalidRotator {
                kind: InvalidRotatorKind::OtherApp,
                rule: format!(
                    "the store holds installations of the app {}, but the client is {}; make both of the same client id",
                    self.store.app(),
                    self.app.id()
                ),
            });
        }
        let runtime = self.runtime.ok_or_else(|| InvalidRotator {
            kind: InvalidRotatorKind::NoRuntime,
            rule: NO_RUNTIME.to_owned(),
        })?;
        let total_timeout = self
            .total_timeout
            .or_else(|| self.client.total_timeout())
            .unwrap_or(self.settings.total_timeout);
        let settings = Settings { total_timeout, ..self.settings };
        let (lease, grace) = (self.policy.lease_length(), self.policy.grace_period());
        let store_timeout = settings.store_timeout;
        let shortest =
            total_timeout.saturating_add(store_timeout).saturating_add(Duration::from_secs(1));
        if lease < shortest {
            return Err(InvalidRotator {
                kind: InvalidRotatorKind::LeaseTooShort,
                rule: format!(
                    "the lease of {lease:?} must be at least a second longer than the {total_timeout:?} that a \
                     request may take and the {store_timeout:?} that the store may take together; set a shorter total \
                     timeout or store timeout, or a longer lease in the policy"
                ),
            });
        }
        if lease >= grace {
            return Err(InvalidRotator {
                kind: InvalidRotatorKind::LeaseTooLong,
                rule: format!(
                    "the lease of {lease:?} must be shorter than the grace time of {grace:?}, in which another \
                     process must send the same refresh token again if this one dies; give the policy a shorter lease"
                ),
            });
        }
        let Settings { window, capacity, idle_time, .. } = settings;
        let clock = Arc::clone(&runtime);
        // What is written here is due when this rotator says so.
        let store = self.store.policy(self.policy).clock(move || clock.now());
        Ok(TokenRotator::over(Shared {
            client: self.client,
            app: Mutex::new(Arc::new(self.app)),
            store,
            runtime,
            policy: self.policy,
            observer: self.observer,
            settings,
            cache: Cache::new(capacity, idle_time),
            entries: Entries::new(capacity, idle_time),
            pacer: Arc::new(Pacer::new(window)),
            runs: AtomicUsize::new(0),
            draining: AtomicBool::new(false),
            silent: AtomicBool::new(false),
            run_ended: Event::new(),
            sweeps: AtomicUsize::new(0),
            closing: Signal::default(),
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
#[cfg_attr(
    feature = "thread-runtime",
    expect(clippy::unnecessary_wraps, reason = "there is none without the feature")
)]
fn default_runtime() -> Option<Arc<dyn Runtime>> {
    #[cfg(feature = "thread-runtime")]
    return Some(Arc::new(crate::runtime::ThreadRuntime::new()));
    #[cfg(not(feature = "thread-runtime"))]
    None
}

const NO_RUNTIME: &str = "the rotator has no runtime; set one with `runtime`, for instance the `TokioRuntime` of the \
                          feature `tokio`, or turn on slack-auth's feature `thread-runtime`";
