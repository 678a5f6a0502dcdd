//! A transport of one's own: hyper behind the contract of `slack-transport`.
//!
//! It passes the whole suite, as `tests/suite.rs` shows. Nothing in it knows Slack; to put another client in hyper's
//! place means to change [`HyperTransport::new`], `exchange` and `failure.rs`.

use async_trait::async_trait;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes};
use hyper_rustls::{HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use slack_transport::{
    BlockingTransport, CappedBody, Error, ErrorKind, Limits, Transport, check_request,
    check_response_head,
};
use tokio::{net::TcpStream, runtime::Handle, task::JoinSet, time};
use tower::{BoxError, timeout::Timeout, util::BoxCloneSyncService};

mod failure;

/// Carries requests by hyper, on a runtime that it is given.
#[derive(Clone, Debug)]
pub struct HyperTransport {
    client: Client<Connector, Full<Bytes>>,
    limits: Limits,
    runtime: Handle,
}

type Connector = BoxCloneSyncService<Uri, MaybeHttpsStream<TokioIo<TcpStream>>, BoxError>;

impl HyperTransport {
    /// Takes what decides whose certificate is good, and a runtime with I/O and time.
    #[must_use]
    pub fn new(limits: Limits, tls: ClientConfig, runtime: Handle) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls);
        let https = builder.https_or_http().enable_http1().wrap_connector(tcp);
        // Around name resolution, TCP and TLS together.
        let timed = Timeout::new(https, limits.connect_timeout());
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .retry_canceled_requests(false)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .build(BoxCloneSyncService::new(timed));
        Self { client, limits, runtime }
    }

    async fn exchange(self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error> {
        let answer = self.client.request(request.map(Full::from)).await;
        let (head, mut incoming) = answer.map_err(failure::of_sending)?.into_parts();
        check_response_head(head.status, &head.headers, &self.limits)?;
        let mut body = CappedBody::new(&self.limits, incoming.size_hint().exact())?;
        while let Some(frame) = incoming.frame().await {
            // A frame without data is a trailer.
            if let Ok(data) = frame.map_err(failure::of_reading)?.into_data() {
                body.push(&data)?;
            }
        }
        Ok(Response::from_parts(head, body.into_vec()))
    }
}

#[async_trait]
impl Transport for HyperTransport {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error> {
        check_request(&request)?;
        let (this, total) = (self.clone(), self.limits.total_timeout());
        // As a task of the runtime, since this future may be polled outside of it; with the set the task is dropped.
        let mut task = JoinSet::new();
        let timed = async move { time::timeout(total, this.exchange(request)).await };
        task.spawn_on(timed, &self.runtime);
        match task.join_next().await {
            Some(Ok(Ok(result))) => result,
            Some(Ok(Err(_))) => Err(failure::too_late()),
            _ => Err(Error::maybe_sent(ErrorKind::Closed, "the runtime was shut down")),
        }
    }
}

impl BlockingTransport for HyperTransport {
    fn send_blocking(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error> {
        pollster::block_on(self.send(request))
    }
}
