//! The loopback server, seen by a client that is nothing but a socket.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use slack_fake::{Clock, FakeServer, Fault, SharedFake};

use crate::support::*;

fn serve(shared: &SharedFake) -> FakeServer {
    FakeServer::start(shared.clone()).unwrap()
}

fn connect(server: &FakeServer) -> TcpStream {
    let stream = TcpStream::connect(server.origin().strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// Sends one request on a connection of its own and gives head and body; both are empty if the server hung up.
fn exchange(server: &FakeServer, head: &str, body: &str) -> (String, String) {
    let mut stream = connect(server);
    let length = body.len();
    write!(
        stream,
        "{head}\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
        .split_once("\r\n\r\n")
        .map(|(head, body)| (head.to_owned(), body.to_owned()))
        .unwrap_or_default()
}

fn post(
    server: &FakeServer,
    method: &str,
    authorization: &str,
    fields: &[(&str, &str)],
) -> serde_json::Value {
    let head = format!(
        "POST /api/{method} HTTP/1.1\r\nauthorization: {authorization}\r\n\
         content-type: application/x-www-form-urlencoded"
    );
    let (_, body) = exchange(server, &head, &form(fields));
    serde_json::from_str(&body).unwrap()
}

#[test]
fn a_whole_flow_over_tcp() {
    let shared = SharedFake::new(fake_with(app().rotate_tokens()), Clock::manual(NOW));
    let server = serve(&shared);
    let query = form(&[("client_id", CLIENT_ID), ("scope", "chat:write"), ("state", "s 1")]);
    let (head, _) = exchange(&server, &format!("GET /oauth/v2/authorize?{query} HTTP/1.1"), "");
    assert!(head.starts_with("HTTP/1.1 302 Found"));
    let location = head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
    assert!(location.ends_with("&state=s%201"));
    let code = location.split_once("code=").unwrap().1.split_once('&').unwrap().0;

    let client = basic(CLIENT_ID, SECRET);
    let installed = post(&server, "oauth.v2.access", &client, &[("code", code)]);
    let bearer = format!("Bearer {}", text(&installed, "access_token"));
    assert_eq!(post(&server, "auth.test", &bearer, &[])["team"], "Fake Team");
    assert_eq!(
        post(&server, "oauth.v2.access", &client, &[("code", code)])["error"],
        "invalid_code"
    );

    shared.clock().advance(43_200);
    assert_eq!(post(&server, "auth.test", &bearer, &[])["error"], "token_expired");
    let grant =
        [("grant_type", "refresh_token"), ("refresh_token", text(&installed, "refresh_token"))];
    let refreshed = post(&server, "oauth.v2.access", &client, &grant);
    let bearer = format!("Bearer {}", text(&refreshed, "access_token"));
    assert_eq!(post(&server, "auth.test", &bearer, &[])["expires_in"], 43_200);
}

#[test]
fn a_connection_is_kept_and_headers_are_whole() {
    let shared = SharedFake::new(fake(), Clock::real());
    let server = serve(&shared);
    let mut stream = connect(&server);
    for _ in 0..3 {
        stream.write_all(b"GET /api/auth.test HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        let answer = String::from_utf8(answer).unwrap();
        for header in [
            "x-slack-req-id: ",
            "content-type: application/json; charset=utf-8",
            "content-length: 33",
        ] {
            assert!(answer.contains(header), "{header}");
        }
    }
    assert_eq!(shared.with(|fake| fake.calls("auth.test")), 3);
}

#[test]
fn lost_replies_close_the_connection_and_delayed_ones_wait_for_the_clock() {
    let shared = SharedFake::new(fake(), Clock::manual(NOW));
    let server = serve(&shared);
    shared.with(|fake| {
        fake.script("auth.test", Fault::ReplyLost);
        fake.script("auth.test", Fault::ReplyDelayed(Duration::from_secs(5)));
    });
    let head = "GET /api/auth.test HTTP/1.1";
    assert_eq!(exchange(&server, head, ""), (String::new(), String::new()));

    let mut stream = connect(&server);
    write!(stream, "{head}\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(stream.read(&mut [0; 1]).is_err(), "not before the clock has moved");
    shared.clock().advance(5);
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with('}'));
}

#[test]
fn a_real_clock_lets_a_delay_pass() {
    let shared = SharedFake::new(fake(), Clock::real());
    let server = serve(&shared);
    shared.with(|fake| fake.script("auth.test", Fault::ReplyDelayed(Duration::from_millis(120))));
    let start = Instant::now();
    let (head, _) = exchange(&server, "GET /api/auth.test HTTP/1.1", "");
    assert!(head.starts_with("HTTP/1.1 200"));
    assert!(start.elapsed() >= Duration::from_millis(120));
}

#[test]
fn several_servers_stop_in_order() {
    let one = SharedFake::new(fake(), Clock::real());
    let two = SharedFake::new(fake(), Clock::real());
    let servers = [serve(&one), serve(&two), serve(&one)];
    for server in &servers {
        let (head, _) = exchange(server, "GET /api/auth.test HTTP/1.1", "");
        assert!(head.starts_with("HTTP/1.1 200"));
    }
    assert_eq!(one.with(|fake| fake.calls("auth.test")), 2);
    assert_eq!(two.with(|fake| fake.calls("auth.test")), 1);

    // Neither an idle connection nor a reply that never comes holds up the end.
    one.with(|fake| fake.script("auth.test", Fault::ReplyDelayed(Duration::from_secs(3600))));
    let idle = connect(&servers[0]);
    let mut waiting = connect(&servers[0]);
    waiting.write_all(b"GET /api/auth.test HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    wait_until(|| one.with(|fake| fake.calls("auth.test")) == 3);
    let start = Instant::now();
    let address = servers[0].origin().strip_prefix("http://").unwrap().to_owned();
    drop(servers);
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(TcpStream::connect(address).is_err());
    drop(idle);
}

#[test]
fn a_body_without_end_is_refused() {
    let shared = SharedFake::new(fake(), Clock::real());
    let server = serve(&shared);
    let mut stream = connect(&server);
    let length = 64 << 20;
    write!(
        stream,
        "POST /api/auth.test HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n"
    )
    .unwrap();
    let chunk = [b'a'; 16_384];
    // The server may hang up while this goes on.
    for _ in 0..256 {
        if stream.write_all(&chunk).is_err() {
            break;
        }
    }
    let mut status = [0; 12];
    if stream.read_exact(&mut status).is_ok() {
        assert_eq!(&status, b"HTTP/1.1 413");
    }
    assert_eq!(shared.with(|fake| fake.calls("auth.test")), 0);
}
