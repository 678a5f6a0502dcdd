//! Arguments as JSON, for custom methods.

use std::fmt;

use http::{
    HeaderValue, Request,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{ApiMethod, Endpoint, FormFields, RequestBody};
use crate::{AccessToken, error::InvalidValue};

/// The arguments of a method as JSON, for methods whose arguments have a structure, such as the `blocks` of
/// `chat.postMessage`. `Debug` shows the length only.
///
/// Slack takes JSON from callers with an access token, which then stands in the header `Authorization` alone. The OAuth
/// methods take forms.
///
/// # Examples
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use slack_proto::{
///     AccessToken, ApiMethod, Endpoint,
///     error::{InvalidValue, NoError},
///     methods::{FormFields, JsonBody, RequestBody},
/// };
///
/// struct ChatPostMessage(JsonBody);
///
/// #[derive(Serialize)]
/// struct Message<'a> {
///     channel: &'a str,
///     text: &'a str,
///     blocks: &'a [Block<'a>],
/// }
/// #[derive(Serialize)]
/// #[serde(tag = "type", rename_all = "snake_case")]
/// enum Block<'a> {
///     Section { text: Text<'a> },
///     Divider,
/// }
/// #[derive(Serialize)]
/// #[serde(tag = "type", rename_all = "snake_case")]
/// enum Text<'a> {
///     Mrkdwn { text: &'a str },
/// }
/// #[derive(Deserialize)]
/// struct Posted {
///     ts: String,
/// }
///
/// impl ChatPostMessage {
///     fn new(message: &Message<'_>) -> Result<Self, InvalidValue> {
///         JsonBody::new(message).map(Self)
///     }
/// }
///
/// impl ApiMethod for ChatPostMessage {
///     const NAME: &'static str = "chat.postMessage";
///     type Auth = AccessToken;
///     type Response = Posted;
///     type Error = NoError;
///
///     fn params(&self, _: &mut FormFields) {}
///
///     fn to_request(&self, endpoint: &Endpoint, token: &AccessToken) -> http::Request<RequestBody> {
///         self.0.to_request::<Self>(endpoint, token)
///     }
/// }
///
/// let blocks = [Block::Section { text: Text::Mrkdwn { text: "*done*" } }, Block::Divider];
/// let message = ChatPostMessage::new(&Message { channel: "C0FAKE00001", text: "done", blocks: &blocks })?;
/// let request = message.to_request(&Endpoint::slack(), &AccessToken::new("xoxb-not-a-real-token")?);
/// assert_eq!(request.uri(), "https://slack.com/api/chat.postMessage");
/// assert_eq!(request.headers()["content-type"], "application/json; charset=utf-8");
/// assert!(request.body().as_ref().starts_with(br#"{"channel":"C0FAKE00001","text":"done","blocks":[{"type":"section","#));
/// # let response = http::Response::new(r#"{"ok":true,"ts":"1795219200.000100"}"#);
/// # assert_eq!(ChatPostMessage::parse_response(&response).unwrap().value.ts, "1795219200.000100");
/// # Ok::<(), InvalidValue>(())
/// ```
#[derive(Clone)]
pub struct JsonBody(Zeroizing<Vec<u8>>);

impl JsonBody {
    /// Creates it from what serializes to a JSON object.
    ///
    /// # Errors
    ///
    /// When it does not serialize, or does not serialize to an object.
    pub fn new(arguments: &(impl Serialize + ?Sized)) -> Result<Self, InvalidValue> {
        let refused = |rule| InvalidValue::new("JSON body", rule);
        let json = serde_json::to_vec(arguments).map_err(|_| {
            refused("must serialize: keys of maps must be strings, and numbers finite")
        })?;
        if json.first() != Some(&b'{') {
            return Err(refused("must be an object: a struct or a map"));
        }
        Ok(Self(Zeroizing::new(json)))
    }

    /// Builds the request of the method `M`: what its [`ApiMethod::to_request`] returns.
    ///
    /// A token from a response that a header cannot hold is left out, since JSON has no place for it: Slack then answers
    /// `not_authed`.
    #[must_use]
    pub fn to_request<M: ApiMethod + ?Sized>(
        &self,
        endpoint: &Endpoint,
        token: &AccessToken,
    ) -> Request<RequestBody> {
        let mut form = FormFields::new();
        form.bearer(token);
        let (_, authorization) = form.finish();
        let mut request =
            super::api_method::post::<M>(endpoint, RequestBody::from(self.0.to_vec()));
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        if let Some(authorization) = authorization {
            headers.insert(AUTHORIZATION, authorization);
        }
        request
    }
}

impl fmt::Debug for JsonBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonBody([{} bytes redacted])", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::methods::AuthTest;

    #[test]
    fn only_an_object_is_a_body() {
        assert!(JsonBody::new(&BTreeMap::from([("a", 1)])).is_ok());
        assert!(JsonBody::new(&[1]).unwrap_err().to_string().contains("must be an object"));
        assert!(JsonBody::new("text").is_err());
        let keys = BTreeMap::from([((1, 2), 3)]);
        assert!(JsonBody::new(&keys).unwrap_err().to_string().contains("keys of maps"));
    }

    #[test]
    fn the_token_stands_in_the_header_alone() {
        let body = JsonBody::new(&BTreeMap::from([("a", "b")])).unwrap();
        let token = AccessToken::new("xoxb-1").unwrap();
        let request = body.to_request::<AuthTest>(&Endpoint::slack(), &token);
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri(), "https://slack.com/api/auth.test");
        assert_eq!(request.headers()["authorization"], "Bearer xoxb-1");
        assert!(request.headers()["authorization"].is_sensitive());
        assert_eq!(request.body().as_ref(), br#"{"a":"b"}"#);
        let odd = AccessToken::from_reply("xoxb \u{e9}".into());
        let request = body.to_request::<AuthTest>(&Endpoint::slack(), &odd);
        assert!(!request.headers().contains_key("authorization"));
        assert_eq!(format!("{body:?}"), "JsonBody([9 bytes redacted])");
    }
}
