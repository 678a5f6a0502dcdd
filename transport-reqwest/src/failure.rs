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
    } else if error.is_incomplete_message() || error.is_closed() {
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use http::Request;
    use slack_transport::{BlockingTransport, Limits};

    use super::*;
    use crate::ReqwestTransport;

    /// Sends a request to a server that answers with `reply` and closes.
    fn error_of(reply: impl Into<Vec<u8>>) -> Error {
        let reply = reply.into();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            assert!(socket.read(&mut [0; 4096]).unwrap() > 0);
            // The client may have had enough.
            drop(socket.write_all(&reply));
        });
        let transport = ReqwestTransport::new(Limits::new()).unwrap();
        let request = Request::get(format!("http://{address}/")).body(Vec::new()).unwrap();
        let error = transport.send_blocking(request).unwrap_err();
        server.join().unwrap();
        assert!(!error.nothing_was_sent());
        error
    }

    #[test]
    fn what_hyper_says_is_sorted() {
        use ErrorKind::{Closed, Protocol, TooLarge};
        let endless = [b"HTTP/1.1 200 OK\r\nx: ".as_slice(), &vec![b'y'; 1_000_000]].concat();
        assert_eq!(error_of(endless).kind(), TooLarge);
        for (reply, kind) in [
            ("", Closed),
            ("HTTP/1.1 200 OK\r\nx:", Closed),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", Closed),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", Closed),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", Protocol),
            ("SSH-2.0-OpenSSH_9.2\r\n\r\n", Protocol),
        ] {
            assert_eq!(error_of(reply).kind(), kind, "{reply}");
        }
    }

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
            assert_eq!(sort_io(&io::Error::from(io)).0, kind, "{io:?}");
        }
    }

    #[test]
    fn a_request_that_reqwest_refuses_was_not_sent() {
        let client = reqwest::Client::new();
        let refused = || pollster::block_on(client.get("ftp://127.0.0.1/?code=c0de").send());
        for error in [of_sending(refused().unwrap_err()), of_building(refused().unwrap_err())] {
            assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::Refused, true));
            assert!(!format!("{error:?}").contains("c0de"), "the URL is shown");
        }
    }

    #[test]
    fn the_nearest_cause_of_a_type_is_found() {
        let inner = Error::unsent(ErrorKind::Closed, "inner");
        let middle = Error::unsent(ErrorKind::Io, "middle").with_source(inner);
        let outer = Error::unsent(ErrorKind::Io, "outer").with_source(io::Error::other(middle));
        assert!(cause::<io::Error>(&outer).is_some());
        // An io::Error tells the cause of what it holds, not what it holds.
        assert_eq!(cause::<Error>(&outer).unwrap().kind(), ErrorKind::Closed);
        assert!(cause::<std::fmt::Error>(&outer).is_none());
    }
}
