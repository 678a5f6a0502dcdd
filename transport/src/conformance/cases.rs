//! Guarantees that are not about a fault.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use http::{HeaderValue, Method, Request};

use super::report::Outcome;
use super::server::{Seen, Server, Step, head_length};
use super::{Kind, Suite, plan, wait};
use crate::{Body, ErrorKind, Limits};

type Case = fn(&Suite) -> Outcome;

/// The cases by name, as the guarantees name them.
pub(super) const ALL: &[(&str, Case)] = &[
    ("sends-as-given", sends_as_given),
    ("announces-empty-bodies", announces_empty_bodies),
    ("carries-methods", carries_methods),
    ("refuses-foreign", refuses_foreign),
    ("keeps-headers", keeps_headers),
    ("reuses-connections", reuses_connections),
    ("runs-many-at-once", runs_many_at_once),
    ("cancels-on-drop", cancels_on_drop),
];

fn sends_as_given(suite: &Suite) -> Outcome {
    let server = Server::start(vec![vec![Step::Read, Step::Write(plan::good())]], None);
    let body: Vec<u8> = (0..=u8::MAX).cycle().take(100_000).collect();
    let mut request = Request::post(format!("http://{}/a/../b/%2e/c?x=1&y=%20+", server.address()))
        .header("X-One", "first")
        .header("X-Empty", "")
        .header("X-One", "second")
        .header("X-Spread", "tab\tand \"quotes\"; q=1")
        .body(Body::from(body.clone()))
        .map_err(text)?;
    let mut secret = HeaderValue::from_static("Basic eDp5");
    secret.set_sensitive(true);
    request.headers_mut().insert("authorization", secret);
    wait::block_on(suite.transport(Limits::new())?.send(request)).map_err(text)?;

    let seen = first_request(&server).ok_or("no request was read")?;
    let (head, got) = seen.split_at(head_length(&seen).unwrap_or(0));
    let head = String::from_utf8_lossy(head).into_owned();
    let mut lines: Vec<String> = head.split_terminator("\r\n").skip(1).map(lower_name).collect();
    let mut wanted = vec![
        format!("host: {}", server.address()),
        "authorization: Basic eDp5".to_owned(),
        "content-length: 100000".to_owned(),
        "x-empty:".to_owned(),
        "x-one: first".to_owned(),
        "x-one: second".to_owned(),
        "x-spread: tab\tand \"quotes\"; q=1".to_owned(),
    ];
    lines.retain(|line| {
        line != ":" && !line.starts_with("accept: ") && !line.starts_with("user-agent: ")
    });
    lines.sort();
    wanted.sort();
    if lines != wanted {
        return Err(format!("headers {lines:?}, not {wanted:?}"));
    }
    // A dot segment may be resolved (RFC 3986 section 6.2.2.3) but nothing else may change.
    let target = head.split(' ').nth(1).unwrap_or_default();
    // Nor may more than the case of an escape (section 6.2.2.1).
    let target = &target.replace("%2E", "%2e");
    let targets = ["/a/../b/%2e/c?x=1&y=%20+", "/b/c?x=1&y=%20+", "/b/%2e/c?x=1&y=%20+"];
    if !head.starts_with("POST /") || !targets.contains(&target.as_str()) {
        return Err(format!("the request line asks for {target}"));
    }
    if got == body { Ok(1) } else { Err("the body arrived changed".into()) }
}

fn lower_name(line: &str) -> String {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    format!("{}:{}", name.to_ascii_lowercase(), value.trim_end())
}

