//! A fake Slack to try the server with.

use std::io;

use slack_auth::{
    ClientId, ClientSecret, ConfidentialClient, error::InvalidValue, events::SigningSecret,
};
use slack_fake::{App, Clock, FakeServer, FakeSlack, SharedFake, User, Workspace};

use crate::{SlackApp, problem::Flow};

const DEMO_CLIENT_ID: &str = "1000000001.2000000002";

/// A client secret that opens nothing.
const DEMO_CLIENT_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A signing secret that only the fake Slack signs with.
const DEMO_SIGNING_SECRET: &str = "fedcba9876543210fedcba9876543210";

/// Returns the app that [`demo_slack`] knows, with its server on this port of this machine.
///
/// # Errors
///
/// None, as long as the two constants are well-formed.
pub fn demo_app(port: u16) -> Result<SlackApp, InvalidValue> {
    let client = ConfidentialClient::new(
        ClientId::new(DEMO_CLIENT_ID)?,
        ClientSecret::new(DEMO_CLIENT_SECRET)?,
    );
    let signing_secret = Some(SigningSecret::new(DEMO_SIGNING_SECRET)?);
    Ok(SlackApp { client, signing_secret, public_url: format!("http://localhost:{port}") })
}

/// Starts a fake Slack with the app of [`demo_app`], two workspaces and two people.
///
/// # Errors
///
/// When no port can be bound or no thread started.
pub fn demo_slack(public_url: &str, clock: Clock) -> io::Result<FakeServer> {
    let server = FakeServer::start(SharedFake::new(fake(public_url), clock))?;
    // As at Slack, the issuer of ID tokens is where the API is.
    server.shared().with(|slack| slack.set_issuer(server.origin()));
    Ok(server)
}

fn fake(public_url: &str) -> FakeSlack {
    let app = App::new(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET)
        .name("Install Server")
        .signing_secret(DEMO_SIGNING_SECRET)
        .redirect_url(format!("{public_url}{}", Flow::Install.callback()))
        .redirect_url(format!("{public_url}{}", Flow::SignIn.callback()))
        .insecure_loopback_redirects()
        .distribute()
        .rotate_tokens();
    FakeSlack::new()
        .app(app)
        .workspace(Workspace::new("T0FAKE00001", "Fake Softball Team"))
        .workspace(Workspace::new("T0FAKE00002", "Fake <b>Chess</b> Club"))
        .user(
            User::new("U0FAKE00001", "fake.person")
                .full_name("Fake", "Person")
                .email("fake.person@example.com")
                .member_of("T0FAKE00001")
                .member_of("T0FAKE00002"),
        )
        .user(
            User::new("U0FAKE00002", "other.person")
                .full_name("Other", "Person")
                .email("other.person@example.com")
                .member_of("T0FAKE00001"),
        )
}
