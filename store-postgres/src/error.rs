//! What a failure of the server means for an operation.

use std::{error::Error, fmt, io};

use rustls::CertificateError;
use slack_store::{StoreError, StoreErrorKind};
use tokio_postgres::error::SqlState;

/// How far an operation had come when it failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No statement was sent.
    Unsent(Cause),
    /// TLS was not as it must be, for which these words are the remedy; no statement was sent.
    Insecure(&'static str, Cause),
    /// The server refused the statement, and with it all that the statement does.
    Refused(SqlState, Cause),
    /// The statement was sent, and what came of it is not known.
    Lost(Cause),
}

/// A cause without the server's detail, which may quote a row.
#[derive(Debug)]
pub(crate) struct Cause(String);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Cause {}

impl Cause {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl Failure {
    /// Returns the failure of a statement that was sent.
    pub(crate) fn of_statement(error: &tokio_postgres::Error) -> Self {
        match error.code() {
            Some(code) if leaves_open(code) => Self::Lost(cause(error)),
            Some(code) => Self::Refused(code.clone(), cause(error)),
            None => Self::Lost(cause(error)),
        }
    }

    /// Returns the failure of a connection that was to be opened.
    pub(crate) fn of_connection(error: &tokio_postgres::Error) -> Self {
        match error.code() {
            Some(code) => Self::Refused(code.clone(), cause(error)),
            None => match insecure(error) {
                Some(remedy) => Self::Insecure(remedy, cause(error)),
                None => Self::Unsent(cause(error)),
            },
        }
    }

    /// Returns whether the server says that a concurrent change came first.
    pub(crate) fn came_second(&self) -> bool {
        matches!(self, Self::Refused(code, _) if *code == SqlState::T_R_SERIALIZATION_FAILURE)
    }

    /// Returns the code that the server named.
    pub(crate) fn code(&self) -> Option<&SqlState> {
        match self {
            Self::Refused(code, _) => Some(code),
            Self::Unsent(_) | Self::Insecure(..) | Self::Lost(_) => None,
        }
    }

    /// Returns the error of an operation that writes nothing.
    pub(crate) fn of_read(self) -> StoreError {
        match self {
            Self::Lost(cause) => StoreError::unavailable("the server did not answer a read", cause),
            other => other.of_write(),
        }
    }

    /// Returns the error of an operation that writes.
    pub(crate) fn of_write(self) -> StoreError {
        match self {
            Self::Unsent(cause) => StoreError::unavailable("the server cannot be reached", cause),
            Self::Insecure(remedy, cause) => {
                StoreError::new(StoreErrorKind::Refused, remedy).because(cause)
            }
            Self::Lost(cause) => {
                StoreError::unknown("the server did not say whether the write took place", cause)
            }
            Self::Refused(code, cause) => {
                let (kind, what) = remedy(&code);
                StoreError::new(kind, what).because(cause)
            }
        }
    }
}

/// Whether a statement that ended so may have been committed.
fn leaves_open(code: &SqlState) -> bool {
    let code = code.code();
    code.starts_with("08")
        || matches!(code, "40003" | "57P01" | "57P02" | "57P03" | "57P04" | "57P05")
}

/// What to do about a server whose TLS is not good enough; `None` if that is not what is wrong.
fn insecure(error: &tokio_postgres::Error) -> Option<&'static str> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(rustls::Error::InvalidCertificate(error)) = of_tls(error) {
            return Some(certificate(error));
        }
        // The driver has no other sign of it.
        if error.to_string() == "server does not support TLS" {
            return Some(
                "the server does not do TLS: set ssl to on there, or say sslmode=disable if nobody else can reach the \
                 network between",
            );
        }
        source = error.source();
    }
    None
}

/// Returns an error as one of TLS, also if it stands in one of the network.
fn of_tls<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    match inner {
        Some(inner) => inner.downcast_ref(),
        None => error.downcast_ref(),
    }
}

