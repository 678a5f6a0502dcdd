//! A fake Slack with one installation, a store that can fail, and a rotator over both.

#[path = "../common/around.rs"]
pub(crate) mod around;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use http::Request;
use slack_auth::{
    Client, ClientId, ClientSecret, ConfidentialClient, Endpoint, Installation, InstallationStore,
    PublicClient, Slot, StoreKey, Timestamp, TokenRotator,
    methods::OauthV2Access,
    oauth::{
        AuthorizationCode, AuthorizationRequest, Callback, CodeVerifier, InstallScopes,
        RedirectUri, random_bytes,
    },
    rotation::RotationEvent,
    runtime::{ManualRuntime, Runtime as _},
    store::{MemoryStore, Precondition, StoreError, StoreErrorKind},
    tokens::Credential,
};
use slack_fake::{App, Clock, Consent, FakeSlack, FakeTransport, SharedFake, User, Workspace};

use self::around::{Around, Call, Hooks};

pub(crate) const START: u64 = 1_795_219_200;
pub(crate) const LIFE: Duration = Duration::from_secs(43_200);

const OWN_SCHEME: &str = "fakeapp://oauth/cb";

/// All that a test needs; clones share it.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) runtime: ManualRuntime,
    pub(crate) slack: SharedFake,
    pub(crate) client: Client,
    /// A store that can fail.
    pub(crate) store: InstallationStore,
    pub(crate) hooks: Shaky,
    /// The same, for whoever looks: it does not fail.
    pub(crate) inner: InstallationStore,
    /// What both keep their rows in.
    pub(crate) raw: MemoryStore,
    pub(crate) key: StoreKey,
}

impl World {
    /// An app with token rotation, just installed.
    pub(crate) fn new() -> Self {
        Self::with(App::new("1.2", "hush").rotate_tokens())
    }

    pub(crate) fn with(app: App) -> Self {
        Self::installed(app.redirect_url("https://app.example.com/cb"), install)
    }

    /// A public client (PKCE), just installed.
    pub(crate) fn public() -> Self {
        let app = App::new("1.2", "hush").rotate_tokens().enable_pkce();
        Self::installed(app.redirect_url(OWN_SCHEME), install_public)
    }

    fn installed(
        app: App,
        install: fn(&ManualRuntime, &SharedFake, &Client) -> Installation,
    ) -> Self {
        let fake = FakeSlack::new()
            .workspace(Workspace::new("T0FAKE00001", "Fake Team"))
            .user(User::new("U0FAKE00001", "fake.person"))
            .app(app)
            .consent(Consent::Allow);
        let clock = Clock::manual(START);
        let slack = SharedFake::new(fake, clock.clone());
        let runtime = ManualRuntime::new(Timestamp::from_unix(START));
        runtime.on_change(move |now| clock.set(now.as_unix()));
        let client = Client::new(Endpoint::slack(), Arc::new(FakeTransport::new(slack.clone())));
        let time = runtime.clone();
        let inner = MemoryStore::with_clock(move || Duration::from_secs(time.now().as_unix()));
        let (hooks, raw) = (Shaky::default(), inner.clone());
        let store = Around { inner: inner.clone(), hooks: hooks.clone() };
        let clock = || {
            let runtime = runtime.clone();
            move || runtime.now()
        };
        let store = InstallationStore::new(store, Self::app().id().clone()).clock(clock());
        let inner = InstallationStore::new(inner, Self::app().id().clone()).clock(clock());
        let installation = install(&runtime, &slack, &client);
        let key = StoreKey::from(installation.key().unwrap());
        runtime.block_on(store.put(&key, &installation, Precondition::Absent)).unwrap();
        hooks.reads.store(0, Ordering::SeqCst);
        Self { runtime, slack, client, store, hooks, inner, raw, key }
    }

    pub(crate) fn app() -> ConfidentialClient {
        ConfidentialClient::new(ClientId::new("1.2").unwrap(), ClientSecret::new("hush").unwrap())
    }

