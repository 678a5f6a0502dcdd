//! What a failure of the server means for an operation.

use std::{error::Error, fmt};

use redis::{ErrorKind, RedisError};
use slack_store::{StoreError, StoreErrorKind};

/// How far an operation had come when it failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nothing was sent.
    Unsent(Cause),
    /// TLS was not as it must be; nothing was sent.
    Insecure(Cause),
    /// The server refused the command, and did nothing.
    Refused { code: String, cause: Cause },
    /// The command was sent, and what came of it is not known.
    Lost(Cause),
    /// The command took place, and something that belongs to it did not: too few replicas have it, or an index.
    Behind(Cause),
    /// What came is not what the store's scripts return.
    Altered(Cause),
}

/// A cause that quotes nothing of what was sent.
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

    fn of(error: &RedisError) -> Self {
        match (error.code(), error.kind()) {
            // The rest of the server's text may quote a command.
            (Some(code), _) => Self(format!("the server says {code}")),
            (None, ErrorKind::Io | ErrorKind::InvalidClientConfig) => Self(error.to_string()),
            (None, _) => Self(error.category().to_owned()),
        }
    }
}

impl Failure {
    /// Returns the failure of a command that was sent.
    pub(crate) fn of_command(error: &RedisError) -> Self {
        let cause = Cause::of(error);
        match (error.code(), error.kind()) {
            (Some(code), _) => Self::Refused { code: code.to_owned(), cause },
            (None, ErrorKind::UnexpectedReturnType) => Self::Altered(cause),
            (None, _) => Self::Lost(cause),
        }
    }

    /// Returns the failure of a connection that was to be opened.
    pub(crate) fn of_connection(error: &RedisError) -> Self {
        let cause = Cause::of(error);
        match (error.code(), error.kind()) {
            (Some(code), _) => Self::Refused { code: code.to_owned(), cause },
            (None, ErrorKind::AuthenticationFailed) => {
                Self::Refused { code: "WRONGPASS".into(), cause }
            }
            // The crate has no other sign of it.
            (None, _) if error.to_string().contains("invalid peer certificate") => {
                Self::Insecure(cause)
            }
            (None, _) => Self::Unsent(cause),
        }
    }

    /// Returns the failure of a command before one that wrote, or after it.
    pub(crate) fn though_written(self) -> Self {
        match self {
            Self::Unsent(cause)
            | Self::Insecure(cause)
            | Self::Lost(cause)
            | Self::Behind(cause)
            | Self::Altered(cause)
            | Self::Refused { cause, .. } => Self::Behind(cause),
        }
    }

    /// Returns whether the connection is of no more use: what is behind it has gone, or is a replica now.
    pub(crate) fn ends_connection(&self) -> bool {
        match self {
            Self::Refused { code, .. } => matches!(
                &**code,
                "READONLY" | "MASTERDOWN" | "LOADING" | "NOAUTH" | "WRONGPASS" | "UNBLOCKED"
            ),
            Self::Lost(_) => true,
            Self::Unsent(_) | Self::Insecure(_) | Self::Behind(_) | Self::Altered(_) => false,
        }
    }

    /// Returns the error of an operation that writes nothing.
    pub(crate) fn of_read(self) -> StoreError {
        match self {
            Self::Lost(cause) => StoreError::unavailable("the server did not answer a read", cause),
            Self::Behind(cause) => StoreError::unavailable(
                "too few replicas have what this process wrote there: see that they follow",
                cause,
            ),
            other => other.of_write(),
        }
    }

    /// Returns the error of an operation that writes.
    pub(crate) fn of_write(self) -> StoreError {
        match self {
            Self::Unsent(cause) => StoreError::unavailable("the server cannot be reached", cause),
            Self::Insecure(cause) => StoreError::new(
                StoreErrorKind::Refused,
                "the server's certificate is not good: add the CA certificate that signed it, and connect by a name that it \
                 names",
            )
            .because(cause),
            Self::Lost(cause) => {
                StoreError::unknown("the server did not say whether the write took place", cause)
            }
            Self::Behind(cause) => {
                StoreError::unknown("the write took place, but not all that belongs to it", cause)
            }
            Self::Altered(cause) => altered(cause),
            Self::Refused { code, cause } => {
                let (kind, what) = remedy(&code);
                StoreError::new(kind, what).because(cause)
            }
        }
    }
}

pub(crate) fn altered(cause: Cause) -> StoreError {
    StoreError::new(
        StoreErrorKind::Damaged,
        "something else than the store has written to one of its keys: restore it, or give the store another prefix",
    )
    .because(cause)
}

/// What the code means, and what to do about it.
fn remedy(code: &str) -> (StoreErrorKind, &'static str) {
    use StoreErrorKind::{Damaged, Refused, Unavailable};

    match code {
        "NOAUTH" | "WRONGPASS" => {
            (Refused, "the server refuses the user: check the user name and the password")
        }
        "NOPERM" => (Refused, "the user lacks a permission: see RedisStore for what it needs"),
        "READONLY" => (
            Unavailable,
            "the server is a replica, which takes no writes: name the primary, or wait for the failover to end",
        ),
        "MOVED" | "ASK" | "CROSSSLOT" | "CLUSTERDOWN" | "TRYAGAIN" => (
            Refused,
            "the server is a node of a cluster: name an address that leads to one primary alone",
        ),
        "WRONGTYPE" | "DAMAGED" => (
            Damaged,
            "something else than the store has written to one of its keys: restore it, or give the store another prefix",
        ),
        "OOM" => (Unavailable, "the server is out of memory: raise its maxmemory"),
        "MISCONF" => {
            (Unavailable, "the server cannot write to its disk: make room, or see its log")
        }
        "NOREPLICAS" => (Unavailable, "the server has fewer replicas than min-replicas-to-write"),
        "LOADING" | "MASTERDOWN" | "BUSY" => {
            (Unavailable, "the server is busy with itself: try again")
        }
        _ => (Unavailable, "the server refuses the command"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_decides_what_is_said_and_whether_the_connection_stays() {
        use StoreErrorKind::{Damaged, Refused, Unavailable};
        for (code, kind, ends) in [
            ("WRONGPASS", Refused, true),
            ("NOPERM", Refused, false),
            ("READONLY", Unavailable, true),
            ("MOVED", Refused, false),
            ("WRONGTYPE", Damaged, false),
            ("OOM", Unavailable, false),
            ("MISCONF", Unavailable, false),
            ("ERR", Unavailable, false),
        ] {
            let failure = Failure::Refused { code: code.into(), cause: Cause::new("a cause") };
            assert_eq!(failure.ends_connection(), ends, "{code}");
            assert_eq!(failure.of_write().kind(), kind, "{code}");
        }
    }

    #[test]
    fn only_a_write_may_be_unknown() {
        assert!(Failure::Lost(Cause::new("closed")).of_write().is_unknown());
        let read = Failure::Lost(Cause::new("closed")).of_read();
        assert_eq!(read.kind(), StoreErrorKind::Unavailable);
        assert_eq!(Failure::Unsent(Cause::new("x")).of_write().kind(), StoreErrorKind::Unavailable);
    }
}
