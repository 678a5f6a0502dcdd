//! The discovery document: where a Slack keeps its keys, and by which name it issues tokens.
//!
//! Source: <https://slack.com/.well-known/openid-configuration>; OpenID Connect Discovery 1.0 section 4.

use std::fmt;

use http::{Request, Response, Uri};

use super::document::{self, DocumentError, DocumentFault};
use crate::{
    Endpoint,
    methods::{ParseWarning, RequestBody, UntrustedText},
    openid::IdTokenVerifier,
    wire::object::object,
};

/// The OpenID Provider metadata of a Slack.
///
/// # Examples
///
/// ```
/// use slack_proto::{Endpoint, openid::Discovery};
///
/// let slack = Endpoint::slack();
/// assert_eq!(Discovery::request(&slack).uri(), "https://slack.com/.well-known/openid-configuration");
/// let response = http::Response::new(
///     r#"{"issuer":"https:\/\/slack.com","jwks_uri":"https:\/\/slack.com\/openid\/connect\/keys"}"#,
/// );
/// let discovery = Discovery::parse_response(&slack, &response)?;
/// assert_eq!(discovery.keys_request().uri(), "https://slack.com/openid/connect/keys");
/// # Ok::<(), slack_proto::openid::DocumentError>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Discovery {
    /// `issuer`: who the ID tokens say they are from. Compare it by [`check_issuer`](Self::check_issuer).
    pub issuer: UntrustedText,
    /// `authorization_endpoint`, as it is written; requests are built on an [`Endpoint`] and not on this.
    pub authorization_endpoint: Option<UntrustedText>,
    /// `token_endpoint`, as it is written.
    pub token_endpoint: Option<UntrustedText>,
    /// `userinfo_endpoint`, as it is written.
    pub userinfo_endpoint: Option<UntrustedText>,
    jwks_uri: Uri,
    parse_warnings: Vec<ParseWarning>,
}

impl Discovery {
    /// Asks an endpoint for its document; no credential is sent.
    #[must_use]
    pub fn request(endpoint: &Endpoint) -> Request<RequestBody> {
        document::request(endpoint.uri("/.well-known/openid-configuration"))
    }

    /// Reads the answer of this endpoint; members of no use here may be missing or odd.
    ///
    /// # Errors
    ///
    /// When the answer is not a document, lacks `issuer` or `jwks_uri`, or names a `jwks_uri` at another origin.
    pub fn parse_response<B: AsRef<[u8]>>(
        endpoint: &Endpoint,
        response: &Response<B>,
    ) -> Result<Self, DocumentError> {
        let (wire, parse_warnings) = document::read::<DiscoveryWire>(DOCUMENT, response)?;
        let failed = |fault| DocumentError::new(DOCUMENT, fault);
        let missing = |member| failed(DocumentFault::Missing(member));
        let issuer = wire.issuer.take().filter(|issuer| !issuer.as_str().is_empty());
        let uri = wire.jwks_uri.take().ok_or(missing("jwks_uri"))?;
        // `http` drops a fragment silently.
        let uri: Uri = match uri.as_str().parse() {
            Ok(parsed) if !uri.as_str().contains('#') => parsed,
            _ => return Err(missing("jwks_uri")),
        };
        if !endpoint.is_origin_of(&uri) {
            return Err(failed(DocumentFault::ForeignKeys));
        }
        Ok(Self {
            issuer: issuer.ok_or(missing("issuer"))?,
            authorization_endpoint: wire.authorization_endpoint.take(),
            token_endpoint: wire.token_endpoint.take(),
            userinfo_endpoint: wire.userinfo_endpoint.take(),
            jwks_uri: uri,
            parse_warnings,
        })
    }

    /// Checks that the document's issuer is the verifier's (OpenID Connect Discovery section 4.3).
    ///
    /// # Errors
    ///
    /// When it is another one.
    pub fn check_issuer(&self, verifier: &IdTokenVerifier) -> Result<(), DocumentError> {
        if self.issuer.as_str() == verifier.expected_issuer() {
            return Ok(());
        }
        Err(DocumentError::new(DOCUMENT, DocumentFault::ForeignIssuer))
    }

    /// Asks for the key set that the document names, which is at the endpoint's origin.
    #[must_use]
    pub fn keys_request(&self) -> Request<RequestBody> {
        document::request(self.jwks_uri.clone())
    }

    /// Returns what was unexpected in the document.
    #[must_use]
    pub fn parse_warnings(&self) -> &[ParseWarning] {
        &self.parse_warnings
    }
}

/// Leaves the keys' address out: it is text from outside, which a URI does not show with care.
impl fmt::Debug for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discovery")
            .field("issuer", &self.issuer)
            .field("authorization_endpoint", &self.authorization_endpoint)
            .field("token_endpoint", &self.token_endpoint)
            .field("userinfo_endpoint", &self.userinfo_endpoint)
            .field("parse_warnings", &self.parse_warnings)
            .finish_non_exhaustive()
    }
}

