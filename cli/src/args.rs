//! The commands and their arguments.

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use crate::decode::DecodeArguments;
use crate::fake::FakeArguments;
use crate::tokens::config::ConfigCommand;
use crate::tokens::install::InstallArguments;
use crate::tokens::login::LoginArguments;
use crate::tokens::session::SessionArguments;
use crate::tokens::store::StoreCommand;
use crate::tokens::token::{ExecArguments, TokenArguments};

/// Slack tokens from a terminal, and a fake Slack for tests in any language.
#[derive(Parser)]
#[command(name = "slack-auth", version, arg_required_else_help = true)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) session: SessionArguments,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve a fake Slack on loopback.
    Fake(FakeArguments),
    /// Install an app that has a secret, and store its tokens.
    Install(InstallArguments),
    /// Log a person in with PKCE and store the token, or sign a person in.
    Login(LoginArguments),
    /// Print a valid token, refreshed if it is due.
    Token(TokenArguments),
    /// Run a program with a valid token in its environment.
    Exec(ExecArguments),
    /// Print whose token it is.
    Whoami(TokenArguments),
    /// Print what the store holds, by fingerprints.
    List,
    /// Print the health of every credential; exit status 3 if a person must act.
    Status {
        /// Count a credential that ends within so many seconds and cannot be refreshed.
        #[arg(long, value_name = "SECONDS", default_value_t = 0)]
        within: u64,
    },
    /// Refresh every token that is due.
    Sweep,
    /// Revoke the tokens of an installation at Slack and remove it from the store.
    Revoke {
        /// The installation, as `list` prints it.
        key: String,
    },
    /// Keep app configuration tokens.
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Create, verify, fill, copy or seal anew the store.
    Store {
        #[command(subcommand)]
        command: StoreCommand,
    },
    /// Print what a reply of Slack on standard input means, without its secrets.
    Decode(DecodeArguments),
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
