//! What one agent thread carries.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::{FutureExt, pin_mut};
use http::Request;
use slack_transport::{BlockingTransport, Body, ErrorKind, Limits, Transport};
use slack_transport_curl::CurlTransport;
use socket2::{Domain, Socket, Type};

const REPLY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

fn post(address: SocketAddr) -> Request<Body> {
    Request::post(format!("http://{address}/api/auth.test")).body(Body::from("code=c0de")).unwrap()
}

/// Reads one request; `false` if the client closed instead.
fn read_request(socket: &mut TcpStream) -> bool {
    let mut seen = Vec::new();
    let mut buffer = [0; 1024];
    while !seen.ends_with(b"code=c0de") {
        match socket.read(&mut buffer) {
            Ok(0) | Err(_) => return false,
            Ok(count) => seen.extend_from_slice(&buffer[..count]),
        }
    }
    true
}

/// Answers each connection's first request `delay` after it was opened, for ever.
fn serve_slowly(listener: TcpListener, delay: Duration) {
    let (opened, open) = mpsc::channel();
    thread::spawn(move || {
        for socket in listener.incoming() {
            opened.send((socket.unwrap(), Instant::now())).unwrap();
        }
    });
    let mut answered = Vec::new();
    for (mut socket, since) in open {
        thread::sleep(delay.saturating_sub(since.elapsed()));
        if read_request(&mut socket) && socket.write_all(REPLY).is_ok() {
            answered.push(socket);
        }
    }
}

/// A slow server in a process of its own: its thousand sockets would push the client's numbers up.
struct ServerProcess {
    address: SocketAddr,
    child: Child,
}

impl ServerProcess {
    fn start(delay: Duration) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_server_process_answers", "--nocapture"])
            .env(DELAY, delay.as_millis().to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .map_while(Result::ok)
            .find_map(|line| line.split_once("listens on ")?.1.parse().ok());
        Self { address: address.unwrap(), child }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

const DELAY: &str = "SLACK_TRANSPORT_TEST_DELAY";

#[test]
fn a_server_process_answers() {
    // The standard library's listener keeps 128 connections in line, and one more waits a second.
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(4096).unwrap();
    let listener = TcpListener::from(listener);
    if let Ok(delay) = std::env::var(DELAY) {
        println!("listens on {}", listener.local_addr().unwrap());
        serve_slowly(listener, Duration::from_millis(delay.parse().unwrap()));
    }
    let server = ServerProcess::start(Duration::ZERO);
    let transport = CurlTransport::new(Limits::new()).unwrap();
    assert_eq!(transport.send_blocking(post(server.address)).unwrap().body(), b"{}");
}

fn threads() -> usize {
    fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// The tests of this file count threads and measure time: one after the other.
static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[test]
fn a_thousand_at_once_take_one_thread_and_few_delays() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let delay = Duration::from_millis(200);
    let server = ServerProcess::start(delay);
    let before = threads();
    let transport = CurlTransport::new(Limits::new()).unwrap();
    let begin = Instant::now();
    let requests = join_all((0..1000).map(|_| transport.send(post(server.address))));
    let watched = async {
        pin_mut!(requests);
        let (mut most, mut polls) = (0, 0);
        let answers = std::future::poll_fn(|context| {
            if polls % 100 == 1 {
                most = most.max(threads());
            }
            polls += 1;
            requests.as_mut().poll_unpin(context)
        })
        .await;
        (answers, most)
    };
    let (answers, most) = pollster::block_on(watched);
    let took = begin.elapsed();
    for answer in answers {
        assert_eq!(answer.unwrap().body(), b"{}");
    }
    println!("1,000 requests in {took:?}, {} more threads", most - before);
    assert!(most <= before + 1, "{before} threads became {most}");
    // One after another they would take a thousand; ten leave room for a busy machine.
    assert!(took < 10 * delay, "{took:?}");
}

/// Counts its connections and answers every request at once.
fn counting_server() -> (SocketAddr, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (opened, connections) = mpsc::channel();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            socket.set_nodelay(true).unwrap();
            if opened.send(()).is_err() {
                return;
            }
            thread::spawn(
                move || while read_request(&mut socket) && socket.write_all(REPLY).is_ok() {},
            );
        }
    });
    (address, connections)
}

#[test]
fn ten_thousand_in_sequence_take_one_connection() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let transport = CurlTransport::new(Limits::new()).unwrap();
    let (address, connections) = counting_server();
    for _ in 0..10_000 {
        assert_eq!(pollster::block_on(transport.send(post(address))).unwrap().status(), 200);
    }
    assert_eq!(connections.try_iter().count(), 1);
    for _ in 0..10_000 {
        assert_eq!(transport.send_blocking(post(address)).unwrap().status(), 200);
    }
    assert_eq!(connections.try_iter().count(), 1);
}

