//! Why a request is not taken for Slack's.

use std::{error::Error, fmt, time::Duration};

/// A request was not proved to be Slack's. Answer it with status 401, and do nothing else that it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureError {
    /// The header of this name is missing.
    MissingHeader(&'static str),
    /// The header of this name is there twice, or is not spelled as Slack spells it.
    MalformedHeader(&'static str),
    /// The signature belongs to another body, another timestamp or another secret.
    #[non_exhaustive]
    WrongSignature {
        /// The length of the body that was given.
        body_length: usize,
    },
    /// Slack signed the request, but longer ago than the tolerance.
    #[non_exhaustive]
    TooOld {
        /// How long before `now` Slack signed it.
        age: Duration,
        /// How long ago it may be.
        tolerance: Duration,
    },
    /// Slack signed the request, but at a time that `now` has not reached.
    #[non_exhaustive]
    InFuture {
        /// How long after `now` Slack signed it.
        ahead: Duration,
        /// How far ahead it may be.
        tolerance: Duration,
    },
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingHeader(name) => write!(
                f,
                "the request has no header {name}; it is not from slack, or a proxy removed the header"
            ),
            Self::MalformedHeader(name) => write!(
                f,
                "the header {name} is malformed or repeated; it is not from slack, or a proxy changed the header"
            ),
            Self::WrongSignature { body_length: 0 } => f.write_str(
                "the signature does not match the empty body; verify the raw bytes before a framework reads the body",
            ),
            Self::WrongSignature { body_length } => write!(
                f,
                "the signature does not match the body of {body_length} bytes; verify the raw bytes as received, not a \
                 body that a framework parsed and encoded again, and check that the signing secret is this app's"
            ),
            Self::TooOld { age, tolerance } => write!(
                f,
                "slack signed the request {} s ago, and {} s are allowed; check that this machine's clock is not fast, \
                 and that no queue delays or repeats requests",
                age.as_secs(),
                tolerance.as_secs()
            ),
            Self::InFuture { ahead, tolerance } => write!(
                f,
                "slack signed the request {} s in the future, and {} s are allowed; check that this machine's clock is \
                 not slow",
                ahead.as_secs(),
                tolerance.as_secs()
            ),
        }
    }
}

impl Error for SignatureError {}
