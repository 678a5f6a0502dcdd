//! Every command over the fake: no output and no argument of any process shows a secret.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::desk::{Desk, free_port};
use crate::support::PROGRAM;

const SECRET: &str = "c4narysecretc4narysecretc4nary00";

/// The commands that have no subcommands, and all subcommands of the others.
const COMMANDS: [&str; 22] = [
    "completions",
    "config add",
    "config rotate",
    "config token",
    "decode",
    "exec",
    "fake",
    "install",
    "list",
    "login",
    "login --sign-in",
    "revoke",
    "status",
    "store copy",
    "store import",
    "store init",
    "store rekey",
    "store verify",
    "sweep",
    "token",
    "whoami",
    "help",
];

struct Watch {
    desk: Desk,
    seen: BTreeSet<String>,
    looks: usize,
}

impl Watch {
    /// Notes which command runs, and how its arguments look to others while it does.
    fn note(&mut self, arguments: &[&str], child: &Child) {
        let words = arguments.iter().take(2).copied().collect::<Vec<_>>().join(" ");
        let name = COMMANDS.iter().rev().find(|name| words.starts_with(**name));
        self.seen.insert((*name.unwrap_or_else(|| panic!("{words} is not listed"))).to_owned());
        let path = format!("/proc/{}/cmdline", child.id());
        // For a moment after its start a process has no arguments; one that has ended has none again.
        let looks = (0..100_000).map_while(|_| fs::read_to_string(&path).ok());
        let Some(shown) = looks.into_iter().find(|shown| !shown.is_empty()) else { return };
        self.check("ps", &shown, arguments);
        self.looks += 1;
    }

    fn check(&self, place: &str, shown: &str, arguments: &[&str]) {
        let key = fs::read_to_string(self.desk.path("key")).unwrap();
        for secret in ["xox", "c4nary", key.trim()] {
            assert!(!shown.contains(secret), "{arguments:?}, {place} shows {secret}: {shown}");
        }
    }

    fn spawn(&mut self, arguments: &[&str], with_secret: bool) -> Child {
        let mut command = self.desk.command(arguments);
        if with_secret {
            command.env("SLACK_CLIENT_SECRET", SECRET);
        }
        let child = command.stdin(Stdio::piped()).spawn().unwrap();
        self.note(arguments, &child);
        child
    }

    /// Lets a command end; only standard output may show a token, if that is what the command is for.
    fn end(&mut self, arguments: &[&str], child: Child) -> Output {
        let out = child.wait_with_output().unwrap();
        self.check("standard error", &String::from_utf8_lossy(&out.stderr), arguments);
        let is_token = matches!(arguments, ["token", ..] | ["config", "token", ..]);
        let shown = String::from_utf8_lossy(&out.stdout);
        if is_token && out.status.success() {
            assert!(shown.contains("xoxe"), "{arguments:?}: {shown}");
        } else {
            self.check("standard output", &shown, arguments);
        }
        out
    }

    fn run(&mut self, arguments: &[&str], input: &str) -> Output {
        let mut child = self.spawn(arguments, false);
        // One that was misused does not read.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        self.end(arguments, child)
    }

    /// Runs a command in both forms of its output.
    fn both(&mut self, arguments: &[&str], input: &str, status: i32) {
        for form in [&[][..], &["--json"]] {
            let out = self.run(&[arguments, form].concat(), input);
            let error = String::from_utf8_lossy(&out.stderr);
            assert_eq!(out.status.code(), Some(status), "{arguments:?}: {error}");
        }
    }

    /// Runs a command that sends a person to Slack's page.
    fn authorize(&mut self, arguments: &[&str], with_secret: bool) {
        let redirect = format!("http://localhost:{}/callback", free_port());
        let arguments = [arguments, &["--redirect", &redirect, "--no-browser"]].concat();
        let mut child = self.spawn(&arguments, with_secret);
        let target = self.desk.callback(&mut child);
        let origin = redirect.strip_suffix("/callback").unwrap();
        writeln!(child.stdin.as_mut().unwrap(), "{origin}{target}").unwrap();
        let out = self.end(&arguments, child);
        let error = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(0), "{arguments:?}: {error}");
    }

    fn path(&self, name: &str) -> String {
        self.desk.path(name).to_str().unwrap().to_owned()
    }
}

#[test]
fn no_command_shows_a_secret() {
    // On a busy machine the many commands take longer than the usual tokens of a desk live.
    let mut watch = Watch { desk: Desk::with_life(3600), seen: BTreeSet::new(), looks: 0 };
    watch.both(&["store", "init"], "", 0);
    watch.authorize(&["login", "--scopes", "users:read"], false);
    watch.seen.insert("login".to_owned());
    watch.authorize(&["login", "--sign-in"], false);
    watch.authorize(&["login", "--sign-in", "--json"], true);
    watch.authorize(&["install", "--scopes", "chat:write"], true);
    watch.authorize(&["install", "--scopes", "chat:write", "--json"], true);
    for slot in ["user", "bot"] {
        let slot: &[&str] = &["--slot", slot];
        watch.both(&[&["token"], slot].concat(), "", 0);
        watch.both(&[&["whoami"], slot].concat(), "", 0);
        // The program looks at its own arguments, and at those of its parent.
        let look = "tr '\\0' ' ' < /proc/$$/cmdline; tr '\\0' ' ' < /proc/$PPID/cmdline";
        let out = watch.run(&[&["exec"], slot, &["--", "sh", "-c", look]].concat(), "");
        assert!(String::from_utf8_lossy(&out.stdout).contains("slack-auth"));
    }
    commands_of_a_pipeline(&mut watch);
    for arguments in [&["list"][..], &["status"], &["sweep"], &["store", "verify"]] {
        watch.both(arguments, "", 0);
    }
    whole_stores(&mut watch);
    refusals(&mut watch);
    fakes(&mut watch);

    let revoked = watch.run(&["revoke", "team/T0FAKE00001"], "");
    assert_eq!(revoked.status.code(), Some(0), "{}", String::from_utf8_lossy(&revoked.stderr));
    let help = watch.run(&["help"], "");
    let help = String::from_utf8(help.stdout).unwrap();
    let listed = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    for name in listed.lines().filter_map(|line| line.split_whitespace().next()) {
        assert!(watch.seen.iter().any(|it| it.starts_with(name)), "{name} was not tried");
    }
    let all: BTreeSet<String> = COMMANDS.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(watch.seen, all);
    assert!(watch.looks > 40, "only {} looks at arguments", watch.looks);
}

