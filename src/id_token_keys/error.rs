//! The errors of verification by fetched keys.

use std::{error::Error, fmt, sync::Arc};

use slack_proto::{
    Recovery,
    methods::Purpose,
    openid::{DocumentError, IdTokenError},
};
use slack_transport as transport;

use crate::error::TransportError;

/// The error of [`IdTokenKeys::verify`](crate::openid::IdTokenKeys::verify).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum VerifyIdTokenError {
    /// The token does not verify.
    Token(IdTokenError),
    /// There are no keys to verify it with.
    Keys(FetchKeysError),
}

impl VerifyIdTokenError {
    /// Returns what to do next.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Token(error) => error.recovery(),
            Self::Keys(error) => error.recovery(),
        }
    }
}

impl From<IdTokenError> for VerifyIdTokenError {
    fn from(error: IdTokenError) -> Self {
        Self::Token(error)
    }
}

impl From<FetchKeysError> for VerifyIdTokenError {
    fn from(error: FetchKeysError) -> Self {
        Self::Keys(error)
    }
}

impl fmt::Display for VerifyIdTokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(error) => error.fmt(f),
            Self::Keys(error) => error.fmt(f),
        }
    }
}

impl Error for VerifyIdTokenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Token(error) => error.source(),
            Self::Keys(error) => error.source(),
        }
    }
}

/// The error of a fetch of signing keys. All callers that waited for one fetch get the same error.
#[derive(Clone, Debug)]
pub struct FetchKeysError(Arc<Cause>);

#[derive(Debug)]
pub(super) enum Cause {
    Transport(TransportError),
    Document(DocumentError),
    /// All callers that waited for a fetch went away, and the next one is not due.
    GivenUp,
}

/// What a [`FetchKeysError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FetchKeysErrorKind {
    /// There is no complete response.
    Transport,
    /// The discovery document or the key set is not what it must be.
    Document,
    /// All callers that waited for the last fetch went away, and the next one is not due yet.
    Abandoned,
}

impl FetchKeysErrorKind {
    /// Returns a name for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transport => "transport",
            Self::Document => "document",
            Self::Abandoned => "abandoned",
        }
    }
}

impl FetchKeysError {
    pub(super) fn given_up() -> Self {
        Self(Arc::new(Cause::GivenUp))
    }

    /// Returns what went wrong.
    #[must_use]
    pub fn kind(&self) -> FetchKeysErrorKind {
        match &*self.0 {
            Cause::Transport(_) => FetchKeysErrorKind::Transport,
            Cause::Document(_) => FetchKeysErrorKind::Document,
            Cause::GivenUp => FetchKeysErrorKind::Abandoned,
        }
    }

    /// Returns the transport's error, if there was no complete response.
    #[must_use]
    pub fn transport(&self) -> Option<&TransportError> {
        match &*self.0 {
            Cause::Transport(error) => Some(error),
            _ => None,
        }
    }

    /// Returns what is wrong with the document that was fetched, if one was.
    #[must_use]
    pub fn document(&self) -> Option<&DocumentError> {
        match &*self.0 {
            Cause::Document(error) => Some(error),
            _ => None,
        }
    }

    /// Returns what to do next.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match &*self.0 {
            Cause::Transport(error) => error.recovery(),
            Cause::Document(error) => error.recovery(),
            Cause::GivenUp => Recovery::RetryLater { after: None },
        }
    }
}

impl From<transport::Error> for Cause {
    fn from(error: transport::Error) -> Self {
        Self::Transport(TransportError { error, purpose: Purpose::Call })
    }
}

impl From<Cause> for FetchKeysError {
    fn from(cause: Cause) -> Self {
        Self(Arc::new(cause))
    }
}

impl fmt::Display for FetchKeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no signing keys to check an ID token by; {}", self.recovery())
    }
}

impl Error for FetchKeysError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.0 {
            Cause::Transport(error) => Some(error),
            Cause::Document(error) => Some(error),
            Cause::GivenUp => None,
        }
    }
}
