//! What the transports leave in memory: one test, since it counts for the whole process.

use std::hint::black_box;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use http::{HeaderValue, Request};
use slack_transport::{BlockingTransport, Body, CappedBody, Limits};
use slack_transport_curl::CurlTransport;
use slack_transport_hyper::HyperTransport;
use slack_transport_reqwest::ReqwestTransport;
use slack_wiping_tests::{IN_BODY, IN_HEADER, IN_REPLY, Searching, freed_with_secrets};
use zeroize::Zeroizing;

#[global_allocator]
static ALLOCATOR: Searching = Searching;

/// Answers one request in chunks of which each has the secret. What it holds itself is not freed before it is asked to.
fn server() -> (SocketAddr, thread::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let mut socket = BufReader::new(socket);
        let mut length = 0;
        loop {
            let mut line = Zeroizing::new(String::with_capacity(1024));
            socket.read_line(&mut line).unwrap();
            let lower = Zeroizing::new(line.to_ascii_lowercase());
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = Zeroizing::new(vec![0; length]);
        socket.read_exact(&mut body).unwrap();
        assert!(body.ends_with(IN_BODY));
        let stream = socket.get_mut();
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
        for _ in 0..40 {
            write!(stream, "{:x}\r\n", IN_REPLY.len()).unwrap();
            stream.write_all(IN_REPLY).unwrap();
            stream.write_all(b"\r\n").unwrap();
            stream.flush().unwrap();
            thread::sleep(std::time::Duration::from_millis(1));
        }
        stream.write_all(b"0\r\n\r\n").unwrap();
        // The reader's buffer still has the request: wiped by another one over it.
        let mut rest = vec![0; 1];
        drop(stream.shutdown(std::net::Shutdown::Write));
        drop(socket.read(&mut rest));
        std::mem::forget(socket);
        Vec::new()
    });
    (address, server)
}

/// Sends one request and returns how many blocks were freed with a secret of the header, the body and the reply.
fn leaves(transport: impl BlockingTransport) -> [usize; 3] {
    let (address, server) = server();
    let _earlier = freed_with_secrets();
    let mut value = HeaderValue::from_bytes(IN_HEADER).unwrap();
    value.set_sensitive(true);
    let mut body = Vec::with_capacity(64);
    body.extend_from_slice(b"code=");
    body.extend_from_slice(IN_BODY);
    let request = Request::post(format!("http://{address}/"))
        .header("authorization", value)
        .body(Body::from(body))
        .unwrap();
    let answer = transport.send_blocking(request).unwrap().map(Zeroizing::new);
    assert_eq!(answer.body().len(), 40 * IN_REPLY.len());
    drop(answer);
    drop(transport);
    // The worker thread ends, and what it holds with it.
    thread::sleep(std::time::Duration::from_millis(200));
    server.join().unwrap();
    freed_with_secrets()
}

#[test]
fn what_is_freed_holds_no_secret_but_where_security_md_says_so() {
    // That a secret is found at all.
    drop(black_box(IN_REPLY.to_vec()));
    assert_eq!(freed_with_secrets(), [0, 0, 1]);

    let mut growing = CappedBody::new(&Limits::new(), None).unwrap();
    for _ in 0..1000 {
        growing.push(IN_REPLY).unwrap();
    }
    drop(Zeroizing::new(growing.into_vec()));
    let mut cut = CappedBody::new(&Limits::new(), None).unwrap();
    cut.push(IN_REPLY).unwrap();
    drop(cut);
    drop(Body::from(IN_BODY.to_vec()));
    assert_eq!(freed_with_secrets(), [0, 0, 0], "the types of slack-transport");

    let curl = leaves(CurlTransport::new(Limits::new()).unwrap());
    let hyper = leaves(HyperTransport::new(Limits::new()).unwrap());
    let reqwest = leaves(ReqwestTransport::new(Limits::new()).unwrap());
    println!("curl {curl:?}, hyper {hyper:?}, reqwest {reqwest:?}");
    for (name, [_, body, _]) in [("curl", curl), ("hyper", hyper), ("reqwest", reqwest)] {
        assert_eq!(body, 0, "{name}: the request's body");
    }
    // The header's value, which `http` cannot wipe, and the copy of its line that the curl crate makes for libcurl,
    // whose own memory is not this allocator's.
    assert_eq!((curl[0], curl[2]), (2, 0), "curl");
    // The header's value and hyper's buffer for the request's head; and those buffers that hyper read the answer into.
    for (name, [header, _, reply]) in [("hyper", hyper), ("reqwest", reqwest)] {
        assert!(header <= 2 && reply <= 4, "{name}: {header} {reply}");
    }
}
