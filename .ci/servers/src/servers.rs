//! nginx, HAProxy and squid, each with a configuration of its own in a folder that is given.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{env, fs};

pub(crate) struct Servers {
    folder: PathBuf,
    ports: [u16; 5],
    children: Vec<Child>,
}

/// Reloads nginx again and again, until it is dropped.
pub(crate) struct Reloading {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Servers {
    /// Starts all of them before the application on `origin`; the first argument is a folder with a CA and a
    /// certificate for 127.0.0.1.
    pub(crate) fn start(origin: u16) -> Self {
        let folder = PathBuf::from(env::args().nth(1).expect("a folder"));
        // Bound together, so that they differ.
        let listeners = [(); 6].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
        let all = listeners.each_ref().map(|it| it.local_addr().expect("an address").port());
        drop(listeners);
        let [http, https, short, haproxy, squid, nobody] = all;
        let here = folder.display().to_string();
        let fill = |text: &str| {
            text.replace("FOLDER", &here)
                .replace("ORIGIN", &origin.to_string())
                .replace("HTTPS_PORT", &https.to_string())
                .replace("HTTP_PORT", &http.to_string())
                .replace("SHORT_PORT", &short.to_string())
                .replace("HAPROXY_PORT", &haproxy.to_string())
                .replace("SQUID_PORT", &squid.to_string())
                .replace("NOBODY", &nobody.to_string())
                .replace(
                    "LARGE",
                    &format!("add_header x-large {} always; ", "y".repeat(3400)).repeat(5),
                )
                .replace("MANY", &"add_header x-many v always; ".repeat(120))
        };
        let mut children = Vec::new();
        for (name, text, arguments) in [
            ("nginx.conf", NGINX, vec!["nginx", "-c", "FOLDER/nginx.conf", "-p", "FOLDER"]),
            ("haproxy.cfg", HAPROXY, vec!["haproxy", "-f", "FOLDER/haproxy.cfg"]),
            ("squid.conf", SQUID, vec!["squid", "-N", "-f", "FOLDER/squid.conf"]),
        ] {
            fs::write(folder.join(name), fill(text)).expect("a folder to write to");
            let arguments: Vec<String> = arguments.iter().map(|it| fill(it)).collect();
            let log = fs::File::create(folder.join(format!("{name}.out"))).expect("a log");
            children.push(
                Command::new(&arguments[0])
                    .args(&arguments[1..])
                    .stdout(Stdio::null())
                    .stderr(log)
                    .spawn()
                    .expect("the server can be started"),
            );
        }
        let ports = [http, https, short, haproxy, squid];
        ports.iter().for_each(|port| wait_for(*port));
        Self { folder, ports, children }
    }

    pub(crate) fn http(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[0])
    }

    pub(crate) fn https(&self) -> String {
        format!("https://127.0.0.1:{}", self.ports[1])
    }

    /// Returns the server that ends each connection after three requests.
    pub(crate) fn short_lived(&self) -> String {
        format!("https://127.0.0.1:{}", self.ports[2])
    }

    pub(crate) fn haproxy(&self) -> String {
        format!("https://127.0.0.1:{}", self.ports[3])
    }

    pub(crate) fn squid(&self, password: &str) -> String {
        format!("http://user:{password}@127.0.0.1:{}", self.ports[4])
    }

    pub(crate) fn ca(&self) -> Vec<u8> {
        fs::read(self.folder.join("ca.pem")).expect("a CA")
    }

    /// Returns what the servers answered by themselves.
    pub(crate) fn log(&self) -> String {
        ["nginx.log", "haproxy.cfg.out"]
            .map(|name| fs::read_to_string(self.folder.join(name)).unwrap_or_default())
            .concat()
    }

    pub(crate) fn reload_often(&self) -> Reloading {
        let ends = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ends);
        let configuration = self.folder.join("nginx.conf");
        let folder = self.folder.clone();
        let thread = thread::spawn(move || {
            while !end.load(Ordering::SeqCst) {
                reload(&configuration, &folder);
                thread::sleep(Duration::from_millis(120));
            }
        });
        Reloading { ends, thread: Some(thread) }
    }
}

fn reload(configuration: &Path, folder: &Path) {
    let told = Command::new("nginx")
        .args(["-s", "reload", "-c"])
        .arg(configuration)
        .arg("-p")
        .arg(folder)
        .stderr(Stdio::null())
        .status();
    assert!(told.is_ok_and(|status| status.success()), "nginx cannot be told to reload");
}

fn wait_for(port: u16) {
    let give_up = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < give_up, "nothing listens on port {port}");
        thread::sleep(Duration::from_millis(50));
    }
}

impl Drop for Reloading {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("no panic");
        }
        thread::sleep(Duration::from_millis(300));
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // nginx's workers outlive a master that is killed.
        let pid = fs::read_to_string(self.folder.join("nginx.pid")).unwrap_or_default();
        drop(Command::new("kill").args(["-TERM", pid.trim()]).status());
        thread::sleep(Duration::from_millis(500));
        for child in &mut self.children {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

const NGINX: &str = r#"
daemon off;
worker_processes 2;
pid FOLDER/nginx.pid;
error_log FOLDER/nginx.err;
events {}
http {
    client_body_temp_path FOLDER/body; proxy_temp_path FOLDER/proxy; fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi; scgi_temp_path FOLDER/scgi;
    # What reaches the application is counted there.
    map $uri $own { ~^/(drop|bad|large|many)/ 1; default 0; }
    access_log FOLDER/nginx.log combined if=$own;
    keepalive_timeout 1s;
    ssl_certificate FOLDER/server.pem;
    ssl_certificate_key FOLDER/server.key;
    server {
        listen 127.0.0.1:HTTP_PORT;
        listen 127.0.0.1:HTTPS_PORT ssl http2;
        location /ok/ { proxy_pass http://127.0.0.1:ORIGIN; }
        location /drop/ { return 444; }
        location /bad/ { proxy_pass http://127.0.0.1:NOBODY; }
        location /large/ { LARGE return 200 "{}"; }
        location /many/ { MANY return 200 "{}"; }
    }
    server {
        listen 127.0.0.1:SHORT_PORT ssl http2;
        keepalive_requests 3;
        location / { proxy_pass http://127.0.0.1:ORIGIN; }
    }
}
"#;

const HAPROXY: &str = r"
global
    log stderr format raw local0
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend all
    bind 127.0.0.1:HAPROXY_PORT ssl crt FOLDER/both.pem alpn h2,http/1.1
    http-request reject if { path_beg /reject }
    default_backend application
backend application
    server one 127.0.0.1:ORIGIN
";

const SQUID: &str = r"
http_port 127.0.0.1:SQUID_PORT
auth_param basic program /usr/lib/squid/basic_ncsa_auth FOLDER/passwords
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
cache deny all
pid_filename none
access_log none
cache_log FOLDER/squid.log
visible_hostname localhost
coredump_dir FOLDER
shutdown_lifetime 0 seconds
";
