//! New connections: name, TCP, proxy, TLS, and what is spoken.

use std::error::Error as StdError;
use std::sync::Arc;

use http::uri::Scheme;
use http::{HeaderValue, Uri};
use hyper::client::conn::TrySendError;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use slack_transport::{Error, ErrorKind, Limits, failure_of_sending};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time;
use tokio_rustls::TlsConnector;
use tower_service::Service as _;

use crate::exchange::Unsent;
use crate::http1::Http1;
use crate::http2::Http2;
use crate::tls::HTTP2;

/// A connection to one server.
pub(crate) enum Connection {
    Http1(Http1),
    Http2(Http2),
}

/// Why an exchange failed.
pub(crate) enum Failure {
    /// The connection had ended; the request is where it was.
    NotTaken,
    Failed(Error),
}

impl Failure {
    /// Puts a request that was not written back to where it was.
    pub(crate) fn of(mut error: TrySendError<Unsent>, request: &mut Unsent) -> Self {
        if let Some(unsent) = error.take_message() {
            *request = unsent;
            return Self::NotTaken;
        }
        let error = error.into_error();
        Self::Failed(failure_of_sending(&error).with_source(error))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// How a request is written where a proxy takes it.
#[derive(Clone)]
pub(crate) enum Through {
    /// Nothing, or a tunnel.
    Direct,
    /// A proxy that reads the whole URL, with the credentials that it asks for.
    Proxy(Option<HeaderValue>),
}

/// What hyper reads and writes.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Opens connections.
pub(crate) struct Connector {
    limits: Limits,
    /// Races IPv6 and IPv4.
    tcp: HttpConnector,
    tls: Arc<ClientConfig>,
    proxies: Option<Matcher>,
}

type Cause = Box<dyn StdError + Send + Sync>;

impl Connector {
    pub(crate) fn new(limits: Limits, tls: Arc<ClientConfig>, proxies: Option<Matcher>) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        Self { limits, tcp, tls, proxies }
    }

    /// Opens a connection to the server of `url` within the time for connecting.
    pub(crate) async fn connect(&self, url: &Uri) -> Result<Connection, Error> {
        match time::timeout(self.limits.connect_timeout(), self.open(url)).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(cause)) => {
                Err(Error::unsent(ErrorKind::Connect, "no connection to the server")
                    .with_source(cause))
            }
            Err(_) => Err(Error::unsent(ErrorKind::Timeout, "no connection within the time limit")),
        }
    }

    async fn open(&self, url: &Uri) -> Result<Connection, Cause> {
        let proxy = self.proxies.as_ref().and_then(|proxies| proxies.intercept(url));
        if url.scheme() == Some(&Scheme::HTTPS) {
            let tcp = self.tcp_for_tls(url, proxy).await?;
            return self.encrypted(url, tcp).await;
        }
        let to = proxy.as_ref().map_or(url, Intercept::uri);
        let tcp = self.tcp.clone().call(to.clone()).await?.into_inner();
        let through = match proxy {
            Some(proxy) => Through::Proxy(proxy.basic_auth().cloned()),
            None => Through::Direct,
        };
        let socket = watched(&tcp)?;
        Ok(Connection::Http1(Http1::start(Box::new(tcp), socket, through, self.limits).await?))
    }

    async fn tcp_for_tls(&self, url: &Uri, proxy: Option<Intercept>) -> Result<TcpStream, Cause> {
        let Some(proxy) = proxy else {
            return Ok(self.tcp.clone().call(url.clone()).await?.into_inner());
        };
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.tcp.clone());
        if let Some(credentials) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(credentials.clone());
        }
        Ok(tunnel.call(url.clone()).await?.into_inner())
    }

    async fn encrypted(&self, url: &Uri, tcp: TcpStream) -> Result<Connection, Cause> {
        let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
        let name = ServerName::try_from(host.to_owned())?;
        let socket = watched(&tcp)?;
        let tls = TlsConnector::from(Arc::clone(&self.tls)).connect(name, tcp).await?;
        if tls.get_ref().1.alpn_protocol() == Some(HTTP2) {
            return Ok(Connection::Http2(Http2::start(Box::new(tls), self.limits).await?));
        }
        let stream = Box::new(tls);
        Ok(Connection::Http1(Http1::start(stream, socket, Through::Direct, self.limits).await?))
    }
}

/// Returns a second handle of the socket, to look at it while nobody reads.
fn watched(tcp: &TcpStream) -> std::io::Result<socket2::Socket> {
    socket2::SockRef::from(tcp).try_clone()
}
