//! What libcurl's errors mean in the contract's words.

use slack_transport::{Error, ErrorKind};

/// Translates a transfer's error.
///
/// The detail that libcurl adds to its fixed texts may quote the answer, so it is kept only when
/// there was none.
pub(crate) fn translate(error: &curl::Error, may_be_sent: bool) -> Error {
    let (kind, reason) = sort(error, may_be_sent);
    if may_be_sent {
        Error::maybe_sent(kind, reason).with_source(curl::Error::new(error.code()))
    } else {
        Error::unsent(kind, reason).with_source(error.clone())
    }
}

/// Returns the error for a request that the server declared unprocessed.
pub(crate) fn unprocessed(error: &curl::Error) -> Error {
    Error::unprocessed(ErrorKind::Closed, "the server refused the stream")
        .with_source(curl::Error::new(error.code()))
}

/// Returns the error for a connection that closed too early.
pub(crate) fn cut() -> Error {
    let (kind, reason) = CUT;
    Error::maybe_sent(kind, reason)
}

/// Sorts by libcurl's codes, which never change their meaning.
fn sort(error: &curl::Error, may_be_sent: bool) -> (ErrorKind, &'static str) {
    match error.code() {
        TIMED_OUT if !may_be_sent => (ErrorKind::Timeout, "no connection within the time limit"),
        TIMED_OUT => (ErrorKind::Timeout, "no complete answer within the time limit"),
        NO_PROXY | NO_HOST | NO_CONNECTION | TLS_FAILED | TLS_CERTIFICATE | TLS_CIPHER
        | TLS_PEER | TLS_CA_FILE | TLS_ISSUER | PROXY => {
            (ErrorKind::Connect, "no connection to the server")
        }
        TOO_LARGE => LONG_HEADERS,
        // The one sign that tells a chunk that is wrong from a connection that broke.
        RECEIVE if says(error, "chunk") => WRONG,
        // nghttp2 takes no header over 64 KiB, and libcurl not more than 5,000 headers, interim ones included.
        HTTP2 if says(error, "COMPRESSION_ERROR") || says(error, "Too many response headers") => {
            LONG_HEADERS
        }
        // libcurl says what was wrong with a frame, and of a closed connection nothing or why a write failed.
        HTTP2 if error.extra_description().is_none_or(|it| it.starts_with("Send failure")) => CUT,
        HTTP2_STREAM if says(error, "reset by curl") || says(error, "received invalid frame") => {
            WRONG
        }
        WEIRD_REPLY | HTTP2 | BAD_ENCODING => WRONG,
        // The connection came about, so the URL was fine and what came was not.
        UNSUPPORTED | MALFORMED if may_be_sent => WRONG,
        UNSUPPORTED | MALFORMED => (ErrorKind::Refused, "libcurl refuses the URL"),
        // The connection broke while TLS was set up, or libcurl built for select(2) met a socket whose number is
        // too high.
        SEND | RECEIVE | BAD_ARGUMENT if !may_be_sent => {
            (ErrorKind::Connect, "no connection to the server")
        }
        PARTIAL | NOTHING | SEND | RECEIVE | REWIND | HTTP2_STREAM => CUT,
        _ => (ErrorKind::Io, "reading or writing failed"),
    }
}

/// Returns whether libcurl's own words about the error have this in them.
fn says(error: &curl::Error, words: &str) -> bool {
    error.extra_description().is_some_and(|detail| detail.contains(words))
}

const CUT: (ErrorKind, &str) =
    (ErrorKind::Closed, "the connection was closed before the answer was complete");
const LONG_HEADERS: (ErrorKind, &str) =
    (ErrorKind::TooLarge, "the answer's headers are longer than the limit");
const WRONG: (ErrorKind, &str) = (ErrorKind::Protocol, "the answer is not valid HTTP");

