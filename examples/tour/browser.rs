//! A person's browser, as small as can be, and the app's own page that it comes back to.

use std::{
    error::Error,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread::JoinHandle,
    time::Duration,
};

/// What a page answered.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
}

/// Opens a page on loopback.
pub(crate) fn get(url: &str) -> Result<Page, Box<dyn Error>> {
    let rest = url.strip_prefix("http://").ok_or("the tour's browser speaks plain http only")?;
    let (host, path) = rest.split_at(rest.find('/').ok_or("a URL without path")?);
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let mut lines = answer.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or("no status line")?;
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
    };
    let location = lines.take_while(|line| !line.is_empty()).find_map(header);
    Ok(Page { status: status.parse()?, location })
}

/// The app's redirect URI: waits for one visit, and gives the path and query that it asked for.
pub(crate) struct CallbackPage {
    listener: TcpListener,
}

impl CallbackPage {
    pub(crate) fn open() -> std::io::Result<Self> {
        Ok(Self { listener: TcpListener::bind("127.0.0.1:0")? })
    }

    pub(crate) fn address(&self) -> std::io::Result<String> {
        Ok(format!("http://localhost:{}/slack/callback", self.listener.local_addr()?.port()))
    }

    /// Waits for the next visit in a thread of its own.
    pub(crate) fn wait(&self) -> std::io::Result<JoinHandle<std::io::Result<String>>> {
        let listener = self.listener.try_clone()?;
        Ok(std::thread::spawn(move || {
            let (mut stream, _) = listener.accept()?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            let mut lines = BufReader::new(stream.try_clone()?).lines();
            let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
            // The rest of the request is read, so that closing does not reset the connection.
            while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 21\r\n\r\nYou may go back now.\n")?;
            Ok(first.split(' ').nth(1).unwrap_or_default().to_owned())
        }))
    }
}
