//! The commands and their arguments.

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use crate::fake::FakeArguments;

/// Slack tokens from a terminal, and a fake Slack for tests in any language.
#[derive(Parser)]
#[command(name = "slack-auth", version, arg_required_else_help = true)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve a fake Slack on loopback.
    Fake(FakeArguments),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

const EXIT_STATUS: &str = "\
Exit status:
  0  done
  1  Slack, the store or the system refused
  2  the command was used wrongly
  3  a person must act";
