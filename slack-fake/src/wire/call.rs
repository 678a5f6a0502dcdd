//! One request, read the way Slack reads it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method, Request, header};
use serde_json::Value;

/// A request, taken apart; what is wrong with its body is found out only by [`Call::arguments`].
pub(crate) struct Call<'a> {
    pub(crate) verb: &'a Method,
    pub(crate) path: &'a str,
    #[cfg(feature = "openid")]
    uri: &'a http::Uri,
    pub(crate) authorization: Authorization<'a>,
    pub(crate) query: Arguments,
    headers: &'a HeaderMap,
    body: &'a [u8],
}

/// What the `Authorization` header holds.
pub(crate) enum Authorization<'a> {
    None,
    Bearer(&'a str),
    /// Client id and secret, form-decoded as RFC 6749 section 2.3.1 has it; `None` if they cannot
    /// be read.
    Basic(Option<(String, String)>),
    Other,
}

/// Named values; of a repeated one the last counts.
#[derive(Default)]
pub(crate) struct Arguments {
    pairs: Vec<(String, String)>,
}

/// The arguments of an API call, and the warnings that go with how they were sent.
pub(crate) struct ReadArguments {
    pub(crate) arguments: Arguments,
    pub(crate) warnings: Vec<&'static str>,
}

/// Whether a method reads JSON bodies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Json {
    Read,
    Ignored,
}

impl<'a> Call<'a> {
    pub(crate) fn read<B: AsRef<[u8]>>(request: &'a Request<B>) -> Self {
        Self {
            verb: request.method(),
            path: request.uri().path(),
            #[cfg(feature = "openid")]
            uri: request.uri(),
            authorization: Authorization::read(request.headers()),
            query: request
                .uri()
                .query()
                .map_or_else(Arguments::default, |query| Arguments::from_form(query.as_bytes())),
            headers: request.headers(),
            body: request.body().as_ref(),
        }
    }

    /// Reads the arguments of the query and, unless it is a GET, of the body; the body's count for
    /// more.
    ///
    /// # Errors
    ///
    /// Slack's code for what is wrong with content type or body.
    pub(crate) fn arguments(&self, json: Json) -> Result<ReadArguments, &'static str> {
        let mut arguments = Arguments { pairs: self.query.pairs.clone() };
        // A secret in the address is not read: Slack refuses tokens there.
        arguments.pairs.retain(|(name, _)| name != "token");
        let mut warnings = Vec::new();
        if self.verb == Method::POST && !self.body.is_empty() {
            let content_type = self.content_type()?;
            let (essence, charset) = parts(&content_type);
            if charset.is_some_and(|charset| !matches!(charset, "utf-8" | "iso-8859-1")) {
                return Err("invalid_charset");
            }
            let body = match essence {
                "application/json" => {
                    if charset.is_none() {
                        warnings.push("missing_charset");
                    }
                    let body = Arguments::from_json(self.body)?;
                    if json == Json::Read { body } else { Arguments::default() }
                }
                "application/x-www-form-urlencoded" => {
                    if charset.is_some() {
                        warnings.push("superfluous_charset");
                    }
                    self.form()?
                }
                "text/plain" => self.form()?,
                // Slack takes `multipart/form-data` as well; this fake does not.
                "multipart/form-data" => return Err("invalid_form_data"),
                _ => return Err("invalid_post_type"),
            };
            arguments.pairs.extend(body.pairs);
        }
        arguments.check_names()?;
        Ok(ReadArguments { arguments, warnings })
    }

    /// Reads the fields of a form that a browser sent to a page.
    pub(crate) fn page_form(&self) -> Arguments {
        Arguments::from_form(self.body)
    }

    /// The origin that the request was sent to, by its address or its `Host` header.
    #[cfg(feature = "openid")]
    pub(crate) fn origin(&self) -> Option<String> {
        if let (Some(scheme), Some(authority)) = (self.uri.scheme_str(), self.uri.authority()) {
            return Some(format!("{scheme}://{authority}"));
        }
        let host = self.headers.get(header::HOST)?.to_str().ok()?;
        let authority: http::uri::Authority = host.parse().ok()?;
        Some(format!("http://{authority}"))
    }

    /// Returns the body as JSON, if it is sent as such and can be read.
    pub(crate) fn json(&self) -> Option<Value> {
        let is_json = parts(&self.content_type().ok()?).0 == "application/json";
        serde_json::from_slice(self.body).ok().filter(|_| is_json)
    }

    fn form(&self) -> Result<Arguments, &'static str> {
        match std::str::from_utf8(self.body) {
            Ok(_) => Ok(Arguments::from_form(self.body)),
            Err(_) => Err("invalid_form_data"),
        }
    }

    /// Returns the content type in lower case.
    fn content_type(&self) -> Result<String, &'static str> {
        let value = self.headers.get(header::CONTENT_TYPE).ok_or("missing_post_type")?;
        Ok(value.to_str().map_err(|_| "invalid_post_type")?.to_ascii_lowercase())
    }
}

