//! The redirect URI of a login: a server on both loopback addresses that waits for one browser.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// A server for `http://localhost:PORT`, which a browser may resolve to either address.
pub(super) struct Loopback {
    v4: TcpListener,
    v6: Option<TcpListener>,
}

impl Loopback {
    pub(super) async fn bind(port: u16) -> io::Result<Self> {
        let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        // A machine without IPv6 has none; where it has, nobody else may hold the port.
        let v6 = match TcpListener::bind((Ipv6Addr::LOCALHOST, v4.local_addr()?.port())).await {
            Ok(listener) => Some(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            Err(_) => None,
        };
        Ok(Self { v4, v6 })
    }

    /// Waits for a request, and returns its target and the connection to answer on.
    pub(super) async fn request(&self) -> io::Result<(String, TcpStream)> {
        loop {
            let (mut stream, _) = match &self.v6 {
                None => self.v4.accept().await?,
                Some(v6) => tokio::select! {
                    accepted = self.v4.accept() => accepted?,
                    accepted = v6.accept() => accepted?,
                },
            };
            if let Ok(Some(target)) = timeout(READ, target(&mut stream)).await {
                return Ok((target, stream));
            }
        }
    }
}

/// Reads the head of a GET, and returns its target.
async fn target(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut part = [0; 1024];
        let read = stream.read(&mut part).await.ok().filter(|read| *read > 0)?;
        head.extend_from_slice(&part[..read]);
        if head.len() > MOST_HEAD {
            return None;
        }
    }
    let text = String::from_utf8_lossy(&head);
    let mut line = text.lines().next()?.split(' ');
    let (verb, target) = (line.next()?, line.next()?);
    (verb == "GET" && target.starts_with('/')).then(|| target.to_owned())
}

/// Answers with a page of one sentence.
pub(super) async fn answer(mut stream: TcpStream, status: &str, sentence: &str) {
    let page = format!(
        "<!DOCTYPE html><meta charset=\"utf-8\"><title>slack-auth</title><p>{sentence}</p>\n"
    );
    let text = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncache-control: no-store\r\n\
         referrer-policy: no-referrer\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{page}",
        page.len()
    );
    let _ = timeout(READ, async {
        let _ = stream.write_all(text.as_bytes()).await;
        let _ = stream.shutdown().await;
    })
    .await;
}

const READ: Duration = Duration::from_secs(5);
const MOST_HEAD: usize = 16 * 1024;