fn certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::UnknownIssuer => {
            "the server's certificate comes from an authority that is not trusted: add its CA certificate"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the server's certificate names another host: connect by a name that it names"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired: renew it, or set this machine's clock"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet: set this machine's clock"
        }
        CertificateError::Revoked => "the server's certificate was revoked: renew it",
        _ => "the server's certificate is not good: see the cause, and renew it",
    }
}

fn cause(error: &tokio_postgres::Error) -> Cause {
    let Some(server) = error.as_db_error() else {
        let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
        return Cause(format!("{error}{source}"));
    };
    let code = server.code().code();
    // These name users, databases, tables and settings. Others may quote what was to be stored.
    let safe = ["08", "25", "28", "3D", "3F", "42", "53", "57"]
        .iter()
        .any(|class| code.starts_with(class));
    if safe {
        Cause(format!("SQLSTATE {code}: {}", server.message()))
    } else {
        Cause(format!("SQLSTATE {code}"))
    }
}

/// What the code means, and what to do about it.
fn remedy(code: &SqlState) -> (StoreErrorKind, &'static str) {
    use StoreErrorKind::{Damaged, Refused, Unavailable};

    match code.code() {
        "28P01" | "28000" => (
            Refused,
            "the server refuses the user: check the user, the password, and the server's pg_hba.conf",
        ),
        "3D000" => (Refused, "there is no such database: create it, or name another one"),
        "42501" => (Refused, "the role lacks a privilege: see PostgresStore for what to grant"),
        "25006" => (Refused, "the server takes no writes, as a replica does: name the primary"),
        "42P01" | "3F000" => {
            (Damaged, "a table of the store is missing: restore it, or open the store anew")
        }
        "42703" | "42804" | "42883" | "42P10" => {
            (Damaged, "a table of the store has been altered: restore its columns and keys")
        }
        "53100" => (Unavailable, "the server's disk is full: make room"),
        "53200" => (Unavailable, "the server is out of memory"),
        "53300" => (
            Unavailable,
            "the server takes no more connections: allow more, or use fewer or a pooler",
        ),
        "57014" => (Unavailable, "the server cancelled the statement: see statement_timeout"),
        "55P03" | "40P01" => (Unavailable, "the server gave up a wait for a lock"),
        code if code.starts_with("22") || code.starts_with("23") => (
            Refused,
            "the server refuses the value: see whether a table of the store has been altered",
        ),
        _ => (Unavailable, "the server refuses the statement"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str) -> Failure {
        Failure::Refused(SqlState::from_code(code), Cause::new("a cause"))
    }

    #[test]
    fn a_code_decides_what_is_said() {
        use StoreErrorKind::{Damaged, Refused, Unavailable};
        for (code, kind) in [
            ("28P01", Refused),
            ("3D000", Refused),
            ("42501", Refused),
            ("25006", Refused),
            ("42P01", Damaged),
            ("42703", Damaged),
            ("53100", Unavailable),
            ("53300", Unavailable),
            ("57014", Unavailable),
            ("23514", Refused),
            ("XX000", Unavailable),
        ] {
            assert_eq!(refused(code).of_write().kind(), kind, "{code}");
        }
    }

    #[test]
    fn only_a_write_may_be_unknown() {
        assert!(Failure::Lost(Cause::new("closed")).of_write().is_unknown());
        let read = Failure::Lost(Cause::new("closed")).of_read();
        assert_eq!(read.kind(), StoreErrorKind::Unavailable);
        for code in ["08006", "40003", "57P01", "57P02"] {
            assert!(leaves_open(&SqlState::from_code(code)), "{code}");
        }
        for code in ["40001", "53100", "57014"] {
            assert!(!leaves_open(&SqlState::from_code(code)), "{code}");
        }
        assert!(refused("40001").came_second() && !refused("40P01").came_second());
    }
}
