//! The application behind the servers: it answers everything, and notes what it was asked.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

pub(crate) struct Origin {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Origin {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&seen);
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let notes = Arc::clone(&notes);
                thread::spawn(move || while answer(&socket, &notes).is_some() {});
            }
        });
        Self { port, seen }
    }

    /// Returns how often each token arrived: here, or in the log of a server that answered by itself.
    pub(crate) fn arrived(&self, log: &str) -> HashMap<String, usize> {
        let mut arrived = HashMap::new();
        let seen = self.seen.lock().expect("no panic");
        for line in seen.iter().map(String::as_str).chain(log.lines()) {
            if let Some(token) = line.split(['/', ' ']).find(|part| part.starts_with("token-")) {
                *arrived.entry(token.to_owned()).or_default() += 1;
            }
        }
        arrived
    }
}

/// Reads and answers one request.
fn answer(socket: &TcpStream, notes: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(socket);
    let mut length = 0;
    let mut first = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if first.is_empty() {
            first.clone_from(&line);
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    notes.lock().expect("no panic").push(first);
    let mut socket = socket;
    socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").ok()
}
