//! What must hold for the request of any method, one of your own included.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, Request, header};
use slack_fake::{FakeSlack, ReadAuthorization};
use slack_proto::{ApiMethod, Endpoint, methods::RequestBody};

use crate::secrets;

/// What a request must say: a credential and the fields of the form, in their order.
#[derive(Clone, Default)]
#[must_use = "it is to be compared with a request"]
pub struct Said {
    authorization: Option<Authorization>,
    fields: Vec<(String, String)>,
}

#[derive(Clone)]
enum Authorization {
    Bearer(String),
    Basic(String, String),
}

impl Said {
    /// Says nothing yet.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// A token calls: in the header, or in the field `token` if it holds what no header can.
    pub fn bearer(self, token: &str) -> Self {
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return self.field("token", token);
        }
        Self { authorization: Some(Authorization::Bearer(token.to_owned())), ..self }
    }

    /// A client calls, by HTTP Basic.
    pub fn basic(self, id: &str, secret: &str) -> Self {
        Self { authorization: Some(Authorization::Basic(id.to_owned(), secret.to_owned())), ..self }
    }

    /// The next field of the form.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The next field of the form, if there is a value.
    pub fn maybe(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }
}

/// Builds the request of a method for several endpoints, and compares it with what it must say.
///
/// It is valid HTTP to a parser that knows nothing of this library, goes to the endpoint and nowhere else, has the
/// headers it must and no other, none of which can be split; its form decodes to exactly these fields and Basic to exactly this
/// client; Slack's side, as `slack-fake` plays it, reads the same; and `Debug` shows no token.
pub fn check<M: ApiMethod>(method: &M, auth: &M::Auth, said: &Said) {
    let loopback = Endpoint::new("http://127.0.0.1:8080").expect("an origin");
    for endpoint in [Endpoint::slack(), Endpoint::gov_slack(), loopback] {
        let request = method.to_request(&endpoint, auth);
        let uri = format!("{}/api/{}", endpoint.origin(), M::NAME);
        assert_eq!(request.uri().to_string(), uri, "a request goes elsewhere");
        assert_eq!(request.method(), http::Method::POST);
        secrets::assert_hidden(&request);
        check_http(&request);
        check_headers(request.headers(), request.body(), said);
        let body = request.body().as_ref();
        assert!(body.iter().all(u8::is_ascii_graphic), "a body that is not a form");
        let fields: Vec<_> = form_urlencoded::parse(body).into_owned().collect();
        assert!(fields == said.fields, "the form says something else");
        check_fake(&request, said);
    }
}

fn check_headers(headers: &HeaderMap, body: &RequestBody, said: &Said) {
    let all = |name| headers.get_all(name).iter().collect::<Vec<_>>();
    assert_eq!(all(header::CONTENT_TYPE), ["application/x-www-form-urlencoded"]);
    let lengths = all(header::CONTENT_LENGTH);
    let length = body.as_ref().len().to_string();
    assert!(lengths.is_empty() || lengths == [&*length], "a wrong length");
    let found = all(header::AUTHORIZATION);
    assert_eq!(headers.len(), 1 + lengths.len() + found.len(), "a header too many");
    assert!(found.iter().all(|value| value.is_sensitive()), "a credential that can be shown");
    let found: Vec<_> = found.iter().map(|value| value.to_str().expect("visible ASCII")).collect();
    match (&said.authorization, &found[..]) {
        (None, []) => {}
        (Some(Authorization::Bearer(token)), [found]) => {
            assert!(found.strip_prefix("Bearer ") == Some(token), "another token calls");
        }
        (Some(Authorization::Basic(id, secret)), [found]) => {
            let pair =
                found.strip_prefix("Basic ").and_then(|text| BASE64_STANDARD.decode(text).ok());
            let pair = String::from_utf8(pair.expect("base64 of a pair")).expect("UTF-8");
            let (first, second) = pair.split_once(':').expect("a colon");
            assert!(
                form_value(first) == *id && form_value(second) == *secret,
                "another client calls"
            );
        }
        _ => panic!("a credential is missing, or there is one too many"),
    }
}

/// Decodes one half of the pair of Basic (RFC 6749 section 2.3.1).
fn form_value(text: &str) -> String {
    let form = format!("v={text}");
    let mut pairs = form_urlencoded::parse(form.as_bytes());
    let value = pairs.next().expect("a pair").1.into_owned();
    assert!(pairs.next().is_none(), "a value that is two");
    value
}

/// Writes the request as HTTP/1.1, and has it read by a parser of HTTP.
fn check_http(request: &Request<RequestBody>) {
    let path = request.uri().path_and_query().expect("a path").as_str();
    let mut text = format!("{} {path} HTTP/1.1\r\n", request.method()).into_bytes();
    for (name, value) in request.headers() {
        assert!(!value.as_bytes().iter().any(u8::is_ascii_control), "a header that can be split");
        text.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    text.extend(b"\r\n");
    let mut room = [httparse::EMPTY_HEADER; 8];
    let mut read = httparse::Request::new(&mut room);
    assert_eq!(read.parse(&text), Ok(httparse::Status::Complete(text.len())), "no HTTP");
    assert_eq!((read.method, read.path), (Some(request.method().as_str()), Some(path)));
    let same = |found: &httparse::Header<'_>| {
        request.headers().get(found.name).is_some_and(|value| value.as_bytes() == found.value)
    };
    assert!(read.headers.len() == request.headers().len() && read.headers.iter().all(same));
}

fn check_fake(request: &Request<RequestBody>, said: &Said) {
    let read = FakeSlack::read(request);
    let read = read.unwrap_or_else(|code| panic!("the fake refuses the request: {code}"));
    assert!(read.arguments == said.fields, "the fake reads other arguments");
    let same = match (&said.authorization, &read.authorization) {
        (None, ReadAuthorization::Missing) => true,
        (Some(Authorization::Bearer(token)), ReadAuthorization::Bearer(found)) => token == found,
        (
            Some(Authorization::Basic(id, secret)),
            ReadAuthorization::Basic { id: found_id, secret: found, .. },
        ) => id == found_id && secret == found,
        _ => false,
    };
    assert!(same, "the fake reads another credential");
    assert!(read.warnings.is_empty(), "Slack would warn: {:?}", read.warnings);
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use slack_proto::{AccessToken, methods::AppsAuthExternalGet};

    use super::*;

    #[test]
    fn a_request_that_says_something_else_is_found_out() {
        let get = AppsAuthExternalGet::new("Et0 &=\r\n\u{e9}").unwrap();
        let token = AccessToken::new("xoxb-FAKE").unwrap();
        let said =
            |token: &str, id: &str| Said::nothing().bearer(token).field("external_token_id", id);
        check(&get, &token, &said("xoxb-FAKE", "Et0 &=\r\n\u{e9}"));
        let tried = |said: Said| catch_unwind(|| check(&get, &token, &said)).is_ok();
        assert!(!tried(said("xoxb-OTHER", "Et0 &=\r\n\u{e9}")));
        assert!(!tried(said("xoxb-FAKE", "Et0")));
        assert!(!tried(said("xoxb-FAKE", "Et0 &=\r\n\u{e9}").field("force_refresh", "true")));
        assert!(!tried(Said::nothing().field("external_token_id", "Et0 &=\r\n\u{e9}")));
        assert!(!tried(said("xoxb-FAKE", "Et0 &=\r\n\u{e9}").basic("1.2", "hush")));
    }
}
