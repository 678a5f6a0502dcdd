//! A server that does what its script says, and notes what it saw.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::h2::{Frame, Peer, Until};

/// One thing that the server does on a connection; at the end of its steps it closes.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Reads a request, its body included, and notes it.
    Read,
    /// Reads a request's headers, and notes what came.
    ReadHead,
    /// Waits until the next bytes are there, and leaves them unread.
    Await,
    Write(Vec<u8>),
    /// Writes a byte at a time, with a pause after each.
    Drip(Vec<u8>, Duration),
    /// Writes the same again and again, with a pause after each, until the client has had enough.
    Pulse(Vec<u8>, Duration),
    /// Writes the same again and again until the client has had enough, or this often.
    Repeat(Vec<u8>, usize),
    Pause(Duration),
    /// Reads and forgets until the client closes.
    Drain,
    /// Ends what it sends, and nothing else: to close with frames unread would reset the connection, and might take the
    /// reply back.
    HangUp,
    /// Closes TCP without the end of TLS.
    Abandon,
    /// Resets the connection.
    Reset,
    /// Reads a request of HTTP/2 as far as that, and notes it.
    ReadH2(Until),
    Frames(Vec<Frame>),
    /// Writes the first bytes of the frames.
    CutFrames(Vec<Frame>, usize),
    /// Writes the frames a byte at a time, with a pause after each.
    DripFrames(Vec<Frame>, Duration),
    /// Writes the same frame again and again until the client has had enough, or this often.
    RepeatFrame(Frame, usize),
}

/// What was seen on one connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// The requests that were read, as they came.
    pub(super) requests: Vec<Vec<u8>>,
    /// When the client closed, if a step waited for it.
    pub(super) closed: Option<Instant>,
    /// Whether the server has closed.
    pub(super) ended: bool,
}

