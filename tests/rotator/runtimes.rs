//! The runtimes that programs have.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use slack_auth::{
    AccessToken, Client, Endpoint, Installation, InstallationStore, Slot, StoreKey, Timestamp,
    TokenRotator,
    runtime::{Runtime, ThreadRuntime},
    store::{MemoryStore, Precondition},
    tokens::{Credential, InstallationKey, RefreshToken},
};

use crate::support::World;

/// Gives a new pair to each that asks; it lives for so many seconds.
struct Generous(u64);

#[async_trait::async_trait]
impl slack_auth::transport::Transport for Generous {
    async fn send(
        &self,
        _: http::Request<slack_auth::transport::Body>,
    ) -> Result<http::Response<Vec<u8>>, slack_auth::transport::Error> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let (life, number) = (self.0, COUNT.fetch_add(1, Ordering::SeqCst));
        let body = format!(
            r#"{{"ok":true,"token_type":"bot","access_token":"xoxe.xoxb-1-new{number}",
            "refresh_token":"xoxe-1-new{number}","expires_in":{life}}}"#
        );
        Ok(http::Response::new(body.into_bytes()))
    }
}

/// Stores a pair that has ended.
pub(crate) fn put(store: &InstallationStore, team: &str) -> StoreKey {
    let key = StoreKey::from(InstallationKey::Workspace(team.into()));
    let mut installation = Installation::new(key.place().clone());
    let token = AccessToken::new("xoxe.xoxb-1-old").unwrap();
    let mut bot = Credential::new(token, Timestamp::from_unix(1));
    bot.refresh_token = Some(RefreshToken::new("xoxe-1-old").unwrap());
    bot.expires_at = Some(Timestamp::from_unix(43_201));
    installation.bot = Some(bot);
    pollster::block_on(store.put(&key, &installation, Precondition::Absent)).unwrap();
    key
}

fn refreshed_by(runtime: impl Runtime) {
    let store = InstallationStore::new(MemoryStore::new(), World::app().id().clone());
    let key = put(&store, "T1");
    let client = Client::new(Endpoint::slack(), Arc::new(Generous(43_200)));
    let rotator = TokenRotator::builder(client, World::app(), store.clone())
        .runtime(runtime)
        .build()
        .unwrap();
    let token = pollster::block_on(rotator.access_token(&key, Slot::Bot)).unwrap();
    assert!(token.expose().starts_with("xoxe.xoxb-1-new"));
    let stored = pollster::block_on(store.load(&key)).unwrap().unwrap();
    assert_eq!(stored.installation.bot.unwrap().access_token.expose(), token.expose());
}

#[test]
fn threads_refresh_a_token() {
    refreshed_by(ThreadRuntime::new());
}

#[test]
fn tokio_refreshes_a_token() {
    let tokio = tokio::runtime::Builder::new_multi_thread();
    let tokio = { tokio }.worker_threads(1).enable_all().build().unwrap();
    refreshed_by(slack_auth::runtime::TokioRuntime::new(tokio.handle().clone()));
}

#[test]
fn a_runtime_that_is_shut_down_leaves_the_rest_to_the_next_caller() {
    let world = World::new();
    world.runtime.advance(crate::support::LIFE);
    let store = InstallationStore::new(MemoryStore::new(), World::app().id().clone());
    let key = put(&store, "T1");
    let tokio = tokio::runtime::Builder::new_multi_thread();
    let tokio = { tokio }.worker_threads(1).enable_all().build().unwrap();
    let rotator = TokenRotator::builder(
        Client::new(Endpoint::slack(), Arc::new(Generous(43_200))),
        World::app(),
        store.clone(),
    )
    .runtime(slack_auth::runtime::TokioRuntime::new(tokio.handle().clone()))
    .wait_timeout(Duration::from_secs(20))
    .build()
    .unwrap();
    tokio.shutdown_background();
    // The task is dropped before it begins: the caller does its work.
    let token = pollster::block_on(rotator.access_token(&key, Slot::Bot)).unwrap();
    assert!(token.expose().starts_with("xoxe.xoxb-1-new"));
    let stored = pollster::block_on(store.load(&key)).unwrap().unwrap();
    assert_eq!(stored.installation.bot.unwrap().access_token.expose(), token.expose());
}

#[test]
fn threads_that_ask_for_tokens_that_have_ended_get_the_same() {
    const LIFE: u64 = 43_200;
    let store = InstallationStore::new(MemoryStore::new(), World::app().id().clone());
    let keys: Vec<_> = (0..50).map(|number| put(&store, &format!("T{number}"))).collect();
    let client = Client::new(Endpoint::slack(), Arc::new(Generous(LIFE)));
    let rotator = TokenRotator::builder(client, World::app(), store)
        .min_validity(Duration::ZERO)
        .build()
        .unwrap();
    let began = Instant::now();
    let ask = |key| {
        let token = pollster::block_on(rotator.access_token(key, Slot::Bot)).unwrap();
        (key, token.fingerprint())
    };
    let thread = || {
        let mut seen = BTreeSet::new();
        while began.elapsed() < Duration::from_secs(1) {
            seen.extend(keys.iter().map(ask));
        }
        seen
    };
    let seen: Vec<BTreeSet<_>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(thread)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let all: BTreeSet<_> = seen.iter().flatten().collect();
    assert_eq!(all.len(), keys.len(), "one new token for each");
}
