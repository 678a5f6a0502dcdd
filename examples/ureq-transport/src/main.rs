//! Calls `auth.test` of an embedded fake Slack over ureq: `cargo run -p ureq-transport-example`.

use std::error::Error;
use std::sync::Arc;

use slack_auth::{AccessToken, AuthTest, Client, Endpoint, Limits};
use slack_fake::{Clock, FakeServer, FakeSlack, SharedFake};
use ureq_transport_example::UreqTransport;

fn main() -> Result<(), Box<dyn Error>> {
    let server = FakeServer::start(SharedFake::new(FakeSlack::new(), Clock::real()))?;
    let transport = Arc::new(UreqTransport::new(Limits::new()));
    let slack = Client::new_blocking(Endpoint::new(server.origin())?, transport);
    match slack.call_blocking(&AuthTest, &AccessToken::new("xoxb-not-a-real-token")?) {
        Ok(reply) => println!("{:?}", reply.value),
        // The fake knows no such token, so this is what it says.
        Err(error) => println!("{error}"),
    }
    Ok(())
}
