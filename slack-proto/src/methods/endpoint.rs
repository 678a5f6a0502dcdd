//! Where Slack is: an origin, given whenever a request is built.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

use http::{
    Uri,
    uri::{Authority, Parts, PathAndQuery, Scheme},
};

use crate::error::InvalidValue;

/// The origin of a Slack: slack.com, GovSlack, or a test server.
///
/// An origin only: no path, query or user name. It must be https; http is taken for loopback alone, which is an IP
/// literal in 127.0.0.0/8, `[::1]`, or exactly `localhost`. Every request and every authorize URL is built on one, so
/// a credential goes to one host.
///
/// # Examples
///
/// ```
/// use slack_proto::Endpoint;
///
/// assert_eq!(Endpoint::slack().origin(), "https://slack.com");
/// assert!(Endpoint::new("http://127.0.0.1:8080").is_ok());
/// assert!(Endpoint::new("http://slack.com").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    scheme: Scheme,
    authority: Authority,
}

impl Endpoint {
    /// Returns the endpoint of slack.com.
    #[must_use]
    pub fn slack() -> Self {
        Self { scheme: Scheme::HTTPS, authority: Authority::from_static("slack.com") }
    }

    /// Returns the endpoint of GovSlack, slack-gov.com. It shares no apps, tokens or ids with slack.com.
    #[must_use]
    pub fn gov_slack() -> Self {
        Self { scheme: Scheme::HTTPS, authority: Authority::from_static("slack-gov.com") }
    }

    /// Parses an origin, such as `https://slack.com` or `http://127.0.0.1:8080`. One trailing `/` is allowed.
    ///
    /// # Errors
    ///
    /// When the text is not an origin, or would send credentials over plain http to a host that is not loopback.
    pub fn new(origin: &str) -> Result<Self, InvalidValue> {
        let refused = |rule| InvalidValue::new("endpoint", rule);
        let rule = "must be an origin such as https://slack.com: scheme, host and port only";
        let uri: Uri = origin.parse().map_err(|_| refused(rule))?;
        // An origin may end in one slash; `http` drops a fragment silently, so the text itself is looked at.
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(refused(rule));
        };
        let written = format!("{scheme}://{authority}");
        if origin.strip_suffix('/').unwrap_or(origin) != written {
            return Err(refused(rule));
        }
        if !is_host_and_port(authority) {
            return Err(refused("must have a plain host name or IP literal, without user name"));
        }
        if *scheme == Scheme::HTTP && !is_loopback(authority.host()) {
            return Err(refused(
                "must be https: plain http is for 127.0.0.0/8, [::1] and localhost only",
            ));
        }
        if *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS {
            return Err(refused("must be https"));
        }
        Ok(Self { scheme: scheme.clone(), authority: authority.clone() })
    }

    /// Returns the origin as text, without a trailing slash.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// Returns the URL of a Web API method, such as `https://slack.com/api/auth.test` for `auth.test`.
    ///
    /// [`ApiMethod::to_request`](crate::ApiMethod::to_request) sets it already. It is for requests built by hand.
    ///
    /// # Errors
    ///
    /// When the name is empty, or has anything but ASCII letters, digits, dots, hyphens and underscores.
    ///
    /// # Examples
    ///
    /// ```
    /// use slack_proto::Endpoint;
    ///
    /// let url = Endpoint::slack().method_url("chat.postMessage")?;
    /// assert_eq!(url, "https://slack.com/api/chat.postMessage");
    /// # Ok::<(), slack_proto::error::InvalidValue>(())
    /// ```
    pub fn method_url(&self, name: &str) -> Result<Uri, InvalidValue> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_plain) {
            return Err(InvalidValue::new(
                "method name",
                "must be ASCII letters, digits, dots, hyphens and underscores",
            ));
        }
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(format!("/api/{name}"))
            .build()
            .map_err(|_| InvalidValue::new("method name", "must be short enough for a URL"))
    }

    /// Writes the origin without a detour.
    pub(crate) fn write_origin(&self, text: &mut String) {
        text.push_str(self.scheme.as_str());
        text.push_str("://");
        text.push_str(self.authority.as_str());
    }

    /// Returns whether a URI is at this origin. Scheme and host are compared without regard to case.
    #[cfg(feature = "id-token")]
    pub(crate) fn is_origin_of(&self, uri: &Uri) -> bool {
        uri.scheme() == Some(&self.scheme) && uri.authority() == Some(&self.authority)
    }

    /// Returns the URI of a path at this origin.
    pub(crate) fn uri(&self, path: &'static str) -> Uri {
        let mut parts = Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(PathAndQuery::from_static(path));
        Uri::from_parts(parts).expect("scheme, authority and path make a URI")
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

/// Returns whether the host can only be this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match v6 {
        Some(literal) => literal.parse() == Ok(Ipv6Addr::LOCALHOST),
        None => host == "localhost" || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback()),
    }
}