    /// A rotator as another process would have it, and what it notices.
    pub(crate) fn rotator(&self) -> (TokenRotator, Notices) {
        let notices = Notices::default();
        let seen = notices.clone();
        let rotator = TokenRotator::builder(self.client.clone(), Self::app(), self.store.clone())
            .runtime(self.runtime.clone())
            .observer(move |_: &StoreKey, _: Slot, notice: &RotationEvent| {
                seen.0.lock().unwrap().push(notice.clone());
            })
            .build()
            .unwrap();
        (rotator, notices)
    }

    /// A rotator with an observer.
    pub(crate) fn observed(
        &self,
        observer: impl slack_auth::rotation::RotationObserver,
    ) -> TokenRotator {
        TokenRotator::builder(self.client.clone(), Self::app(), self.store.clone())
            .runtime(self.runtime.clone())
            .observer(observer)
            .build()
            .unwrap()
    }

    /// Asks for the bot's token, and lets time pass until there is one.
    pub(crate) fn token(&self, rotator: &TokenRotator) -> String {
        let token = self.runtime.block_on(rotator.access_token(&self.key, Slot::Bot)).unwrap();
        token.expose().to_owned()
    }

    /// What the store holds for the bot.
    pub(crate) fn stored(&self) -> Credential {
        let stored = self.runtime.block_on(self.inner.load(&self.key)).unwrap();
        stored.unwrap().installation.bot.unwrap()
    }

    pub(crate) fn refreshes(&self) -> usize {
        // One call was the installation.
        self.slack.with(|fake| fake.calls("oauth.v2.access")) - 1
    }

    pub(crate) fn is_live(&self, token: &str) -> bool {
        let now = self.runtime.now().as_unix();
        self.slack.with(|fake| fake.is_live(token, now))
    }

    /// Lets the token come due, and not end.
    pub(crate) fn come_due(&self) {
        self.runtime.advance(LIFE.saturating_sub(Duration::from_secs(3_600)));
    }
}

/// Goes through the browser leg of a client without a secret.
fn install_public(runtime: &ManualRuntime, slack: &SharedFake, client: &Client) -> Installation {
    type Flow = OauthV2Access<CodeVerifier>;
    let (id, redirect) = (World::app().id().clone(), RedirectUri::new(OWN_SCHEME).unwrap());
    let scopes = InstallScopes::user_only("chat:write");
    let request = AuthorizationRequest::<Flow>::new(id.clone(), scopes, redirect).unwrap();
    let random = random_bytes().unwrap();
    let (url, pending) = request.begin(&Endpoint::slack(), &random, runtime.now());
    let response = slack.handle(&Request::get(url.expose()).body(Vec::new()).unwrap());
    let callback = Callback::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    let verified = pending.finish(callback, runtime.now()).unwrap();
    let app = PublicClient::new(id);
    runtime
        .block_on(client.call(&verified.exchange, &app))
        .unwrap()
        .value
        .into_installation(runtime.now())
}

/// Goes through the browser leg.
pub(crate) fn install(
    runtime: &ManualRuntime,
    slack: &SharedFake,
    client: &Client,
) -> Installation {
    let link = "https://slack.com/oauth/v2/authorize?client_id=1.2&scope=chat%3Awrite&user_scope=users%3Aread&state=s";
    let response = slack.handle(&Request::get(link).body(Vec::new()).unwrap());
    let callback = response.headers()["location"].to_str().unwrap().to_owned();
    let code = callback.split(['?', '&']).find_map(|it| it.strip_prefix("code=")).unwrap();
    let method = OauthV2Access::new(AuthorizationCode::new(code).unwrap());
    let reply = runtime.block_on(client.call(&method, &World::app())).unwrap();
    reply.value.into_installation(runtime.now())
}

#[derive(Clone, Default)]
pub(crate) struct Notices(Arc<Mutex<Vec<RotationEvent>>>);

impl Notices {
    pub(crate) fn count(&self, which: impl Fn(&RotationEvent) -> bool) -> usize {
        self.0.lock().unwrap().iter().filter(|notice| which(notice)).count()
    }
}

