//! What the core must not do, each thing once: the step `core-lints` puts this file into a copy of slack-proto and
//! expects clippy to refuse every line.

pub(crate) fn clocks() {
    let _ = std::time::Instant::now();
    let _ = std::time::SystemTime::now();
    let _ = std::time::UNIX_EPOCH.elapsed();
}

pub(crate) fn files() {
    let _ = std::fs::File::open("x");
    let _ = std::fs::OpenOptions::new();
    let _ = std::fs::read("x");
    let _ = std::fs::read_to_string("x");
    let _ = std::fs::read_dir("x");
    let _ = std::fs::write("x", "x");
}

pub(crate) fn terminals(_: std::io::Stdin, _: std::io::Stdout, _: std::io::Stderr) {
    let _ = std::io::stdin();
    let _ = std::io::stdout();
    let _ = std::io::stderr();
    print!("x");
    println!("x");
    eprint!("x");
    eprintln!("x");
    dbg!("x");
}

pub(crate) fn sockets() {
    use std::net::ToSocketAddrs;
    let _ = std::net::TcpStream::connect("x:1");
    let _ = std::net::TcpListener::bind("x:1");
    let _ = std::net::UdpSocket::bind("x:1");
    let _ = "x:1".to_socket_addrs();
}

pub(crate) fn threads_and_processes(_: std::thread::JoinHandle<()>) {
    let _ = std::thread::spawn(|| ());
    std::thread::scope(|_| ());
    std::thread::sleep(std::time::Duration::ZERO);
    let _ = std::process::Command::new("x");
    if std::env::args().count() == 0 {
        std::process::exit(1);
    }
    std::process::abort();
}

pub(crate) fn environment() {
    let _ = std::env::var("X");
    let _ = std::env::var_os("X");
    let _ = std::env::args();
    let _ = std::env::current_dir();
}

pub(crate) fn randomness() {
    let _ = std::hash::RandomState::new();
    let _ = std::collections::HashMap::<u8, u8>::new();
    let _ = std::collections::HashSet::<u8>::new();
}
