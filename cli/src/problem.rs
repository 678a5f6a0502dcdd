//! Why a command failed, and with which exit status.

use std::error::Error;
use std::process::ExitCode;

use slack_auth::Recovery;
use slack_auth::error::{CallError, MethodError};

/// A failure of a command: its exit status, and an error to print.
pub(crate) struct Problem {
    status: u8,
    /// `None` if all was printed before.
    error: Option<Box<dyn Error>>,
}

impl Problem {
    /// Creates a failure of Slack, a store or the system.
    pub(crate) fn refused(error: impl Into<Box<dyn Error>>) -> Self {
        Self { status: 1, error: Some(error.into()) }
    }

    /// Creates a failure of the person who wrote the arguments or a file.
    pub(crate) fn misuse(error: impl Into<Box<dyn Error>>) -> Self {
        Self { status: 2, error: Some(error.into()) }
    }

    /// Creates a failure that only a person can mend.
    pub(crate) fn person(error: impl Into<Box<dyn Error>>) -> Self {
        Self { status: 3, error: Some(error.into()) }
    }

    /// Creates a failure that standard output has told whole.
    pub(crate) fn shown() -> Self {
        Self { status: 1, error: None }
    }

    /// Passes on the exit status of a program.
    pub(crate) fn of_program(code: i32) -> Self {
        let status = u8::try_from(code).unwrap_or(1);
        Self { status, error: Some(format!("the program ended with status {code}").into()) }
    }

    /// Prints the error with its causes and returns the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        let Some(error) = &self.error else { return ExitCode::from(self.status) };
        eprint!("slack-auth: {error}");
        let mut cause = error.source();
        while let Some(error) = cause {
            eprint!(": {error}");
            cause = error.source();
        }
        eprintln!();
        ExitCode::from(self.status)
    }
}

/// Returns the problem of a call that traded a code: a person must begin again, unless the network or Slack is at fault.
pub(crate) fn call_problem<E: MethodError>(error: CallError<E>) -> Problem {
    match error.recovery() {
        Recovery::RetryLater { .. } | Recovery::Unknown => Problem::refused(error),
        _ => Problem::person(error),
    }
}
