//! The suite can fail: a careless transport is caught.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::Duration;

use http::{Request, Response};
use slack_transport::conformance::Suite;
use slack_transport::{BlockingTransport, Body, Error, ErrorKind};

/// Keeps one connection, sends again when it breaks, follows redirects, believes any reply however
/// it ends, has no caps, and says of every failure that nothing was sent, with the request in it.
#[derive(Default)]
struct Careless {
    kept: Mutex<Option<TcpStream>>,
}

impl Careless {
    fn once(&self, request: &Request<Body>, to: &str) -> std::io::Result<Vec<u8>> {
        let kept = self.kept.lock().unwrap().take();
        let mut socket = kept.map_or_else(|| TcpStream::connect(to), Ok)?;
        socket.set_read_timeout(Some(Duration::from_secs(1)))?;
        let (length, path) = (request.body().len(), request.uri().path());
        let mut bytes = format!(
            "{} {path}?1 HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n",
            request.method()
        );
        bytes.push_str(&String::from_utf8_lossy(request.body().as_ref()));
        socket.write_all(bytes.as_bytes())?;
        let mut reply = vec![0; 200_000];
        let count = socket.read(&mut reply)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        reply.truncate(count);
        *self.kept.lock().unwrap() = Some(socket);
        Ok(reply)
    }
}

impl BlockingTransport for Careless {
    fn send_blocking(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
        let failed = |cause| {
            let shown = format!("{cause}: {}", String::from_utf8_lossy(request.body().as_ref()));
            Error::unsent(ErrorKind::Closed, "it failed").with_source(shown)
        };
        let mut to = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        loop {
            let reply =
                self.once(&request, &to).or_else(|_| self.once(&request, &to)).map_err(failed)?;
            let reply = String::from_utf8_lossy(&reply).into_owned();
            let (head, body) = reply.split_once("\r\n\r\n").unwrap_or((&reply, ""));
            if let Some((_, away)) = head.split_once("Location: http://") {
                self.kept.lock().unwrap().take();
                away.split('/').next().unwrap_or_default().clone_into(&mut to);
                continue;
            }
            return Ok(Response::new(body.as_bytes().to_vec()));
        }
    }
}

#[test]
fn a_careless_transport_is_caught() {
    let suite = Suite::blocking(|_| Ok(Careless::default())).unwrap();
    let caught_at = [
        "closes-after-request",
        "closes-at-every-offset",
        "redirect",
        "second-request-dropped",
        "second-empty-post-dropped",
        "second-get-dropped",
        "body-over-limit-undeclared",
        "body-too-short",
        "silence",
        "no-listener",
        "garbage-ssh",
        "interim-100",
        "gzip-unasked",
        "status-500",
        "tls",
        "sends-as-given",
        "refuses-foreign",
        "keeps-headers",
    ];
    let report = suite.run_only(&caught_at);
    let failures = report.failures();
    println!("{report}");
    assert_eq!(failures.len(), caught_at.len(), "{report}");
    let shows = |case: &str, what: &str| {
        let line = failures.iter().find(|line| line.starts_with(case)).unwrap();
        assert!(line.contains(what), "{line}");
    };
    shows("second-request-dropped", "200 OK");
    shows("refuses-foreign", "was carried");
    shows("no-listener", "shows the secret");
}
