//! A fake Slack, an empty store, and a rotator whose clock may be off.

use std::sync::Arc;

use slack_auth::{
    Client, ClientId, ClientSecret, ConfidentialClient, Endpoint, Installation, InstallationStore,
    StoreKey, Timestamp, TokenRotator,
    events::{EventCallback, EventOutcome, EventsApiRequest, RequestVerifier, SigningSecret},
    lifecycle::InstallOutcome,
    methods::OauthV2Access,
    oauth::AuthorizationCode,
    runtime::{ManualRuntime, Runtime as _},
    store::{MemoryStore, Precondition, StoreBackend},
    tokens::InstallationKey,
};
use slack_fake::{
    App, Clock, Consent, FakeSlack, FakeTransport, Organization, SharedFake, SlackEvent, User,
    Workspace,
};

pub(crate) const START: u64 = 1_795_219_200;
pub(crate) const TEAM: &str = "T0FAKE00001";
pub(crate) const ORG: &str = "E0FAKE00001";
pub(crate) const FIRST: &str = "U0FAKE00001";
pub(crate) const SECOND: &str = "U0FAKE00002";

pub(crate) struct Stage {
    pub(crate) runtime: ManualRuntime,
    pub(crate) slack: SharedFake,
    pub(crate) client: Client,
    pub(crate) store: InstallationStore,
    pub(crate) rotator: TokenRotator,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(App::new("1.2", "hush"), 0)
    }

    /// An app, and how many seconds the machine's clock is ahead of Slack's.
    pub(crate) fn with(app: App, ahead: i64) -> Self {
        Self::over(app, ahead, MemoryStore::new())
    }

    /// The same over another backend.
    pub(crate) fn over(app: App, ahead: i64, backend: impl StoreBackend) -> Self {
        let app = app.signing_secret("shush").redirect_url("https://app.example.com/cb");
        let fake = FakeSlack::new()
            .workspace(Workspace::new(TEAM, "Fake Team"))
            .organization(Organization::new(ORG, "Fake Org"))
            .workspace(Workspace::new("T0FAKE00002", "Grid Team").organization(ORG))
            .user(User::new(FIRST, "first"))
            .user(User::new(SECOND, "second"))
            .app(app.distribute())
            .consent(Consent::Allow);
        let clock = Clock::manual(START);
        let slack = SharedFake::new(fake, clock.clone());
        let own = |slack: u64| slack.checked_add_signed(ahead).unwrap();
        let runtime = ManualRuntime::new(Timestamp::from_unix(own(START)));
        runtime.on_change(move |now| clock.set(now.as_unix().checked_add_signed(-ahead).unwrap()));
        let client = Client::new(Endpoint::slack(), Arc::new(FakeTransport::new(slack.clone())));
        let store = InstallationStore::new(backend, ClientId::new("1.2").unwrap());
        let app = ConfidentialClient::new(
            ClientId::new("1.2").unwrap(),
            ClientSecret::new("hush").unwrap(),
        );
        let rotator = TokenRotator::builder(client.clone(), app, store.clone())
            .runtime(runtime.clone())
            .build()
            .unwrap();
        Self { runtime, slack, client, store, rotator }
    }

    /// A person installs the app at the fake's page, with the scopes of this query.
    pub(crate) fn answer(&self, person: &str, scopes: &str) -> Installation {
        let page = format!(
            "https://slack.com/oauth/v2/authorize?client_id=1.2&state=s&fake_user={person}&fake_team={TEAM}&{scopes}"
        );
        let response = self.slack.handle(&http::Request::get(page).body(Vec::new()).unwrap());
        let callback = response.headers()["location"].to_str().unwrap();
        let code = callback.split(['?', '&']).find_map(|it| it.strip_prefix("code=")).unwrap();
        let exchange = OauthV2Access::new(AuthorizationCode::new(code).unwrap());
        let app = ConfidentialClient::new(
            ClientId::new("1.2").unwrap(),
            ClientSecret::new("hush").unwrap(),
        );
        let reply = self.runtime.block_on(self.client.call(&exchange, &app)).unwrap();
        reply.value.into_installation(self.runtime.now())
    }

    pub(crate) fn install(&self, person: &str, scopes: &str) -> InstallOutcome {
        let answer = self.answer(person, scopes);
        self.runtime.block_on(self.rotator.install(answer)).unwrap()
    }

    pub(crate) fn uninstall(&self, place: &str) -> Vec<SlackEvent> {
        self.slack.with(|fake| {
            fake.uninstall("1.2", place);
            fake.take_events()
        })
    }

    /// Delivers an event by a signed request.
    pub(crate) fn deliver(&self, event: &SlackEvent) -> EventOutcome {
        let callback = self.callback(event);
        self.runtime.block_on(self.rotator.apply_event(&callback)).unwrap()
    }

    pub(crate) fn callback(&self, event: &SlackEvent) -> EventCallback {
        let now = self.slack.clock().now();
        let request = self.slack.with(|fake| {
            fake.event_request(event, "https://app.example.com/slack/events", now, 0).unwrap()
        });
        parse(&request, now)
    }

    /// An event with any body, signed.
    pub(crate) fn signed(&self, body: &str) -> EventCallback {
        let (now, body) = (self.slack.clock().now(), body.as_bytes().to_vec());
        let url = "https://app.example.com/slack/events";
        let request = self.slack.with(|fake| fake.signed_request("1.2", url, now, body).unwrap());
        parse(&request, now)
    }

    pub(crate) fn put(&self, key: &StoreKey, installation: &Installation) {
        let put = self.store.put(key, installation, Precondition::Absent);
        self.runtime.block_on(put).unwrap();
    }

    pub(crate) fn load(&self, key: &str) -> Option<Installation> {
        let key = StoreKey::from_text(key).unwrap();
        self.runtime.block_on(self.store.load(&key)).unwrap().map(|stored| stored.installation)
    }

    pub(crate) fn rows(&self) -> Vec<(String, Installation)> {
        let page = self.runtime.block_on(self.store.keys(None, 100)).unwrap();
        assert!(page.next.is_none() && page.unreadable.is_empty());
        let texts = page.keys.iter().map(|found| found.key.to_text());
        texts.map(|text| (text.clone(), self.load(&text).unwrap())).collect()
    }
}

fn parse(request: &http::Request<Vec<u8>>, now: u64) -> EventCallback {
    let verifier = RequestVerifier::new(SigningSecret::new("shush").unwrap());
    let now = Timestamp::from_unix(now);
    let signed = verifier.verify(request.headers(), request.body(), now).unwrap();
    match EventsApiRequest::parse(&signed).unwrap() {
        EventsApiRequest::EventCallback(callback) => *callback,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn team() -> InstallationKey {
    InstallationKey::Workspace(TEAM.into())
}
