//! What libcurl's errors mean in the contract's words.

use slack_transport::{Error, ErrorKind};

/// Translates a transfer's error.
///
/// The detail that libcurl adds to its fixed texts may quote the answer, so it is kept only when
/// there was none.
pub(crate) fn translate(error: &curl::Error, asked_for_body: bool) -> Error {
    let (kind, reason) = sort(error);
    if asked_for_body {
        Error::maybe_sent(kind, reason).with_source(curl::Error::new(error.code()))
    } else {
        Error::unsent(kind, reason).with_source(error.clone())
    }
}

/// Tells that the connection closed too early.
pub(crate) fn cut() -> Error {
    let (kind, reason) = CUT;
    Error::maybe_sent(kind, reason)
}

fn sort(error: &curl::Error) -> (ErrorKind, &'static str) {
    if error.is_operation_timedout() {
        (ErrorKind::Timeout, "no complete answer within the time limit")
    } else if error.is_couldnt_connect()
        || error.is_couldnt_resolve_host()
        || error.is_couldnt_resolve_proxy()
        || error.is_ssl_connect_error()
        || error.is_peer_failed_verification()
        || error.is_ssl_cacert()
        || error.is_ssl_cacert_badfile()
        || error.is_ssl_issuer_error()
        || error.is_ssl_certproblem()
        || error.is_ssl_cipher()
    {
        (ErrorKind::Connect, "no connection to the server")
    } else if error.is_got_nothing()
        || error.is_partial_file()
        || error.is_send_error()
        || error.is_send_fail_rewind()
    {
        CUT
    } else if error.is_unsupported_protocol() || error.is_url_malformed() {
        (ErrorKind::Refused, "libcurl does not take the URL, or has no TLS")
    } else {
        (ErrorKind::Io, "reading or writing failed")
    }
}

const CUT: (ErrorKind, &str) =
    (ErrorKind::Closed, "the connection was closed before the answer was complete");
