//! Each transport speaks HTTP/2 to a server that offers it, over TLS.

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use futures_util::future::join_all;
use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use slack_auth::{
    Limits,
    transport::{BlockingTransport, Body, Transport},
};
use slack_transport_curl::CurlTransport;
use slack_transport_hyper::HyperTransport;
use slack_transport_reqwest::ReqwestTransport;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[test]
fn curl_negotiates_http2() -> Fallible<()> {
    let server = Server::start()?;
    let transport =
        CurlTransport::builder(Limits::new()).only_ca_certificates(server.ca.clone()).build()?;
    server.is_spoken_to(&transport)
}

#[test]
fn reqwest_negotiates_http2() -> Fallible<()> {
    let server = Server::start()?;
    let transport =
        ReqwestTransport::builder(Limits::new()).only_ca_certificates(server.ca.clone()).build()?;
    server.is_spoken_to(&transport)
}

#[test]
fn hyper_negotiates_http2() -> Fallible<()> {
    let server = Server::start()?;
    let transport =
        HyperTransport::builder(Limits::new()).only_ca_certificates(server.ca.clone()).build()?;
    server.is_spoken_to(&transport)
}

/// Offers `h2` and `http/1.1`, serves the first alone, and answers with the path and the body that it was sent.
struct Server {
    address: SocketAddr,
    ca: String,
    /// What each connection agreed on.
    agreed: Arc<Mutex<Vec<Option<Vec<u8>>>>>,
}

impl Server {
    fn start() -> Fallible<Self> {
        let (ca, tls) = certified()?;
        let agreed = Arc::default();
        let (listens, address) = std::sync::mpsc::channel();
        let notes = Arc::clone(&agreed);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::spawn(move || {
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await?;
                listens.send(listener.local_addr()?).ok();
                loop {
                    let (socket, _) = listener.accept().await?;
                    tokio::spawn(serve(
                        socket,
                        TlsAcceptor::from(Arc::clone(&tls)),
                        Arc::clone(&notes),
                    ));
                }
                #[expect(unreachable_code, reason = "it tells the type")]
                Fallible::Ok(())
            })
        });
        Ok(Self { address: address.recv()?, ca, agreed })
    }

    fn is_spoken_to(&self, transport: &(impl Transport + BlockingTransport)) -> Fallible<()> {
        let first = pollster::block_on(transport.send(self.request(0)?))?;
        check(0, &first);
        check(1, &transport.send_blocking(self.request(1)?)?);
        let requests: Vec<_> =
            (2..22).map(|number| self.request(number)).collect::<Result<_, _>>()?;
        let answers = join_all(requests.into_iter().map(|request| transport.send(request)));
        for (number, answer) in (2..).zip(pollster::block_on(answers)) {
            check(number, &answer?);
        }
        let agreed = self.agreed.lock().map_err(|_| "the server panicked")?;
        println!("22 requests on {} connections", agreed.len());
        assert!(agreed.iter().all(|protocol| protocol.as_deref() == Some(b"h2")), "{agreed:?}");
        Ok(())
    }

    fn request(&self, number: usize) -> http::Result<Request<Body>> {
        Request::post(format!("https://{}/{number}", self.address))
            .header("authorization", "Bearer not-a-token")
            .body(Body::from(format!("body={number}")))
    }
}

fn check(number: usize, answer: &Response<Vec<u8>>) {
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_2));
    assert_eq!(answer.headers()["x-path"], format!("/{number}"));
    assert_eq!(answer.body(), format!("body={number}").as_bytes());
}

async fn serve(
    socket: TcpStream,
    tls: TlsAcceptor,
    agreed: Arc<Mutex<Vec<Option<Vec<u8>>>>>,
) -> Fallible<()> {
    let stream = tls.accept(socket).await?;
    let protocol = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
    agreed.lock().map_err(|_| "another connection panicked")?.push(protocol);
    let service = service_fn(|request: Request<Incoming>| async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let path = request.uri().path().to_owned();
        Ok::<_, Infallible>(Response::builder().header("x-path", path).body(request.into_body()))
            .map(|answer| answer.expect("a path is a header's value"))
    });
    Ok(http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await?)
}

/// Makes a CA and a server's side of TLS that it vouches for.
fn certified() -> Fallible<(String, Arc<ServerConfig>)> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()])?.signed_by(&key, &ca)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der())?,
        )?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok((ca.pem(), Arc::new(config)))
}
