//! First signs of life, with hyper.

#[path = "../../transport/tests/backends/loopback.rs"]
mod cases;

use std::time::Duration;

use slack_transport::{Limits, Transport};
use slack_transport_hyper::HyperTransport as Backend;

use cases::{post, serve};

#[tokio::test]
async fn one_request_inside_tokio() {
    let (address, server) = serve("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    let transport = Backend::new(Limits::new()).unwrap();
    assert_eq!(transport.send(post(address)).await.unwrap().body(), b"{}");
    server.join().unwrap();
}

#[tokio::test]
async fn a_time_limit_that_no_clock_reaches_is_none() {
    let (address, server) = serve("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    let longest = Duration::MAX;
    let limits = Limits::new().with_connect_timeout(longest).with_total_timeout(longest);
    let transport = Backend::new(limits).unwrap();
    assert_eq!(transport.send(post(address)).await.unwrap().body(), b"{}");
    server.join().unwrap();
}
