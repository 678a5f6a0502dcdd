//! What reqwest's errors mean in the contract's words.

use slack_transport::{Error, ErrorKind, failure_of_reading, failure_of_sending};

/// Translates a failure to build a client or a request.
pub(crate) fn of_building(error: reqwest::Error) -> Error {
    Error::unsent(ErrorKind::Refused, "the HTTP client cannot be built or refuses the request")
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
        Error::unsent(ErrorKind::Refused, "the HTTP client refuses the request")
    } else if error.is_timeout() {
        too_late()
    } else {
        failure_of_sending(&error)
    };
    made.with_source(error)
}

/// Translates a failure inside the answer's body.
pub(crate) fn of_reading(error: reqwest::Error) -> Error {
    let error = error.without_url();
    let made = if error.is_timeout() { too_late() } else { failure_of_reading(&error) };
    made.with_source(error)
}

fn too_late() -> Error {
    Error::maybe_sent(ErrorKind::Timeout, "no complete answer within the time limit")
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use http::Request;
    use slack_transport::{BlockingTransport, Body, Limits};

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
        let request = Request::get(format!("http://{address}/")).body(Body::empty()).unwrap();
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
    fn a_request_that_reqwest_refuses_was_not_sent() {
        let client = reqwest::Client::new();
        let refused = || pollster::block_on(client.get("ftp://127.0.0.1/?code=c0de").send());
        for error in [of_sending(refused().unwrap_err()), of_building(refused().unwrap_err())] {
            assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::Refused, true));
            assert!(!format!("{error:?}").contains("c0de"), "the URL is shown");
        }
    }
}
