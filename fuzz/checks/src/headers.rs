//! What must hold for the headers that a reply comes with.

use std::time::Duration;

use http::{HeaderValue, Response};
use slack_proto::{
    ApiMethod,
    error::ResponseError,
    methods::{AuthTest, ReplyMeta, UntrustedText},
    oauth::Scopes,
};

use crate::secrets;

/// Takes an input's lines as `Retry-After`, `x-oauth-scopes`, `x-accepted-oauth-scopes` and `x-slack-req-id` of a
/// refusal and of a rate limit.
pub(crate) fn check(input: &[u8]) {
    let mut refusal = Response::new(&br#"{"ok":false,"error":"missing_scope"}"#[..]);
    for (name, value) in NAMES.into_iter().zip(input.split(|&byte| byte == b'\n')) {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            refusal.headers_mut().append(name, value);
        }
    }
    for status in [200, 429, 503] {
        *refusal.status_mut() = http::StatusCode::from_u16(status).expect("a status");
        let error = AuthTest::parse_response(&refusal).expect_err("a failure became a success");
        secrets::assert_hidden_error(&error);
        check_meta(error.meta(), &refusal);
        let limited = matches!(error, ResponseError::RateLimited(_));
        assert_eq!(limited, status == 429, "a rate limit was mistaken");
    }
}

/// Compares what a reply tells of its headers with the headers themselves.
pub(crate) fn check_meta(meta: &ReplyMeta, response: &Response<&[u8]>) {
    assert_eq!(meta.status(), response.status().as_u16(), "another status came out");
    let [retry_after, granted, accepted, id] =
        NAMES.map(|name| response.headers().iter().find(|(known, _)| *known == name));
    let seconds = retry_after.and_then(|(_, value)| seconds(value.as_bytes()));
    assert_eq!(meta.retry_after(), seconds.map(Duration::from_secs), "another time to wait");
    for (found, header) in [(meta.granted_scopes(), granted), (meta.accepted_scopes(), accepted)] {
        let text = header.and_then(|(_, value)| visible(value.as_bytes()));
        let wanted: Option<Vec<_>> =
            text.map(|text| text.split([',', ' ', '\t']).filter(|part| !part.is_empty()).collect());
        let found: Option<Vec<_>> = found.map(|scopes: &Scopes| scopes.iter().collect());
        assert_eq!(found, wanted, "other scopes came out");
    }
    let id = id.map(|(_, value)| String::from_utf8_lossy(value.as_bytes()).into_owned());
    assert_eq!(meta.request_id().map(UntrustedText::as_str), id.as_deref(), "another request id");
}

/// A whole number of seconds that fits 32 bits, with blanks around it at most.
fn seconds(value: &[u8]) -> Option<u64> {
    let digits = visible(value)?.trim_matches([' ', '\t']);
    if digits.is_empty() {
        return None;
    }
    let add = |sum: u64, byte: u8| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        Some(sum * 10 + digit).filter(|sum| *sum < 1 << 32)
    };
    digits.bytes().try_fold(0, add)
}

/// What may be read as text: visible ASCII, blanks and tabs.
fn visible(value: &[u8]) -> Option<&str> {
    let visible = value.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t'));
    std::str::from_utf8(value).ok().filter(|_| visible)
}

/// In the order of the lines.
const NAMES: [&str; 4] =
    ["retry-after", "x-oauth-scopes", "x-accepted-oauth-scopes", "x-slack-req-id"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read_the_slow_way() {
        let read = |text: &str| seconds(text.as_bytes());
        assert_eq!(read(" 0042\t"), Some(42));
        assert_eq!(read("4294967295"), Some(4_294_967_295));
        for none in ["", " ", "4294967296", "1 2", "+1", "soon"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
