//! A whole Slack installation over real HTTP on this machine, without a Slack account.
//!
//! It starts the fake Slack on a loopback port and walks from the consent screen to a refreshed token, once as a
//! confidential client and once as a public client with PKCE; from the sign-in page to a verified ID token;
//! through a workspace in which two people install the app; and to an installation that is stored, so that the next run picks it up. It exits with 1 if anything is not as expected.
//!
//! ```text
//! cargo run --example tour [-- --transport reqwest|curl] [--folder PATH] [--fresh]
//! ```
//!
//! Store and fake Slack are kept in `target/tour`, or in the folder that is named; `--fresh` begins anew.

mod browser;
mod keeping;
mod people;
mod report;
mod sign_in;
mod stage;
mod walk;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use stage::Stage;

const USAGE: &str =
    "usage: cargo run --example tour [-- --transport reqwest|curl] [--folder PATH] [--fresh]";

fn main() -> ExitCode {
    let wanted = match Wanted::of(std::env::args().skip(1)) {
        Ok(wanted) => wanted,
        Err(misuse) => {
            eprintln!("{misuse}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match wanted.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the tour ended early: {error}");
            eprintln!(
                "(if an earlier run was cut off, its store and its Slack differ: --fresh begins anew)"
            );
            ExitCode::FAILURE
        }
    }
}

/// What the command line asks for.
struct Wanted {
    transport: String,
    folder: PathBuf,
    fresh: bool,
}

impl Wanted {
    fn of(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut wanted =
            Self { transport: "reqwest".to_owned(), folder: beside_the_program(), fresh: false };
        while let Some(argument) = arguments.next() {
            match &*argument {
                "--transport" => {
                    wanted.transport = arguments.next().ok_or("--transport needs a name")?;
                }
                "--folder" => {
                    wanted.folder = arguments.next().ok_or("--folder needs a path")?.into();
                }
                "--fresh" => wanted.fresh = true,
                _ => return Err(format!("unknown argument {argument:?}")),
            }
        }
        if !["reqwest", "curl"].contains(&&*wanted.transport) {
            return Err(format!("unknown transport {:?}", wanted.transport));
        }
        Ok(wanted)
    }

    fn run(&self) -> walk::Outcome {
        if self.fresh {
            Stage::clear(&self.folder)?;
        }
        walk::run(&self.transport, &self.folder, &mut std::io::stdout())
    }
}

/// Returns `target/tour`: an example lies in `target/debug/examples`.
fn beside_the_program() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program.ancestors().nth(3).unwrap_or(Path::new(".")).join("tour")
}
