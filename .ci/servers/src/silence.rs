//! A name with two addresses, of which the first one is silent, as IPv6 is in many a network.

use std::io::ErrorKind;
use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::time::Duration;

/// The step gives it to ::1 and to 127.0.0.1 if the machine lets it.
const NAME: &str = "localhost";

/// A port of ::1 where nobody answers: its queue is full, and the system drops what more comes.
pub(crate) struct Silence {
    _queue: Vec<TcpStream>,
    _listener: TcpListener,
    port: u16,
}

impl Silence {
    /// Creates the silence on this port; `None` if the name has not both addresses, IPv6 first.
    pub(crate) fn on(port: u16) -> Option<Self> {
        let addresses: Vec<_> = (NAME, port).to_socket_addrs().ok()?.collect();
        let ours = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
        if addresses.len() != 2 || addresses[0] != ours {
            return None;
        }
        let listener = TcpListener::bind(ours).expect("the port is free on ::1");
        let mut queue = Vec::new();
        loop {
            match TcpStream::connect_timeout(&ours, Duration::from_millis(200)) {
                Ok(waiting) => queue.push(waiting),
                Err(error) if error.kind() == ErrorKind::TimedOut => break,
                Err(error) => panic!("the port does not fall silent: {error}"),
            }
        }
        Some(Self { _queue: queue, _listener: listener, port })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{NAME}:{}", self.port)
    }
}
