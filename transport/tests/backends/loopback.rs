//! First signs of life over real sockets; the conformance suite goes into every corner.
//!
//! A backend's tests take this file in as the module `cases`, beside their `Backend`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use http::Request;
use slack_transport::{BlockingTransport, Body, ErrorKind, Limits, Transport};

use super::Backend;

/// Answers every connection's first request with `reply` and gives what it read.
pub(crate) fn serve(reply: &'static str) -> (SocketAddr, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut seen = vec![0; 4096];
        let mut length = 0;
        while !seen[..length].ends_with(b"code=c0de") {
            length += socket.read(&mut seen[length..]).unwrap();
        }
        socket.write_all(reply.as_bytes()).unwrap();
        if reply.is_empty() {
            thread::sleep(Duration::from_millis(600));
        }
        String::from_utf8_lossy(&seen[..length]).into_owned()
    });
    (address, server)
}

pub(crate) fn post(address: SocketAddr) -> Request<Body> {
    Request::post(format!("http://{address}/api/oauth.v2.access"))
        .header("authorization", "Basic eDp5")
        .body(Body::from("code=c0de"))
        .unwrap()
}

#[test]
fn one_request_without_a_runtime() {
    let (address, server) =
        serve("HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\n{}");
    let transport = Backend::new(Limits::new()).unwrap();
    let response = pollster::block_on(transport.send(post(address))).unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.body(), b"{}");
    assert_eq!(response.headers().get_all("x-a").iter().count(), 2);
    let seen = server.join().unwrap().to_ascii_lowercase();
    assert!(seen.starts_with("post /api/oauth.v2.access http/1.1\r\n"), "{seen}");
    assert!(
        seen.contains("\r\ncontent-length: 9\r\n")
            && seen.contains("\r\nauthorization: basic edp5\r\n"),
        "{seen}"
    );
    assert!(
        !seen.contains("expect") && !seen.contains("content-type") && !seen.contains("encoding"),
        "{seen}"
    );
}

#[test]
fn one_blocking_request() {
    let (address, server) = serve("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    let transport = Backend::new(Limits::new()).unwrap();
    assert_eq!(transport.send_blocking(post(address)).unwrap().body(), b"{}");
    server.join().unwrap();
}

#[test]
fn a_time_limit_that_no_clock_reaches_is_none() {
    let longest = Duration::MAX;
    let limits = Limits::new().with_connect_timeout(longest).with_total_timeout(longest);
    let transport = Backend::new(limits).unwrap();
    let reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    let (address, server) = serve(reply);
    assert_eq!(transport.send_blocking(post(address)).unwrap().body(), b"{}");
    server.join().unwrap();
    let (address, server) = serve(reply);
    let sent = pollster::block_on(transport.send(post(address)));
    assert_eq!(sent.unwrap().body(), b"{}");
    server.join().unwrap();
}

#[test]
fn a_redirect_is_an_answer() {
    let (address, server) =
        serve("HTTP/1.1 307 Away\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
    let transport = Backend::new(Limits::new()).unwrap();
    let response = pollster::block_on(transport.send(post(address))).unwrap();
    assert_eq!(response.status(), 307);
    assert_eq!(response.headers()["location"], "http://127.0.0.1:1/");
    server.join().unwrap();
}

#[test]
fn a_long_body_is_given_up() {
    let (address, server) = serve("HTTP/1.1 200 OK\r\n\r\n0123456789");
    let transport = Backend::new(Limits::new().with_body_cap(9)).unwrap();
    let error = pollster::block_on(transport.send(post(address))).unwrap_err();
    assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::TooLarge, false));
    server.join().unwrap();
}

#[test]
fn silence_ends_in_time() {
    let (address, server) = serve("");
    let transport =
        Backend::new(Limits::new().with_total_timeout(Duration::from_millis(200))).unwrap();
    let error = pollster::block_on(transport.send(post(address))).unwrap_err();
    assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::Timeout, false));
    server.join().unwrap();
}

#[test]
fn no_listener_means_nothing_was_sent() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let transport = Backend::new(Limits::new()).unwrap();
    let error = pollster::block_on(transport.send(post(address))).unwrap_err();
    assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::Connect, true));
}
