//! A fleet of installations, and the processes that look after it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::Response;

use crate::{
    adapter::{
        self, AccessToken, ClientId, ClientSecret, ConfidentialClient, Credential, Installation,
        InstallationKey, RefreshToken, RotationEvent, Slot, Store, StoreKey, Timestamp,
        TokenRotator,
    },
    slack::{Answer, Clock, RateLimit, Slack},
    time::Time,
};

/// What a fleet is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Credentials that are due, but whose tokens still work.
    pub(crate) due: usize,
    /// Credentials whose tokens have ended, numbered behind the others.
    pub(crate) ended: usize,
    /// Rotators over the one store. Each has a pace, a cache and lease holders of its own, as processes have; they share
    /// this program's threads.
    pub(crate) processes: usize,
    /// Refreshes in flight of each, if not the default.
    pub(crate) window: Option<usize>,
    pub(crate) limit: RateLimit,
}

/// Installations, processes, and the Slack that they share.
pub(crate) struct Fleet {
    pub(crate) time: Time,
    pub(crate) slack: Arc<Slack>,
    pub(crate) processes: Vec<TokenRotator>,
    pub(crate) keys: Vec<StoreKey>,
    store: Store,
    stored: Arc<Stored>,
}

/// The pairs that were stored.
#[derive(Default)]
struct Stored {
    count: AtomicUsize,
    last_at: Mutex<Duration>,
}

impl Fleet {
    /// Creates the installations and the processes; nothing is refreshed yet.
    pub(crate) fn new(time: Time, plan: Plan) -> Self {
        let left = |number| if number < plan.due { LEFT_WHEN_DUE } else { Duration::ZERO };
        Self::with_lives(time, plan, plan.due + plan.ended, left)
    }

    fn with_lives(time: Time, plan: Plan, count: usize, left: impl Fn(usize) -> Duration) -> Self {
        let keys: Vec<_> = (0..count).map(key).collect();
        let store = Store::memory(&time);
        let now = time.now();
        for (number, key) in keys.iter().enumerate() {
            pollster::block_on(store.put(key, &installation(key, now, left(number))));
        }
        let slack = Arc::new(Slack::new(Arc::new(time.clone()), plan.limit));
        let stored = Arc::<Stored>::default();
        let processes = (0..plan.processes).map(|_| {
            let (stored, time_of_store) = (Arc::clone(&stored), time.clone());
            let builder = adapter::capacity(store.rotator(&slack, plan.window), count.max(10_000));
            let observed = builder.observer(move |_: &StoreKey, _: Slot, event: &RotationEvent| {
                if adapter::is_refreshed(event) {
                    stored.count.fetch_add(1, Ordering::Relaxed);
                    let now = time_of_store.elapsed();
                    *stored.last_at.lock().unwrap_or_else(PoisonError::into_inner) = now;
                }
            });
            time.drive(observed).build().expect("the defaults agree")
        });
        let processes = processes.collect();
        Self { time, slack, processes, keys, store, stored }
    }

    /// Creates a fleet on a manual clock whose tokens were issued within the last minute, and one process for all of it.
    pub(crate) fn fresh(count: usize) -> Self {
        Self::with_fresh_tokens(Time::manual(), count)
    }

    /// Creates the same in real time.
    pub(crate) fn fresh_in_real_time(count: usize) -> Self {
        Self::with_fresh_tokens(Time::real(), count)
    }

    fn with_fresh_tokens(time: Time, count: usize) -> Self {
        let plan =
            Plan { due: 0, ended: 0, processes: 1, window: None, limit: RateLimit::Unlimited };
        let second = |number: usize| Duration::from_secs(u64::try_from(number % 60).unwrap_or(0));
        Self::with_lives(time, plan, count, |number| LIFE.saturating_sub(second(number)))
    }

    /// Has the first `due` credentials refreshed in the background, by each process its share.
    pub(crate) fn refresh(&self, due: usize) {
        self.time.block_on(async {
            for (number, key) in self.keys[..due].iter().enumerate() {
                adapter::refresh_if_due(&self.processes[number % self.processes.len()], key);
            }
        });
    }

    /// Returns how many pairs were stored.
    pub(crate) fn stored(&self) -> usize {
        self.stored.count.load(Ordering::Relaxed)
    }

    /// Returns the time from the first request to the last stored pair.
    pub(crate) fn took(&self) -> Duration {
        let last_at = *self.stored.last_at.lock().unwrap_or_else(PoisonError::into_inner);
        last_at.saturating_sub(self.slack.counts().first_at.unwrap_or_default())
    }

    /// Returns how many installations in the store hold a new token.
    pub(crate) fn refreshed(&self) -> usize {
        let is_new = |key: &&StoreKey| {
            let installation = pollster::block_on(self.store.load(key));
            let token = installation.bot.as_ref().map(|it| it.access_token.expose().to_owned());
            token.is_some_and(|token| token.starts_with(NEW))
        };
        self.keys.iter().filter(is_new).count()
    }
}

/// Returns the key of an installation.
pub(crate) fn key(number: usize) -> StoreKey {
    InstallationKey::Workspace(format!("T{number:010}").as_str().into()).into()
}

/// Returns an installation whose token has so much of its life left.
pub(crate) fn installation(key: &StoreKey, now: Timestamp, left: Duration) -> Installation {
    let name = key.to_string();
    let issued_at = Timestamp::from_unix(now.as_unix() - LIFE.saturating_sub(left).as_secs());
    let token = AccessToken::new(format!("xoxe.xoxb-1-FAKE-{name:0>60}")).expect("visible ASCII");
    let mut credential = Credential::new(token, issued_at);
    let refresh_token = RefreshToken::new(format!("xoxe-1-FAKE-{name:0>60}"));
    credential.refresh_token = Some(refresh_token.expect("visible ASCII"));
    credential.expires_at = Some(issued_at + LIFE);
    let mut installation = Installation::new(key.place().clone());
    installation.bot = Some(credential);
    installation
}

/// Returns the response that says so.
pub(crate) fn response(answer: Answer) -> Response<Vec<u8>> {
    let (status, wait, body) = match answer {
        Answer::Pair(number) => (
            200,
            None,
            format!(
                r#"{{"ok":true,"token_type":"bot","access_token":"{NEW}{number:060}","refresh_token":"xoxe-1-NEW{number:060}","expires_in":{}}}"#,
                LIFE.as_secs()
            ),
        ),
        Answer::RateLimited(wait) => {
            (429, Some(wait), r#"{"ok":false,"error":"ratelimited"}"#.to_owned())
        }
        Answer::TokenExpired => (200, None, r#"{"ok":false,"error":"token_expired"}"#.to_owned()),
    };
    let mut response = Response::builder().status(status);
    if let Some(wait) = wait {
        response = response.header("retry-after", wait.as_secs());
    }
    response.body(body.into_bytes()).expect("the headers are valid")
}

/// Returns the app that all belong to.
pub(crate) fn app() -> ConfidentialClient {
    ConfidentialClient::new(client_id(), ClientSecret::new("hush").expect("not empty"))
}

pub(crate) fn client_id() -> ClientId {
    ClientId::new("1.2").expect("not empty")
}

/// How long a token lives.
pub(crate) const LIFE: Duration = Duration::from_secs(12 * 3600);

/// Less than any credential has left that is not due.
const LEFT_WHEN_DUE: Duration = Duration::from_secs(3600);

/// How the tokens of the fake begin.
const NEW: &str = "xoxe.xoxb-1-NEW";
