//! What becomes of a rotating token whose newest pair a failover has lost, and when it cannot lose it.

#[expect(dead_code, reason = "each test program needs a part of it")]
#[path = "support/own.rs"]
mod own;
#[expect(dead_code, reason = "each test program needs a part of it")]
mod support;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use own::{Relay, Server};
use slack_auth::{
    ApiMethod, Client, ClientId, ClientSecret, ConfidentialClient, Endpoint, Installation,
    InstallationStore, Slot, StoreKey, Timestamp, TokenRotator,
    methods::OauthV2Access,
    oauth::{AuthorizationCode, SecretAuthentication},
    runtime::TokioRuntime,
    store::{LeaseHolder, LeaseOutcome, Loaded, Precondition, StoreError},
    tokens::InstallationKey,
};
use slack_fake::{App, Clock, Consent, FakeSlack, FakeTransport, SharedFake, User, Workspace};
use slack_store_redis::RedisStore;
use support::{in_tokio, words};

/// A primary with a replica, an address that leads to either, and an installation whose token has expired.
struct Scene {
    primary: Server,
    replica: Server,
    /// From the primary to the replica.
    link: Relay,
    relay: Relay,
    slack: SharedFake,
    key: StoreKey,
}

impl Scene {
    async fn set(test: &str) -> Option<Self> {
        let primary = Server::start(test, &[])?;
        let replica = Server::start(test, &[])?;
        let link = Relay::to(primary.socket());
        run(&replica, &["REPLICAOF", "127.0.0.1", &link.port.to_string()]).await;
        let relay = Relay::to(primary.socket());
        let fake = FakeSlack::new()
            .workspace(Workspace::new("T0FAKE00001", "Fake Team"))
            .user(User::new("U0FAKE00001", "fake.person"))
            .app(App::new("1.2", "hush").redirect_url(CALLBACK).rotate_tokens())
            .consent(Consent::Allow);
        let slack = SharedFake::new(fake, Clock::real());
        let mut scene = Self {
            primary,
            replica,
            link,
            relay,
            slack,
            key: StoreKey::from(InstallationKey::Workspace("T0FAKE00001".into())),
        };
        scene.install().await;
        Some(scene)
    }

    /// Installs the app more than twelve hours ago: the token has expired.
    async fn install(&mut self) {
        let now = Timestamp::from(SystemTime::now()).as_unix();
        let clock = self.slack.clock().clone();
        clock.set(now - 43_300);
        let page = "/oauth/v2/authorize?client_id=1.2&scope=chat%3Awrite&state=s&team=T0FAKE00001";
        let answer = self.slack.handle(&http::Request::get(page).body(Vec::new()).unwrap());
        let callback = answer.headers()["location"].to_str().unwrap();
        let code = AuthorizationCode::new(callback.split(['=', '&']).nth(1).unwrap());
        let method = OauthV2Access::new(code.unwrap());
        let sent = Timestamp::from_unix(clock.now());
        let answer = self.slack.handle(&method.to_request(&Endpoint::slack(), &app()));
        let reply = OauthV2Access::<SecretAuthentication>::parse_response(&answer).unwrap();
        let installation = reply.value.into_installation(sent);
        self.key = installation.key().unwrap().into();
        self.store().await.put(&self.key, &installation, Precondition::Absent).await.unwrap();
        clock.set(now);
        // The replica has it, and nothing that comes after.
        assert_eq!(run(&self.primary, &["WAIT", "1", "10000"]).await, redis::Value::Int(1));
        self.link.swallow(true);
    }

    async fn store(&self) -> InstallationStore {
        InstallationStore::new(
            RedisStore::open(&self.relay.address()).await.unwrap(),
            app().id().clone(),
        )
    }

    /// Returns the rotator of a process.
    async fn process(&self) -> TokenRotator {
        let transport = Arc::new(FakeTransport::new(self.slack.clone()));
        let client = Client::new(Endpoint::slack(), transport);
        TokenRotator::builder(client, app(), self.store().await)
            .runtime(TokioRuntime::new(tokio::runtime::Handle::current()))
            .build()
            .unwrap()
    }

    /// The primary crashes; the replica takes over without what it has not seen.
    async fn fail_over(&mut self) {
        self.primary.kill();
        run(&self.replica, &["REPLICAOF", "NO", "ONE"]).await;
        self.relay.lead_to(self.replica.socket());
    }

    async fn stored(&self) -> String {
        let stored = self.store().await.load(&self.key).await.unwrap().unwrap().installation;
        stored.bot.unwrap().access_token.expose().to_owned()
    }

    fn is_live(&self, token: &str) -> bool {
        self.slack.with(|slack| slack.is_live(token, self.slack.clock().now()))
    }

    /// Returns how many refreshes reached Slack: the first of the calls was the install.
    fn refreshes(&self) -> usize {
        self.slack.with(|slack| slack.calls("oauth.v2.access")) - 1
    }
}

