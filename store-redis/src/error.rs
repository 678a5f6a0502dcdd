//! What a failure of the server means for an operation.

use std::{error::Error, fmt};

use redis::{ErrorKind, RedisError};
use slack_store::{StoreError, StoreErrorKind};

use crate::access::Address;

/// How far an operation had come when it failed.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// Nothing was sent.
    Unsent(Cause),
    /// Nothing was sent, since it would not be safe: what must be changed, and why.
    Barred(&'static str, Cause),
    /// The server refused the command, and did nothing.
    Refused { code: String, cause: Cause },
    /// A node of a cluster did nothing: another one has the key, or will have it soon and is to be asked this once.
    Elsewhere { address: String, is_once: bool, cause: Cause },
    /// What has to be done before the command, in another node, failed. The command was not sent.
    Undone(Cause),
    /// The command was sent, and what came of it is not known.
    Lost(Cause),
    /// The command took place, and something that belongs to it did not: too few replicas have it, or an index.
    Behind(Cause),
    /// What came is not what the store's scripts return.
    Altered(Cause),
}

/// A cause that quotes nothing of what was sent.
#[derive(Clone, Debug)]
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

    /// Names the server where it came about.
    pub(crate) fn at(self, server: Option<&Address>) -> Self {
        server.map_or(self.clone(), |server| Self(format!("{server}: {}", self.0)))
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
        if let Some((address, _)) = error.redirect_node() {
            let (address, is_once) = (address.to_owned(), error.code() == Some("ASK"));
            return Self::Elsewhere { address, is_once, cause };
        }
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
            (None, _) if error.to_string().contains("invalid peer certificate") => Self::Barred(
                "the server's certificate is not good: add the CA certificate that signed it, and connect by a name that it \
                 names",
                cause,
            ),
            (None, _) => Self::Unsent(cause),
        }
    }

    /// Returns the failure of a command before one that wrote, or after it.
    pub(crate) fn though_written(mut self) -> Self {
        Self::Behind(self.cause().clone())
    }

    /// Returns the failure of a command that was not sent, since this one before it failed.
    pub(crate) fn before_another(self) -> Self {
        match self {
            Self::Lost(cause) | Self::Behind(cause) => Self::Undone(cause),
            other => other,
        }
    }

    /// Names the server where it came about.
    pub(crate) fn at(mut self, server: Option<&Address>) -> Self {
        *self.cause() = self.cause().clone().at(server);
        self
    }

    fn cause(&mut self) -> &mut Cause {
        match self {
            Self::Unsent(cause)
            | Self::Barred(_, cause)
            | Self::Refused { cause, .. }
            | Self::Elsewhere { cause, .. }
            | Self::Undone(cause)
            | Self::Lost(cause)
            | Self::Behind(cause)
            | Self::Altered(cause) => cause,
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
            Self::Unsent(_)
            | Self::Barred(..)
            | Self::Elsewhere { .. }
            | Self::Undone(_)
            | Self::Behind(_)
            | Self::Altered(_) => false,
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
            Self::Barred(what, cause) => {
                StoreError::new(StoreErrorKind::Refused, what).because(cause)
            }
            Self::Elsewhere { cause, .. } => StoreError::new(
                StoreErrorKind::Refused,
                "the server is a node of a cluster, and was none when the store was opened: open the store again",
            )
            .because(cause),
            Self::Undone(cause) => StoreError::unavailable(
                "the indexes could not be written, and so the entry was not",
                cause,
            ),
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
        "CLUSTERDOWN" => (
            Unavailable,
            "the cluster has no primary for the key: wait for the failover to end, or see its `CLUSTER INFO`",
        ),
        "TRYAGAIN" => (
            Unavailable,
            "the key's hash slot is on its way to another node: try again, or end what was begun (`redis-cli --cluster fix`)",
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
            ("CLUSTERDOWN", Unavailable, false),
            ("TRYAGAIN", Unavailable, false),
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
    fn a_redirection_is_told_from_a_refusal() {
        for (answer, is_once) in [("-MOVED 7 10.0.0.1:6379\r\n", false), ("-ASK 7 :6379\r\n", true)]
        {
            let answer = redis::parse_redis_value(answer.as_bytes()).unwrap();
            let failure = Failure::of_command(&answer.extract_error().unwrap_err());
            let Failure::Elsewhere { address, is_once: told, .. } = failure else {
                panic!("{failure:?}")
            };
            assert!(address.ends_with(":6379"), "{address}");
            assert_eq!(told, is_once);
        }
        let answer = redis::parse_redis_value(b"-CLUSTERDOWN The cluster is down\r\n").unwrap();
        let failure = Failure::of_command(&answer.extract_error().unwrap_err());
        assert!(matches!(&failure, Failure::Refused { code, .. } if code == "CLUSTERDOWN"));
    }

    #[test]
    fn what_fails_before_a_write_leaves_nothing_unknown() {
        let cause = || Cause::new("closed").at(Address::parse("10.0.0.1:6379").as_ref());
        for failure in [Failure::Lost(cause()), Failure::Behind(cause())] {
            let error = failure.before_another().of_write();
            assert_eq!(error.kind(), StoreErrorKind::Unavailable);
            assert!(format!("{error:?}").contains("10.0.0.1:6379"));
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
