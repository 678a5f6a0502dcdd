//! Who is measured: our transports, and the bare clients that they stand on or compete with.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use curl::easy::{Easy, List};
use futures_util::future::join_all;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use isahc::AsyncReadResponseExt as _;
use slack_transport::{BlockingTransport as _, Limits, Transport};
use slack_transport_curl::CurlTransport;
use slack_transport_hyper::HyperTransport;
use slack_transport_reqwest::ReqwestTransport;
use tokio::runtime::{Builder, Runtime};

/// Sends `total` requests, `at_once` at a time.
pub(crate) type Run = Box<dyn FnMut(usize, usize)>;
/// What is done with an answer's body.
pub(crate) type End = fn(&[u8]);

/// Looks at no more than the length of a body.
pub(crate) fn counted(body: &[u8]) {
    assert_eq!(body.len(), 700);
}

pub(crate) const BARE_REQWEST: &str = "reqwest, bare";
pub(crate) const UNLIMITED_REQWEST: &str = "reqwest, bare, no limits";
pub(crate) const OUR_REQWEST: &str = "transport-reqwest";
pub(crate) const OUR_HYPER: &str = "transport-hyper";
pub(crate) const BARE_CURL: &str = "curl easy, bare";
pub(crate) const OUR_CURL: &str = "transport-curl";
pub(crate) const OUR_CURL_BLOCKING: &str = "transport-curl, blocking";
pub(crate) const ISAHC: &str = "isahc";

pub(crate) fn over_libcurl(url: &str) -> Vec<(&'static str, Run)> {
    vec![
        (BARE_CURL, bare_curl(url.to_owned(), counted)),
        (OUR_CURL, our_curl(url.to_owned())),
        (OUR_CURL_BLOCKING, our_curl_blocking(url.to_owned())),
        (ISAHC, isahc(url.to_owned())),
    ]
}

pub(crate) fn over_hyper(url: &str) -> Vec<(&'static str, Run)> {
    vec![
        (BARE_REQWEST, bare_reqwest(url.to_owned(), reqwest_as_ours(), counted)),
        (UNLIMITED_REQWEST, bare_reqwest(url.to_owned(), reqwest_without_limits(), counted)),
        (OUR_REQWEST, our_reqwest(url.to_owned())),
        (OUR_HYPER, our_hyper(url.to_owned())),
    ]
}

pub(crate) fn bare_reqwest(url: String, client: reqwest::Client, end: End) -> Run {
    let runtime = runtime();
    Box::new(move |total, at_once| {
        runtime.block_on(join_all((0..at_once).map(|_| async {
            for _ in 0..total / at_once {
                let request = client
                    .post(&url)
                    .header("authorization", AUTHORIZATION)
                    .header("content-type", FORM);
                let response = request.body(BODY).send().await.expect("an answer");
                end(&response.bytes().await.expect("a body"));
            }
        })));
    })
}

/// Bare, but with what anyone must set who sends secrets; a timeout costs a timer.
pub(crate) fn reqwest_as_ours() -> reqwest::Client {
    let limits = Limits::new();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(limits.connect_timeout())
        .timeout(limits.total_timeout())
        .no_proxy()
        .build()
        .expect("a client")
}

/// As oauth2 is measured, to tell what no user of reqwest can save. Not judged.
fn reqwest_without_limits() -> reqwest::Client {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    client.no_proxy().build().expect("a client")
}

fn our_reqwest(url: String) -> Run {
    let (runtime, transport) =
        (runtime(), ReqwestTransport::new(Limits::new()).expect("a transport"));
    Box::new(move |total, at_once| runtime.block_on(drive(&transport, &url, total, at_once)))
}

fn our_hyper(url: String) -> Run {
    let (runtime, transport) =
        (runtime(), HyperTransport::new(Limits::new()).expect("a transport"));
    Box::new(move |total, at_once| runtime.block_on(drive(&transport, &url, total, at_once)))
}

/// A connection for each of those at once, opened before, and nothing around hyper: no pool, timeout or limit.
pub(crate) fn raw_hyper(address: std::net::SocketAddr) -> Run {
    let runtime = runtime();
    let mut senders = Vec::new();
    Box::new(move |total, at_once| {
        runtime.block_on(async {
            while senders.len() < at_once {
                senders.push(raw_connection(address).await);
            }
            join_all(senders[..at_once].iter_mut().map(|sender| async {
                for _ in 0..total / at_once {
                    let request = http::Request::post("/api/oauth.v2.access")
                        .header("host", "127.0.0.1")
                        .header("authorization", AUTHORIZATION)
                        .header("content-type", FORM)
                        .body(Full::new(Bytes::from_static(BODY.as_bytes())))
                        .expect("the parts of this request are fixed");
                    sender.ready().await.expect("an open connection");
                    let response = sender.send_request(request).await.expect("an answer");
                    let body = response.into_body().collect().await.expect("a body").to_bytes();
                    assert_eq!(body.len(), 700);
                }
            }))
            .await;
        });
    })
}

