//! Where requests run: in any runtime, a lame one, or none.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use http::Request;
use slack_transport::{BlockingTransport, Body, ErrorKind, Limits, Transport};
use slack_transport_hyper::HyperTransport;
use tokio::runtime::{Builder, Runtime};

/// Answers every request on every connection.
fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            thread::spawn(move || {
                let mut buffer = [0; 4096];
                while socket.read(&mut buffer).is_ok_and(|count| count > 0) {
                    socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").unwrap();
                }
            });
        }
    });
    address
}

fn get(address: SocketAddr) -> Request<Body> {
    Request::get(format!("http://{address}/")).body(Body::empty()).unwrap()
}

#[test]
fn one_transport_works_across_runtimes_and_without() {
    let address = server();
    let transport = HyperTransport::new(Limits::new()).unwrap();
    let first = Builder::new_current_thread().enable_all().build().unwrap();
    let second = Runtime::new().unwrap();
    for _ in 0..3 {
        assert_eq!(first.block_on(transport.send(get(address))).unwrap().body(), b"{}");
        assert_eq!(pollster::block_on(transport.send(get(address))).unwrap().body(), b"{}");
        assert_eq!(transport.send_blocking(get(address)).unwrap().body(), b"{}");
    }
    // Its connections die with it, and others are opened.
    drop(first);
    assert_eq!(second.block_on(transport.send(get(address))).unwrap().body(), b"{}");
    assert_eq!(
        second.block_on(async { transport.send_blocking(get(address)) }).unwrap().body(),
        b"{}"
    );
}

#[test]
fn a_runtime_without_io_or_time_is_no_reason_to_panic() {
    let address = server();
    let transport = HyperTransport::new(Limits::new()).unwrap();
    let lame = Builder::new_current_thread().build().unwrap();
    let timeless = Builder::new_current_thread().enable_io().build().unwrap();
    for runtime in [lame, timeless] {
        for _ in 0..3 {
            assert_eq!(runtime.block_on(transport.send(get(address))).unwrap().body(), b"{}");
        }
    }
}

#[test]
fn a_given_runtime_is_used() {
    let address = server();
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let transport =
        HyperTransport::builder(Limits::new()).handle(runtime.handle().clone()).build().unwrap();
    assert_eq!(pollster::block_on(transport.send(get(address))).unwrap().body(), b"{}");
    runtime.shutdown_background();
    let error = pollster::block_on(transport.send(get(address))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert_eq!(transport.send_blocking(get(address)).unwrap_err().kind(), ErrorKind::Closed);
}
