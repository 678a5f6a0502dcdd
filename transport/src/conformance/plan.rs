//! What the server does, and what is asked of it, for each fault of the table.

use std::net::SocketAddr;
use std::time::Duration;

use super::canary;
use super::h2;
use super::server::Step;
use super::tls::Certificate;
use crate::Limits;

/// How one fault is played.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// What the server does on each connection in turn.
    pub(super) connections: Vec<Vec<Step>>,
    pub(super) url: Url,
    pub(super) limits: Limits,
    /// Whether a good exchange goes before, on a connection that is kept.
    pub(super) warm_up: Option<Ask>,
    pub(super) ask: Ask,
    /// How long to wait before each request but the first.
    pub(super) pause: Duration,
    /// How many times it is asked.
    pub(super) times: usize,
    /// The body of a good answer.
    pub(super) body: Vec<u8>,
}

/// Where the request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Url {
    Http,
    Https(Certificate),
    /// https, to a server that speaks HTTP/2 alone.
    Http2,
    /// https, to a server that asks for a certificate of the client's.
    WantsCertificate,
    /// https, to a server that speaks plain TCP.
    HttpsToPlain,
    /// A port that nobody listens on.
    Nobody,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Post,
    LongPost,
    EmptyPost,
    Get,
    Head,
}

/// Body cap of every plan.
pub(super) const BODY_CAP: usize = 64 * 1024;
const HEADER_CAP: usize = 16 * 1024;
pub(super) const SHORT: Duration = Duration::from_millis(300);

impl Plan {
    pub(super) fn new(connections: Vec<Vec<Step>>) -> Self {
        let limits = Limits::new()
            .with_connect_timeout(Duration::from_secs(5))
            .with_total_timeout(Duration::from_secs(10))
            .with_body_cap(BODY_CAP)
            .with_header_cap(HEADER_CAP);
        let times = 1;
        Self {
            connections,
            url: Url::Http,
            limits,
            warm_up: None,
            ask: Ask::Post,
            pause: Duration::from_millis(50),
            times,
            body: body(),
        }
    }

    /// Reads the request, writes `reply`, and waits for the client to close.
    fn reply(reply: impl Into<Vec<u8>>) -> Self {
        Self::new(vec![vec![Step::Read, Step::Write(reply.into()), Step::Drain]])
    }

    /// Reads the request, writes `reply`, and closes.
    fn reply_and_close(reply: impl Into<Vec<u8>>) -> Self {
        Self::new(vec![vec![Step::Read, Step::Write(reply.into())]])
    }

    /// Closes after `count` bytes of `reply`, for each count short of all.
    fn every_offset(reply: &[u8]) -> Self {
        let connections: Vec<_> = (0..reply.len())
            .map(|count| vec![Step::Read, Step::Write(reply[..count].to_vec())])
            .collect();
        Self { times: connections.len(), ..Self::new(connections) }
    }

    /// Reads the second request on a kept connection and closes; a third would be answered well.
    fn second_dropped(ask: Ask) -> Self {
        let first = vec![Step::Read, Step::Write(good()), Step::Read];
        let spare = vec![Step::Read, Step::Write(good())];
        Self { warm_up: Some(Ask::Post), ask, ..Self::new(vec![first, spare]) }
    }

    fn tls(certificate: Certificate) -> Self {
        Self { url: Url::Https(certificate), ..Self::reply(good()) }
    }

    pub(super) fn total(self, total: Duration) -> Self {
        Self { limits: self.limits.with_total_timeout(total), ..self }
    }

    pub(super) fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }
}

