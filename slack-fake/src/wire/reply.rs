//! Answers: the JSON envelope, pages and redirects, with the headers that Slack sends.

use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    CACHE_CONTROL, CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::wire::json;

/// The answer of a method that succeeds.
pub(crate) struct Answer {
    pub(crate) body: Body,
    pub(crate) scopes: Option<ScopeHeaders>,
}

/// The body of an answer.
pub(crate) enum Body {
    /// The members beside `ok`.
    Members(Map<String, Value>),
    /// All of it, written already.
    Written(Vec<u8>),
}

/// The answer of a method that fails.
pub(crate) struct Failure {
    pub(crate) code: String,
    /// Members beside `ok` and `error`.
    pub(crate) more: Map<String, Value>,
    pub(crate) scopes: Option<ScopeHeaders>,
    /// 200 if absent.
    pub(crate) status: Option<StatusCode>,
}

/// The headers with the scopes of a token and those that a method accepts.
pub(crate) struct ScopeHeaders {
    pub(crate) granted: String,
    /// None where any scope would do: Slack then leaves the header out.
    pub(crate) accepted: Option<&'static str>,
}

impl Answer {
    /// Creates an answer from the members beside `ok`; anything but an object counts as empty.
    pub(crate) fn new(body: Value) -> Self {
        let Value::Object(members) = body else { return Self::of(Map::new()) };
        Self::of(members)
    }

    /// Creates an answer from the members beside `ok`.
    pub(crate) fn of(members: Map<String, Value>) -> Self {
        Self { body: Body::Members(members), scopes: None }
    }
}

impl Default for Answer {
    fn default() -> Self {
        Self::of(Map::new())
    }
}

impl Failure {
    /// An `invalid_arguments` that names the argument left out.
    pub(crate) fn missing(argument: &str) -> Self {
        let message = format!("[ERROR] missing required field: {argument}");
        let mut failure = Self::from("invalid_arguments");
        failure.more.insert("response_metadata".into(), json!({"messages": [message]}));
        failure
    }
}

impl From<&str> for Failure {
    fn from(code: &str) -> Self {
        Self { code: code.to_owned(), more: Map::new(), scopes: None, status: None }
    }
}

/// Writes the envelope of an API method.
pub(crate) fn envelope(outcome: Result<Answer, Failure>, warnings: &[&str]) -> Response<Vec<u8>> {
    let (mut body, scopes, status) = match outcome {
        Ok(Answer { body: Body::Written(text), scopes }) => {
            if warnings.is_empty() {
                return with_scopes(of_method(StatusCode::OK, text), scopes);
            }
            (serde_json::from_slice(&text).unwrap_or_default(), scopes, None)
        }
        Ok(Answer { body: Body::Members(mut body), scopes }) => {
            body.insert("ok".into(), true.into());
            (body, scopes, None)
        }
        Err(Failure { code, mut more, scopes, status }) => {
            more.insert("ok".into(), false.into());
            more.insert("error".into(), code.into());
            (more, scopes, status)
        }
    };
    if !warnings.is_empty() {
        body.insert("warning".into(), warnings.join(",").into());
        let metadata = body.entry("response_metadata").or_insert_with(|| json!({}));
        if let Value::Object(metadata) = metadata {
            metadata.insert("warnings".into(), json!(warnings));
        }
    }
    let text = json::object_to_bytes(&body);
    with_scopes(of_method(status.unwrap_or(StatusCode::OK), text), scopes)
}

/// Writes the answer of a method, with the headers that each has.
fn of_method(status: StatusCode, body: Vec<u8>) -> Response<Vec<u8>> {
    // To copy a table costs a quarter of making it.
    static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
        let mut response = plain(StatusCode::OK, JSON, Vec::new());
        allow_any_origin(&mut response);
        // They keep the room of what each answer sets.
        for name in [OAUTH_SCOPES, REQUEST_ID, DATE] {
            response.headers_mut().insert(name, HeaderValue::from_static(""));
        }
        std::mem::take(response.headers_mut())
    });
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = HEADERS.clone();
    response
}