fn announces_empty_bodies(suite: &Suite) -> Outcome {
    let transport = suite.transport(Limits::new())?;
    let methods = ["POST", "PUT", "PATCH", "GET", "DELETE"];
    for name in methods {
        let server = Server::start(vec![vec![Step::Read, Step::Write(plan::good())]], None);
        let request = Request::builder()
            .method(name)
            .uri(format!("http://{}/", server.address()))
            .body(Body::empty())
            .map_err(text)?;
        wait::block_on(transport.send(request)).map_err(|error| format!("{name}: {error}"))?;
        let seen = first_request(&server).ok_or("no request was read")?;
        let head = String::from_utf8_lossy(&seen).to_ascii_lowercase();
        let lengths: Vec<&str> =
            head.lines().filter(|line| line.starts_with("content-length:")).collect();
        // RFC 9110 section 8.6 lets the others say it, too.
        let wrong = lengths.iter().any(|line| line.trim_end() != "content-length: 0")
            || (!matches!(name, "GET" | "DELETE") && lengths.len() != 1)
            || head.contains("transfer-encoding");
        if wrong {
            return Err(format!("{name} without a body says {lengths:?}"));
        }
    }
    Ok(methods.len())
}

fn carries_methods(suite: &Suite) -> Outcome {
    let methods = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PURGE", "POST", "HEAD", "GET",
    ];
    let transport = suite.transport(Limits::new())?;
    for method in methods {
        let method = Method::from_bytes(method.as_bytes()).map_err(text)?;
        let empty = method == Method::HEAD;
        let reply = plan::good();
        let length = if empty { head_length(&reply).unwrap_or(0) } else { reply.len() };
        let server =
            Server::start(vec![vec![Step::Read, Step::Write(reply[..length].to_vec())]], None);
        let url = format!("http://{}/", server.address());
        let request =
            Request::builder().method(method.clone()).uri(url).body(Body::empty()).map_err(text)?;
        let answer = wait::block_on(transport.send(request))
            .map_err(|error| format!("{method}: {error}"))?;
        if answer.status() != 200 || answer.body().is_empty() != empty {
            return Err(format!(
                "{method}: {} with {} bytes",
                answer.status(),
                answer.body().len()
            ));
        }
        let seen = first_request(&server).ok_or("no request was read")?;
        if !seen.starts_with(method.as_str().as_bytes()) {
            return Err(format!("{method} did not arrive under its name"));
        }
    }
    Ok(methods.len())
}

fn refuses_foreign(suite: &Suite) -> Outcome {
    let server = Server::start(vec![vec![Step::Read, Step::Write(plan::good())]], None);
    let port = server.address().port();
    let transport = suite.transport(Limits::new())?;
    let urls = [
        format!("http://0.0.0.0:{port}/"),
        format!("http://LOCALHOST:{port}/"),
        format!("http://127.1:{port}/"),
        format!("http://user:canary@127.0.0.1:{port}/"),
        format!("https://user@127.0.0.1:{port}/"),
        format!("ftp://127.0.0.1:{port}/"),
        "file://localhost/etc/passwd".to_owned(),
        "http://slack.com/".to_owned(),
        "/api/auth.test".to_owned(),
    ];
    for url in &urls {
        let request = Request::post(url).body(Body::empty()).map_err(text)?;
        let Err(error) = wait::block_on(transport.send(request)) else {
            return Err(format!("{url} was carried"));
        };
        if error.kind() != ErrorKind::Refused
            || !error.nothing_was_sent()
            || error.to_string().contains("canary")
        {
            return Err(format!("{url}: {error}"));
        }
    }
    if server.seen().is_empty() {
        Ok(urls.len())
    } else {
        Err("a refused request opened a connection".into())
    }
}

fn keeps_headers(suite: &Suite) -> Outcome {
    let reply = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-Folded: one\r\n  two\r\nset-cookie: b=2\r\nX-Odd: caf\xe9 \xff\r\n\
                  X-Empty:\r\nX-Spaces: \t around \t \r\nContent-Length: 0\r\n\r\n";
    let server =
        Server::start(vec![vec![Step::Read, Step::Write(reply.to_vec()), Step::Drain]], None);
    let answer =
        wait::block_on(suite.transport(Limits::new())?.send(post(&server)?)).map_err(text)?;
    let wanted: [(&str, &[&[u8]]); 5] = [
        ("set-cookie", &[b"a=1", b"b=2"]),
        ("x-folded", &[b"one two"]),
        ("x-odd", &[b"caf\xe9 \xff"]),
        ("x-empty", &[b""]),
        ("x-spaces", &[b"around"]),
    ];
    for (name, wanted) in wanted {
        let got: Vec<Vec<u8>> =
            answer.headers().get_all(name).iter().map(|value| squeezed(value.as_bytes())).collect();
        if got != wanted {
            return Err(format!("{name} came as {got:?}"));
        }
    }
    if answer.headers().len() == 7 {
        Ok(1)
    } else {
        Err(format!("{} headers came, not 7", answer.headers().len()))
    }
}

