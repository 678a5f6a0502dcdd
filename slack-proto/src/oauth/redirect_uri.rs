//! Where Slack sends the browser back to.

use std::fmt;

use http::Uri;

use crate::{
    error::InvalidValue,
    methods::{
        UntrustedText,
        endpoint::{is_host_and_port, is_loopback},
    },
};

/// A redirect URI by Slack's rules: absolute, no fragment, and either https, or, for PKCE apps on a desktop, loopback
/// http or a scheme of the app's own such as `myapp://oauth/cb`.
///
/// The text is kept as given, since the authorize page and the code exchange must send the same text; `Debug` and
/// `Display` leave it out if it holds what looks like a token. Slack's pages speak of `http://localhost`; whether
/// `http://127.0.0.1` is taken is unconfirmed.
///
/// Source: <https://docs.slack.dev/authentication/installing-with-oauth>.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RedirectUri {
    text: UntrustedText,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Web,
    Desktop,
}

impl RedirectUri {
    /// Creates a redirect URI from one of the app's settings, or from an address below one of those.
    ///
    /// # Errors
    ///
    /// When it is relative, has a fragment or a user name, is plain http to a host that is not loopback, or has a
    /// scheme that no app can own.
    pub fn new(uri: impl Into<Box<str>>) -> Result<Self, InvalidValue> {
        let text = uri.into();
        let kind = kind_of(&text)?;
        Ok(Self { text: text.into(), kind })
    }

    /// Creates a redirect URI that may use plain http on loopback in every flow. For tests against a local server
    /// only: Slack accepts such a URI with PKCE alone.
    ///
    /// # Errors
    ///
    /// Returns an error if it is not plain http on loopback.
    pub fn insecure_for_tests(uri: impl Into<Box<str>>) -> Result<Self, InvalidValue> {
        let text = uri.into();
        match kind_of(&text)? {
            Kind::Desktop if text.starts_with("http://") => {
                Ok(Self { text: text.into(), kind: Kind::Web })
            }
            _ => Err(refused("for tests must be http on loopback")),
        }
    }

    /// Returns the URI as text, unchanged.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// Returns whether Slack accepts the URI only with PKCE and without bot scopes.
    pub(crate) fn is_desktop(&self) -> bool {
        self.kind == Kind::Desktop
    }

    /// Returns whether the URI was created by [`insecure_for_tests`](Self::insecure_for_tests).
    pub(crate) fn is_for_tests(&self) -> bool {
        self.kind == Kind::Web && self.as_str().starts_with("http://")
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl fmt::Debug for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedirectUri({})", self.text)
    }
}

fn kind_of(text: &str) -> Result<Kind, InvalidValue> {
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(refused("must be visible ASCII characters only: percent-encode the others"));
    }
    if text.contains('#') {
        return Err(refused("must have no fragment"));
    }
    let query = text.split_once('?').map_or("", |(_, query)| query);
    if form_urlencoded::parse(query.as_bytes())
        .any(|(name, _)| ["code", "state", "error"].contains(&&*name))
    {
        return Err(refused(
            "must have no `code`, `state` or `error` in its query: Slack adds those",
        ));
    }
    let Some((scheme, rest)) = text.split_once(':') else {
        return Err(refused("must be absolute, such as https://app.example.com/slack/callback"));
    };
    match scheme {
        "https" | "http" => web(text, scheme),
        _ => custom(scheme, rest),
    }
}

fn web(text: &str, scheme: &str) -> Result<Kind, InvalidValue> {
    let uri: Uri = text.parse().map_err(|_| refused("is not a valid URI"))?;
    // `https:8080` is a host and its port, and no address.
    let (Some(_), Some(authority)) = (uri.scheme(), uri.authority()) else {
        return Err(refused("must be absolute, such as https://app.example.com/slack/callback"));
    };
    if !is_host_and_port(authority) {
        return Err(refused("must have a plain host name or IP literal, without user name"));
    }
    match scheme {
        "https" => Ok(Kind::Web),
        _ if is_loopback(authority.host()) => Ok(Kind::Desktop),
        _ => Err(refused("must be https: plain http is for loopback only")),
    }
}

