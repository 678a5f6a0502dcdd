//! A magnifying glass for a reply of Slack's: what does this body mean, and what must a program do about it?
//!
//! ```sh
//! echo '{"ok":false,"error":"token_expired"}' | cargo run --example decode auth.test
//! curl .. | cargo run --example decode oauth.v2.access --grant refresh --status 200 --header 'retry-after: 30'
//! echo 'https://app.example.com/cb?code=..&state=..' | cargo run --example decode callback
//! ```
//!
//! It prints one JSON object and never a secret: tokens appear as fingerprints, the first 16 hex digits of their
//! SHA-256. The exit status is 0 for a success, 1 for any other reply, 2 for misuse.

mod args;
mod describe;
mod summary;

use std::{
    io::{Read, Write},
    process::ExitCode,
};

use args::{Args, Input};
use summary::{Outcome, Summary};

fn main() -> ExitCode {
    match run() {
        Ok(Outcome::Ok) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(misuse) => {
            eprintln!("decode: {misuse}\n\n{}", args::USAGE);
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<Outcome, String> {
    let args = Args::parse(std::env::args_os().skip(1))?;
    let mut body = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut body);
    read.map_err(|error| format!("cannot read standard input: {error}"))?;
    let summary = match args.input {
        Input::Callback => Summary::of_callback(String::from_utf8_lossy(&body).trim()),
        Input::Reply { decode, status, headers } => {
            let mut response = http::Response::new(body);
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            decode(&response)
        }
    };
    if let Some(remark) = summary.remark() {
        eprintln!("decode: {remark}");
    }
    let json = serde_json::to_string_pretty(&summary)
        .map_err(|error| format!("cannot write the result: {error}"))?;
    writeln!(std::io::stdout().lock(), "{json}")
        .map_err(|error| format!("cannot write the result: {error}"))?;
    Ok(summary.outcome)
}
