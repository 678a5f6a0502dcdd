//! A whole Slack installation over real HTTP on this machine, without a Slack account.
//!
//! It starts the fake Slack on a loopback port and walks from the consent screen to a refreshed token, once as a
//! confidential client and once as a public client with PKCE, and from the sign-in page to a verified ID token. It exits with 1 if anything is not as expected.
//!
//! ```text
//! cargo run --example tour [-- --transport reqwest|curl]
//! ```

mod browser;
mod report;
mod sign_in;
mod stage;
mod walk;

use std::process::ExitCode;

fn main() -> ExitCode {
    let transport = match arguments(std::env::args().skip(1)) {
        Ok(transport) => transport,
        Err(usage) => {
            eprintln!("{usage}\nusage: cargo run --example tour [-- --transport reqwest|curl]");
            return ExitCode::from(2);
        }
    };
    match walk::run(&transport, &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the tour ended early: {error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments(mut arguments: impl Iterator<Item = String>) -> Result<String, String> {
    let mut transport = "reqwest".to_owned();
    while let Some(argument) = arguments.next() {
        match &*argument {
            "--transport" => {
                transport = arguments.next().ok_or("--transport needs a name")?;
            }
            _ => return Err(format!("unknown argument {argument:?}")),
        }
    }
    if !["reqwest", "curl"].contains(&&*transport) {
        return Err(format!("unknown transport {transport:?}"));
    }
    Ok(transport)
}
