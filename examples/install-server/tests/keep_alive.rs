//! The program itself: what Prometheus reads, and an end by SIGTERM.
#![cfg(unix)]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// The server as a process of its own, with its fake Slack.
struct Server {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    address: String,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_slack-install-server"));
        for variable in ["SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "PUBLIC_URL", "STATE_KEY"] {
            command.env_remove(variable);
        }
        let command = command
            .env("LISTEN", "127.0.0.1:0")
            .env("DATABASE", folder.path().join("installations.sqlite"))
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert!(output.read_line(&mut line).unwrap() > 0, "the server ended");
            if let Some(url) = line.strip_prefix("Open http://") {
                break url.trim().trim_end_matches('/').replace("localhost", "127.0.0.1");
            }
        };
        Self { child, output, address, _folder: folder }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let host = &self.address;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

#[test]
fn prometheus_reads_numbers_and_sigterm_ends_it_in_order() {
    let mut server = Server::start();
    let began = Instant::now();
    let answer = loop {
        let answer = server.get("/metrics");
        // The first pass of the sweep comes at once.
        let swept = answer.contains("slack_auth_sweep_passes_total 1");
        if swept || began.elapsed() > Duration::from_secs(20) {
            break answer;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for line in [
        "# TYPE slack_auth_sweeping gauge",
        "slack_auth_sweeping 1",
        "slack_auth_sweep_passes_total 1",
        "install_server_installations{state=\"stored\"} 0",
        "install_server_installations{state=\"needing_person\"} 0",
    ] {
        assert!(answer.contains(line), "{line} is missing in {answer}");
    }
    let id = server.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let status = server.child.wait().unwrap();
    assert!(status.success(), "{status}");
    let mut rest = String::new();
    server.output.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("refreshes under way: 0, pairs not stored: 0"), "{rest}");
}
