//! A client over one of the transports of this package, with settings.

use std::fmt;
use std::time::Duration;

use http::HeaderValue;
use slack_proto::Endpoint;
use slack_transport::{Error, ErrorKind, Limits};

use crate::Client;

/// Builds a client over one transport: their builders have the same methods, and no trait in common.
#[cfg(any(feature = "hyper", feature = "reqwest", feature = "curl"))]
macro_rules! build_over {
    ($settings:expr, $transport:ty) => {{
        let settings = $settings;
        let builder = <$transport>::builder(settings.limits);
        let builder = match settings.proxy {
            Proxy::None => builder,
            Proxy::Environment => builder.proxy_from_environment(),
            Proxy::At(address) => builder.proxy(&address),
        };
        let builder = match settings.trust {
            Trust::Platform => builder,
            Trust::Also(pem) => builder.extra_ca_certificates(pem),
            Trust::Only(pem) => builder.only_ca_certificates(pem),
        };
        Ok(Client::over_both(settings.endpoint, builder.build()?, settings.limits))
    }};
}

/// Which HTTP client carries the calls; each has a feature of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// hyper: the least CPU time for each call, and the fewest crates.
    #[cfg(feature = "hyper")]
    Hyper,
    /// reqwest.
    #[cfg(feature = "reqwest")]
    Reqwest,
    /// libcurl: no Tokio.
    #[cfg(feature = "curl")]
    Curl,
}

/// Builds a [`Client`] with settings.
///
/// ```
/// # #[cfg(feature = "hyper")] {
/// use std::time::Duration;
///
/// use slack_auth::{Client, transport::Backend};
///
/// let slack = Client::builder()
///     .backend(Backend::Hyper)
///     .proxy("http://proxy.example:3128")
///     .total_timeout(Duration::from_secs(10))
///     .user_agent("my-app/1.0")
///     .build()?;
/// # }
/// # Ok::<(), slack_auth::transport::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    endpoint: Endpoint,
    backend: Option<Backend>,
    limits: Limits,
    proxy: Proxy,
    trust: Trust,
    user_agent: Option<String>,
}

#[derive(Clone)]
enum Proxy {
    None,
    Environment,
    At(String),
}

#[derive(Clone)]
enum Trust {
    Platform,
    Also(Vec<u8>),
    Only(Vec<u8>),
}

impl ClientBuilder {
    pub(crate) fn new() -> Self {
        Self {
            endpoint: Endpoint::slack(),
            backend: None,
            limits: Limits::new(),
            proxy: Proxy::None,
            trust: Trust::Platform,
            user_agent: None,
        }
    }

    /// Sets the HTTP client. There is no default, since features of other crates would change it.
    pub fn backend(self, backend: Backend) -> Self {
        Self { backend: Some(backend), ..self }
    }

    /// Sets the Slack that is called. Default: [`Endpoint::slack`].
    pub fn endpoint(self, endpoint: Endpoint) -> Self {
        Self { endpoint, ..self }
    }

    /// Sets all limits. Default: [`Limits::new`].
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Sets the time for name resolution, TCP and TLS together. Default: 10 s.
    pub fn connect_timeout(self, limit: Duration) -> Self {
        Self { limits: self.limits.with_connect_timeout(limit), ..self }
    }

    /// Sets the time for the whole call. Default: 30 s.
    pub fn total_timeout(self, limit: Duration) -> Self {
        Self { limits: self.limits.with_total_timeout(limit), ..self }
    }

    /// Uses the proxy at `address` for every call, such as `http://user:password@proxy.example:3128`.
    pub fn proxy(self, address: impl Into<String>) -> Self {
        Self { proxy: Proxy::At(address.into()), ..self }
    }

    /// Uses the proxies that the environment names (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`).
    ///
    /// Without this call no proxy is used, whatever the environment says.
    pub fn proxy_from_environment(self) -> Self {
        Self { proxy: Proxy::Environment, ..self }
    }

    /// Trusts the CA certificates in `pem` beside those of the platform.
    pub fn extra_ca_certificates(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { trust: Trust::Also(pem.into()), ..self }
    }

    /// Trusts the CA certificates in `pem` and no others.
    pub fn only_ca_certificates(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { trust: Trust::Only(pem.into()), ..self }
    }