async fn raw_connection(address: std::net::SocketAddr) -> SendRequest<Full<Bytes>> {
    let socket = tokio::net::TcpStream::connect(address).await.expect("a connection");
    socket.set_nodelay(true).expect("a socket of TCP");
    let (sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.expect("a handshake");
    tokio::spawn(connection);
    sender
}

fn our_curl(url: String) -> Run {
    let transport = CurlTransport::new(Limits::new()).expect("a transport");
    Box::new(move |total, at_once| block_on(drive(&transport, &url, total, at_once)))
}

async fn drive(transport: &dyn Transport, url: &str, total: usize, at_once: usize) {
    join_all((0..at_once).map(|_| async {
        for _ in 0..total / at_once {
            let response = transport.send(request(url).map(Into::into)).await.expect("an answer");
            assert_eq!(response.body().len(), 700);
        }
    }))
    .await;
}

fn our_curl_blocking(url: String) -> Run {
    let transport = Arc::new(CurlTransport::new(Limits::new()).expect("a transport"));
    Box::new(move |total, at_once| {
        on_threads(at_once, || {
            for _ in 0..total / at_once {
                let response =
                    transport.send_blocking(request(&url).map(Into::into)).expect("an answer");
                assert_eq!(response.body().len(), 700);
            }
        });
    })
}

pub(crate) fn bare_curl(url: String, end: End) -> Run {
    let handles: Vec<_> = (0..64).map(|_| std::sync::Mutex::new(Easy::new())).collect();
    Box::new(move |total, at_once| {
        let next = std::sync::atomic::AtomicUsize::new(0);
        on_threads(at_once, || {
            let mut easy = handles[next.fetch_add(1, std::sync::atomic::Ordering::SeqCst)]
                .lock()
                .expect("no panic");
            for _ in 0..total / at_once {
                end(&curl_once(&mut easy, &url));
            }
        });
    })
}

fn curl_once(easy: &mut Easy, url: &str) -> Vec<u8> {
    let mut headers = List::new();
    headers.append(&format!("authorization: {AUTHORIZATION}")).expect("a header");
    headers.append(&format!("content-type: {FORM}")).expect("a header");
    easy.url(url).expect("a URL");
    easy.proxy("").expect("no proxy");
    easy.http_headers(headers).expect("headers");
    easy.post_fields_copy(BODY.as_bytes()).expect("a body");
    let (mut body, mut lines) = (Vec::new(), Vec::new());
    let mut transfer = easy.transfer();
    transfer
        .write_function(|data| {
            body.extend_from_slice(data);
            Ok(data.len())
        })
        .expect("a callback");
    transfer
        .header_function(|line| {
            lines.push(line.to_vec());
            true
        })
        .expect("a callback");
    transfer.perform().expect("an answer");
    drop(transfer);
    body
}

fn isahc(url: String) -> Run {
    let client = isahc::HttpClient::new().expect("a client");
    Box::new(move |total, at_once| {
        block_on(join_all((0..at_once).map(|_| async {
            for _ in 0..total / at_once {
                let mut response = client.send_async(request(&url)).await.expect("an answer");
                assert_eq!(response.bytes().await.expect("a body").len(), 700);
            }
        })));
    })
}

fn request(url: &str) -> http::Request<Vec<u8>> {
    http::Request::post(url)
        .header("authorization", AUTHORIZATION)
        .header("content-type", FORM)
        .body(BODY.into())
        .expect("the parts of this request are fixed")
}

pub(crate) fn on_threads(count: usize, work: impl Fn() + Sync) {
    if count == 1 {
        return work();
    }
    thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(&work);
        }
    });
}

/// Runs a future without a runtime. pollster wakes while it holds its own lock, so that the woken thread goes to sleep
/// once more; what that costs is not the transports'.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => return result,
            Poll::Pending => thread::park(),
        }
    }
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

const AUTHORIZATION: &str = "Basic bm90LWFuLWlkOm5vdC1hLXNlY3JldA==";
const FORM: &str = "application/x-www-form-urlencoded";
const BODY: &str = "grant_type=authorization_code&code=not-a-code&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&end=1";