#[test]
fn a_dropped_request_closes_its_connection_within_50_ms() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let transport = CurlTransport::new(Limits::new()).unwrap();
    let mut times: Vec<Duration> = (0..20)
        .map(|_| {
            let mut request = Box::pin(transport.send(post(address)));
            assert!(request.as_mut().now_or_never().is_none());
            let (mut socket, _) = listener.accept().unwrap();
            assert!(read_request(&mut socket));
            let dropped = Instant::now();
            drop(request);
            assert!(!read_request(&mut socket));
            dropped.elapsed()
        })
        .collect();
    times.sort();
    println!("closed after {:?} (median), {:?} (slowest of 20)", times[10], times[19]);
    assert!(times[10] < Duration::from_millis(50), "{times:?}");
}

#[test]
fn a_cancelled_request_leaves_the_others_alone() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let server = ServerProcess::start(Duration::from_millis(100));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let transport = CurlTransport::new(Limits::new()).unwrap();
    let mut given_up = Box::pin(transport.send(post(silent.local_addr().unwrap())));
    let mut kept = Box::pin(transport.send(post(server.address)));
    assert!(given_up.as_mut().now_or_never().is_none());
    assert!(kept.as_mut().now_or_never().is_none());
    drop(given_up);
    assert_eq!(pollster::block_on(kept).unwrap().body(), b"{}");
}

/// libcurl cannot use sockets with such numbers where it was built for select(2).
#[test]
fn too_many_open_files_fail_one_request_and_not_the_agent() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (address, _connections) = counting_server();
    let transport = CurlTransport::new(Limits::new()).unwrap();
    let files: Vec<_> = (0..1100).map(|_| fs::File::open("/dev/null")).collect();
    if files.iter().any(Result::is_err) {
        println!("this machine lets no process open 1,100 files");
        return;
    }
    for answer in
        [pollster::block_on(transport.send(post(address))), transport.send_blocking(post(address))]
    {
        if let Err(error) = answer {
            assert_eq!(
                (error.kind(), error.nothing_was_sent()),
                (ErrorKind::Connect, true),
                "{error:?}"
            );
        }
    }
    drop(files);
    assert_eq!(pollster::block_on(transport.send(post(address))).unwrap().status(), 200);
    assert_eq!(transport.send_blocking(post(address)).unwrap().status(), 200);
}

#[test]
fn dropping_the_transport_ends_its_thread() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let named = || {
        let tasks = fs::read_dir("/proc/self/task").unwrap();
        let names =
            tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
        names.filter(|name| name.trim() == "slack-curl").count()
    };
    let none_lives = || {
        let give_up = Instant::now() + Duration::from_secs(5);
        while named() > 0 {
            assert!(Instant::now() < give_up, "{} agents live on", named());
            thread::sleep(Duration::from_millis(1));
        }
    };
    // Those of other tests may still end.
    none_lives();
    let transports: Vec<_> = (0..10).map(|_| CurlTransport::new(Limits::new()).unwrap()).collect();
    assert_eq!(named(), 10);
    drop(transports);
    none_lives();
}

#[test]
fn of_many_connections_a_bounded_number_stays_open() {
    const AT_ONCE: usize = 200;
    /// What libcurl is told to keep.
    const KEPT: usize = 128;
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Nobody is answered before all have asked, so that each has a connection of its own.
    let server = thread::spawn(move || {
        let mut sockets: Vec<_> = (0..AT_ONCE).map(|_| listener.accept().unwrap().0).collect();
        for socket in &mut sockets {
            assert!(read_request(socket));
        }
        for socket in &mut sockets {
            socket.write_all(REPLY).unwrap();
        }
        sockets
    });
    let transport = CurlTransport::new(Limits::new()).unwrap();
    for answer in pollster::block_on(join_all((0..AT_ONCE).map(|_| transport.send(post(address)))))
    {
        assert_eq!(answer.unwrap().status(), 200);
    }
    let sockets = server.join().unwrap();
    let open = || {
        sockets
            .iter()
            .filter(|socket| {
                socket.set_nonblocking(true).unwrap();
                let peeked = socket.peek(&mut [0]);
                peeked.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
            })
            .count()
    };
    let give_up = Instant::now() + Duration::from_secs(5);
    while open() > KEPT {
        assert!(Instant::now() < give_up, "{} idle connections stay open", open());
        thread::sleep(Duration::from_millis(5));
    }
    assert!(open() > 0, "none is kept");
}