// See libcurl-errors(3).
const UNSUPPORTED: u32 = 1;
const MALFORMED: u32 = 3;
const NO_PROXY: u32 = 5;
const NO_HOST: u32 = 6;
const NO_CONNECTION: u32 = 7;
const WEIRD_REPLY: u32 = 8;
const HTTP2: u32 = 16;
const PARTIAL: u32 = 18;
const TIMED_OUT: u32 = 28;
const TLS_FAILED: u32 = 35;
const NOTHING: u32 = 52;
const SEND: u32 = 55;
const RECEIVE: u32 = 56;
const BAD_ARGUMENT: u32 = 43;
const TLS_CERTIFICATE: u32 = 58;
const TLS_CIPHER: u32 = 59;
const TLS_PEER: u32 = 60;
const BAD_ENCODING: u32 = 61;
const REWIND: u32 = 65;
const TLS_CA_FILE: u32 = 77;
const TLS_ISSUER: u32 = 83;
const HTTP2_STREAM: u32 = 92;
const PROXY: u32 = 97;
const TOO_LARGE: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_libcurls() {
        assert!(curl::Error::new(NO_HOST).is_couldnt_resolve_host());
        assert!(curl::Error::new(NO_PROXY).is_couldnt_resolve_proxy());
        assert!(curl::Error::new(NO_CONNECTION).is_couldnt_connect());
        assert!(curl::Error::new(TIMED_OUT).is_operation_timedout());
        assert!(curl::Error::new(REWIND).is_send_fail_rewind());
        assert!(curl::Error::new(RECEIVE).is_recv_error());
        assert!(curl::Error::new(SEND).is_send_error());
        assert!(curl::Error::new(NOTHING).is_got_nothing());
        assert!(curl::Error::new(PARTIAL).is_partial_file());
        assert!(curl::Error::new(TLS_PEER).is_peer_failed_verification());
        assert!(curl::Error::new(TLS_CA_FILE).is_ssl_cacert_badfile());
        assert!(curl::Error::new(HTTP2_STREAM).is_http2_stream_error());
    }

    #[test]
    fn libcurls_detail_is_dropped_once_there_may_be_an_answer() {
        let mut error = curl::Error::new(WEIRD_REPLY);
        error.set_extra("Invalid header: canary".to_owned());
        assert!(!format!("{:?}", translate(&error, true)).contains("canary"));
    }

    #[test]
    fn every_number_has_its_kind() {
        use ErrorKind::{Closed, Connect, Io, Protocol, Refused, Timeout, TooLarge};
        // By number: before anything may have been sent, and after.
        for (code, before, after) in [
            (UNSUPPORTED, Refused, Protocol),
            (MALFORMED, Refused, Protocol),
            (NO_PROXY, Connect, Connect),
            (NO_HOST, Connect, Connect),
            (NO_CONNECTION, Connect, Connect),
            (WEIRD_REPLY, Protocol, Protocol),
            (HTTP2, Closed, Closed),
            (PARTIAL, Closed, Closed),
            (TIMED_OUT, Timeout, Timeout),
            (TLS_FAILED, Connect, Connect),
            (BAD_ARGUMENT, Connect, Io),
            (NOTHING, Closed, Closed),
            (SEND, Connect, Closed),
            (RECEIVE, Connect, Closed),
            (TLS_CERTIFICATE, Connect, Connect),
            (TLS_CIPHER, Connect, Connect),
            (TLS_PEER, Connect, Connect),
            (BAD_ENCODING, Protocol, Protocol),
            (REWIND, Closed, Closed),
            (TLS_CA_FILE, Connect, Connect),
            (TLS_ISSUER, Connect, Connect),
            (HTTP2_STREAM, Closed, Closed),
            (PROXY, Connect, Connect),
            (TOO_LARGE, TooLarge, TooLarge),
            (27, Io, Io),
        ] {
            let error = curl::Error::new(code);
            let (unsent, perhaps) = (translate(&error, false), translate(&error, true));
            assert_eq!((unsent.kind(), unsent.nothing_was_sent()), (before, true), "{code}");
            assert_eq!((perhaps.kind(), perhaps.nothing_was_sent()), (after, false), "{code}");
        }
        let texts = [false, true].map(|sent| translate(&curl::Error::new(TIMED_OUT), sent));
        assert!(texts[0].to_string().starts_with("no connection within"));
        assert!(texts[1].to_string().starts_with("no complete answer within"));
    }

    #[test]
    fn what_is_wrong_is_told_from_a_broken_connection() {
        for (code, detail, kind) in [
            (RECEIVE, "chunk hex-length char not a hex digit: 0x78", ErrorKind::Protocol),
            (
                HTTP2,
                "nghttp2 shuts down connection with error 1: PROTOCOL_ERROR",
                ErrorKind::Protocol,
            ),
            (
                HTTP2_STREAM,
                "HTTP/2 stream 1 reset by curl (error 0x1 PROTOCOL_ERROR)",
                ErrorKind::Protocol,
            ),
            (HTTP2_STREAM, "HTTP/2 stream 1 reset by server (error 0x2)", ErrorKind::Closed),
            (
                HTTP2_STREAM,
                "[HTTP2] [1] received invalid frame: FRAME[PUSH_PROMISE, len=26, hend=1]",
                ErrorKind::Protocol,
            ),
            (
                HTTP2,
                "nghttp2 shuts down connection with error 9: COMPRESSION_ERROR",
                ErrorKind::TooLarge,
            ),
            (HTTP2, "Too many response headers, 5000 is max", ErrorKind::TooLarge),
            (RECEIVE, "Recv failure: Connection reset by peer", ErrorKind::Closed),
        ] {
            let mut error = curl::Error::new(code);
            error.set_extra(detail.to_owned());
            assert_eq!(translate(&error, true).kind(), kind, "{detail}");
        }
        assert_eq!(cut().kind(), ErrorKind::Closed);
        assert!(!cut().nothing_was_sent());
    }
}