/// The pair of a configuration token, and what fails with it.
fn commands_of_a_pipeline(watch: &mut Watch) {
    let owner = json!({"team_id": "T0FAKE00001", "user_id": "U0FAKE00001"});
    let pair = watch.desk.fake.post("/configuration-tokens", &owner).to_string();
    let add = ["config", "add", "--team", "T0FAKE00001", "--user", "U0FAKE00001"];
    watch.both(&add, &pair, 0);
    watch.both(&add, "{\"token\": \"xoxe-c4nary\"}", 2);
    watch.both(&add, "xoxe-c4nary", 2);
    watch.both(&["config", "token"], "", 0);
    watch.both(&["config", "rotate"], "", 0);
    let refused = json!({"method": "tooling.tokens.rotate",
        "fault": {"kind": "refused", "code": "internal_error"}});
    watch.desk.fake.post("/faults", &refused);
    watch.run(&["config", "rotate"], "");
}

fn whole_stores(watch: &mut Watch) {
    let (store, copy) = (watch.path("store"), watch.path("copy"));
    watch.both(&["store", "copy", &store, &copy], "", 0);
    let row = json!({"team": {"id": "T0FAKE00007"}, "bot": {"token": "xoxb-c4nary", "scopes": []},
        "user": {"id": "U0FAKE00001", "token": "xoxp-c4nary"}, "strange": "xoxb-c4nary",
        "incomingWebhook": {"url": "https://hooks.slack.com/services/c4nary"}});
    let file = watch.path("rows.json");
    fs::write(&file, row.to_string()).unwrap();
    watch.both(&["store", "import", "--dry-run", &file], "", 0);
    watch.both(&["store", "import", "--store", &copy, &file], "", 0);
    fs::write(&file, "\"xoxb-c4nary").unwrap();
    watch.both(&["store", "import", &file], "", 2);
    let new = watch.path("new-key");
    watch.both(&["store", "rekey", "--store", &copy, "--new-key-file", &new], "", 0);
    watch.both(&["store", "verify", "--store", &copy, "--key-file", &new], "", 0);
    watch.both(&["store", "verify", "--store", &copy], "", 1);
}

/// What is said about wrong input, of every kind that can hold a secret.
fn refusals(watch: &mut Watch) {
    let shown = "{\"ok\":true,\"access_token\":\"xoxb-c4nary\",\"x\":\"xoxp-c4nary\"}";
    watch.run(&["decode", "oauth.v2.access"], shown);
    watch.run(&["decode", "auth.test"], "xoxb-c4nary");
    watch.run(&["decode", "callback"], "https://app.example.com/?code=c4nary&state=c4nary");
    watch.run(&["completions", "bash"], "");
    let login = ["login", "--scopes", "users:read", "--no-browser"];
    watch.both(&login, "http://localhost:3118/callback?code=c4nary&state=c4nary\n", 3);
    watch.both(&login, "xoxb-c4nary\n", 2);
    // The variables hold secrets that are not what they must be.
    for (variable, value) in [
        ("SLACK_AUTH_KEY", "c4nary"),
        ("SLACK_CLIENT_SECRET", "c4nary\n\u{7f}xoxb-1"),
        ("SLACK_AUTH_STORE", "postgres://app:c4nary@127.0.0.1:1/app?c4nary=1"),
        ("SLACK_AUTH_STORE", "other://c4nary"),
        ("SLACK_AUTH_STORE", "postgres:c4nary"),
    ] {
        for arguments in [&["sweep"][..], &["list"], &["store", "verify"], &["store", "init"]] {
            let mut command = watch.desk.command(arguments);
            command.env_remove("SLACK_AUTH_KEY_FILE").env("SLACK_AUTH_KEY", "0".repeat(64));
            let child = command.env(variable, value).spawn().unwrap();
            watch.note(arguments, &child);
            let out = watch.end(arguments, child);
            assert_ne!(out.status.code(), Some(0), "{arguments:?} with a wrong {variable}");
        }
    }
}

/// The fake prints the secrets of its apps, which are made up, and nothing of its callers.
fn fakes(watch: &mut Watch) {
    let mut command = Command::new(PROGRAM);
    let seed = watch.path("seed.toml");
    let arguments = ["fake", "--seed", &seed];
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    watch.note(&arguments, &child);
    thread::sleep(Duration::from_millis(300));
    child.kill().unwrap();
    let out = child.wait_with_output().unwrap();
    watch.check("standard error", &String::from_utf8_lossy(&out.stderr), &arguments);
    let ready: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(ready["apps"][0]["client_secret"], SECRET);
}
