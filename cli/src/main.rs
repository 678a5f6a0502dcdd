//! The command `slack-auth`.

mod args;
mod fake;
mod problem;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::args::{Arguments, Command};

fn main() -> ExitCode {
    // clap prints usage errors itself and exits with 2.
    let outcome = match Arguments::parse().command {
        Command::Fake(arguments) => fake::run(&arguments),
        Command::Completions { shell } => {
            let (mut command, mut out) = (Arguments::command(), std::io::stdout());
            clap_complete::generate(shell, &mut command, "slack-auth", &mut out);
            Ok(())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => problem.report(),
    }
}