/// Returns the plan of a fault; `trap` is a server that no request may ever reach.
#[expect(clippy::too_many_lines, reason = "one arm for each row of the table")]
pub(super) fn plan(fault: &str, trap: SocketAddr) -> Option<Plan> {
    use Step::{Abandon, Await, Drain, Drip, Pause, Pulse, Read, ReadHead, Repeat, Reset, Write};
    let ms = Duration::from_millis;
    Some(match fault {
        "no-listener" => Plan { url: Url::Nobody, ..Plan::new(Vec::new()) },
        "closes-at-once" => Plan::new(vec![Vec::new()]),
        "closes-unread" => Plan::new(vec![vec![Await]]),
        "closes-after-request" => Plan::reply_and_close(""),
        "closes-at-every-offset" => Plan::every_offset(&long_reply()),
        "closes-at-every-chunked-offset" => Plan::every_offset(&long_chunked_reply()),
        "closes-after-reply" => Plan::reply_and_close(long_reply()).body(long_body()),
        "resets-inside-head" => resets(&good()[..30]),
        "resets-inside-body" => resets(&good()[..good().len() - 3]),
        "drips" => Plan::new(vec![vec![Read, Drip(good(), ms(1)), Drain]]),
        "drips-too-long" => Plan::new(vec![vec![Read, Drip(good(), ms(10))]]).total(SHORT),
        "silence" => Plan::reply("").total(SHORT),
        "silence-unread" => Plan::new(vec![vec![Pause(ms(700))]]).total(SHORT),
        "silence-inside-head" => Plan::reply(&good()[..30]).total(SHORT),
        "silence-inside-body" => Plan::reply(&good()[..good().len() - 3]).total(SHORT),
        "endless-headers" => endless("X-Filler: filler filler filler\r\n"),
        "endless-header" => endless("filler filler filler filler filler"),
        "headers-over-limit" => Plan::reply(format!(
            "HTTP/1.1 200 OK\r\nX-Long: {}\r\nContent-Length: 0\r\n\r\n",
            "y".repeat(HEADER_CAP)
        )),
        "endless-interim" => {
            let interim = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(100);
            Plan::new(vec![vec![Read, Pulse(interim, ms(1))]]).total(ms(1000))
        }
        "body-over-limit" => Plan::reply(head(&format!("Content-Length: {}\r\n", u64::MAX / 4))),
        "body-over-limit-undeclared" => {
            Plan::new(vec![vec![Read, Write(head("")), Repeat(vec![b'x'; 1_000_000], 100)]])
        }
        "body-over-limit-chunked" => {
            let chunk = [&b"1000\r\n"[..], &[b'x'; 4096], b"\r\n"].concat();
            Plan::new(vec![vec![
                Read,
                Write(head("Transfer-Encoding: chunked\r\n")),
                Repeat(chunk, 25_000),
            ]])
        }
        "body-at-limit" => {
            let full = vec![b'x'; BODY_CAP];
            Plan::reply(reply_with(&full)).body(full)
        }
        "body-too-short" => Plan::reply_and_close(&good()[..good().len() - 1]),
        "body-too-long" => Plan::reply([good(), b"and more".to_vec()].concat()),
        "body-until-close" => Plan::reply_and_close([head(""), body()].concat()),
        "smuggled-reply" => {
            let double = [reply_with(b"first"), reply_with(b"smuggled")].concat();
            let first = vec![Read, Write(double), Read, Write(good())];
            Plan {
                warm_up: Some(Ask::Post),
                ..Plan::new(vec![first, vec![Read, Write(good()), Drain]])
            }
        }
        "chunked" => {
            chunked("7;note=x\r\n{\"ok\":t\r\n4;y\r\nrue}\r\n0\r\nX-Trailer: kept out\r\n\r\n")
                .body(r#"{"ok":true}"#)
        }
        "chunk-size-not-hex" => chunked("xyz\r\nbody\r\n0\r\n\r\n"),
        "chunk-size-overflow" => chunked("10000000000000004\r\nbody\r\n0\r\n\r\n"),
        "chunk-without-end" => chunked("4\r\nbodybody\r\n0\r\n\r\n"),
        "length-not-a-number" => Plan::reply([head("Content-Length: many\r\n"), body()].concat()),
        "length-negative" => Plan::reply([head("Content-Length: -5\r\n"), body()].concat()),
        "lengths-differ" => {
            Plan::reply([head("Content-Length: 4\r\nContent-Length: 5\r\n"), body()].concat())
        }
        "headers-many" => {
            let lines = format!("{}Content-Length: 2\r\n", "X-Many: v\r\n".repeat(120));
            Plan::reply([head(&lines), b"{}".to_vec()].concat()).body("{}")
        }
        "interim-100" => Plan::reply([b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), good()].concat()),
        "interim-103" => Plan::reply(
            [b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(2), good()].concat(),
        ),
        "switches-protocol" => {
            Plan::reply("HTTP/1.1 101 Over\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\nother")
        }
        "redirect" => redirects(trap),
        "status-204" => Plan::reply("HTTP/1.1 204 None\r\n\r\n").body(""),
        "status-304" => Plan::reply("HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n").body(""),
        "status-401" => status("401 No\r\nWWW-Authenticate: Basic realm=\"x\""),
        "status-407" => status("407 No\r\nProxy-Authenticate: Basic realm=\"x\""),
        "status-417" => status("417 No"),
        "status-500" => status("500 Broken"),
        "http-1.0" => Plan::reply_and_close([b"HTTP/1.0 200 OK\r\n\r\n".to_vec(), body()].concat()),
        "early-reply" => {
            let early = vec![ReadHead, Write(reply_of("413 Too Long", &body())), Drain];
            Plan { ask: Ask::LongPost, ..Plan::new(vec![early]) }
        }
        "early-reply-closes" => {
            let early =
                vec![ReadHead, Write(reply_of("413 Too Long\r\nConnection: close", &body()))];
            Plan { ask: Ask::LongPost, ..Plan::new(vec![early]) }
        }
        "closed-while-idle" | "closed-just-now" => {
            let each = vec![Read, Write(good())];
            let pause = ms(if fault == "closed-just-now" { 50 } else { 1200 });
            Plan { warm_up: Some(Ask::Post), pause, ..Plan::new(vec![each.clone(), each]) }
        }
        "closes-after-each" => {
            Plan { times: 8, pause: ms(20), ..Plan::new(vec![vec![Read, Write(good())]; 8]) }
        }
        "stray-408" => stray("408 Request Timeout\r\nConnection: close"),
        "stray-answer" => stray("200 OK"),
        "second-request-dropped" => Plan::second_dropped(Ask::Post),
        "second-request-reset" => {
            let first = vec![Read, Write(good()), Await];
            let spare = vec![Read, Write(good())];
            Plan { warm_up: Some(Ask::Post), ..Plan::new(vec![first, spare]) }
        }
        "second-empty-post-dropped" => Plan::second_dropped(Ask::EmptyPost),
        "second-get-dropped" => Plan::second_dropped(Ask::Get),
        "second-head-dropped" => Plan::second_dropped(Ask::Head).body(""),
        "garbage-binary" => {
            let noise = (0..300_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0] | 0x80);
            Plan::reply(noise.collect::<Vec<_>>())
        }
        "garbage-ssh" => Plan::reply(format!("SSH-2.0-OpenSSH_9.2 {}\r\n", canary::REPLY)),
        "garbage-html" => Plan::reply_and_close(format!("<html>{}</html>\r\n\r\n", canary::REPLY)),
        "garbage-version" => Plan::reply(format!("HTTP/9.9 200 {}\r\n\r\n", canary::REPLY)),
        "garbage-status" => Plan::reply(format!("HTTP/1.1 OK {}\r\n\r\n", canary::REPLY)),
        "header-without-colon" => flawed_header(&format!("X {}", canary::REPLY)),
        "header-name-with-space" => flawed_header(&format!("X {}: 1", canary::REPLY)),
        "header-with-nul" => flawed_header(&format!("X: {}\0", canary::REPLY)),
        "gzip-unasked" => {
            let mut reply =
                head(&format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", GZIPPED.len()));
            reply.extend_from_slice(GZIPPED);
            Plan::reply(reply).body(GZIPPED)
        }
        "tls" => Plan::tls(Certificate::Good),
        "tls-wrong-host" => Plan::tls(Certificate::WrongHost),
        "tls-expired" => Plan::tls(Certificate::Expired),
        "tls-unknown-ca" => Plan::tls(Certificate::UnknownCa),
        "tls-not-spoken" => {
            Plan { url: Url::HttpsToPlain, ..Plan::new(vec![vec![Await, Write(good()), Drain]]) }
        }
        "tls-closes" => Plan { url: Url::HttpsToPlain, ..Plan::new(vec![vec![Await]]) },
        "tls-resets" => {
            Plan { url: Url::HttpsToPlain, times: 10, ..Plan::new(vec![vec![Reset]; 10]) }
        }
        "tls-wants-certificate" => {
            Plan { url: Url::WantsCertificate, ..Plan::new(vec![vec![Read]]) }
        }
        "tls-silence" => {
            let plan = Plan::new(vec![vec![Drain]]);
            Plan { url: Url::HttpsToPlain, limits: plan.limits.with_connect_timeout(SHORT), ..plan }
        }
        "tls-truncated" => Plan {
            url: Url::Https(Certificate::Good),
            ..Plan::new(vec![vec![Read, Write([head(""), body()].concat()), Abandon]])
        },
        _ => return h2::plan(fault),
    })
}

