//! The same work without the library: serde's derive, and requests and URLs written by hand.

use std::fmt;

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use http::{
    HeaderValue, Method, Request, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use serde::{Deserialize, Deserializer, de::Visitor};
use sha2::{Digest, Sha256};

/// A success in owned fields, without envelope, leniency or secrets.
#[derive(Deserialize)]
pub struct Grant {
    pub ok: bool,
    pub app_id: Option<String>,
    pub access_token: Option<String>,
    pub token_type: Option<String>,
    pub scope: Option<String>,
    pub bot_user_id: Option<String>,
    pub refresh_token: Option<String>,
    pub expires_in: Option<u64>,
    pub team: Option<Named>,
    pub enterprise: Option<Named>,
    pub is_enterprise_install: Option<bool>,
    pub authed_user: Option<AuthedUser>,
    pub incoming_webhook: Option<Webhook>,
}

#[derive(Deserialize)]
pub struct Named {
    pub id: Option<String>,
    pub name: Option<String>,
}

#[derive(Deserialize)]
pub struct AuthedUser {
    pub id: Option<String>,
    pub scope: Option<String>,
    pub access_token: Option<String>,
    pub token_type: Option<String>,
    pub refresh_token: Option<String>,
    pub expires_in: Option<u64>,
}

#[derive(Deserialize)]
pub struct Webhook {
    pub channel: Option<String>,
    pub channel_id: Option<String>,
    pub configuration_url: Option<String>,
    pub url: Option<String>,
}

/// The same success without a copy: what `serde_json` itself costs, below which no reader over it can be.
#[derive(Deserialize)]
pub struct Seen<'a> {
    pub ok: bool,
    #[serde(borrow)]
    pub app_id: Option<Text<'a>>,
    pub access_token: Option<Text<'a>>,
    pub token_type: Option<Text<'a>>,
    pub scope: Option<Text<'a>>,
    pub bot_user_id: Option<Text<'a>>,
    pub refresh_token: Option<Text<'a>>,
    pub expires_in: Option<u64>,
    pub team: Option<SeenNamed<'a>>,
    pub enterprise: Option<SeenNamed<'a>>,
    pub is_enterprise_install: Option<bool>,
    pub authed_user: Option<SeenUser<'a>>,
    pub incoming_webhook: Option<SeenWebhook<'a>>,
}

#[derive(Deserialize)]
pub struct SeenNamed<'a> {
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    pub name: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub struct SeenUser<'a> {
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    pub scope: Option<Text<'a>>,
    pub access_token: Option<Text<'a>>,
    pub token_type: Option<Text<'a>>,
    pub refresh_token: Option<Text<'a>>,
    pub expires_in: Option<u64>,
}

#[derive(Deserialize)]
pub struct SeenWebhook<'a> {
    #[serde(borrow)]
    pub channel: Option<Text<'a>>,
    pub channel_id: Option<Text<'a>>,
    pub configuration_url: Option<Text<'a>>,
    pub url: Option<Text<'a>>,
}

/// Text where it stands; what has an escape in it is passed over.
pub struct Text<'a>(pub &'a str);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;

        impl<'de> Visitor<'de> for Look {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(text))
            }

            fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
                Ok(Text(""))
            }
        }

        deserializer.deserialize_str(Look)
    }
}

/// An error in two fields.
#[derive(Deserialize)]
pub struct ErrorBody<'a> {
    pub ok: bool,
    pub error: &'a str,
}

/// The code exchange of a confidential client.
pub fn exchange_with_basic(id: &str, secret: &str, code: &str, redirect: &str) -> Request<String> {
    let mut pair = String::with_capacity(3 * (id.len() + secret.len()) + 1);
    escape_form(&mut pair, id);
    pair.push(':');
    escape_form(&mut pair, secret);
    let mut basic = String::with_capacity(6 + pair.len().div_ceil(3) * 4);
    basic.push_str("Basic ");
    BASE64_STANDARD.encode_string(&pair, &mut basic);
    let mut body = String::with_capacity(512);
    body.push_str("grant_type=authorization_code&code=");
    escape_form(&mut body, code);
    body.push_str("&redirect_uri=");
    escape_form(&mut body, redirect);
    let mut request = post(body);
    let basic = HeaderValue::try_from(basic).expect("base64 is visible ASCII");
    request.headers_mut().insert(AUTHORIZATION, basic);
    request
}

/// The code exchange of a public client.
pub fn exchange_with_verifier(
    id: &str,
    code: &str,
    verifier: &str,
    redirect: &str,
) -> Request<String> {
    let mut body = String::with_capacity(512);
    body.push_str("client_id=");
    escape_form(&mut body, id);
    body.push_str("&grant_type=authorization_code&code=");
    escape_form(&mut body, code);
    body.push_str("&code_verifier=");
    escape_form(&mut body, verifier);
    body.push_str("&redirect_uri=");
    escape_form(&mut body, redirect);
    post(body)
}

fn post(body: String) -> Request<String> {
    const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = Uri::from_static("https://slack.com/api/oauth.v2.access");
    request.headers_mut().insert(CONTENT_TYPE, FORM);
    request
}

/// A PKCE pair on the stack.
pub fn pkce(bytes: &[u8; 32]) -> ([u8; 43], [u8; 43]) {
    let verifier = base64url(bytes);
    (verifier, base64url(&Sha256::digest(verifier)))
}

/// The page for an installation, with `state`, and the challenge of a verifier if there is one.
pub fn authorize_url(
    client_id: &str,
    scope: &str,
    redirect: &str,
    state: &[u8; 32],
    verifier: Option<&[u8; 32]>,
) -> String {
    let mut url = String::with_capacity(640);
    url.push_str("https://slack.com/oauth/v2/authorize?client_id=");
    escape_query(&mut url, client_id);
    url.push_str("&scope=");
    escape_query(&mut url, scope);
    url.push_str("&redirect_uri=");
    escape_query(&mut url, redirect);
    url.push_str("&state=");
    escape_query(&mut url, text(&base64url(state)));
    if let Some(verifier) = verifier {
        url.push_str("&code_challenge=");
        escape_query(&mut url, text(&pkce(verifier).1));
        url.push_str("&code_challenge_method=S256");
    }
    url
}

fn base64url(bytes: &[u8]) -> [u8; 43] {
    let mut text = [0; 43];
    BASE64_URL_SAFE_NO_PAD.encode_slice(bytes, &mut text).expect("32 bytes are 43 characters");
    text
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("base64 is ASCII")
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

fn escape_form(into: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'*' | b'-' | b'.' | b'_' => {
                into.push(char::from(byte));
            }
            b' ' => into.push('+'),
            _ => percent(into, byte),
        }
    }
}

fn escape_query(into: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'~' | b'-' | b'.' | b'_' => {
                into.push(char::from(byte));
            }
            _ => percent(into, byte),
        }
    }
}

fn percent(into: &mut String, byte: u8) {
    into.push('%');
    into.push(char::from(HEX[usize::from(byte >> 4)]));
    into.push(char::from(HEX[usize::from(byte & 15)]));
}
