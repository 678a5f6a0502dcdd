//! Redirect URIs: which are accepted, and how a callback is written.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What kind of place a redirect URI leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// An `https` address.
    Https,
    /// `http://localhost`, good for PKCE apps only.
    Localhost,
    /// Another spelling of loopback, such as `http://127.0.0.1`; whether Slack takes it is
    /// unconfirmed.
    Loopback,
    /// A custom scheme such as `myapp://`, good for PKCE apps only.
    CustomScheme,
    /// Plain `http` to another host.
    Insecure,
}

/// Which ports a redirect URI may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ports {
    /// The configured one.
    Equal,
    /// Any port of a loopback host.
    AnyOnLoopback,
}

/// A redirect URI taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RedirectUri<'a> {
    scheme: String,
    host: String,
    port: &'a str,
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> RedirectUri<'a> {
    /// Parses `text`; none if it is not an absolute URI of visible ASCII, or has a fragment, user
    /// info, a backslash or a dot segment.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let visible = text
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'#' | b'\\' | b'<' | b'>' | b'"'));
        let (scheme, rest) = text.split_once(':')?;
        let scheme_is_good = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        if !visible || !scheme_is_good {
            return None;
        }
        let scheme = scheme.to_ascii_lowercase();
        if matches!(scheme.as_str(), "javascript" | "data" | "file" | "about" | "vbscript") {
            return None;
        }
        let (before_query, query) = match rest.split_once('?') {
            Some((before, query)) => (before, Some(query)),
            None => (rest, None),
        };
        let (authority, path) = match before_query.strip_prefix("//") {
            Some(after) => after.split_at(after.find('/').unwrap_or(after.len())),
            None => ("", before_query),
        };
        if authority.contains('@') || has_dot_segment(path) {
            return None;
        }
        let (host, port) = split_port(authority);
        let web = matches!(scheme.as_str(), "http" | "https");
        if web && (host.is_empty() || !port.bytes().all(|b| b.is_ascii_digit())) {
            return None;
        }
        let port = match (scheme.as_str(), port) {
            ("https", "443") | ("http", "80") => "",
            (_, port) => port,
        };
        let path = if path.is_empty() && web { "/" } else { path };
        Some(Self { scheme, host: host.to_ascii_lowercase(), port, path, query })
    }

    pub(crate) fn place(&self) -> Place {
        match (self.scheme.as_str(), self.host.as_str()) {
            ("https", _) => Place::Https,
            ("http", "localhost") => Place::Localhost,
            ("http", "127.0.0.1" | "[::1]") => Place::Loopback,
            ("http", _) => Place::Insecure,
            _ => Place::CustomScheme,
        }
    }

    /// Returns whether this URI equals `configured` or is below it.
    ///
    /// A query must be the configured one: whether Slack allows another is unconfirmed.
    pub(crate) fn is_covered_by(&self, configured: &Self, ports: Ports) -> bool {
        let loopback = matches!(self.place(), Place::Localhost | Place::Loopback);
        let same_origin = self.scheme == configured.scheme
            && self.host == configured.host
            && (self.port == configured.port || (loopback && ports == Ports::AnyOnLoopback));
        if !same_origin || self.query != configured.query {
            return false;
        }
        let Some(below) = self.path.strip_prefix(configured.path) else { return false };
        below.is_empty() || configured.path.ends_with('/') || below.starts_with('/')
    }
}

/// Appends `pairs` to the query of `uri`.
pub(crate) fn callback(uri: &str, pairs: &[(&str, &str)]) -> String {
    let mut text = uri.to_owned();
    for (name, value) in pairs {
        if !text.contains('?') {
            text.push('?');
        } else if !text.ends_with(['?', '&']) {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.extend(utf8_percent_encode(value, QUERY_VALUE));
    }
    text
}

fn split_port(authority: &str) -> (&str, &str) {
    // The colons inside `[::1]` are no port.
    match authority.rfind(':') {
        Some(colon) if !authority[colon..].contains(']') => {
            (&authority[..colon], &authority[colon + 1..])
        }
        _ => (authority, ""),
    }
}

fn has_dot_segment(path: &str) -> bool {
    path.split('/').any(|segment| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        plain == "." || plain == ".."
    })
}

/// Everything but the unreserved characters of RFC 3986.
const QUERY_VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(uri: &str, configured: &str) -> bool {
        RedirectUri::parse(uri)
            .unwrap()
            .is_covered_by(&RedirectUri::parse(configured).unwrap(), Ports::Equal)
    }

    #[test]
    fn a_configured_address_covers_what_lies_below_it() {
        assert!(covered("https://a.example/cb", "https://a.example/cb"));
        assert!(covered("https://a.example/cb/x", "https://a.example/cb"));
        assert!(covered("https://A.example:443/cb", "https://a.example/cb"));
        assert!(covered("https://a.example/anything", "https://a.example"));
        assert!(covered("myapp://oauth/cb", "myapp://oauth/cb"));

        assert!(!covered("https://a.example/cbx", "https://a.example/cb"));
        assert!(!covered("https://a.example/", "https://a.example/cb"));
        assert!(!covered("https://a.example:8443/cb", "https://a.example/cb"));
        assert!(!covered("http://a.example/cb", "https://a.example/cb"));
        assert!(!covered("https://b.example/cb", "https://a.example/cb"));
        assert!(!covered("https://a.example.evil.example/cb", "https://a.example/cb"));
        assert!(!covered("https://a.example/cb?x=1", "https://a.example/cb"));
    }

    #[test]
    fn disguises_are_no_redirect_uris() {
        for text in [
            "",
            "/cb",
            "a.example/cb",
            "https://",
            "https://a.example@evil.example/cb",
            "https://a.example/cb/../evil",
            "https://a.example/cb/%2E%2e/evil",
            "https://a.example/cb#fragment",
            "https://a.example\\@evil.example/",
            "https://a.example/c b",
            "https://a.example/\u{e9}",
            "https://a.example:x/cb",
            "javascript:alert(1)",
        ] {
            assert_eq!(RedirectUri::parse(text), None, "{text}");
        }
    }

    #[test]
    fn places_are_told_apart() {
        let place = |text| RedirectUri::parse(text).unwrap().place();
        assert_eq!(place("https://localhost/cb"), Place::Https);
        assert_eq!(place("http://localhost:3000/cb"), Place::Localhost);
        assert_eq!(place("http://[::1]:3000/cb"), Place::Loopback);
        assert_eq!(place("http://127.0.0.1/cb"), Place::Loopback);
        assert_eq!(place("http://localhost.evil.example/cb"), Place::Insecure);
        assert_eq!(place("myapp://oauth"), Place::CustomScheme);
        assert_eq!(place("com.example.app:/oauth"), Place::CustomScheme);
    }

    #[test]
    fn callbacks_are_encoded_and_extend_a_query() {
        assert_eq!(
            callback("https://a/cb", &[("code", "1.2"), ("state", "a b&c=\u{e9}+")]),
            "https://a/cb?code=1.2&state=a%20b%26c%3D%C3%A9%2B"
        );
        assert_eq!(callback("https://a/cb?x=1", &[("error", "e")]), "https://a/cb?x=1&error=e");
        assert_eq!(callback("https://a/cb?", &[("error", "e")]), "https://a/cb?error=e");
    }
}
