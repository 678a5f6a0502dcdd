//! First signs of life, with libcurl.

#[path = "../../transport/tests/backends/loopback.rs"]
mod cases;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use http::Request;
use slack_transport::{BlockingTransport, ErrorKind, Limits, Transport};
use slack_transport_curl::CurlTransport as Backend;

use cases::post;

#[test]
fn what_libcurl_cannot_carry_is_refused() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let transport = Backend::new(Limits::new()).unwrap();
    for value in [b"\xff".to_vec(), vec![b'x'; 40_000]] {
        let mut request = post(nobody);
        request.headers_mut().insert("x-odd", http::HeaderValue::from_bytes(&value).unwrap());
        let error = pollster::block_on(transport.send(request)).unwrap_err();
        assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::Refused, true));
    }
}

/// Answers every request with its own first line, and refuses to be asked for `100 Continue`.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = BufReader::new(socket.unwrap());
            thread::spawn(move || while answer_with_the_first_line(&mut socket).is_some() {});
        }
    });
    address
}

fn answer_with_the_first_line(socket: &mut BufReader<TcpStream>) -> Option<()> {
    let mut lines = Vec::new();
    while lines.last().is_none_or(|last| last != "\r\n") {
        let mut line = String::new();
        socket.read_line(&mut line).ok().filter(|count| *count > 0)?;
        lines.push(if lines.is_empty() { line } else { line.to_ascii_lowercase() });
    }
    assert!(!lines.iter().any(|line| line.starts_with("expect:")), "{lines:?}");
    let length = lines.iter().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.map_or(0, |length| length.trim().parse().unwrap());
    socket.read_exact(&mut vec![0; length]).ok()?;
    let first = lines[0].trim();
    let body = if first.starts_with("HEAD ") { "" } else { first };
    let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", first.len());
    socket.get_mut().write_all(reply.as_bytes()).ok()
}

#[test]
fn what_changed_since_the_last_request_is_what_is_sent() {
    let (first, second) = (echo(), echo());
    let transport = Backend::new(Limits::new()).unwrap();
    let long = 2 * 1024 * 1024;
    for (method, server, path, length) in [
        ("POST", first, "/a", 9),
        ("POST", first, "/a", 0),
        ("PUT", first, "/a", 9),
        ("PUT", first, "/A", long),
        ("POST", first, "/A?b", 0),
        ("POST", first, "/A?c", long),
        ("HEAD", first, "/A?c", 0),
        ("POST", first, "/A?c", 9),
        ("POST", second, "/A?c", 9),
        ("GET", second, "/", 0),
        ("POST", first, "/", 0),
    ] {
        let request = || {
            let request = Request::builder().method(method).uri(format!("http://{server}{path}"));
            request.body(vec![b'x'; length].into()).unwrap()
        };
        let expected = format!("{method} {path} HTTP/1.1");
        for answer in [
            transport.send_blocking(request()).unwrap(),
            pollster::block_on(transport.send(request())).unwrap(),
        ] {
            let expected = if method == "HEAD" { "" } else { expected.as_str() };
            assert_eq!(String::from_utf8_lossy(answer.body()), expected);
        }
    }
}
