//! What reqwest's errors mean in the contract's words.

use std::error::Error as StdError;
use std::io;

use slack_transport::{Error, ErrorKind};

/// Translates a failure to build a client or a request.
pub(crate) fn of_building(error: reqwest::Error) -> Error {
    Error::unsent(
        ErrorKind::Refused,
        "the HTTP client cannot be built or does not take the request",
    )
    .with_source(error.without_url())
}

/// Translates a failure before the answer's headers were complete.
pub(crate) fn of_sending(error: reqwest::Error) -> Error {
    let error = error.without_url();
    let made = if error.is_connect() && error.is_timeout() {
        Error::unsent(ErrorKind::Timeout, "no connection within the time limit")
    } else if error.is_connect() {
        Error::unsent(ErrorKind::Connect, "no connection to the server")
    } else if error.is_builder() || error.is_redirect() {
        Error::unsent(ErrorKind::Refused, "the HTTP client does not take the request")
    } else if cause::<hyper::Error>(&error).is_some_and(hyper::Error::is_canceled) {
        Error::unsent(ErrorKind::Closed, "the connection closed before the request was written")
    } else {
        return of_reading(error);
    };
    made.with_source(error)
}

/// Translates a failure once the request was, or may have been, written.
pub(crate) fn of_reading(error: reqwest::Error) -> Error {
    let error = error.without_url();
    let (kind, reason) = if error.is_timeout() {
        (ErrorKind::Timeout, "no complete answer within the time limit")
    } else if let Some(hyper) = cause::<hyper::Error>(&error) {
        sort_hyper(hyper)
    } else if let Some(io) = cause::<io::Error>(&error) {
        sort_io(io)
    } else {
        (ErrorKind::Io, "reading the answer failed")
    };
    Error::maybe_sent(kind, reason).with_source(error)
}

fn sort_hyper(error: &hyper::Error) -> (ErrorKind, &'static str) {
    // hyper tells this apart by a method only in builds with its server.
    if error.is_parse() && error.to_string().contains("too large") {
        (ErrorKind::TooLarge, "the answer's headers are longer than the limit")
    } else if error.is_parse() {
        (ErrorKind::Protocol, "what came is not HTTP")
    } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        CUT
    } else if let Some(io) = cause::<io::Error>(error) {
        sort_io(io)
    } else {
        (ErrorKind::Io, "the connection failed")
    }
}

fn sort_io(error: &io::Error) -> (ErrorKind, &'static str) {
    match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected => CUT,
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            (ErrorKind::Protocol, "what came contradicts HTTP's framing")
        }
        _ => (ErrorKind::Io, "reading or writing failed"),
    }
}

/// Finds the nearest cause of one type.
fn cause<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

const CUT: (ErrorKind, &str) =
    (ErrorKind::Closed, "the connection was closed before the answer was complete");
