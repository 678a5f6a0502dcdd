//! A success, and what came beside it.

use std::{num::NonZeroU64, time::Duration};

use http::{HeaderMap, HeaderName};

use crate::{
    Timestamp,
    http_date::date_of,
    methods::{ParseWarning, UntrustedText},
    oauth::Scopes,
};

/// A success: the method's value, and the rest of the response.
///
/// It is not called a response, since it is only ever a success; a response of `http` also carries a refusal.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reply<T> {
    /// The result of the method.
    pub value: T,
    /// Status, request id, warnings and what was odd.
    pub meta: ReplyMeta,
}

/// What every response carries in addition to its result, success or not.
#[derive(Clone, Debug, Default)]
pub struct ReplyMeta {
    status: u16,
    /// In seconds.
    retry_after: Option<u32>,
    /// In Unix seconds; half as large as a `Timestamp` that may be missing.
    date: Option<NonZeroU64>,
    request_id: Option<UntrustedText>,
    /// Only few replies have any of these.
    details: Option<Box<Details>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    pub(crate) warnings: Vec<UntrustedText>,
    pub(crate) messages: Vec<UntrustedText>,
    pub(crate) errors: Vec<UntrustedText>,
    pub(crate) next_cursor: Option<UntrustedText>,
    pub(crate) needed: Option<Scopes>,
    pub(crate) provided: Option<Scopes>,
    pub(crate) granted_scopes: Option<Scopes>,
    pub(crate) accepted_scopes: Option<Scopes>,
    pub(crate) parse_warnings: Vec<ParseWarning>,
}

impl ReplyMeta {
    /// Reads status and headers, and takes over what the body holds.
    pub(crate) fn new(status: u16, headers: &HeaderMap, mut details: Option<Box<Details>>) -> Self {
        if headers.is_empty() {
            return Self { status, details, ..Self::default() };
        }
        let scopes = |name: &HeaderName| {
            headers.get(name).and_then(|value| value.to_str().ok()).map(Scopes::from)
        };
        for (name, slot) in [
            (
                &GRANTED_SCOPES,
                (|details| &mut details.granted_scopes) as fn(&mut Details) -> &mut Option<Scopes>,
            ),
            (&ACCEPTED_SCOPES, |details| &mut details.accepted_scopes),
        ] {
            if let Some(scopes) = scopes(name) {
                *slot(details.get_or_insert_default()) = Some(scopes);
            }
        }
        let request_id = headers.get(&REQUEST_ID);
        let request_id =
            request_id.map(|id| UntrustedText::from(String::from_utf8_lossy(id.as_bytes())));
        let date = date_of(headers).and_then(|date| NonZeroU64::new(date.as_unix()));
        let retry_after = retry_after(headers);
        Self { status, retry_after, date, request_id, details }
    }

    pub(crate) fn odd(&mut self, path: &'static str, reason: &'static str) {
        self.details
            .get_or_insert_default()
            .parse_warnings
            .push(ParseWarning::new(path, reason.into()));
    }

    /// Returns the HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the header `x-slack-req-id`, which Slack's support asks for.
    #[must_use]
    pub fn request_id(&self) -> Option<&UntrustedText> {
        self.request_id.as_ref()
    }

    /// Returns the `Date` of the response: when it was written, by Slack's clock. `None` if it is missing or malformed.
    #[must_use]
    pub fn date(&self) -> Option<Timestamp> {
        self.date.map(|seconds| Timestamp::from_unix(seconds.get()))
    }

    /// Returns the header `Retry-After`; `None` if it is missing or not a whole number of seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after.map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// Returns Slack's warnings, such as `superfluous_charset`, each once.
    #[must_use]
    pub fn warnings(&self) -> &[UntrustedText] {
        self.details.as_ref().map_or(&[], |details| &details.warnings)
    }

    /// Returns `response_metadata.messages`: what was wrong with the arguments.
    #[must_use]
    pub fn messages(&self) -> &[UntrustedText] {
        self.details.as_ref().map_or(&[], |details| &details.messages)
    }

