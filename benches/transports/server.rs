//! The other side: a thread for each connection, and one reply for everything.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;

/// A server in a process of its own, so that its CPU time is not counted.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Server {
    pub(crate) fn start() -> Self {
        let this = std::env::current_exe().expect("a running program has a path");
        let mut child = Command::new(this)
            .arg(SERVE)
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program can be started once more");
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        output.read_line(&mut line).expect("the server says where it listens");
        Self { address: line.trim().parse().expect("the server says an address"), child }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().expect("the server runs until it is ended");
        self.child.wait().expect("the server can be waited for");
    }
}

/// Serves until the process is ended.
pub(crate) fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
    println!("{}", listener.local_addr().expect("a bound listener has an address"));
    for socket in listener.incoming().flatten() {
        thread::spawn(move || answer(socket));
    }
}

fn answer(mut socket: TcpStream) {
    drop(socket.set_nodelay(true));
    let reply = [
        format!("HTTP/1.1 200 OK\r\n{HEADERS}Content-Length: {}\r\n\r\n", BODY.len()).as_bytes(),
        BODY,
    ]
    .concat();
    let mut buffer = [0; 4096];
    let mut length = 0;
    while let Ok(count @ 1..) = socket.read(&mut buffer[length..]) {
        length += count;
        if is_whole(&buffer[..length]) {
            length = 0;
            if socket.write_all(&reply).is_err() {
                return;
            }
        }
    }
}

/// Returns whether a request is there with all of its body; nobody here sends chunks or a second request too early.
fn is_whole(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&request[..end]);
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") { value.trim().parse().ok() } else { None }
    });
    request.len() - end - 4 >= length.unwrap_or(0)
}

pub(crate) const SERVE: &str = "serve";
const HEADERS: &str = "Content-Type: application/json; charset=utf-8\r\nCache-Control: private, no-cache, no-store\r\n\
                       X-Slack-Req-Id: 0123456789abcdef0123456789abcdef\r\nX-OAuth-Scopes: chat:write,commands\r\n\
                       Vary: Accept-Encoding\r\nDate: Sun, 22 Nov 2026 00:00:00 GMT\r\n";
/// 700 bytes, in the shape of an installation.
const BODY: &[u8] = &{
    let mut body = [b' '; 700];
    let text = br#"{"ok":true,"app_id":"A0123456789","authed_user":{"id":"U0123456789"},"scope":"chat:write,commands","token_type":"bot","access_token":"xoxe.xoxb-1-not-a-token","bot_user_id":"U9876543210","refresh_token":"xoxe-1-not-a-token","expires_in":43200,"team":{"id":"T0123456789","name":"bench"},"enterprise":null,"is_enterprise_install":false}"#;
    let mut at = 0;
    while at < text.len() {
        body[at] = text[at];
        at += 1;
    }
    body
};
