//! Decodes a reply of Slack: what the body means, and what the program should do next.
//!
//! ```sh
//! echo '{"ok":false,"error":"token_expired"}' | cargo run --example decode auth.test
//! curl .. | cargo run --example decode oauth.v2.access --grant refresh --status 200 --header 'retry-after: 30'
//! echo 'https://app.example.com/cb?code=..&state=..' | cargo run --example decode callback
//! ```
//!
//! It prints one JSON object and never a secret: tokens appear as fingerprints, the first 16 hex digits of their
//! SHA-256. The exit status is 0 for a success, 1 for any other reply, 2 for misuse.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    let (input, output) = (std::io::stdin().lock(), std::io::stdout().lock());
    ExitCode::from(cli::run(std::env::args_os().skip(1), input, output, std::io::stderr().lock()))
}
