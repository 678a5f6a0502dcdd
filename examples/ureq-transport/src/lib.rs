//! A transport of one's own: ureq behind the contract of `slack-transport`, for programs without `async`.
//!
//! It keeps the contract as `tests/suite.rs` shows, but for three things that are ureq's own (3.5):
//!
//! - a reply with a folded header line is an error (`keeps-headers`): its parser refuses what RFC 9112 section 5.2
//!   has made obsolete;
//! - a chunked reply that is cut inside its very last line break, behind all of its body, counts as whole
//!   (`closes-at-every-chunked-offset`, the last two offsets alone);
//! - over TLS an answer must have a length or chunks: ureq takes a torn connection for the end of one that has
//!   neither, so this transport refuses those.
//!
//! Whether anything was sent is told by `connecting.rs`: it marks the errors that come before the request, and any other
//! error says that it may have been sent.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response, StatusCode, header};
use slack_transport::{
    BlockingTransport, Error, ErrorKind, Limits, check_request, check_response_head,
};
use ureq::Agent;
use ureq::config::AutoHeaderValue;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::DefaultResolver;

mod connecting;
mod failure;

use connecting::Connecting;

/// Carries requests by ureq, with TLS by rustls and aws-lc-rs.
#[derive(Debug)]
pub struct UreqTransport {
    agent: Agent,
    limits: Limits,
}

impl UreqTransport {
    /// Trusts the certificates that the platform trusts.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self::with_roots(limits, RootCerts::PlatformVerifier)
    }

    /// Trusts the first certificate in `pem` and no other.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] if there is none.
    pub fn only_ca_certificate(limits: Limits, pem: &str) -> Result<Self, Error> {
        let certificate = Certificate::from_pem(pem.as_bytes()).map_err(|_| {
            Error::unsent(
                ErrorKind::Refused,
                "the CA certificate is not PEM: give a CERTIFICATE block",
            )
        })?;
        Ok(Self::with_roots(limits, RootCerts::new_with_certs(&[certificate])))
    }

    fn with_roots(limits: Limits, roots: RootCerts) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls =
            TlsConfig::builder().unversioned_rustls_crypto_provider(provider).root_certs(roots);
        let config = Agent::config_builder()
            .tls_config(tls.build())
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .accept_encoding(AutoHeaderValue::None)
            .timeout_resolve(Some(limits.connect_timeout()))
            .timeout_connect(Some(limits.connect_timeout()))
            .timeout_global(Some(limits.total_timeout()))
            .max_response_header_size(limits.header_cap())
            .input_buffer_size(limits.header_cap() + 64 * 1024)
            .max_idle_connections(64)
            .max_idle_connections_per_host(64)
            .max_idle_age(Duration::from_secs(15))
            .build();
        let agent = Agent::with_parts(config, Connecting::default(), DefaultResolver::default());
        Self { agent, limits }
    }
}

impl BlockingTransport for UreqTransport {
    fn send_blocking(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error> {
        check_request(&request)?;
        let secure = request.uri().scheme_str() == Some("https");
        let head = request.method() == Method::HEAD;
        let answer = if request.body().is_empty() && !takes_a_body(request.method()) {
            self.agent.run(request.map(drop))
        } else {
            self.agent.run(request)
        };
        let (parts, mut body) = answer.map_err(failure::of_sending)?.into_parts();
        check_response_head(parts.status, &parts.headers, &self.limits)?;
        if parts.status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Error::maybe_sent(ErrorKind::Protocol, "the server changed the protocol"));
        }
        let has_body = !head
            && parts.status != StatusCode::NO_CONTENT
            && parts.status != StatusCode::NOT_MODIFIED;
        let framed = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING];
        if secure && has_body && !framed.iter().any(|name| parts.headers.contains_key(name)) {
            // ureq takes a torn TLS connection for the end of such a body.
            return Err(Error::maybe_sent(
                ErrorKind::Closed,
                "nothing tells where the answer ends",
            ));
        }
        let cap = u64::try_from(self.limits.body_cap()).unwrap_or(u64::MAX);
        if body.content_length().is_some_and(|length| length > cap) {
            return Err(failure::too_long());
        }
        let mut bytes = Vec::new();
        let read = body.as_reader().take(cap.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|error| failure::of_reading(error.into()))?;
        if bytes.len() > self.limits.body_cap() {
            return Err(failure::too_long());
        }
        Ok(Response::from_parts(parts, bytes))
    }
}

fn takes_a_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}