    /// Returns the member `errors`, which a few methods have. For an entry that is an object, it is the message or
    /// the code.
    #[must_use]
    pub fn errors(&self) -> &[UntrustedText] {
        self.details.as_ref().map_or(&[], |details| &details.errors)
    }

    /// Returns `response_metadata.next_cursor`; `None` on the last page.
    #[must_use]
    pub fn next_cursor(&self) -> Option<&UntrustedText> {
        self.details.as_ref()?.next_cursor.as_ref()
    }

    /// Returns the header `x-oauth-scopes`: the scopes of the token that made the call.
    #[must_use]
    pub fn granted_scopes(&self) -> Option<&Scopes> {
        self.details.as_ref()?.granted_scopes.as_ref()
    }

    /// Returns the header `x-accepted-oauth-scopes`: the scopes that the method accepts.
    #[must_use]
    pub fn accepted_scopes(&self) -> Option<&Scopes> {
        self.details.as_ref()?.accepted_scopes.as_ref()
    }

    /// Returns what was unexpected in the response but did not prevent reading it.
    #[must_use]
    pub fn parse_warnings(&self) -> &[ParseWarning] {
        self.details.as_ref().map_or(&[], |details| &details.parse_warnings)
    }

    pub(crate) fn needed(&self) -> Option<&Scopes> {
        self.details.as_ref()?.needed.as_ref()
    }

    pub(crate) fn provided(&self) -> Option<&Scopes> {
        self.details.as_ref()?.provided.as_ref()
    }
}

/// Reads `Retry-After` as Slack writes it: whole seconds. A date (RFC 9110 section 10.2.3) would need a clock.
fn retry_after(headers: &HeaderMap) -> Option<u32> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    // More than 136 years is not a plausible wait, and would overflow a program's clock.
    text.parse().ok().filter(|_| digits)
}

// Constants, so that a look-up has no name to parse.
const GRANTED_SCOPES: HeaderName = HeaderName::from_static("x-oauth-scopes");
const ACCEPTED_SCOPES: HeaderName = HeaderName::from_static("x-accepted-oauth-scopes");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-slack-req-id");

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(text: &str) -> Option<u64> {
        let headers = HeaderMap::from_iter([(http::header::RETRY_AFTER, text.parse().unwrap())]);
        retry_after(&headers).map(u64::from)
    }

    #[test]
    fn retry_after_is_whole_seconds_or_nothing() {
        assert_eq!(wait("30"), Some(30));
        assert_eq!(wait(" 7 "), Some(7));
        assert_eq!(wait("0"), Some(0));
        assert_eq!(wait("4294967295"), Some(4_294_967_295));
        for text in [
            "4294967296",
            "99999999999999999999999",
            "",
            "soon",
            "-1",
            "+5",
            "1.5",
            "Wed, 21 Oct 2026 07:28:00 GMT",
        ] {
            assert_eq!(wait(text), None, "{text}");
        }
    }

    #[test]
    fn scopes_of_body_and_headers_are_told_apart() {
        let scopes = |text| Some(Scopes::from(text));
        let details = Details { needed: scopes("a"), provided: scopes("b"), ..Details::default() };
        let mut headers = HeaderMap::new();
        headers.insert("x-oauth-scopes", "c".parse().unwrap());
        headers.insert("x-accepted-oauth-scopes", "d".parse().unwrap());
        let meta = ReplyMeta::new(200, &headers, Some(Box::new(details)));
        assert_eq!(meta.needed(), scopes("a").as_ref());
        assert_eq!(meta.provided(), scopes("b").as_ref());
        assert_eq!(meta.granted_scopes(), scopes("c").as_ref());
        assert_eq!(meta.accepted_scopes(), scopes("d").as_ref());
        let bare = ReplyMeta::new(200, &HeaderMap::new(), None);
        assert!(bare.needed().is_none() && bare.provided().is_none());
        assert!(bare.granted_scopes().is_none() && bare.accepted_scopes().is_none());
    }
}