/// Adds the headers that tell of scopes.
fn with_scopes(mut response: Response<Vec<u8>>, scopes: Option<ScopeHeaders>) -> Response<Vec<u8>> {
    let Some(ScopeHeaders { granted, accepted }) = scopes else {
        response.headers_mut().remove(OAUTH_SCOPES);
        return response;
    };
    match HeaderValue::try_from(granted) {
        Ok(granted) => drop(response.headers_mut().insert(OAUTH_SCOPES, granted)),
        Err(_) => drop(response.headers_mut().remove(OAUTH_SCOPES)),
    }
    if let Some(accepted) = accepted {
        let accepted = HeaderValue::from_static(accepted);
        response.headers_mut().insert(ACCEPTED_OAUTH_SCOPES, accepted);
    }
    response
}

/// The `Date` header of the latest answer: many have the same.
#[derive(Clone, Default)]
pub(crate) struct Date {
    at: u64,
    value: Option<HeaderValue>,
}

impl Date {
    /// Sets the time of an answer.
    pub(crate) fn set(&mut self, response: &mut Response<Vec<u8>>, now: u64) {
        // Later than the year 9999 the form has no room.
        const LAST: u64 = 253_402_300_799;
        if self.at != now || self.value.is_none() {
            let time = UNIX_EPOCH + Duration::from_secs(now.min(LAST));
            self.value = HeaderValue::try_from(httpdate::fmt_http_date(time)).ok();
            self.at = now;
        }
        if let Some(value) = &self.value {
            response.headers_mut().insert(DATE, value.clone());
        }
    }
}

/// Writes a JSON document.
#[cfg(feature = "openid")]
pub(crate) fn json(status: StatusCode, value: &Value) -> Response<Vec<u8>> {
    plain(status, JSON, json::to_bytes(value))
}

/// Writes an HTML page.
pub(crate) fn html(status: StatusCode, page: String) -> Response<Vec<u8>> {
    plain(status, "text/html; charset=utf-8", page.into_bytes())
}

/// Writes any body.
pub(crate) fn plain(
    status: StatusCode,
    content_type: &'static str,
    body: Vec<u8>,
) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(MOST_HEADERS);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache, no-store, must-revalidate"),
    );
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("x-slack-req-id, retry-after"),
    );
    response
}

/// Lets scripts of any origin read an answer of the API.
pub(crate) fn allow_any_origin(response: &mut Response<Vec<u8>>) {
    let headers = response.headers_mut();
    if headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
        return;
    }
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(
            "slack-route, x-slack-version-ts, x-b3-traceid, x-b3-spanid, x-b3-parentspanid, \
             x-b3-sampled, x-b3-flags",
        ),
    );
}

/// Redirects the browser; `None` if `address` cannot be a header value.
pub(crate) fn redirect(address: &str) -> Option<Response<Vec<u8>>> {
    let location = HeaderValue::try_from(address).ok()?;
    let mut response = plain(StatusCode::FOUND, "text/html; charset=utf-8", Vec::new());
    response.headers_mut().insert(LOCATION, location);
    Some(response)
}

/// Asks the caller to wait so many seconds.
pub(crate) fn set_retry_after(response: &mut Response<Vec<u8>>, seconds: u64) {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
}

/// Sets the id of an answer.
pub(crate) fn set_request_id(response: &mut Response<Vec<u8>>, id: [u8; 32]) {
    // It has digits alone, which a header can have.
    if let Ok(id) = HeaderValue::from_bytes(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
}

const JSON: &str = "application/json; charset=utf-8";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-slack-req-id");
const OAUTH_SCOPES: HeaderName = HeaderName::from_static("x-oauth-scopes");
const ACCEPTED_OAUTH_SCOPES: HeaderName = HeaderName::from_static("x-accepted-oauth-scopes");

/// As many headers as an answer has, so that their table is made once.
const MOST_HEADERS: usize = 12;
