//! The server and a fake Slack on two loopback ports, and the clock that both go by.

use std::sync::Arc;

use slack_auth::{
    Client, ConfidentialClient, Endpoint, InstallationStore, Limits, Timestamp,
    oauth::StateSigningKey, store::Stored,
};
use slack_fake::{Clock, FakeServer, FakeSlack};
use slack_install_server::{Config, demo_app, demo_slack, router};
use sqlite_store_example::SqliteStore;
use tempfile::TempDir;
use tokio::net::TcpListener;

pub(crate) struct Stage {
    /// The server's origin.
    pub(crate) origin: String,
    pub(crate) clock: Clock,
    fake: FakeServer,
    store: InstallationStore,
    _folder: TempDir,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        Self::set_with(ConfidentialClient::clone).await
    }

    /// Starts both, after the server's client has been changed.
    pub(crate) async fn set_with(
        change: impl FnOnce(&ConfidentialClient) -> ConfidentialClient,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let app = demo_app(listener.local_addr().unwrap().port()).unwrap();
        let (client, origin) = (change(&app.client), app.public_url);
        let clock = Clock::manual(1_795_219_200);
        let fake = demo_slack(&origin, clock.clone()).unwrap();

        let endpoint = Endpoint::new(fake.origin()).unwrap();
        let slack = Client::with_reqwest(endpoint, Limits::new()).unwrap();
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(folder.path().join("database")).unwrap();
        let store = InstallationStore::new(store, client.id().clone());
        let key = StateSigningKey::new([7; 32]).unwrap();
        let mut config = Config::new(slack, client, &origin, key, store.clone());
        config.signing_secret = app.signing_secret;
        let server_clock = clock.clone();
        config.clock = Arc::new(move || Timestamp::from_unix(server_clock.now()));
        let router = router(config).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { origin, clock, fake, store, _folder: folder }
    }

    /// Returns a page of the server by its path.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Looks into the fake Slack.
    pub(crate) fn slack<R>(&self, look: impl FnOnce(&mut FakeSlack) -> R) -> R {
        self.fake.shared().with(look)
    }

    /// Returns all that is stored.
    pub(crate) async fn stored(&self) -> Vec<Stored> {
        let mut all = Vec::new();
        for found in self.store.keys(None, 100).await.unwrap().keys {
            all.push(self.store.load(&found.key).await.unwrap().unwrap());
        }
        all
    }
}