/// Returns the media type and the charset parameter of a content type.
fn parts(content_type: &str) -> (&str, Option<&str>) {
    let mut parts = content_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let charset = parts
        .filter_map(|part| part.split_once('='))
        .find(|(name, _)| name.trim() == "charset")
        .map(|(_, value)| value.trim().trim_matches('"'));
    (essence, charset)
}

impl<'a> Authorization<'a> {
    fn read(headers: &'a HeaderMap) -> Self {
        let Some(value) = headers.get(header::AUTHORIZATION) else { return Self::None };
        let Ok(text) = std::str::from_utf8(value.as_bytes()) else { return Self::Other };
        match text.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Self::Bearer(token),
            Some((scheme, pair)) if scheme.eq_ignore_ascii_case("basic") => {
                Self::Basic(basic(pair))
            }
            _ => Self::Other,
        }
    }
}

fn basic(pair: &str) -> Option<(String, String)> {
    let bytes = STANDARD.decode(pair.trim()).ok()?;
    let (id, secret) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    Some((form_decode(id)?, form_decode(secret)?))
}

fn form_decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&spaced).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

impl Arguments {
    /// Reads fields as `form_urlencoded` does.
    fn from_form(bytes: &[u8]) -> Self {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains(['%', '+']) => text,
            _ => return Self { pairs: form_urlencoded::parse(bytes).into_owned().collect() },
        };
        // Nothing is encoded, as in most requests.
        let fields = text.split('&').filter(|field| !field.is_empty());
        let pairs = fields.map(|field| field.split_once('=').unwrap_or((field, "")));
        Self { pairs: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect() }
    }

    fn from_json(bytes: &[u8]) -> Result<Self, &'static str> {
        let value: Value = serde_json::from_slice(bytes).map_err(|_| "invalid_json")?;
        let Value::Object(object) = value else { return Err("json_not_object") };
        let pairs = object
            .into_iter()
            .filter_map(|(name, value)| match value {
                Value::Null => None,
                Value::String(text) => Some((name, text)),
                other => Some((name, other.to_string())),
            })
            .collect();
        Ok(Self { pairs })
    }

    /// Returns the value of `name`; an empty one counts as absent.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.sent(name).filter(|value| !value.is_empty())
    }

    /// Returns the value of `name`, even if it is empty.
    pub(crate) fn sent(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The list in `name`, parted by commas or white space, each entry once.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let mut entries = Vec::new();
        for entry in self.sent(name).unwrap_or_default().split([',', ' ', '\t', '\n']) {
            if !entry.is_empty() && !entries.iter().any(|known| known == entry) {
                entries.push(entry.to_owned());
            }
        }
        entries
    }

    fn check_names(&self) -> Result<(), &'static str> {
        for (name, _) in &self.pairs {
            if name.ends_with("[]") {
                return Err("invalid_array_arg");
            }
            let plain =
                name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
            if !plain || name.len() > 256 {
                return Err("invalid_arg_name");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_not_encoded_is_read_as_what_is() {
        let texts =
            ["", "&", "a", "a=", "=b", "a=b&&c=d", "a=b=c&a", "a=\u{e9}&\u{1f600}=1", "=&="];
        for text in texts {
            let parsed: Vec<_> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
            assert_eq!(super::Arguments::from_form(text.as_bytes()).pairs, parsed, "{text}");
        }
        assert_eq!(super::Arguments::from_form(b"a=%41+b&c").value("a"), Some("A b"));
        assert_eq!(super::Arguments::from_form(b"a=\xff").value("a"), Some("\u{fffd}"));
    }

    use super::*;

    fn read(content_type: Option<&str>, body: &str) -> Result<ReadArguments, &'static str> {
        let mut request = Request::post("/api/x?a=query&token=t");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let request = request.body(body.as_bytes().to_vec()).unwrap();
        Call::read(&request).arguments(Json::Read)
    }

    fn code(content_type: Option<&str>, body: &str) -> &'static str {
        read(content_type, body).err().unwrap()
    }

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
    const JSON: Option<&str> = Some("application/json; charset=utf-8");

    #[test]
    fn content_types_are_judged_like_slacks() {
        assert_eq!(code(None, "a=1"), "missing_post_type");
        assert_eq!(code(Some("image/png"), "a=1"), "invalid_post_type");
        assert_eq!(code(Some("application/json; charset=koi8-r"), "{}"), "invalid_charset");
        assert_eq!(code(JSON, "{"), "invalid_json");
        assert_eq!(code(JSON, "[]"), "json_not_object");
        assert_eq!(code(FORM, "a[]=1"), "invalid_array_arg");
        assert_eq!(code(FORM, "a%00b=1"), "invalid_arg_name");
        assert!(read(None, "").is_ok());
        assert!(read(FORM, "a=1").unwrap().warnings.is_empty());
        assert!(read(JSON, "{}").unwrap().warnings.is_empty());
        assert_eq!(read(Some("application/json"), "{}").unwrap().warnings, ["missing_charset"]);
        let form_with_charset = Some("application/x-www-form-urlencoded; charset=UTF-8");
        assert_eq!(read(form_with_charset, "a=1").unwrap().warnings, ["superfluous_charset"]);
    }

    #[test]
    fn the_body_counts_for_more_and_no_token_is_read_from_the_address() {
        let read = read(FORM, "a=body&b=x+y%2B").unwrap().arguments;
        assert_eq!(read.value("a"), Some("body"));
        assert_eq!(read.value("b"), Some("x y+"));
        assert_eq!(read.value("token"), None);
    }

    #[test]
    fn basic_is_form_decoded() {
        let read = |value: &str| {
            let request =
                Request::post("/").header("authorization", value).body(Vec::new()).unwrap();
            match Call::read(&request).authorization {
                Authorization::Basic(pair) => pair,
                _ => panic!("not Basic"),
            }
        };
        let pair = read("Basic aWQrd2l0aCtzcGFjZTpzM2NyJTNBZXQlMkYlMkIlMjUlQzMlQTk=").unwrap();
        assert_eq!(pair, ("id with space".into(), "s3cr:et/+%\u{e9}".into()));
        let plain = read("basic MTAwMDAwMDAwMS4yMDAwMDAwMDAyOg==").unwrap();
        assert_eq!(plain, ("1000000001.2000000002".into(), String::new()));
        assert!(read("Basic !").is_none());
        assert!(read("Basic aWQ=").is_none());
    }

    #[test]
    fn lists_are_parted_by_commas_and_spaces() {
        let arguments = Arguments::from_form(b"scope=a,b+c,,a");
        assert_eq!(arguments.list("scope"), ["a", "b", "c"]);
    }
}