/// Checks a private-use scheme (RFC 8252 section 7.1). Schemes that a browser or an operating system handles itself
/// are refused.
fn custom(scheme: &str, rest: &str) -> Result<Kind, InvalidValue> {
    const TAKEN: &[&str] = &[
        "about",
        "chrome",
        "intent",
        "jar",
        "view-source",
        "blob",
        "data",
        "file",
        "filesystem",
        "ftp",
        "javascript",
        "mailto",
        "sms",
        "tel",
        "urn",
        "vbscript",
        "ws",
        "wss",
    ];
    let mut bytes = scheme.bytes();
    let valid = bytes.next().is_some_and(|byte| byte.is_ascii_lowercase())
        && bytes.all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte)
        });
    if !valid {
        return Err(refused("must begin with a scheme in lower case letters, digits, + - or ."));
    }
    if TAKEN.contains(&scheme) {
        return Err(refused("must have a scheme of the app's own, such as myapp"));
    }
    if !rest.starts_with('/') {
        return Err(refused(
            "must be absolute: write https:// before a host name, or / behind a scheme of the app's own",
        ));
    }
    if rest.trim_matches('/').is_empty() {
        return Err(refused("must name a place behind its scheme, such as myapp://oauth/callback"));
    }
    Ok(Kind::Desktop)
}

fn refused(rule: &'static str) -> InvalidValue {
    InvalidValue::new("redirect URI", rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_is_for_everybody() {
        for text in [
            "https://app.example.com/cb",
            "https://app.example.com:8443/cb?x=1",
            "https://example.com",
        ] {
            let uri = RedirectUri::new(text).unwrap();
            assert_eq!(uri.as_str(), text);
            assert!(!uri.is_desktop());
        }
    }

    #[test]
    fn loopback_and_own_schemes_are_for_desktops() {
        for text in [
            "http://localhost:3000/cb",
            "http://127.0.0.1/cb",
            "http://[::1]:1/",
            "fakeapp://oauth/cb",
            "com.x:/cb",
        ] {
            assert!(RedirectUri::new(text).unwrap().is_desktop(), "{text}");
        }
    }

    #[test]
    fn what_slack_refuses_is_refused_here() {
        for text in [
            "",
            "/cb",
            "app.example.com/cb",
            "https://",
            "https:///cb",
            "https://app.example.com/cb#top",
            "https://user@app.example.com/cb",
            "https://app.example.com:port/cb",
            "https://app.example.com:/cb",
            "https://app.example.com/a b",
            "https://app.example.com/caf\u{e9}",
            "http://app.example.com/cb",
            "http://localhost.evil.example/cb",
            "http://localhost@evil.example/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "JavaScript:alert(1)",
            "myapp://",
            "myapp:",
            "myapp:cb",
            "localhost:3000/cb",
            "app.example.com:8443/cb",
            "intent://x/y",
            "https://app.example.com/cb?code=1",
            "https://app.example.com/cb?x=1&state=2",
            "1app://cb",
        ] {
            assert!(RedirectUri::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn loopback_in_every_flow_is_asked_for_by_name() {
        assert!(!RedirectUri::insecure_for_tests("http://127.0.0.1:1/cb").unwrap().is_desktop());
        assert!(RedirectUri::insecure_for_tests("https://app.example.com/cb").is_err());
        assert!(RedirectUri::insecure_for_tests("myapp://cb").is_err());
    }

    #[test]
    fn text_without_a_scheme_is_refused() {
        for text in ["app.example.com/cb", "/cb", "https:8080", "http:8080"] {
            let refused = RedirectUri::new(text).unwrap_err().to_string();
            assert!(refused.contains("must be absolute"), "{refused}");
        }
    }

    #[test]
    fn it_is_shown_unless_it_holds_what_looks_like_a_token() {
        let uri = RedirectUri::new("https://app.example.com/cb").unwrap();
        assert_eq!(uri.to_string(), "https://app.example.com/cb");
        assert_eq!(format!("{uri:?}"), "RedirectUri(https://app.example.com/cb)");
        let uri = RedirectUri::new("https://app.example.com/xoxb-1").unwrap();
        assert_eq!(uri.to_string(), "[30 bytes not shown]");
        assert_eq!(format!("{uri:?}"), "RedirectUri([30 bytes not shown])");
    }
}
