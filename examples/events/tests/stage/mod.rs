//! The app over loopback, and a fake Slack that sends it signed requests.

use slack_auth::{
    Client, ClientId, ClientSecret, ConfidentialClient, Endpoint, Installation, InstallationStore,
    Limits, StoreKey,
    events::SigningSecret,
    oauth::{RedirectUri, StateSigningKey},
    store::MemoryStore,
};
use slack_events_example::router;
use slack_fake::{App, Clock, FakeServer, FakeSlack, SharedFake, SlackEvent, User, Workspace};
use tokio::net::TcpListener;

pub(crate) const TEAM: &str = "T0FAKE00001";
pub(crate) const FIRST: &str = "U0FAKE00001";
pub(crate) const SECOND: &str = "U0FAKE00002";

pub(crate) struct Stage {
    pub(crate) origin: String,
    fake: FakeServer,
    store: InstallationStore,
    http: reqwest::Client,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let redirect = format!("{origin}/slack/callback");
        let app = App::new("1.2", "hush")
            .signing_secret("shush")
            .redirect_url(&redirect)
            .insecure_loopback_redirects()
            .rotate_tokens()
            .distribute();
        let fake = FakeSlack::new()
            .app(app)
            .workspace(Workspace::new(TEAM, "Fake Team"))
            .user(User::new(FIRST, "first").member_of(TEAM))
            .user(User::new(SECOND, "second").member_of(TEAM));
        let fake = FakeServer::start(SharedFake::new(fake, Clock::real())).unwrap();
        let endpoint = Endpoint::new(fake.origin()).unwrap();
        let slack = Client::with_reqwest(endpoint, Limits::new()).unwrap();
        let id = ClientId::new("1.2").unwrap();
        let store = InstallationStore::new(MemoryStore::new(), id.clone());
        let app = ConfidentialClient::new(id, ClientSecret::new("hush").unwrap());
        let router = router(
            slack,
            app,
            store.clone(),
            SigningSecret::new("shush").unwrap(),
            StateSigningKey::new([7; 32]).unwrap(),
            RedirectUri::insecure_for_tests(redirect).unwrap(),
        );
        let router = router.unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Self { origin, fake, store, http: http.build().unwrap() }
    }

    pub(crate) fn slack<R>(&self, look: impl FnOnce(&mut FakeSlack) -> R) -> R {
        self.fake.shared().with(look)
    }

    pub(crate) fn now(&self) -> u64 {
        self.fake.shared().clock().now()
    }

    /// Uninstalls the app at Slack, and returns the events about it.
    pub(crate) fn uninstall(&self) -> Vec<SlackEvent> {
        self.slack(|slack| {
            slack.uninstall("1.2", TEAM);
            slack.take_events()
        })
    }

    /// Delivers an event by a signed request; returns status and text.
    pub(crate) async fn deliver(&self, event: &SlackEvent) -> (u16, String) {
        let (url, now) = (format!("{}/slack/events", self.origin), self.now());
        let request = self.slack(|slack| slack.event_request(event, &url, now, 0)).unwrap();
        self.send(request).await
    }

    /// Delivers any body, signed.
    pub(crate) async fn deliver_body(&self, body: &str) -> (u16, String) {
        let (url, now) = (format!("{}/slack/events", self.origin), self.now());
        let body = body.as_bytes().to_vec();
        let request = self.slack(|slack| slack.signed_request("1.2", &url, now, body)).unwrap();
        self.send(request).await
    }

    pub(crate) async fn send(&self, request: axum::http::Request<Vec<u8>>) -> (u16, String) {
        let response = self.http.execute(request.try_into().unwrap()).await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    pub(crate) async fn load(&self, key: &str) -> Option<Installation> {
        let key = StoreKey::from_text(key).unwrap();
        self.store.load(&key).await.unwrap().map(|stored| stored.installation)
    }

    pub(crate) fn is_live(&self, credential: Option<&slack_auth::tokens::Credential>) -> bool {
        let now = self.now();
        let token = credential.unwrap().access_token.expose().to_owned();
        self.slack(|slack| slack.is_live(&token, now))
    }
}
