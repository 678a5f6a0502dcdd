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

    /// Creates a failure that only a person can mend.
    pub(crate) fn person(error: impl Into<Box<dyn Error>>) -> Self {
        Self { status: 3, error: error.into() }
    }

    /// Passes on the exit status of a program.
    pub(crate) fn of_program(code: i32) -> Self {
        let status = u8::try_from(code).unwrap_or(1);
        Self { status, error: format!("the program ended with status {code}").into() }
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