/// Returns whether an authority is a host with at most a port. RFC 3986 allows more than a resolver accepts.
pub(crate) fn is_host_and_port(authority: &Authority) -> bool {
    let host = authority.host();
    let plain = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(literal) => literal.parse::<Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        }
    };
    let rest = authority.as_str().strip_prefix(host);
    plain && rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse().is_ok_and(|port: u16| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_url_has_the_name_and_nothing_else() {
        let local = Endpoint::new("http://127.0.0.1:8080").unwrap();
        assert_eq!(local.method_url("auth.test").unwrap(), "http://127.0.0.1:8080/api/auth.test");
        for name in ["", "a b", "../a", "a?b", "a/b", "a#b", "\u{e9}", "a%2f", "a\n"] {
            assert!(local.method_url(name).is_err(), "{name:?}");
        }
        assert!(local.method_url(&"a".repeat(1 << 17)).is_err(), "no panic for a long name");
    }

    #[test]
    fn the_known_origins() {
        assert_eq!(Endpoint::slack().uri("/api/auth.test"), "https://slack.com/api/auth.test");
        assert_eq!(
            Endpoint::gov_slack().uri("/api/auth.test"),
            "https://slack-gov.com/api/auth.test"
        );
        assert_eq!(Endpoint::new("https://slack.com/").unwrap(), Endpoint::slack());
    }

    #[test]
    fn loopback_may_be_plain_http() {
        for origin in [
            "http://127.0.0.1:1",
            "http://127.9.9.9",
            "http://[::1]:65535",
            "http://localhost:8080",
            "http://localhost/",
        ] {
            let endpoint = Endpoint::new(origin).unwrap();
            assert_eq!(endpoint.origin(), origin.trim_end_matches('/'));
        }
        assert!(Endpoint::new("https://slack.example.com:8443").is_ok());
    }

    #[test]
    fn a_foreign_host_in_disguise_is_refused() {
        for origin in [
            "http://slack.com",
            "http://localhost@evil.example",
            "http://127.0.0.1@evil.example",
            "http://localhost:80@evil.example",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "http://localhost.",
            "http://LOCALHOST",
            "http://127.1",
            "http://127.0.0.01",
            "http://0177.0.0.1",
            "http://0x7f.0.0.1",
            "http://0x7f000001",
            "http://2130706433",
            "http://0.0.0.0",
            "http://[::]",
            "http://[::ffff:127.0.0.1]",
            "http://[::1%25eth0]",
            "http://[::1].evil.example",
            "http://127.0.0.1\\@evil.example",
            "http://localhost%2eevil.example",
            "http://localhost%00.evil.example",
            "http://evil.example#@localhost",
            "http://evil.example?@localhost",
            "http://evil.example/@localhost",
            "http:\\\\localhost",
            "http://\u{24db}ocalhost",
            "http://localhost\u{3002}evil.example",
            "http://evil.example\t@localhost",
            "http://128.0.0.1",
        ] {
            assert!(Endpoint::new(origin).is_err(), "{origin}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for origin in [
            "",
            "slack.com",
            "/api",
            "https://",
            "https://user@slack.com",
            "https://user:pass@slack.com",
            "https://slack.com/api",
            "https://slack.com//",
            "https://slack.com?x=1",
            "https://slack.com/?",
            "https://slack.com#top",
            "https://slack.com:",
            "https://slack.com:0",
            "https://slack.com:65536",
            "https://slack.com:+443",
            "https://sl*ck.com",
            "https://slack.com ",
            "ftp://slack.com",
            "file:///etc/passwd",
            "ws://localhost",
        ] {
            assert!(Endpoint::new(origin).is_err(), "{origin}");
        }
    }

    #[test]
    fn the_refusal_says_what_to_do_and_not_what_it_saw() {
        let refused = Endpoint::new("http://user:hush@slack.com").unwrap_err();
        assert!(!refused.to_string().contains("hush"), "{refused}");
        let refused = Endpoint::new("http://slack.com").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "endpoint must be https: plain http is for 127.0.0.0/8, [::1] and localhost only"
        );
    }

    #[test]
    fn an_endpoint_is_shown_as_its_origin() {
        assert_eq!(Endpoint::slack().to_string(), "https://slack.com");
        assert_eq!(format!("{:?}", Endpoint::slack()), "Endpoint(https://slack.com)");
    }
}