    /// Sets the `User-Agent` header. Default: this package's name and version.
    pub fn user_agent(self, user_agent: impl Into<String>) -> Self {
        Self { user_agent: Some(user_agent.into()), ..self }
    }

    /// Builds the client.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] if no backend was chosen, if the user agent is not a header value, if a proxy is not an address,
    /// or if the certificates are not PEM or TLS cannot be set up.
    pub fn build(self) -> Result<Client, Error> {
        let agent =
            self.user_agent.as_deref().map(HeaderValue::from_str).transpose().map_err(|error| {
                refused("the user agent has a line break or control character").with_source(error)
            })?;
        let Some(backend) = self.backend else {
            return Err(refused("no backend is chosen: call ClientBuilder::backend"));
        };
        let client = self.over(backend)?;
        Ok(match agent {
            Some(agent) => client.with_user_agent(agent),
            None => client,
        })
    }

    fn over(self, backend: Backend) -> Result<Client, Error> {
        match backend {
            #[cfg(feature = "hyper")]
            Backend::Hyper => build_over!(self, slack_transport_hyper::HyperTransport),
            #[cfg(feature = "reqwest")]
            Backend::Reqwest => build_over!(self, slack_transport_reqwest::ReqwestTransport),
            #[cfg(feature = "curl")]
            Backend::Curl => build_over!(self, slack_transport_curl::CurlTransport),
        }
    }
}

/// Shows neither the proxy's address, which may hold a password, nor the certificates.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("endpoint", &self.endpoint)
            .field("backend", &self.backend)
            .field("limits", &self.limits)
            .field("user_agent", &self.user_agent)
            .finish_non_exhaustive()
    }
}

fn refused(reason: &'static str) -> Error {
    Error::unsent(ErrorKind::Refused, reason)
}

#[cfg(all(test, any(feature = "hyper", feature = "reqwest", feature = "curl")))]
mod tests {
    use super::*;

    fn backends() -> Vec<Backend> {
        vec![
            #[cfg(feature = "hyper")]
            Backend::Hyper,
            #[cfg(feature = "reqwest")]
            Backend::Reqwest,
            #[cfg(feature = "curl")]
            Backend::Curl,
        ]
    }

    #[test]
    fn what_cannot_be_used_is_refused_by_every_backend() {
        let error = Client::builder().build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        for backend in backends() {
            let builder = || Client::builder().backend(backend);
            assert!(builder().build().is_ok());
            for builder in [
                builder().user_agent("two\r\nlines"),
                builder().proxy("not an address"),
                builder().only_ca_certificates("not PEM"),
                builder().extra_ca_certificates("not PEM"),
            ] {
                let error = builder.build().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Refused, "{backend:?}: {error}");
            }
        }
    }

    #[test]
    fn every_backend_uses_the_proxy_and_the_user_agent() {
        use std::io::{BufRead, BufReader, Write};

        use slack_proto::AccessToken;
        use slack_proto::methods::AuthTest;

        for backend in backends() {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let proxy = std::thread::spawn(move || {
                let (mut socket, _) = listener.accept().unwrap();
                let lines = BufReader::new(socket.try_clone().unwrap()).lines();
                let head: Vec<String> =
                    lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
                let body = br#"{"ok":true,"team_id":"T0FAKE00001"}"#;
                let length = body.len();
                write!(socket, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").unwrap();
                socket.write_all(body).unwrap();
                head
            });
            let client = Client::builder()
                .backend(backend)
                .endpoint(Endpoint::new("http://127.0.0.1:9").unwrap())
                .proxy(format!("http://user:password@{address}"))
                .user_agent("mine/1.0")
                .build()
                .unwrap();
            let token = AccessToken::new("xoxb-not-a-token").unwrap();
            client.call_blocking(&AuthTest, &token).unwrap();
            let head = proxy.join().unwrap().join("\n").to_ascii_lowercase();
            assert!(head.starts_with("post http://127.0.0.1:9/api/auth.test"), "{head}");
            assert!(head.contains("\nproxy-authorization: basic dxnlcjpwyxnzd29yza=="), "{head}");
            assert!(head.contains("\nuser-agent: mine/1.0"), "{head}");
            assert!(head.contains("\ncontent-length: 0"), "{head}");
        }
    }

    #[test]
    fn debug_shows_no_password() {
        let builder = Client::builder().proxy("http://user:hush@proxy.example");
        assert!(!format!("{builder:?}").contains("hush"));
    }
}