/// A running server; it ends with its value.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server whose n-th connection follows the n-th script; one more than that is closed.
    pub(super) fn start(scripts: Vec<Vec<Step>>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let address = listener.local_addr().expect("a bound listener has an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let ends = Arc::new(AtomicBool::new(false));
        let accepting = Accepting { seen: Arc::clone(&seen), ends: Arc::clone(&ends), tls };
        let thread = thread::spawn(move || accepting.run(&listener, scripts));
        Self { address, seen, ends, thread: Some(thread) }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns what each connection has seen so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        lock(&self.seen).clone()
    }

    /// Waits for something to be seen, for two seconds at most.
    pub(super) fn wait_for<T>(&self, found: impl Fn(&[Seen]) -> Option<T>) -> Option<T> {
        let give_up = Instant::now() + Duration::from_secs(2);
        loop {
            let found = found(&lock(&self.seen));
            if found.is_some() || Instant::now() > give_up {
                return found;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // Wakes the accepting thread.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

struct Accepting {
    seen: Arc<Mutex<Vec<Seen>>>,
    ends: Arc<AtomicBool>,
    tls: Option<Arc<ServerConfig>>,
}

impl Accepting {
    fn run(&self, listener: &TcpListener, scripts: Vec<Vec<Step>>) {
        let mut scripts = scripts.into_iter();
        let mut connections = Vec::new();
        for socket in listener.incoming() {
            if self.ends.load(Ordering::SeqCst) {
                break;
            }
            let Ok(socket) = socket else { continue };
            let index = {
                let mut seen = lock(&self.seen);
                seen.push(Seen::default());
                seen.len() - 1
            };
            let steps = scripts.next().unwrap_or_default();
            let connection =
                Connection { seen: Arc::clone(&self.seen), index, ends: Arc::clone(&self.ends) };
            let tls = self.tls.clone();
            connections.push(thread::spawn(move || connection.play(socket, tls, steps)));
        }
        for connection in connections {
            drop(connection.join());
        }
    }
}

struct Connection {
    seen: Arc<Mutex<Vec<Seen>>>,
    index: usize,
    ends: Arc<AtomicBool>,
}

trait Wire: Read + Write {
    /// Says that nothing more is sent, if that is TLS's to say.
    fn end_tls(&mut self) {}
}

impl Wire for TcpStream {}

impl Wire for Closing {
    fn end_tls(&mut self) {
        self.0.conn.send_close_notify();
        drop(self.0.flush());
    }
}

impl Connection {
    fn play(&self, socket: TcpStream, tls: Option<Arc<ServerConfig>>, steps: Vec<Step>) {
        self.follow(socket, tls, steps);
        lock(&self.seen)[self.index].ended = true;
    }

    /// A client that hangs up ends the script.
    fn follow(&self, socket: TcpStream, tls: Option<Arc<ServerConfig>>, steps: Vec<Step>) {
        drop(socket.set_nodelay(true));
        drop(socket.set_read_timeout(Some(Duration::from_millis(20))));
        let Ok(second) = socket.try_clone() else { return };
        let mut wire: Box<dyn Wire> =
            match tls.and_then(|config| ServerConnection::new(config).ok()) {
                Some(tls) => Box::new(Closing(StreamOwned::new(tls, socket))),
                None => Box::new(socket),
            };
        let mut peer = Peer::default();
        for step in steps {
            if matches!(step, Step::Abandon) {
                drop(second.shutdown(std::net::Shutdown::Both));
                return;
            }
            if self.take(&mut *wire, &second, &mut peer, step).is_err() {
                return;
            }
        }
    }

    fn take(
        &self,
        wire: &mut dyn Wire,
        socket: &TcpStream,
        peer: &mut Peer,
        step: Step,
    ) -> io::Result<()> {
        match step {
            Step::Read => self.read_request(wire, Whole::Yes),
            Step::ReadHead => self.read_request(wire, Whole::HeadOnly),
            Step::Await => self.patiently(|| socket.peek(&mut [0])).map(drop),
            Step::Write(bytes) => wire.write_all(&bytes).and_then(|()| wire.flush()),
            Step::Drip(bytes, pause) => drip(wire, &bytes, pause),
            Step::ReadH2(until) => self.read_h2(wire, peer, until),
            Step::Frames(frames) => {
                wire.write_all(&encoded(&frames, peer)).and_then(|()| wire.flush())
            }
            Step::CutFrames(frames, count) => {
                wire.write_all(&encoded(&frames, peer)[..count]).and_then(|()| wire.flush())
            }
            Step::DripFrames(frames, pause) => drip(wire, &encoded(&frames, peer), pause),
            Step::RepeatFrame(frame, times) => {
                let bytes = frame.encode(peer.last);
                (0..times).try_for_each(|_| wire.write_all(&bytes))
            }
            Step::Reset => socket2::SockRef::from(socket).set_linger(Some(Duration::ZERO)),
            Step::Pulse(bytes, pause) => loop {
                wire.write_all(&bytes)?;
                thread::sleep(pause);
                if self.ends.load(Ordering::SeqCst) {
                    return Ok(());
                }
            },
            Step::Repeat(bytes, times) => (0..times).try_for_each(|_| wire.write_all(&bytes)),
            Step::Pause(time) => {
                thread::sleep(time);
                Ok(())
            }
            Step::Drain => {
                let mut buffer = [0; 16 * 1024];
                while matches!(self.patiently(|| wire.read(&mut buffer)), Ok(1..)) {}
                lock(&self.seen)[self.index].closed = Some(Instant::now());
                Ok(())
            }
            Step::HangUp => {
                wire.end_tls();
                let ended = socket.shutdown(std::net::Shutdown::Write);
                lock(&self.seen)[self.index].ended = true;
                ended
            }
            Step::Abandon => Ok(()),
        }
    }

    fn read_h2(&self, wire: &mut dyn Wire, peer: &mut Peer, until: Until) -> io::Result<()> {
        let mut written = Vec::new();
        let more = |unread: &mut Vec<u8>| {
            let mut buffer = [0; 16 * 1024];
            let count = self.patiently(|| wire.read(&mut buffer))?;
            unread.extend_from_slice(&buffer[..count]);
            if count == 0 { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
        };
        peer.read(until, more, |bytes| {
            written.extend_from_slice(bytes);
            Ok(())
        })?;
        wire.write_all(&written).and_then(|()| wire.flush())?;
        if until != Until::Greeting {
            let request = format!("stream {} of connection {}?", peer.last, self.index);
            lock(&self.seen)[self.index].requests.push(request.into_bytes());
        }
        Ok(())
    }

    fn read_request(&self, wire: &mut dyn Wire, whole: Whole) -> io::Result<()> {
        let mut request = Vec::new();
        let mut buffer = [0; 16 * 1024];
        while !is_enough(&request, whole) {
            let count = self.patiently(|| wire.read(&mut buffer))?;
            if count == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            request.extend_from_slice(&buffer[..count]);
        }
        lock(&self.seen)[self.index].requests.push(request);
        Ok(())
    }

    /// Repeats a read while nothing comes and the server is not to end.
    fn patiently(&self, mut read: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
        loop {
            match read() {
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    if self.ends.load(Ordering::SeqCst) {
                        return Err(error);
                    }
                }
                other => return other,
            }
        }
    }
}

fn encoded(frames: &[Frame], peer: &Peer) -> Vec<u8> {
    frames.iter().flat_map(|frame| frame.encode(peer.last)).collect()
}

fn drip(wire: &mut dyn Wire, bytes: &[u8], pause: Duration) -> io::Result<()> {
    bytes.iter().try_for_each(|byte| {
        thread::sleep(pause);
        wire.write_all(&[*byte]).and_then(|()| wire.flush())
    })
}

/// TLS that says goodbye when it is dropped.
struct Closing(StreamOwned<ServerConnection, TcpStream>);

impl Read for Closing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Closing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.end_tls();
    }
}

#[derive(Clone, Copy)]
enum Whole {
    Yes,
    HeadOnly,
}

fn is_enough(request: &[u8], whole: Whole) -> bool {
    let Some(head) = head_length(request) else { return false };
    match whole {
        Whole::HeadOnly => true,
        Whole::Yes => request.len() >= head + content_length(&request[..head]),
    }
}

/// Returns the length of a message's head, its blank line included.
pub(super) fn head_length(message: &[u8]) -> Option<usize> {
    message.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let declared = head.split("\r\n").find_map(|line| line.strip_prefix("content-length:"));
    declared.and_then(|length| length.trim().parse().ok()).unwrap_or(0)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
