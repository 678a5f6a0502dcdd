//! Why a call gave no result.

use std::{error::Error, fmt};

use slack_proto::{MethodError, Purpose, Recovery, ResponseError};
use slack_transport as transport;

/// Why a call gave no result: no answer came, or the answer was no success.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallError<E> {
    /// No complete answer came.
    Transport(TransportError),
    /// An answer came that is no success.
    Response(ResponseError<E>),
}

/// No complete answer came.
#[derive(Debug)]
#[non_exhaustive]
pub struct TransportError {
    /// What the transport says.
    pub error: transport::Error,
    pub(crate) purpose: Purpose,
}

impl TransportError {
    /// Tells what to do next. If the request may have been sent, nobody knows what became of it: a code may be used
    /// up, and a refresh token must be sent again soon.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        use transport::ErrorKind;
        match (self.error.kind(), self.purpose) {
            // The request itself is refused, and would be again.
            (ErrorKind::Refused, _) => Recovery::FixConfiguration,
            (_, Purpose::RefreshGrant) if !self.error.nothing_was_sent() => {
                Recovery::ResendSameRefreshToken { after: None }
            }
            _ => Recovery::RetryLater { after: None },
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.error, self.recovery())
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

impl<E: MethodError> CallError<E> {
    /// Gives Slack's answer, if one came.
    #[must_use]
    pub fn response(&self) -> Option<&ResponseError<E>> {
        match self {
            Self::Response(error) => Some(error),
            Self::Transport(_) => None,
        }
    }

    /// Tells what to do next.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Transport(error) => error.recovery(),
            Self::Response(error) => error.recovery(),
        }
    }
}

impl<E: MethodError> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => error.fmt(f),
            Self::Response(error) => error.fmt(f),
        }
    }
}

impl<E: MethodError> Error for CallError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Transport(error) => error.source(),
            Self::Response(error) => error.source(),
        }
    }
}
