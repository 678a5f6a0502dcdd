//! Why no answer came, and whether a server can have acted on the request.

use std::error::Error as StdError;
use std::fmt;

/// Why no answer came.
///
/// The type is opaque: [`kind`](Self::kind) sorts the reasons, and
/// [`nothing_was_sent`](Self::nothing_was_sent) is what a retry must ask. No error holds a byte of
/// the request or the answer, or a URL's path or query; so it can be logged.
///
/// A transport creates its errors by [`unsent`](Self::unsent), [`unprocessed`](Self::unprocessed) and
/// [`maybe_sent`](Self::maybe_sent); the reason is a `&'static str`, so that nothing of a request
/// can slip into it.
///
/// ```
/// use slack_transport::{Error, ErrorKind};
///
/// let refused = Error::unsent(ErrorKind::Connect, "the server refused the connection");
/// assert!(refused.nothing_was_sent());
/// assert_eq!(refused.to_string(), "the server refused the connection; nothing was sent");
///
/// let cut = Error::maybe_sent(ErrorKind::Closed, "the server hung up before it answered");
/// assert!(!cut.nothing_was_sent());
/// ```
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    sent: Sent,
    reason: &'static str,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What went wrong, in the words of any HTTP client.
///
/// A kind does not say whether a retry is safe: [`Error::nothing_was_sent`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The transport did not take the request, for what it is or because it has been shut down.
    Refused,
    /// No connection came about: name resolution, TCP, TLS (certificates included), or a proxy.
    Connect,
    /// The connection, or the transport, was closed before the answer was complete.
    Closed,
    /// A time limit passed.
    Timeout,
    /// The answer's body or headers are longer than the limits allow.
    TooLarge,
    /// What came is not HTTP, or contradicts itself.
    Protocol,
    /// Reading or writing failed in another way.
    Io,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    Nothing,
    Unprocessed,
    Perhaps,
}

impl Error {
    /// Creates an error after which it is certain that no byte of the request reached a server.
    ///
    /// If in doubt use [`maybe_sent`](Self::maybe_sent): a caller who relies on this one sends again, and
    /// a code or a refresh token works once.
    #[must_use]
    pub fn unsent(kind: ErrorKind, reason: &'static str) -> Self {
        Self { kind, sent: Sent::Nothing, reason, source: None }
    }

    /// Creates an error for a request that the server declared unprocessed.
    ///
    /// HTTP/2 has two such declarations (RFC 9113 sections 6.8 and 8.7): the stream was reset with
    /// `REFUSED_STREAM`, or its number is above the last stream that `GOAWAY` names. Bytes were sent, and the
    /// server did not act on them, so [`nothing_was_sent`](Self::nothing_was_sent) is true.
    #[must_use]
    pub fn unprocessed(kind: ErrorKind, reason: &'static str) -> Self {
        Self { kind, sent: Sent::Unprocessed, reason, source: None }
    }

    /// Creates an error after which the server may have seen the request, and acted on it.
    #[must_use]
    pub fn maybe_sent(kind: ErrorKind, reason: &'static str) -> Self {
        Self { kind, sent: Sent::Perhaps, reason, source: None }
    }

    /// Adds the cause.
    ///
    /// Its texts must not show a URL, a header's value or anything of a body: many clients' errors
    /// print the URL with its query.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// Returns what went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns whether it is certain that no server acted on the request.
    ///
    /// Either no byte of it reached a server, or the server itself declared that it did not process it
    /// ([`unprocessed`](Self::unprocessed)). Sending the same request again then cannot make anything happen
    /// twice. Otherwise it may have been carried out.
    #[must_use]
    pub fn nothing_was_sent(&self) -> bool {
        self.sent != Sent::Perhaps
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason)?;
        f.write_str(match self.sent {
            Sent::Nothing => "; nothing was sent",
            Sent::Unprocessed => "; the server did not process the request",
            Sent::Perhaps => "; the request may have been sent",
        })
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_a_source_and_not_in_the_text() {
        let cause = std::io::Error::other("reset by peer");
        let error = Error::maybe_sent(ErrorKind::Closed, "the connection broke").with_source(cause);
        assert_eq!(error.to_string(), "the connection broke; the request may have been sent");
        assert_eq!(error.source().unwrap().to_string(), "reset by peer");
    }

    #[test]
    fn what_was_sent_is_told_and_the_kind_is_kept() {
        let unsent = Error::unsent(ErrorKind::Connect, "no connection");
        assert_eq!((unsent.kind(), unsent.nothing_was_sent()), (ErrorKind::Connect, true));
        assert_eq!(unsent.to_string(), "no connection; nothing was sent");
        assert!(unsent.source().is_none());
        let refused = Error::unprocessed(ErrorKind::Closed, "the server refused the stream");
        assert!(refused.nothing_was_sent());
        assert_eq!(
            refused.to_string(),
            "the server refused the stream; the server did not process the request"
        );
        let perhaps = unsent_no_more(unsent);
        assert_eq!((perhaps.kind(), perhaps.nothing_was_sent()), (ErrorKind::Timeout, false));
    }

    fn unsent_no_more(cause: Error) -> Error {
        Error::maybe_sent(ErrorKind::Timeout, "too late").with_source(cause)
    }
}
