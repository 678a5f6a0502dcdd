//! A fake, a store, and the command over both; every output is searched for secrets.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use slack_auth::store::{FileStore, Precondition, SealingKey, SealingKeys};
use slack_auth::{ClientId, InstallationStore, StoreKey, Timestamp};
use tempfile::TempDir;

use crate::support::{Fake, PROGRAM};

const SEED: &str = r#"
    [[apps]]
    client_id = "333.3"
    client_secret = "c4narysecretc4narysecretc4nary00"
    redirect_urls = ["http://localhost/callback", "https://app.example.com/callback"]
    insecure_loopback_redirects = true
    any_loopback_port = true
    rotation = true
    pkce = true
"#;

/// A fake, a store, and where both are.
pub(crate) struct Desk {
    pub(crate) fake: Fake,
    folder: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::with_life(100)
    }

    /// Creates one whose access tokens live for so many seconds.
    pub(crate) fn with_life(seconds: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let seed = folder.path().join("seed.toml");
        fs::write(&seed, format!("access_token_life = {seconds}\n{SEED}")).unwrap();
        let desk = Self { fake: Fake::start(&["--seed", seed.to_str().unwrap()]), folder };
        let created: Value = desk.json(&["store", "init"]);
        assert_eq!(created["key_created"], true);
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .env_remove("SLACK_CLIENT_SECRET")
            .env("SLACK_AUTH_STORE", self.path("store"))
            .env("SLACK_AUTH_KEY_FILE", self.path("key"))
            .env("SLACK_CLIENT_ID", "333.3")
            .env("SLACK_AUTH_ENDPOINT", self.fake.ready["origin"].as_str().unwrap())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command whose output must show no secret.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let out = self.command(arguments).output().unwrap();
        self.search(&out, arguments);
        out
    }

    pub(crate) fn search(&self, out: &Output, arguments: &[&str]) {
        let shown = String::from_utf8([&out.stdout[..], &out.stderr].concat()).unwrap();
        let key = fs::read_to_string(self.path("key")).unwrap();
        for secret in ["xox", "c4nary", key.trim()] {
            assert!(!shown.contains(secret), "{arguments:?} shows {secret}: {shown}");
        }
    }

    /// Runs a command that succeeds, and returns its JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let mut all = arguments.to_vec();
        all.push("--json");
        let out = self.run(&all);
        let error = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(0), "{arguments:?}: {error}");
        serde_json::from_slice(&out.stdout).unwrap()
    }

    /// Runs a command whose purpose is to print a token.
    pub(crate) fn token(&self, arguments: &[&str]) -> String {
        let out = self.command(arguments).output().unwrap();
        assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
        assert!(!String::from_utf8(out.stderr).unwrap().contains("xox"));
        let token = String::from_utf8(out.stdout).unwrap().trim().to_owned();
        assert!(token.starts_with("xoxe.xoxp-1-"));
        token
    }

    pub(crate) fn status(&self, arguments: &[&str]) -> Option<i32> {
        self.run(arguments).status.code()
    }

    pub(crate) fn store(&self) -> InstallationStore {
        let text = fs::read_to_string(self.path("key")).unwrap();
        let bytes = [(); 32].map({
            let mut pairs = text.trim().as_bytes().chunks(2);
            move |()| {
                let pair = std::str::from_utf8(pairs.next().unwrap()).unwrap();
                u8::from_str_radix(pair, 16).unwrap()
            }
        });
        let keys = SealingKeys::new(SealingKey::new(bytes));
        let folder = FileStore::open(self.path("store")).unwrap();
        InstallationStore::new(folder, ClientId::new("333.3").unwrap()).sealed(keys)
    }

    /// Moves the end of a stored user token to five seconds from now.
    pub(crate) fn shorten(&self, key: &str) {
        let (store, key) = (self.store(), StoreKey::from_text(key).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let stored = runtime.block_on(store.load(&key)).unwrap().unwrap();
        let mut installation = stored.installation;
        let now = Timestamp::from(std::time::SystemTime::now());
        let user = installation.user.as_mut().unwrap();
        user.issued_at = Timestamp::from_unix(now.as_unix() - 95);
        user.expires_at = Some(now + Duration::from_secs(5));
        let expected = Precondition::Version(stored.version);
        runtime.block_on(store.put(&key, &installation, expected)).unwrap();
    }

    /// Logs in through the fake's page, by a browser of a few lines.
    pub(crate) fn log_in(&self) -> Value {
        let redirect = format!("http://localhost:{}/callback", free_port());
        let arguments =
            ["login", "--scopes", "users:read,chat:write", "--redirect", &redirect, "--json"];
        let mut child = self.command(&arguments).spawn().unwrap();
        let target = self.callback(&mut child);
        let address = redirect.strip_prefix("http://").unwrap().strip_suffix("/callback").unwrap();
        let port = address.rsplit(':').next().unwrap();
        assert!(visit(&format!("127.0.0.1:{port}"), "/favicon.ico").starts_with("HTTP/1.1 404"));
        let forged = visit(&format!("127.0.0.1:{port}"), "/callback?code=1&state=forged");
        assert!(forged.starts_with("HTTP/1.1 400"), "{forged}");
        assert!(visit(&format!("127.0.0.1:{port}"), &target).starts_with("HTTP/1.1 200"));
        let out = child.wait_with_output().unwrap();
        assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
        self.search(&out, &arguments);
        serde_json::from_slice(&out.stdout).unwrap()
    }

    /// Opens the printed address and returns the target of the callback.
    pub(crate) fn callback(&self, child: &mut Child) -> String {
        let origin = self.fake.ready["origin"].as_str().unwrap();
        let mut lines = BufReader::new(child.stderr.as_mut().unwrap()).lines();
        let url = lines.find_map(|line| line.unwrap().strip_prefix(origin).map(str::to_owned));
        let (head, _) = self.fake.raw("GET", &url.unwrap(), "", "");
        let location = head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
        location[location.find("/callback").unwrap()..].to_owned()
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn visit(address: &str, target: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
