//! The runtimes that programs have.

use std::{sync::Arc, time::Duration};

use slack_auth::{
    AccessToken, Client, Credential, Endpoint, Expected, Installation, InstallationKey,
    InstallationStore as _, MemoryInstallationStore, RefreshToken, Runtime, Slot, StoreKey,
    ThreadRuntime, Timestamp, TokenRotator,
};

use crate::support::World;

/// Gives a new pair to each that asks.
struct Generous;

#[async_trait::async_trait]
impl slack_auth::Transport for Generous {
    async fn send(
        &self,
        _: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, slack_auth::transport::Error> {
        let body = r#"{"ok":true,"token_type":"bot","access_token":"xoxe.xoxb-1-new",
            "refresh_token":"xoxe-1-new","expires_in":43200}"#;
        Ok(http::Response::new(body.as_bytes().to_vec()))
    }
}

fn refreshed_by(runtime: impl Runtime) {
    let store = Arc::new(MemoryInstallationStore::new());
    let key = StoreKey::from(InstallationKey::Workspace("T1".into()));
    let mut installation = Installation::new(key.place().clone());
    let token = AccessToken::new("xoxe.xoxb-1-old").unwrap();
    let mut bot = Credential::new(token, Timestamp::from_unix(1));
    bot.refresh_token = Some(RefreshToken::new("xoxe-1-old").unwrap());
    bot.expires_at = Some(Timestamp::from_unix(43_201));
    installation.bot = Some(bot);
    pollster::block_on(store.put(&key, &installation, Expected::Absent)).unwrap();
    let client = Client::new(Endpoint::slack(), Arc::new(Generous));
    let rotator = TokenRotator::builder(client, World::app(), store.clone())
        .runtime(runtime)
        .build()
        .unwrap();
    let token = pollster::block_on(rotator.access_token(&key, Slot::Bot)).unwrap();
    assert_eq!(token.expose(), "xoxe.xoxb-1-new");
    let stored = pollster::block_on(store.load(&key)).unwrap().unwrap();
    assert_eq!(stored.installation.bot.unwrap().access_token.expose(), "xoxe.xoxb-1-new");
}

#[test]
fn threads_refresh_a_token() {
    refreshed_by(ThreadRuntime::new());
}

#[test]
fn tokio_refreshes_a_token() {
    let tokio = tokio::runtime::Builder::new_multi_thread();
    let tokio = { tokio }.worker_threads(1).enable_all().build().unwrap();
    refreshed_by(slack_auth::TokioRuntime::new(tokio.handle().clone()));
}

#[test]
fn a_runtime_that_is_shut_down_leaves_the_rest_to_the_next_caller() {
    let world = World::new();
    let tokio = tokio::runtime::Builder::new_multi_thread();
    let tokio = { tokio }.worker_threads(1).enable_all().build().unwrap();
    let rotator = TokenRotator::builder(world.client.clone(), World::app(), world.store.clone())
        .runtime(slack_auth::TokioRuntime::new(tokio.handle().clone()))
        .patience(Duration::from_secs(5))
        .build()
        .unwrap();
    tokio.shutdown_background();
    // The task is dropped before it begins: that is an error and no deadlock.
    let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        pollster::block_on(rotator.access_token(&world.key, Slot::Bot)).map(drop)
    }));
    assert!(!matches!(asked, Ok(Ok(()))));
}
