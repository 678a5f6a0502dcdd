//! The commands that keep tokens, over the fake; every output is searched for secrets.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use slack_auth::store::{FileStore, Precondition, SealingKey, SealingKeys};
use slack_auth::tokens::{Credential, InstallationKey};
use slack_auth::{AccessToken, ClientId, Installation, InstallationStore, StoreKey, Timestamp};
use tempfile::TempDir;

use crate::support::{Fake, PROGRAM};

const SEED: &str = r#"
    access_token_life = 100
    [[apps]]
    client_id = "333.3"
    client_secret = "c4narysecretc4narysecretc4nary00"
    redirect_urls = ["http://localhost/callback"]
    any_loopback_port = true
    rotation = true
    pkce = true
"#;

/// A fake, a store, and where both are.
struct Desk {
    fake: Fake,
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let seed = folder.path().join("seed.toml");
        fs::write(&seed, SEED).unwrap();
        let desk = Self { fake: Fake::start(&["--seed", seed.to_str().unwrap()]), folder };
        let created: Value = desk.json(&["store", "init"]);
        assert_eq!(created["key_created"], true);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
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
    fn run(&self, arguments: &[&str]) -> Output {
        let out = self.command(arguments).output().unwrap();
        self.search(&out, arguments);
        out
    }

    fn search(&self, out: &Output, arguments: &[&str]) {
        let shown = String::from_utf8([&out.stdout[..], &out.stderr].concat()).unwrap();
        let key = fs::read_to_string(self.path("key")).unwrap();
        for secret in ["xox", "c4nary", key.trim()] {
            assert!(!shown.contains(secret), "{arguments:?} shows {secret}: {shown}");
        }
    }

