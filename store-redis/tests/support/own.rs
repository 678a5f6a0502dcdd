//! Servers that a test starts, stops and connects by itself.

use std::{
    env,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// A server with a folder of its own.
pub(crate) struct Server {
    program: String,
    folder: TempDir,
    options: Vec<String>,
    pub(crate) port: u16,
    child: Child,
}

impl Server {
    /// Starts a server that flushes each write, with these settings besides; `None` where there is no program.
    pub(crate) fn start(test: &str, options: &[&str]) -> Option<Self> {
        let Ok(program) = env::var("SLACK_AUTH_REDIS_SERVER") else {
            println!(
                "skipped: {test} needs the program redis-server; SLACK_AUTH_REDIS_SERVER names none, `.ci/run redis` does"
            );
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let options: Vec<String> = options.iter().copied().map(str::to_owned).collect();
        let child = spawn(&program, &folder, port, &options);
        let server = Self { program, folder, options, port, child };
        server.wait();
        Some(server)
    }

    pub(crate) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn socket(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Ends it without a warning, as a crash does, and starts it again over what it has on its disk.
    pub(crate) fn crash_and_start_again(&mut self) {
        self.kill();
        self.child = spawn(&self.program, &self.folder, self.port, &self.options);
        self.wait();
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal such as STOP.
    pub(crate) fn signal(&self, signal: &str) {
        let process = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &process]).status().unwrap().success());
    }

    fn wait(&self) {
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(self.socket()).is_err() {
            assert!(Instant::now() < end, "the server does not start");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(program: &str, folder: &TempDir, port: u16, options: &[String]) -> Child {
    let port = port.to_string();
    let mut command = Command::new(program);
    command.current_dir(folder.path()).stdout(Stdio::null()).args(["--bind", "127.0.0.1"]);
    // Settings that are given twice count as they stand last.
    command.args(["--save", "", "--appendonly", "yes", "--appendfsync", "always"]);
    // A replica gets what there is at once, and not after five seconds in which others might come.
    command.args(["--repl-diskless-sync-delay", "0"]);
    command.args(["--port", &port]).args(options).spawn().unwrap()
}

/// A certificate that a CA of its own has signed, in a folder.
pub(crate) struct Tls {
    folder: TempDir,
    /// The CA's certificate.
    pub(crate) ca: String,
}

impl Tls {
    pub(crate) fn of(host: &str) -> Self {
        let mut ca = rcgen::CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let (ca_key, key) =
            (rcgen::KeyPair::generate().unwrap(), rcgen::KeyPair::generate().unwrap());
        let issuer = rcgen::Issuer::from_params(&ca, &ca_key);
        let mut certificate = rcgen::CertificateParams::new(vec![host.into()]).unwrap();
        // OpenSSL takes one that has the CA's own name for one that has signed itself.
        certificate.distinguished_name.push(rcgen::DnType::CommonName, host);
        let certificate = certificate.signed_by(&key, &issuer).unwrap();
        let ca = ca.self_signed(&ca_key).unwrap().pem();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cert.pem"), certificate.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
        std::fs::write(folder.path().join("ca.pem"), &ca).unwrap();
        Self { folder, ca }
    }

    /// The settings with which a server takes connections by it.
    pub(crate) fn options(&self) -> Vec<String> {
        let at = |name: &str| self.folder.path().join(name).into_os_string().into_string().unwrap();
        let options = [
            ("--tls-cert-file", at("cert.pem")),
            ("--tls-key-file", at("key.pem")),
            ("--tls-ca-cert-file", at("ca.pem")),
            ("--tls-auth-clients", "no".to_owned()),
        ];
        options.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect()
    }
}

/// Returns a port below those that the system hands out by itself: one of these may be taken again before the server has it.
pub(crate) fn free_port() -> u16 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    loop {
        // Other test programs that run now begin elsewhere.
        let count =
            std::process::id().wrapping_mul(97).wrapping_add(COUNT.fetch_add(1, Ordering::SeqCst));
        let port = 20000 + u16::try_from(count % 10000).unwrap();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// An address that leads to one server or another, and may swallow what servers answer.
pub(crate) struct Relay {
    pub(crate) port: u16,
    target: Arc<Mutex<SocketAddr>>,
    swallows: Arc<AtomicBool>,
}

impl Relay {
    pub(crate) fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (target, swallows) = (Arc::new(Mutex::new(target)), Arc::new(AtomicBool::new(false)));
        let relay = Self { port, target: target.clone(), swallows: swallows.clone() };
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let Ok(far) = TcpStream::connect(*target.lock().unwrap()) else { continue };
                let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                let swallows = swallows.clone();
                thread::spawn(move || copy(near, far, &AtomicBool::new(false)));
                thread::spawn(move || copy(far_too, near_too, &swallows));
            }
        });
        relay
    }

    pub(crate) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Leads new connections elsewhere; those that are open stay.
    pub(crate) fn lead_to(&self, target: SocketAddr) {
        *self.target.lock().unwrap() = target;
    }

    /// Closes each connection in place of the next answer.
    pub(crate) fn swallow(&self, swallows: bool) {
        self.swallows.store(swallows, Ordering::SeqCst);
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream, swallows: &AtomicBool) {
    use std::io::{Read as _, Write as _};
    let mut bytes = vec![0; 65536];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        if swallows.load(Ordering::SeqCst) || to.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(std::net::Shutdown::Both);
    let _ = to.shutdown(std::net::Shutdown::Both);
}