/// A fold may become any number of spaces (RFC 9112 section 5.2).
fn squeezed(value: &[u8]) -> Vec<u8> {
    let words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(&b' ')
}

fn reuses_connections(suite: &Suite) -> Outcome {
    const REQUESTS: usize = 50;
    // A client may open another while it has not yet taken the last one back.
    const CONNECTIONS: usize = 5;
    let exchange = [Step::Read, Step::Write(plan::good())];
    let script: Vec<Step> = exchange.iter().cycle().take(2 * REQUESTS).cloned().collect();
    let server = Server::start(vec![script; REQUESTS], None);
    let transport = suite.transport(Limits::new())?;
    for number in 0..REQUESTS {
        let answer = wait::block_on(transport.send(post(&server)?));
        answer.map_err(|error| format!("request {number}: {error}"))?;
    }
    let connections = server.seen().len();
    if connections <= CONNECTIONS {
        Ok(REQUESTS)
    } else {
        Err(format!("{connections} connections for {REQUESTS} requests"))
    }
}

fn runs_many_at_once(suite: &Suite) -> Outcome {
    const REQUESTS: usize = 50;
    const DELAY: Duration = Duration::from_millis(200);
    let slow = vec![Step::Read, Step::Pause(DELAY), Step::Write(plan::good())];
    let server = Server::start(vec![slow; REQUESTS], None);
    let transport = suite.transport(Limits::new())?;
    let begin = Instant::now();
    let threads: Result<Vec<_>, String> = (0..REQUESTS)
        .map(|_| {
            let (transport, request) = (Arc::clone(&transport), post(&server)?);
            Ok(thread::spawn(move || wait::block_on(transport.send(request))))
        })
        .collect();
    for thread in threads? {
        thread.join().map_err(|_| "a request panicked".to_owned())?.map_err(text)?;
    }
    let took = begin.elapsed();
    if took < 5 * DELAY { Ok(REQUESTS) } else { Err(format!("{REQUESTS} requests took {took:?}")) }
}

fn cancels_on_drop(suite: &Suite) -> Outcome {
    const TRIES: usize = 5;
    const LIMIT: Duration = Duration::from_millis(50);
    if suite.kind == Kind::Blocking {
        return Ok(0);
    }
    let mut fastest = Duration::MAX;
    for _ in 0..TRIES {
        let server = Server::start(vec![vec![Step::Read, Step::Drain]], None);
        let transport = suite.transport(Limits::new())?;
        let until = Instant::now() + Duration::from_millis(100);
        let answer = wait::block_until(transport.send(post(&server)?), until);
        let dropped = Instant::now();
        if answer.is_some() || first_request(&server).is_none() {
            return Err("the request was not under way when it was dropped".into());
        }
        let closed =
            server.wait_for(|seen| seen.first()?.closed).ok_or("the connection stayed open")?;
        fastest = fastest.min(closed.saturating_duration_since(dropped));
        if fastest < LIMIT {
            return Ok(1);
        }
    }
    Err(format!("the connection closed only after {fastest:?}"))
}

fn post(server: &Server) -> Result<Request<Body>, String> {
    Request::post(format!("http://{}/", server.address()))
        .body(Body::from("code=c0de"))
        .map_err(text)
}

fn first_request(server: &Server) -> Option<Vec<u8>> {
    server.seen().first().and_then(|seen: &Seen| seen.requests.first().cloned())
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