/// Makes a store fail when it is told to, and counts what is read.
#[derive(Clone, Default)]
pub(crate) struct Shaky {
    pub(crate) fails: Arc<AtomicBool>,
    pub(crate) reads: Arc<AtomicUsize>,
    pub(crate) fails_to_write: Arc<AtomicBool>,
    pub(crate) fails_to_lease: Arc<AtomicBool>,
    /// So many writes, and so many removals, come too late: others were faster.
    pub(crate) late_writes: Arc<AtomicUsize>,
    pub(crate) late_removals: Arc<AtomicUsize>,
    pub(crate) fails_to_remove: Arc<AtomicBool>,
    pub(crate) hangs_at_release: Arc<AtomicBool>,
    /// Whether there is no room for more.
    pub(crate) full: Arc<AtomicBool>,
    /// The keys of entries that cannot be read.
    pub(crate) unreadable: Arc<Mutex<Vec<String>>>,
    /// The keys of entries at which the store itself fails.
    pub(crate) unavailable: Arc<Mutex<Vec<String>>>,
    /// How long each call takes.
    pub(crate) slow: Arc<Mutex<Option<(ManualRuntime, Duration)>>>,
    /// Whether an entry is read with its lease, in one call.
    pub(crate) reads_with_lease: Arc<AtomicBool>,
    /// How often a lease was asked for.
    pub(crate) acquired: Arc<AtomicUsize>,
    /// All calls, in order.
    pub(crate) calls: Arc<Mutex<Vec<Call>>>,
    /// The number of the call that goes wrong, and how.
    pub(crate) trip: Arc<Mutex<Option<(usize, bool)>>>,
}

impl Shaky {
    pub(crate) fn fail_writes(&self, fails: bool) {
        self.fails_to_write.store(fails, Ordering::SeqCst);
    }

    /// Lets the call of that number from now on hang, or panic.
    pub(crate) fn trip_at(&self, number: usize, panics: bool) {
        *self.trip.lock().unwrap() = Some((number, panics));
    }

    fn trips(&self) -> Option<bool> {
        let mut trip = self.trip.lock().unwrap();
        let (left, panics) = (*trip)?;
        *trip = left.checked_sub(1).map(|left| (left, panics));
        (left == 0).then_some(panics)
    }

    pub(crate) fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }
}

#[async_trait]
impl Hooks for Shaky {
    async fn before(&self, call: Call) -> Result<(), StoreError> {
        self.calls.lock().unwrap().push(call);
        if call == Call::Load {
            self.reads.fetch_add(1, Ordering::SeqCst);
        }
        let asks_for_lease = matches!(call, Call::Acquire | Call::AcquireAndLoad);
        if asks_for_lease {
            self.acquired.fetch_add(1, Ordering::SeqCst);
        }
        let slow = self.slow.lock().unwrap().clone();
        if let Some((runtime, delay)) = slow {
            runtime.sleep(delay).await;
        }
        if call == Call::Release && self.hangs_at_release.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        match self.trips() {
            Some(true) => panic!("the test's store panics"),
            Some(false) => std::future::pending().await,
            None => {}
        }
        let late = match call {
            Call::Put => Some(&self.late_writes),
            Call::Remove => Some(&self.late_removals),
            _ => None,
        };
        if let Some(late) = late {
            if let Some(left) = late.load(Ordering::SeqCst).checked_sub(1) {
                late.store(left, Ordering::SeqCst);
                return Err(StoreError::conflict());
            }
        }
        let fails_to_remove = call == Call::Remove && self.fails_to_remove.load(Ordering::SeqCst);
        let fails_to_write = call == Call::Put && self.fails_to_write.load(Ordering::SeqCst);
        let is_full = call == Call::Reserve && self.full.load(Ordering::SeqCst);
        let fails_to_lease = asks_for_lease && self.fails_to_lease.load(Ordering::SeqCst);
        if fails_to_write
            || fails_to_remove
            || fails_to_lease
            || is_full
            || self.fails.load(Ordering::SeqCst)
        {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "the test's store fails"));
        }
        Ok(())
    }

    fn reads_with_lease(&self) -> bool {
        self.reads_with_lease.load(Ordering::SeqCst)
    }

    fn before_load(&self, key: &str) -> Result<(), StoreError> {
        if self.unavailable.lock().unwrap().iter().any(|it| it == key) {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "the test's store is away"));
        }
        if self.unreadable.lock().unwrap().iter().any(|it| it == key) {
            return Err(StoreError::new(StoreErrorKind::Damaged, "the test's row is damaged"));
        }
        Ok(())
    }
}