/// Returns the limits with the header cap of a default transport.
pub(super) fn long_limits() -> Limits {
    Plan::new(Vec::new()).limits.with_header_cap(64 * 1024)
}

/// Returns the body of a good answer; a canary is in it.
pub(super) fn body() -> Vec<u8> {
    format!(r#"{{"ok":true,"access_token":"{}"}}"#, canary::REPLY).into_bytes()
}

/// Returns a good reply on a connection that is kept.
pub(super) fn good() -> Vec<u8> {
    reply_with(&body())
}

/// Returns a good reply with this body.
pub(super) fn reply_with(body: &[u8]) -> Vec<u8> {
    reply_of("200 OK", body)
}

fn reply_of(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nX-Secret: {}\r\nContent-Length: {}\r\n\r\n",
        canary::REPLY,
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn head(lines: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nX-Secret: {}\r\n{lines}\r\n", canary::REPLY).into_bytes()
}

fn status(status: &str) -> Plan {
    Plan::reply(reply_of(status, &body()))
}

fn chunked(chunks: &str) -> Plan {
    Plan::reply([head("Transfer-Encoding: chunked\r\n"), chunks.into()].concat())
}

fn flawed_header(line: &str) -> Plan {
    Plan::reply(format!("HTTP/1.1 200 OK\r\n{line}\r\nContent-Length: 0\r\n\r\n"))
}

fn endless(filler: &str) -> Plan {
    let start = Step::Write(b"HTTP/1.1 200 OK\r\nX-Start: 1".to_vec());
    let start_of_next =
        Step::Write(if filler.ends_with('\n') { b"\r\n".to_vec() } else { Vec::new() });
    let repeat = Step::Repeat(filler.repeat(100).into_bytes(), 30_000);
    Plan::new(vec![vec![Step::Read, start, start_of_next, repeat]])
}

/// Answers, and then sends another answer that nobody asked for.
fn stray(status: &str) -> Plan {
    let late = reply_of(status, b"nobody asked");
    let first = vec![
        Step::Read,
        Step::Write(good()),
        Step::Pause(Duration::from_millis(5)),
        Step::Write(late),
        Step::Drain,
    ];
    let second = vec![Step::Read, Step::Write(good()), Step::Drain];
    Plan { warm_up: Some(Ask::Post), ..Plan::new(vec![first, second]) }
}

/// Reads the headers only, so that closing with the body unread resets the connection.
fn resets(reply: &[u8]) -> Plan {
    let steps =
        vec![Step::Await, Step::Write(reply.to_vec()), Step::Pause(Duration::from_millis(30))];
    Plan::new(vec![steps])
}

fn redirects(trap: SocketAddr) -> Plan {
    let statuses = [301, 302, 303, 307, 308];
    let connections = statuses.map(|status| {
        let away = format!("{status} Away\r\nLocation: http://{trap}/stolen\r\nConnection: close");
        vec![Step::Read, Step::Write(reply_of(&away, &body()))]
    });
    Plan { times: statuses.len(), ..Plan::new(connections.into()) }
}

fn long_body() -> Vec<u8> {
    [body(), vec![b' '; 1800]].concat()
}

fn long_reply() -> Vec<u8> {
    reply_with(&long_body())
}

fn long_chunked_reply() -> Vec<u8> {
    let mut reply = head("Transfer-Encoding: chunked\r\n");
    for chunk in long_body().chunks(300) {
        reply.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        reply.extend_from_slice(chunk);
        reply.extend_from_slice(b"\r\n");
    }
    reply.extend_from_slice(b"0\r\n\r\n");
    reply
}

/// `{"ok":true}`, compressed.
pub(super) const GZIPPED: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xabV\xca\xcfV\xb2*)*M\xad\x05\x00\x90_\xd4\xa7\x0b\x00\x00\x00";
