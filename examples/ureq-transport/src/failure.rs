//! What ureq's errors mean in the contract's words; their texts may quote the answer and are left out.

use std::io;

use slack_transport::{Error, ErrorKind};

use crate::connecting::NotConnected;

/// Translates an error of a request that may not have been sent.
pub(crate) fn of_sending(error: ureq::Error) -> Error {
    match NotConnected::within(&error) {
        Some(NotConnected::InTime) => {
            Error::unsent(ErrorKind::Timeout, "no connection within the time limit")
        }
        Some(NotConnected::AtAll) => {
            Error::unsent(ErrorKind::Connect, "no connection to the server")
        }
        None => of_reading(error),
    }
}

/// Translates an error of a request that was, or may have been, sent.
pub(crate) fn of_reading(error: ureq::Error) -> Error {
    let (kind, reason) = match error {
        ureq::Error::Timeout(_) => (ErrorKind::Timeout, "no complete answer within the time limit"),
        ureq::Error::LargeResponseHeader(..) => {
            (ErrorKind::TooLarge, "the answer's headers are longer than the limit")
        }
        // More than 128 lines, whatever their length; the type of this error is not ureq's.
        ureq::Error::Protocol(flaw) if flaw.to_string().contains("too many headers") => {
            (ErrorKind::TooLarge, "the answer has more headers than ureq takes")
        }
        ureq::Error::Protocol(_) | ureq::Error::Http(_) => {
            (ErrorKind::Protocol, "what came is not HTTP, or contradicts itself")
        }
        ureq::Error::Io(error) => return of_io(&error),
        // The connection ended inside a chunk.
        ureq::Error::BodyStalled => CUT,
        _ => (ErrorKind::Io, "reading or writing failed"),
    };
    Error::maybe_sent(kind, reason)
}

/// Tells that the body is over the cap.
pub(crate) fn too_long() -> Error {
    Error::maybe_sent(ErrorKind::TooLarge, "the answer's body is longer than the limit")
}

fn of_io(error: &io::Error) -> Error {
    let (kind, reason) = match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected => CUT,
        io::ErrorKind::TimedOut => (ErrorKind::Timeout, "no complete answer within the time limit"),
        _ => (ErrorKind::Io, "reading or writing failed"),
    };
    Error::maybe_sent(kind, reason).with_source(io::Error::from(error.kind()))
}

const CUT: (ErrorKind, &str) =
    (ErrorKind::Closed, "the connection was closed before the answer was complete");