#[test]
fn the_process_that_has_the_newer_pair_stores_it_again() {
    in_tokio(async {
        let test = "the_process_that_has_the_newer_pair_stores_it_again";
        let Some(mut scene) = Scene::set(test).await else { return };
        let process = scene.process().await;
        let token = process.access_token(&scene.key, Slot::Bot).await.unwrap();
        assert_eq!((scene.refreshes(), scene.stored().await), (1, token.expose().to_owned()));
        scene.fail_over().await;
        assert_ne!(scene.stored().await, token.expose());
        // Its sweep finds a row that is due, and that it knows to be spent. The first tries find the old connection.
        let end = tokio::time::Instant::now() + Duration::from_secs(20);
        while process.sweep_once().await.is_err() {
            assert!(tokio::time::Instant::now() < end, "the store is not reached again");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let end = tokio::time::Instant::now() + Duration::from_secs(20);
        while scene.stored().await != token.expose() {
            assert!(tokio::time::Instant::now() < end, "the pair was not stored again");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(scene.refreshes(), 1);
    });
}

#[test]
fn another_process_sends_the_old_refresh_token_once_more() {
    in_tokio(async {
        let test = "another_process_sends_the_old_refresh_token_once_more";
        let Some(mut scene) = Scene::set(test).await else { return };
        scene.process().await.access_token(&scene.key, Slot::Bot).await.unwrap();
        assert_eq!(scene.refreshes(), 1);
        scene.fail_over().await;
        // The first process has ended with the only copy of the new pair.
        let token = scene.process().await.access_token(&scene.key, Slot::Bot).await.unwrap();
        assert!(scene.is_live(token.expose()));
        let end = tokio::time::Instant::now() + Duration::from_secs(20);
        while scene.refreshes() < 2 || !scene.is_live(&scene.stored().await) {
            assert!(tokio::time::Instant::now() < end, "nobody refreshed");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(scene.refreshes(), 2);
    });
}

/// A write that took place on the primary alone does not count, whoever reads it there: the failover would lose it.
#[test]
fn what_the_replica_does_not_have_is_not_settled_by_reading() {
    in_tokio(async {
        let test = "what_the_replica_does_not_have_is_not_settled_by_reading";
        let Some(scene) = Scene::set(test).await else { return };
        let careful = RedisStore::builder(&scene.relay.address())
            .wait_for_replicas(1)
            .timeout(Duration::from_secs(1))
            .prefix("careful");
        scene.link.swallow(false);
        assert_eq!(run(&scene.primary, &["WAIT", "1", "20000"]).await, redis::Value::Int(1));
        let store = InstallationStore::new(careful.open().await.unwrap(), app().id().clone());
        let mut installation = Installation::new(InstallationKey::Workspace("T0FAKE00001".into()));
        let first = store.put(&scene.key, &installation, Precondition::Absent).await.unwrap();

        scene.link.swallow(true);
        let holder = LeaseHolder::random().unwrap();
        let length = Duration::from_secs(60);
        let granted = store.acquire(&scene.key, Slot::Bot, holder, length).await;
        assert!(granted.unwrap_err().is_unknown(), "a lease that the replica does not have");
        installation.bot_user_id = Some("U0FAKE00002".into());
        let written = store.put(&scene.key, &installation, Precondition::Version(first)).await;
        assert!(written.unwrap_err().is_unknown(), "a write that the replica does not have");
        let read = store.acquire_and_load(&scene.key, Slot::Bot, holder, length).await;
        assert!(read.unwrap_err().is_unknown(), "what comes with a lease that it does not have");

        // Once the replica has them they count, without a second write.
        scene.link.swallow(false);
        let found = until(async || store.load(&scene.key).await).await.unwrap();
        assert_eq!(found.installation.bot_user_id, installation.bot_user_id);
        let held = until(async || store.lease(&scene.key, Slot::Bot).await).await.unwrap();
        assert_eq!(held.holder, holder);
        let (again, loaded) =
            store.acquire_and_load(&scene.key, Slot::Bot, holder, length).await.unwrap();
        assert_eq!(again, LeaseOutcome::Granted);
        let Loaded::Found(found) = loaded else { panic!("{loaded:?}") };
        assert_eq!(found.installation.bot_user_id, installation.bot_user_id);
    });
}

/// Waits until the replica is there again.
async fn until<T>(mut tries: impl AsyncFnMut() -> Result<T, StoreError>) -> T {
    let end = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        match tries().await {
            Ok(answer) => return answer,
            Err(error) => assert!(tokio::time::Instant::now() < end, "{}", words(&error)),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn app() -> ConfidentialClient {
    ConfidentialClient::new(ClientId::new("1.2").unwrap(), ClientSecret::new("hush").unwrap())
}

async fn run(server: &Server, words: &[&str]) -> redis::Value {
    let client = redis::Client::open(server.address()).unwrap();
    let settings = redis::AsyncConnectionConfig::new().set_response_timeout(None);
    let connection = client.get_multiplexed_async_connection_with_config(&settings).await;
    let mut connection = connection.unwrap();
    // `WAIT` waits for what was written before the last command on its connection.
    redis::cmd("PING").exec_async(&mut connection).await.unwrap();
    let mut command = redis::cmd(words[0]);
    for word in &words[1..] {
        command.arg(*word);
    }
    command.query_async(&mut connection).await.unwrap()
}

const CALLBACK: &str = "https://app.example.com/cb";
