//! The fake Slack, the app that is installed, and the clock that both go by.

use std::error::Error;

use slack_auth::{Client, ClientId, Endpoint, Limits, Timestamp};
use slack_fake::{App, Clock, FakeServer, FakeSlack, SharedFake, User, Workspace};

use crate::browser::CallbackPage;

pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";
const CONFIDENTIAL: &str = "1000000001.2000000002";
const PUBLIC: &str = "1000000001.2000000003";

pub(crate) struct Stage {
    pub(crate) client: Client,
    pub(crate) callback: CallbackPage,
    pub(crate) clock: Clock,
    server: FakeServer,
}

impl Stage {
    /// Starts the fake Slack on a free port, knows two apps there, and connects by `transport`.
    pub(crate) fn set(transport: &str) -> Result<Self, Box<dyn Error>> {
        let callback = CallbackPage::open()?;
        let server_app = App::new(CONFIDENTIAL, SECRET)
            .name("Tour")
            .redirect_url(callback.address()?)
            .insecure_loopback_redirects()
            .rotate_tokens();
        let desktop_app = App::new(PUBLIC, SECRET)
            .name("Tour on a desktop")
            .app_id("A0FAKE00002")
            .redirect_url(callback.address()?)
            .enable_pkce();
        let fake = FakeSlack::new()
            .app(server_app)
            .app(desktop_app)
            .workspace(Workspace::new("T0FAKE00001", "Fake Softball Team"))
            .user(
                User::new("U0FAKE00001", "fake.person")
                    .full_name("Fake", "Person")
                    .email("fake@example.com"),
            );
        let clock = Clock::manual(1_795_219_200);
        let server = FakeServer::start(SharedFake::new(fake, clock.clone()))?;
        // As at Slack, the issuer of ID tokens is where the API is.
        server.shared().with(|slack| slack.set_issuer(server.origin()));
        let endpoint = Endpoint::new(server.origin())?;
        let client = match transport {
            "curl" => Client::with_curl(endpoint, Limits::new())?,
            _ => Client::with_reqwest(endpoint, Limits::new())?,
        };
        Ok(Self { client, callback, clock, server })
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.clock.now())
    }

    /// Looks into the fake Slack.
    pub(crate) fn slack<R>(&self, look: impl FnOnce(&mut FakeSlack) -> R) -> R {
        self.server.shared().with(look)
    }

    pub(crate) fn confidential_id() -> Result<ClientId, slack_auth::InvalidValue> {
        ClientId::new(CONFIDENTIAL)
    }

    pub(crate) fn public_id() -> Result<ClientId, slack_auth::InvalidValue> {
        ClientId::new(PUBLIC)
    }
}
