//! What hyper's errors mean in the contract's words.

use std::error::Error as StdError;
use std::io;

use hyper_util::client::legacy;
use slack_transport::{Error, ErrorKind};
use tower::timeout::error::Elapsed;

/// Translates a failure before the answer's headers were complete.
pub(crate) fn of_sending(error: legacy::Error) -> Error {
    let cause = error.source();
    let hyper = cause.and_then(|cause| cause.downcast_ref::<hyper::Error>());
    let elapsed = cause.and_then(|cause| cause.downcast_ref::<Elapsed>());
    let made = if error.is_connect() && elapsed.is_some() {
        Error::unsent(ErrorKind::Timeout, "no connection within the time limit")
    } else if error.is_connect() {
        Error::unsent(ErrorKind::Connect, "no connection to the server")
    } else if hyper.is_some_and(hyper::Error::is_canceled) {
        // A pooled connection broke before it took the request.
        Error::unsent(ErrorKind::Closed, "the connection closed before the request was written")
    } else {
        Error::maybe_sent(hyper.map_or(ErrorKind::Io, sort), "no complete answer")
    };
    made.with_source(error)
}

/// Translates a failure inside the answer's body.
pub(crate) fn of_reading(error: hyper::Error) -> Error {
    Error::maybe_sent(sort(&error), "the answer's body did not come whole").with_source(error)
}

/// Tells that the total timeout has passed.
pub(crate) fn too_late() -> Error {
    Error::maybe_sent(ErrorKind::Timeout, "no complete answer within the time limit")
}

fn sort(error: &hyper::Error) -> ErrorKind {
    let io = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    match io.map(io::Error::kind) {
        _ if error.is_parse_too_large() => ErrorKind::TooLarge,
        _ if error.is_parse() => ErrorKind::Protocol,
        _ if error.is_incomplete_message() || error.is_closed() => ErrorKind::Closed,
        // Chunks that are none.
        Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => ErrorKind::Protocol,
        Some(
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected,
        ) => ErrorKind::Closed,
        _ => ErrorKind::Io,
    }
}
