//! Answers: the JSON envelope, pages and redirects, with the headers that Slack sends.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::json;

/// What a method answers when all is well.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) body: Map<String, Value>,
    pub(crate) scopes: Option<ScopeHeaders>,
}

/// What a method answers when it refuses.
pub(crate) struct Failure {
    pub(crate) code: String,
    /// Members beside `ok` and `error`.
    pub(crate) more: Map<String, Value>,
    pub(crate) scopes: Option<ScopeHeaders>,
    /// 200 unless told otherwise.
    pub(crate) status: Option<StatusCode>,
}

/// The two headers that tell which scopes a token has and which would do.
pub(crate) struct ScopeHeaders {
    pub(crate) granted: String,
    pub(crate) accepted: &'static str,
}

impl Answer {
    /// Takes the members beside `ok`; anything but an object counts as an empty one.
    pub(crate) fn new(body: Value) -> Self {
        match body {
            Value::Object(body) => Self { body, scopes: None },
            _ => Self::default(),
        }
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
        Ok(Answer { mut body, scopes }) => {
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
    let mut response = json(status.unwrap_or(StatusCode::OK), &Value::Object(body));
    if let Some(ScopeHeaders { granted, accepted }) = scopes {
        set(&mut response, "x-oauth-scopes", &granted);
        set(&mut response, "x-accepted-oauth-scopes", accepted);
    }
    response
}

/// Writes a JSON document.
pub(crate) fn json(status: StatusCode, value: &Value) -> Response<Vec<u8>> {
    plain(status, "application/json; charset=utf-8", json::to_bytes(value))
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
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache, no-store, must-revalidate"),
    );
    headers.insert(
        "access-control-expose-headers",
        HeaderValue::from_static("x-slack-req-id, retry-after"),
    );
    response
}

/// Sends the browser on; none where `address` cannot stand in a header.
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

/// Sets a header unless the value cannot stand in one.
pub(crate) fn set(response: &mut Response<Vec<u8>>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(name, value);
    }
}
