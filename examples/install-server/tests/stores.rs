//! The program keeps installations where `STORE` says, and finds them there when it is started again.

#[path = "stage/visitor.rs"]
#[expect(dead_code, reason = "each test program needs a part of it")]
mod visitor;

use std::{
    env,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use visitor::Visitor;

fn program(store: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slack-install-server"));
    for variable in
        ["SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "PUBLIC_URL", "STATE_KEY", "DATABASE"]
    {
        command.env_remove(variable);
    }
    command.env("LISTEN", "127.0.0.1:0").env("STORE", store);
    command
}

/// The server as a process of its own, with its fake Slack.
struct Server {
    child: Child,
    origin: String,
}

impl Server {
    fn start(store: &str) -> Self {
        let mut child = program(store).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let origin = loop {
            let mut line = String::new();
            assert!(output.read_line(&mut line).unwrap() > 0, "the server ended");
            if let Some(url) = line.strip_prefix("Open ") {
                break url.trim().trim_end_matches('/').to_owned();
            }
        };
        Self { child, origin }
    }

    async fn install(&self) {
        let mut visitor = Visitor::new();
        let consent = visitor.open(&format!("{}/slack/install", self.origin)).await;
        let page = visitor.open(&format!("{}&fake_decision=allow", consent.url)).await;
        page.is_human(200, "Added to Slack", "installed in");
    }

    /// Waits until the sweep has counted so many installations.
    async fn counts(&self, installations: usize) {
        let line = format!("install_server_installations{{state=\"stored\"}} {installations}\n");
        let began = Instant::now();
        loop {
            let page = Visitor::new().ask(&format!("{}/metrics", self.origin)).await;
            if page.html.contains(&line) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{}", page.html);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn survives_a_restart(store: &str) {
    let server = Server::start(store);
    server.counts(0).await;
    server.install().await;
    drop(server);
    Server::start(store).counts(1).await;
}

#[tokio::test]
async fn a_folder_keeps_what_was_installed() {
    let folder = tempfile::tempdir().unwrap();
    survives_a_restart(&format!("file:{}", folder.path().join("store").display())).await;
}

#[tokio::test]
async fn a_file_of_sqlite_keeps_what_was_installed() {
    let folder = tempfile::tempdir().unwrap();
    survives_a_restart(&format!("sqlite:{}", folder.path().join("database").display())).await;
}

#[tokio::test]
async fn postgresql_keeps_what_was_installed() {
    let Ok(url) = env::var("SLACK_AUTH_POSTGRES") else {
        println!(
            "skipped: postgresql_keeps_what_was_installed needs a server; SLACK_AUTH_POSTGRES names none"
        );
        return;
    };
    survives_a_restart(&url).await;
}

#[cfg(feature = "redis")]
#[tokio::test]
async fn redis_keeps_what_was_installed() {
    let Ok(url) = env::var("SLACK_AUTH_REDIS") else {
        println!(
            "skipped: redis_keeps_what_was_installed needs a server; SLACK_AUTH_REDIS names none"
        );
        return;
    };
    survives_a_restart(&url).await;
}

#[test]
fn a_store_that_is_not_there_is_told_without_the_password() {
    for (store, status, expected) in [
        ("mysql:hush", 2, "STORE must be file:FOLDER"),
        ("postgres://app:hush@127.0.0.1:1/app", 1, "the server cannot be reached"),
        ("file:/dev/null/store", 1, "the server ended:"),
    ] {
        let output = program(store).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{said}");
        assert!(said.contains(expected) && !said.contains("hush"), "{said}");
    }
}