    /// Runs a command that succeeds, and returns its JSON.
    fn json(&self, arguments: &[&str]) -> Value {
        let mut all = arguments.to_vec();
        all.push("--json");
        let out = self.run(&all);
        let error = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(0), "{arguments:?}: {error}");
        serde_json::from_slice(&out.stdout).unwrap()
    }

    /// Runs a command whose purpose is to print a token.
    fn token(&self, arguments: &[&str]) -> String {
        let out = self.command(arguments).output().unwrap();
        assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
        assert!(!String::from_utf8(out.stderr).unwrap().contains("xox"));
        let token = String::from_utf8(out.stdout).unwrap().trim().to_owned();
        assert!(token.starts_with("xoxe.xoxp-1-"));
        token
    }

    fn status(&self, arguments: &[&str]) -> Option<i32> {
        self.run(arguments).status.code()
    }

    fn store(&self) -> InstallationStore {
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
    fn shorten(&self, key: &str) {
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
    fn log_in(&self) -> Value {
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
    fn callback(&self, child: &mut Child) -> String {
        let origin = self.fake.ready["origin"].as_str().unwrap();
        let mut lines = BufReader::new(child.stderr.as_mut().unwrap()).lines();
        let url = lines.find_map(|line| line.unwrap().strip_prefix(origin).map(str::to_owned));
        let (head, _) = self.fake.raw("GET", &url.unwrap(), "", "");
        let location = head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
        location[location.find("/callback").unwrap()..].to_owned()
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn visit(address: &str, target: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_login_and_what_can_be_done_with_it() {
    let desk = Desk::new();
    let key = desk.log_in()["key"].clone();
    assert_eq!(key, "team/T0FAKE00001/user/U0FAKE00001");
    let listed = desk.json(&["list"]);
    assert_eq!(listed["credentials"][0]["health"], "ready");
    let who = desk.json(&["whoami", "--slot", "user"]);
    assert_eq!((&who["user"], &who["team"]), (&json!("fake.person"), &json!("Fake Team")));

    let first = desk.token(&["token", "--slot", "user"]);
    assert_eq!(desk.token(&["token", "--slot", "user"]), first, "asking spends nothing");
    desk.shorten(key.as_str().unwrap());
    let second = desk.token(&["token", "--slot", "user"]);
    assert_ne!(first, second);
    assert_eq!(desk.fake.auth_test(&second)["ok"], true);

    let script = "test -n \"$SLACK_TOKEN\" && tr '\\0' ' ' < /proc/$$/cmdline && env | grep -c SLACK_AUTH_KEY; exit 7";
    let out = desk.run(&["exec", "--slot", "user", "--", "sh", "-c", script]);
    assert_eq!(out.status.code(), Some(7));
    assert!(String::from_utf8(out.stdout).unwrap().trim().ends_with('0'));

    assert_eq!(desk.json(&["sweep"])["failed"], 0);
    assert_eq!(desk.status(&["status"]), Some(0));
    assert_eq!(desk.json(&["store", "verify"])["installations"], 1);
    assert_eq!(desk.json(&["revoke", key.as_str().unwrap()])["revoked"], true);
    assert_eq!(desk.fake.auth_test(&second)["error"], "token_revoked");
    assert_eq!(desk.json(&["list"])["credentials"], json!([]));
    assert_eq!(desk.status(&["token", "--slot", "user"]), Some(3));
}

#[test]
fn a_login_without_a_browser_and_refusals() {
    let desk = Desk::new();
    let arguments = ["login", "--scopes", "users:read", "--no-browser", "--json"];
    let mut child = desk.command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
    let target = desk.callback(&mut child);
    writeln!(child.stdin.as_mut().unwrap(), "http://localhost:3118{target}").unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    desk.search(&out, &arguments);

    desk.fake.send("PUT", "/consent", &json!({"consent": "deny"}));
    let mut child = desk.command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
    let target = desk.callback(&mut child);
    writeln!(child.stdin.as_mut().unwrap(), "http://localhost:3118{target}").unwrap();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(3));
    let redirect = ["login", "--scopes", "users:read", "--redirect", "https://app.example.com/"];
    assert_eq!(desk.status(&redirect), Some(2));
}

#[test]
fn two_jobs_share_a_configuration_pair() {
    let desk = Desk::new();
    let owner = json!({"team_id": "T0FAKE00001", "user_id": "U0FAKE00001"});
    let pair = desk.fake.post("/configuration-tokens", &owner);
    let add = ["config", "add", "--team", "T0FAKE00001", "--user", "U0FAKE00001"];
    let mut child = desk.command(&add).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(pair.to_string().as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    desk.search(&out, &add);

    // plan and apply: neither spends a token of the other.
    let plan = desk.token(&["config", "token"]);
    // When the pair ends was not said, so its first use refreshes it.
    assert_ne!(plan, pair["token"].as_str().unwrap());
    assert_eq!(desk.token(&["config", "token"]), plan);
    let rotated = desk.json(&["config", "rotate"]);
    assert_ne!(rotated["old"], rotated["new"]);
    let apply = desk.token(&["config", "token"]);
    assert_ne!(plan, apply);
    desk.json(&["config", "rotate"]);
    assert_eq!(desk.fake.get("/calls?name=tooling.tokens.rotate")["count"], 3);

    let credentials = desk.fake.get("/credentials");
    assert_eq!(credentials["credentials"][0]["refreshes"], 3);
    // Slack refuses: the stored pair stays, and the command says so.
    let refuse = json!({"method": "tooling.tokens.rotate", "fault": {"kind": "refused", "code": "invalid_refresh_token"}});
    desk.fake.post("/faults", &refuse);
    let status = desk.status(&["config", "rotate"]);
    assert!(matches!(status, Some(1 | 3)), "{status:?}");
    let mut bad = desk.command(&add).stdin(Stdio::piped()).spawn().unwrap();
    bad.stdin.take().unwrap().write_all(b"{\"token\": \"c4nary\"}").unwrap();
    let out = bad.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    desk.search(&out, &add);
}

#[test]
fn status_ends_with_three_if_a_person_must_act() {
    let desk = Desk::new();
    assert_eq!(desk.status(&["status"]), Some(0), "nothing is stored");
    let place = InstallationKey::Workspace("T0FAKE00001".into());
    let mut installation = Installation::new(place.clone());
    let now = Timestamp::from(std::time::SystemTime::now()).as_unix();
    let token = AccessToken::new("xoxb-c4nary").unwrap();
    let mut bot = Credential::new(token, Timestamp::from_unix(now - 100));
    bot.expires_at = Some(Timestamp::from_unix(now + 1000));
    installation.bot = Some(bot.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let put = |installation: &Installation, expected| {
        runtime.block_on(desk.store().put(&place.clone().into(), installation, expected)).unwrap()
    };
    let version = put(&installation, Precondition::Absent);
    assert_eq!(desk.status(&["status"]), Some(0));
    assert_eq!(desk.status(&["status", "--within", "2000"]), Some(3));
    bot.expires_at = Some(Timestamp::from_unix(now - 1));
    installation.bot = Some(bot);
    put(&installation, Precondition::Version(version));
    let out = desk.run(&["status", "--json"]);
    assert_eq!(out.status.code(), Some(3));
    let status: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(
        (&status["needs_person"], &status["credentials"][0]["health"]),
        (&json!(1), &json!("needs_authorization"))
    );
    assert_eq!(desk.status(&["token"]), Some(3));
    assert_eq!(desk.status(&["sweep"]), Some(3));
}

#[test]
fn misuse_ends_with_two() {
    let desk = Desk::new();
    for arguments in [
        &["token", "--key", "nonsense"][..],
        &["revoke", "nonsense"],
        &["exec", "--slot", "user"],
        &["login"],
        &["config"],
    ] {
        assert_eq!(desk.status(arguments), Some(2), "{arguments:?}");
    }
    let bare = |variable: &str| {
        let out = desk.command(&["list"]).env_remove(variable).output().unwrap();
        desk.search(&out, &["list"]);
        out.status.code()
    };
    assert_eq!(bare("SLACK_AUTH_STORE"), Some(2));
    assert_eq!(bare("SLACK_AUTH_KEY_FILE"), Some(2));
    let other = desk.path("other");
    fs::write(&other, "c4nary").unwrap();
    let wrong = |path: &Path| {
        let out = desk.command(&["list"]).env("SLACK_AUTH_KEY_FILE", path).output().unwrap();
        desk.search(&out, &["list"]);
        out.status.code()
    };
    assert_eq!(wrong(&other), Some(2));
    assert_eq!(desk.status(&["revoke", "team/T0FAKE00009"]), Some(1));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(desk.path("key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
