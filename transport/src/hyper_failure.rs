//! What the errors of hyper, and of a client over hyper, mean in the contract's words.

use std::error::Error as StdError;
use std::io;

use h2::Reason;

use crate::{Error, ErrorKind};

/// Translates a failure before the answer's headers were complete.
///
/// Looks through the causes of `error` for those of hyper, h2 and `std::io`. The result has no source: add one
/// by [`Error::with_source`] if its texts show no URL.
#[must_use]
pub fn failure_of_sending(error: &(dyn StdError + 'static)) -> Error {
    if find::<hyper::Error>(error).is_some_and(hyper::Error::is_canceled) {
        return Error::unsent(
            ErrorKind::Closed,
            "the connection closed before the request was written",
        );
    }
    if causes(error).any(|cause| cause.to_string() == OTHER_CAME_FIRST) {
        return Error::unsent(
            ErrorKind::Connect,
            "another connection became the one for HTTP/2 before the request was written",
        );
    }
    match find::<h2::Error>(error) {
        Some(h2) if is_refused(h2) => {
            Error::unprocessed(ErrorKind::Closed, "the server refused the stream")
        }
        // h2 says so only of streams above the last one that the frame names, and of requests that came after it.
        Some(h2) if h2.is_go_away() && h2.is_remote() => {
            Error::unprocessed(ErrorKind::Closed, "the server was closing the connection")
        }
        _ => failure_of_reading(error),
    }
}

/// Translates a failure inside the answer's body.
///
/// Otherwise as [`failure_of_sending`].
#[must_use]
pub fn failure_of_reading(error: &(dyn StdError + 'static)) -> Error {
    let (kind, reason) = if let Some(h2) = find::<h2::Error>(error) {
        sort_h2(h2)
    } else if let Some(hyper) = find::<hyper::Error>(error) {
        sort_hyper(hyper)
    } else if let Some(io) = find::<io::Error>(error) {
        sort_io(io)
    } else {
        (ErrorKind::Io, "reading the answer failed")
    };
    Error::maybe_sent(kind, reason)
}

fn is_refused(error: &h2::Error) -> bool {
    error.is_reset() && error.is_remote() && error.reason() == Some(Reason::REFUSED_STREAM)
}

fn sort_h2(error: &h2::Error) -> (ErrorKind, &'static str) {
    if let Some(io) = error.get_io() {
        return sort_io(io);
    }
    if error.is_remote() {
        return CUT;
    }
    match error.reason() {
        // h2 refuses a stream by itself where the header list is too long, and ends the connection where it is
        // endless.
        Some(Reason::REFUSED_STREAM | Reason::COMPRESSION_ERROR | Reason::ENHANCE_YOUR_CALM) => {
            LONG_HEADERS
        }
        Some(_) => (ErrorKind::Protocol, "the answer violates HTTP/2"),
        None => (ErrorKind::Io, "the connection failed"),
    }
}

fn sort_hyper(error: &hyper::Error) -> (ErrorKind, &'static str) {
    // hyper has a method for this only in builds with its server.
    if error.is_parse() && error.to_string().contains("too large") {
        LONG_HEADERS
    } else if error.is_parse() {
        (ErrorKind::Protocol, "what came is not HTTP")
    } else if error.is_incomplete_message() || error.is_closed() {
        CUT
    } else if let Some(io) = error.source().and_then(find::<io::Error>) {
        sort_io(io)
    } else {
        (ErrorKind::Io, "the connection failed")
    }
}

fn sort_io(error: &io::Error) -> (ErrorKind, &'static str) {
    // rustls wraps the server's alerts in `InvalidData`, as hyper does wrong chunks.
    if error.get_ref().is_some_and(|inner| inner.to_string().starts_with("received fatal alert")) {
        return (ErrorKind::Closed, "the server ended the TLS connection with an alert");
    }
    match error.kind() {
        // h2's reader says so of a frame that is cut.
        io::ErrorKind::Other if error.to_string() == "bytes remaining on stream" => CUT,
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected => CUT,
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            (ErrorKind::Protocol, "the answer violates HTTP's message framing")
        }
        _ => (ErrorKind::Io, "reading or writing failed"),
    }
}

/// Returns the first error of one type among `error` and its causes.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    causes(error).find_map(<dyn StdError>::downcast_ref)
}

/// Returns `error` and its causes, the outermost first.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error: &&'a (dyn StdError + 'static)| error.source())
}

/// What hyper-util's pool says where two connections were opened at one time, and the other one negotiated HTTP/2 first. Its
/// error has no other sign of it.
const OTHER_CAME_FIRST: &str = "ALPN upgraded to HTTP/2";

const CUT: (ErrorKind, &str) =
    (ErrorKind::Closed, "the connection was closed before the answer was complete");
const LONG_HEADERS: (ErrorKind, &str) =
    (ErrorKind::TooLarge, "the answer's headers are longer than the limit");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reading_and_writing_say_is_sorted() {
        use io::ErrorKind as Io;
        for (io, kind) in [
            (Io::UnexpectedEof, ErrorKind::Closed),
            (Io::ConnectionReset, ErrorKind::Closed),
            (Io::ConnectionAborted, ErrorKind::Closed),
            (Io::BrokenPipe, ErrorKind::Closed),
            (Io::NotConnected, ErrorKind::Closed),
            (Io::InvalidData, ErrorKind::Protocol),
            (Io::InvalidInput, ErrorKind::Protocol),
            (Io::PermissionDenied, ErrorKind::Io),
        ] {
            assert_eq!(failure_of_reading(&io::Error::from(io)).kind(), kind, "{io:?}");
        }
    }

    #[test]
    fn a_tls_alert_is_no_framing_error() {
        let alert =
            io::Error::new(io::ErrorKind::InvalidData, "received fatal alert: CertificateRequired");
        let error = failure_of_sending(&alert);
        assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::Closed, false));
    }

    #[test]
    fn a_request_that_lost_its_place_to_another_connection_was_not_sent() {
        let pool = Error::unsent(ErrorKind::Io, "client error (Canceled)");
        let error = failure_of_sending(&pool.with_source("ALPN upgraded to HTTP/2"));
        assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::Connect, true));
        let pool = Error::unsent(ErrorKind::Io, "client error (Canceled)");
        assert!(!failure_of_sending(&pool.with_source("connection error")).nothing_was_sent());
    }

    #[test]
    fn the_first_cause_of_a_type_is_found() {
        let inner = Error::unsent(ErrorKind::Closed, "inner");
        let middle = Error::unsent(ErrorKind::Io, "middle").with_source(inner);
        let outer = io::Error::other(middle);
        assert!(find::<io::Error>(&outer).is_some());
        // The source of an `io::Error` is the source of the error that it holds.
        assert_eq!(find::<Error>(&outer).unwrap().kind(), ErrorKind::Closed);
        assert!(find::<std::fmt::Error>(&outer).is_none());
    }
}
