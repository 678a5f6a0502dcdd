//! Calls `auth.test` of an embedded fake Slack over hyper: `cargo run -p hyper-transport-example`.

use std::error::Error;
use std::sync::Arc;

use hyper_rustls::ConfigBuilderExt;
use hyper_transport_example::HyperTransport;
use rustls::ClientConfig;
use slack_auth::{AccessToken, AuthTest, Client, Endpoint, Limits};
use slack_fake::{Clock, FakeServer, FakeSlack, SharedFake};
use tokio::runtime::Runtime;

fn main() -> Result<(), Box<dyn Error>> {
    let server = FakeServer::start(SharedFake::new(FakeSlack::new(), Clock::real()))?;
    let runtime = Runtime::new()?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .try_with_platform_verifier()?
        .with_no_client_auth();
    let transport = HyperTransport::new(Limits::new(), tls, runtime.handle().clone());
    let slack = Client::new(Endpoint::new(server.origin())?, Arc::new(transport));
    let token = AccessToken::new("xoxb-not-a-real-token")?;
    match runtime.block_on(slack.call(&AuthTest, &token)) {
        Ok(reply) => println!("{:?}", reply.value),
        // The fake knows no such token, so this is what it says.
        Err(error) => println!("{error}"),
    }
    Ok(())
}