object! {
    struct DiscoveryWire {
        issuer: UntrustedText = "issuer",
        jwks_uri: UntrustedText = "jwks_uri",
        authorization_endpoint: UntrustedText = "authorization_endpoint",
        token_endpoint: UntrustedText = "token_endpoint",
        userinfo_endpoint: UntrustedText = "userinfo_endpoint",
    }
}

const DOCUMENT: &str = "discovery document";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Discovery, DocumentFault> {
        Discovery::parse_response(&Endpoint::slack(), &Response::new(body))
            .map_err(|error| error.fault())
    }

    fn with_keys_at(uri: &str) -> Result<Discovery, DocumentFault> {
        parse(&format!(r#"{{"issuer":"https://slack.com","jwks_uri":"{uri}"}}"#))
    }

    #[test]
    fn slacks_own_document() {
        let discovery =
            parse(include_str!("../../../tests/samples/openid-configuration--slack.json")).unwrap();
        assert_eq!(discovery.issuer.as_str(), "https://slack.com");
        assert_eq!(
            discovery.token_endpoint.as_ref().unwrap().as_str(),
            "https://slack.com/api/openid.connect.token"
        );
        let shown = format!("{discovery:?}");
        assert!(
            shown
                .starts_with("Discovery { issuer: \"https://slack.com\", authorization_endpoint: "),
            "{shown}"
        );
        assert!(!shown.contains("connect/keys"), "{shown}");
        let request = Discovery::request(&Endpoint::slack());
        assert_eq!(request.uri(), "https://slack.com/.well-known/openid-configuration");
        assert_eq!((request.method().as_str(), request.headers().len()), ("GET", 1));
        let request = discovery.keys_request();
        assert_eq!(request.uri(), "https://slack.com/openid/connect/keys");
        assert_eq!((request.method().as_str(), request.headers().len()), ("GET", 1));
        assert!(discovery.parse_warnings().is_empty());
        assert!(discovery.check_issuer(&IdTokenVerifier::new(&Endpoint::slack())).is_ok());
        let other = IdTokenVerifier::new(&Endpoint::gov_slack());
        let error = discovery.check_issuer(&other).unwrap_err();
        assert_eq!(
            (error.fault(), error.recovery().as_str()),
            (DocumentFault::ForeignIssuer, "fix_configuration")
        );
    }

    #[test]
    fn keys_come_from_the_endpoint_alone() {
        assert!(with_keys_at("https://slack.com/k").is_ok());
        assert!(with_keys_at("https://SLACK.com/k").is_ok());
        for uri in [
            "http://slack.com/k",
            "https://slack.com.evil.example/k",
            "https://evil.example/https://slack.com/k",
            "https://slack.com@evil.example/k",
            "https://user@slack.com/k",
            "https://slack.com:8443/k",
            "//slack.com/k",
            "/openid/connect/keys",
        ] {
            let fault = with_keys_at(uri).unwrap_err();
            assert!(
                matches!(fault, DocumentFault::ForeignKeys | DocumentFault::Missing("jwks_uri")),
                "{uri}: {fault:?}"
            );
        }
        for uri in ["", "https://slack.com/k#top", "https://slack.com/ k"] {
            assert_eq!(with_keys_at(uri).unwrap_err(), DocumentFault::Missing("jwks_uri"), "{uri}");
        }
    }

    #[test]
    fn odd_neighbours_do_no_harm() {
        let body = r#"{"issuer":"i","jwks_uri":"https://slack.com/k","token_endpoint":7,"x":1e999,"y":"\ud800"}"#;
        let discovery = parse(body).unwrap();
        assert!(discovery.token_endpoint.is_none());
        assert_eq!(
            discovery.parse_warnings()[0].to_string(),
            "token_endpoint: expected a string, found a number"
        );
    }

    #[test]
    fn what_is_no_document_is_refused() {
        assert_eq!(parse("<html>").unwrap_err(), DocumentFault::NotAnObject);
        assert_eq!(parse("{}").unwrap_err(), DocumentFault::Missing("jwks_uri"));
        let body = r#"{"issuer":"","jwks_uri":"https://slack.com/k"}"#;
        assert_eq!(parse(body).unwrap_err(), DocumentFault::Missing("issuer"));
        let mut response = Response::new("{}");
        *response.status_mut() = http::StatusCode::FOUND;
        let error = Discovery::parse_response(&Endpoint::slack(), &response).unwrap_err();
        assert_eq!(error.to_string(), "unusable discovery document: status 302; call again later");
    }

    #[test]
    fn the_document_is_asked_for_at_the_endpoint() {
        let request = Discovery::request(&Endpoint::slack());
        assert_eq!(request.method(), "GET");
        assert_eq!(request.uri(), "https://slack.com/.well-known/openid-configuration");
        assert_eq!(request.body().as_ref(), b"");
    }
}
