//! The command `slack-auth`.

mod args;
mod decode;
mod fake;
mod problem;
mod tokens;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::args::{Arguments, Command};
use crate::problem::Problem;
use crate::tokens::{config, install, list, login, store, token};

fn main() -> ExitCode {
    // clap prints usage errors itself and exits with 2.
    let Arguments { command, session } = Arguments::parse();
    let session = session.or_environment();
    let outcome = match &command {
        Command::Fake(arguments) => fake::run(arguments),
        Command::Install(wanted) => install::run(wanted, &session),
        Command::Login(wanted) => login::run(wanted, &session),
        Command::Token(wanted) => token::token(wanted, &session),
        Command::Exec(wanted) => token::exec(wanted, &session),
        Command::Whoami(wanted) => token::whoami(wanted, &session),
        Command::List => list::list(&session),
        Command::Status { within } => list::status(&session, *within),
        Command::Sweep => token::sweep(&session),
        Command::Revoke { key } => token::revoke(key, &session),
        Command::Config { command } => config::run(command, &session),
        Command::Store { command } => store::run(command, &session),
        Command::Decode(arguments) => decode::run(arguments),
        Command::Completions { shell } => {
            let (mut command, mut script) = (Arguments::command(), Vec::new());
            clap_complete::generate(*shell, &mut command, "slack-auth", &mut script);
            // Whoever reads it may have seen enough.
            std::io::stdout().write_all(&script).map_err(Problem::refused)
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => problem.report(),
    }
}
