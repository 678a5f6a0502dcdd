//! The error of a call.

use std::{error::Error, fmt};

use slack_proto::{
    Recovery,
    error::{MethodError, ResponseError},
    methods::Purpose,
};
use slack_transport as transport;

/// The error of a call: there is no complete response, or the response is not a success.
///
/// [`recovery`](Self::recovery) says what to do next; the variants are for who needs more.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallError<E> {
    /// There is no complete response.
    Transport(TransportError),
    /// Slack's response is not a success, or cannot be read.
    Response(ResponseError<E>),
}

/// The error of a request without a complete response.
#[derive(Debug)]
#[non_exhaustive]
pub struct TransportError {
    /// The transport's own error.
    pub error: transport::Error,
    pub(crate) purpose: Purpose,
}

impl TransportError {
    /// Returns what to do next.
    ///
    /// If the request may have been sent, its outcome is unknown: an authorization code may be spent, and the same refresh
    /// token must be sent again soon.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        use transport::ErrorKind;
        match (self.error.kind(), self.purpose) {
            // The request itself is refused, and would be again.
            (ErrorKind::Refused, _) => Recovery::FixConfiguration,
            (_, Purpose::RefreshGrant) if !self.error.nothing_was_sent() => {
                Recovery::ResendSameRefreshToken { after: None }
            }
            (_, Purpose::CodeGrant) if !self.error.nothing_was_sent() => Recovery::AuthorizeAgain,
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
    /// Returns the error in Slack's response, if there was one.
    #[must_use]
    pub fn response(&self) -> Option<&ResponseError<E>> {
        match self {
            Self::Response(error) => Some(error),
            Self::Transport(_) => None,
        }
    }

    /// Returns what to do next.
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
