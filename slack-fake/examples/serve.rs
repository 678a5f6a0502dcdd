//! Serves a fake Slack on loopback, for a browser, for curl, or for an app under work.
//!
//! Run it with `cargo run -p slack-fake --features openid,server --example serve`; it stops at the
//! end of its input (Ctrl-D).

use std::error::Error;
use std::io::{self, Read};

use slack_fake::{App, Clock, FakeServer, FakeSlack, SharedFake, User, Workspace};

const CLIENT_ID: &str = "1000000001.2000000002";
const CLIENT_SECRET: &str = "0123456789abcdef0123456789abcdef";

fn main() -> Result<(), Box<dyn Error>> {
    let app = App::new(CLIENT_ID, CLIENT_SECRET)
        .redirect_url("http://localhost:3000/")
        .insecure_loopback_redirects()
        .rotate_tokens();
    let fake = FakeSlack::new()
        .workspace(Workspace::new("T0FAKE00001", "Fake Team"))
        .user(User::new("U0FAKE00001", "fake.person").email("fake.person@example.com"))
        .app(app);
    let shared = SharedFake::new(fake, Clock::real());
    let server = FakeServer::start(shared.clone())?;
    let origin = server.origin();
    // OpenID libraries take the issuer from the address they fetch the discovery document at.
    shared.with(|fake| fake.set_issuer(origin));

    println!("Slack's stand-in: {origin}");
    println!("client id:        {CLIENT_ID}");
    println!("client secret:    {CLIENT_SECRET}");
    println!("redirect URL:     http://localhost:3000/ and all below it");
    println!(
        "install page:     {origin}/oauth/v2/authorize?client_id={CLIENT_ID}&scope=chat:write&state=s-1"
    );
    println!("discovery:        {origin}/.well-known/openid-configuration");
    println!("It stops at the end of its input (Ctrl-D).");
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
