//! First signs of life over real sockets; the conformance suite goes into every corner.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use http::Request;
use slack_transport::{BlockingTransport, ErrorKind, Limits, Transport};
use slack_transport_curl::CurlTransport as Backend;

/// Answers every connection's first request with `reply` and gives what it read.
fn serve(reply: &'static str) -> (SocketAddr, thread::JoinHandle<String>) {
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

fn post(address: SocketAddr) -> Request<Vec<u8>> {
    Request::post(format!("http://{address}/api/oauth.v2.access"))
        .header("authorization", "Basic eDp5")
        .body(b"code=c0de".to_vec())
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
            request.body(vec![b'x'; length]).unwrap()
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
