//! One of the processes that share the store: it needs tokens all the time, until it is killed.

use std::{
    env,
    future::Future,
    pin::Pin,
    thread,
    time::{Duration, Instant},
};

use pollster::block_on;
use slack_auth::{
    Client, ClientId, ClientSecret, ConfidentialClient, Endpoint, InstallationStore, Limits, Slot,
    StoreKey, Timestamp, TokenRotator,
    methods::AuthTest,
    rotation::{RotationEvent, RotationPolicy},
    runtime::{Runtime, ThreadRuntime},
    store::LeaseOutcome,
};

use crate::{
    around::{Around, Hooks},
    place,
};

/// How often a token is tried, of those that are handed out.
const TRIED: usize = 50;

/// How many callers a process has.
const CALLERS: usize = 4;

/// How long a server that is away is waited for when a process starts.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Whether processes keep each other from refreshing one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leases {
    On,
    Off,
}

impl Leases {
    pub(crate) const VARIABLE: &'static str = "PROCESSES_LEASES_OFF";

    fn of_this_process() -> Self {
        if env::var_os(Self::VARIABLE).is_some() { Self::Off } else { Self::On }
    }
}

/// The clock of a process, which may be wrong.
#[derive(Clone, Copy)]
pub(crate) struct WorkerClock {
    inner: ThreadRuntime,
    ahead: u64,
}

impl WorkerClock {
    pub(crate) const VARIABLE: &'static str = "PROCESSES_CLOCK_AHEAD";

    /// Creates a clock that is so many seconds ahead.
    pub(crate) fn ahead(seconds: u64) -> Self {
        Self { inner: ThreadRuntime::new(), ahead: seconds }
    }

    fn of_this_process() -> Self {
        let ahead = env::var(Self::VARIABLE).ok().and_then(|text| text.parse().ok());
        Self::ahead(ahead.unwrap_or_default())
    }
}

impl Runtime for WorkerClock {
    fn now(&self) -> Timestamp {
        self.inner.now() + Duration::from_secs(self.ahead)
    }

    fn sleep(&self, length: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.inner.sleep(length)
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.inner.spawn(task);
    }
}

/// The numbers of one run, in seconds: of the fake Slack and of the rotators, which must fit each other.
#[derive(Clone, Copy)]
pub(crate) struct Pace;

impl Pace {
    pub(crate) const LIFE: u64 = 30;
    pub(crate) const MARGIN: u64 = 12;
    pub(crate) const TIMEOUT: u64 = 4;
    pub(crate) const STORE_TIMEOUT: u64 = 2;
    pub(crate) const LEASE: u64 = 7;
    pub(crate) const GRACE: u64 = 40;
    /// By how much the clocks of two processes differ.
    pub(crate) const SKEW: u64 = 120;
}

/// Makes the rotator of one process.
pub(crate) fn rotator(
    place: &str,
    origin: &str,
    leases: Leases,
    clock: WorkerClock,
) -> TokenRotator {
    let limits = Limits::new().with_total_timeout(Duration::from_secs(Pace::TIMEOUT));
    let client = Client::with_curl(Endpoint::new(origin).unwrap(), limits).unwrap();
    let app =
        ConfidentialClient::new(ClientId::new("1.2").unwrap(), ClientSecret::new("hush").unwrap());
    let inner = place::open(place);
    let store = match leases {
        Leases::On => InstallationStore::new(inner, app.id().clone()),
        Leases::Off => InstallationStore::new(Around { inner, hooks: NoLeases }, app.id().clone()),
    };
    let policy = RotationPolicy::new()
        .margin(Duration::from_secs(Pace::MARGIN))
        .lease(Duration::from_secs(Pace::LEASE))
        .grace(Duration::from_secs(Pace::GRACE));
    TokenRotator::builder(client, app, store.clock(move || clock.now()))
        .runtime(clock)
        .policy(policy)
        .min_validity(Duration::from_secs(1))
        .store_timeout(Duration::from_secs(Pace::STORE_TIMEOUT))
        .observer(|_: &StoreKey, _: Slot, notice: &RotationEvent| match notice {
            RotationEvent::Refreshed { .. } => println!("refreshed"),
            RotationEvent::Adopted { .. } => println!("adopted"),
            RotationEvent::Conflict { .. } => println!("conflict"),
            RotationEvent::Retrying { .. } => println!("retrying"),
            RotationEvent::ReauthorizationNeeded { reason } => println!("dead {reason}"),
            _ => {}
        })
        .build()
        .unwrap()
}

/// The store, for whoever only looks.
pub(crate) fn store(place: &str) -> InstallationStore {
    InstallationStore::new(place::open(place), ClientId::new("1.2").unwrap())
}

/// All that is stored.
pub(crate) fn keys(store: &InstallationStore) -> Vec<StoreKey> {
    let begin = Instant::now();
    let page = loop {
        match block_on(store.keys(None, 100_000)) {
            Ok(page) => break page,
            Err(error) if begin.elapsed() > PATIENCE => panic!("{error}"),
            Err(_) => thread::sleep(Duration::from_millis(200)),
        }
    };
    assert!(page.unreadable.is_empty() && page.next.is_none());
    page.keys.into_iter().map(|found| found.key).collect()
}

/// Asks for every token over and over, and tries some.
pub(crate) fn work_until_killed(place: &str, origin: &str) {
    let rotator = rotator(place, origin, Leases::of_this_process(), WorkerClock::of_this_process());
    let keys = keys(&store(place));
    // One caller alone would spend most of its life with waiting for the lease of a process that was killed.
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| ask_for_all(&rotator, &keys));
        }
    });
}

/// Is one caller of a process.
fn ask_for_all(rotator: &TokenRotator, keys: &[StoreKey]) {
    // Each goes another way through the installations.
    let mut at = usize::try_from(getrandom::u32().unwrap()).unwrap() % keys.len();
    loop {
        for count in 0..keys.len() {
            at = (at + 7) % keys.len();
            match block_on(rotator.access_token(&keys[at], Slot::Bot)) {
                Ok(_) if count % TRIED == 0 => try_a_call(rotator, &keys[at]),
                Ok(_) => {}
                Err(error) => println!("withheld {error}"),
            }
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// Calls with a token, for as long as it may take another process to repeat what a killed one has begun: of three pairs
/// that Slack gives out the first ends, and if nobody lived to store the third there is no good token until then.
fn try_a_call(rotator: &TokenRotator, key: &StoreKey) {
    let begin = Instant::now();
    loop {
        match block_on(rotator.call(&AuthTest, key, Slot::Bot)) {
            Ok(_) => return println!("works"),
            Err(error) if begin.elapsed() > Duration::from_secs(3 * Pace::LEASE) => {
                return println!("broken {error}");
            }
            Err(_) => {
                println!("stalled");
                thread::sleep(Duration::from_millis(250));
            }
        }
    }
}

/// Grants every lease to everybody.
struct NoLeases;

impl Hooks for NoLeases {
    fn lease(&self) -> Option<LeaseOutcome> {
        Some(LeaseOutcome::Granted)
    }
}
