//! Why nobody is signed in.

use std::{error::Error, fmt, sync::Arc};

use slack_proto::{DocumentError, IdTokenError, Purpose, Recovery};
use slack_transport as transport;

use crate::TransportError;

/// Why nobody is signed in by an ID token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum VerifyIdTokenError {
    /// The token proves nothing.
    Token(IdTokenError),
    /// There are no keys to check it by.
    Keys(FetchKeysError),
}

impl VerifyIdTokenError {
    /// Tells what to do next.
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

/// Why there are no keys. All who waited for one fetch get the same error.
#[derive(Clone, Debug)]
pub struct FetchKeysError(Arc<Cause>);

#[derive(Debug)]
pub(super) enum Cause {
    Transport(TransportError),
    Document(DocumentError),
    /// All who waited for a fetch went away, and the next one is not due.
    GivenUp,
}

impl FetchKeysError {
    pub(super) fn given_up() -> Self {
        Self(Arc::new(Cause::GivenUp))
    }

    /// Gives the transport's error, if no complete answer came.
    #[must_use]
    pub fn transport(&self) -> Option<&TransportError> {
        match &*self.0 {
            Cause::Transport(error) => Some(error),
            _ => None,
        }
    }

    /// Tells what is wrong with an answer that came.
    #[must_use]
    pub fn document(&self) -> Option<&DocumentError> {
        match &*self.0 {
            Cause::Document(error) => Some(error),
            _ => None,
        }
    }

    /// Tells what to do next.
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
