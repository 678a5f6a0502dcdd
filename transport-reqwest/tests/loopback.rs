//! First signs of life, with reqwest.

#[path = "../../transport/tests/backends/loopback.rs"]
mod cases;

use slack_transport::{Limits, Transport};
use slack_transport_reqwest::ReqwestTransport as Backend;

use cases::{post, serve};

#[tokio::test]
async fn one_request_inside_tokio() {
    let (address, server) = serve("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    let transport = Backend::new(Limits::new()).unwrap();
    assert_eq!(transport.send(post(address)).await.unwrap().body(), b"{}");
    server.join().unwrap();
}
