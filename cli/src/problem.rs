//! Why a command failed, and with which exit status.

use std::error::Error;
use std::process::ExitCode;

/// A failure of a command: its exit status, and an error to print.
pub(crate) struct Problem {
    status: u8,
    error: Box<dyn Error>,
}

impl Problem {
    /// Creates a failure of Slack, a store or the system.
    pub(crate) fn refused(error: impl Into<Box<dyn Error>>) -> Self {
        Self { status: 1, error: error.into() }
    }

    /// Creates a failure of the person who wrote the arguments or a file.
    pub(crate) fn misuse(error: impl Into<Box<dyn Error>>) -> Self {
        Self { status: 2, error: error.into() }
    }

    /// Prints the error with its causes and returns the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        eprint!("slack-auth: {}", self.error);
        let mut cause = self.error.source();
        while let Some(error) = cause {
            eprint!(": {error}");
            cause = error.source();
        }
        eprintln!();
        ExitCode::from(self.status)
    }
}
