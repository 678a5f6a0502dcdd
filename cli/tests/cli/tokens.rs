//! The commands that keep tokens, over the fake.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use slack_auth::store::Precondition;
use slack_auth::tokens::{Credential, InstallationKey};
use slack_auth::{AccessToken, Installation, Timestamp};

use crate::desk::Desk;

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

const ADD: [&str; 6] = ["config", "add", "--team", "T0FAKE00001", "--user", "U0FAKE00001"];

fn add(desk: &Desk, pair: &Value) -> std::process::Output {
    let mut child = desk.command(&ADD).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(pair.to_string().as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    desk.search(&out, &ADD);
    out
}

#[test]
fn a_refusal_leaves_no_talk_of_a_lost_answer() {
    let desk = Desk::new();
    let made_up = json!({"token": "xoxe.xoxp-1-c4nary", "refresh_token": "xoxe-1-c4nary"});
    assert!(add(&desk, &made_up).status.success());
    for _ in 0..2 {
        let out = desk.run(&["config", "token"]);
        assert_eq!(out.status.code(), Some(3));
        let said = String::from_utf8(out.stderr).unwrap();
        assert!(!said.contains("earlier run") && !said.contains("lost"), "{said}");
    }
}

#[test]
fn a_pair_that_was_rotated_does_not_take_the_place_of_what_came_of_it() {
    let desk = Desk::new();
    let owner = json!({"team_id": "T0FAKE00001", "user_id": "U0FAKE00001"});
    let first = desk.fake.post("/configuration-tokens", &owner);
    assert!(add(&desk, &first).status.success());
    let token = desk.token(&["config", "token"]);
    let again = add(&desk, &first);
    assert_eq!(again.status.code(), Some(1));
    let said = String::from_utf8(again.stderr).unwrap();
    assert!(said.contains("nothing was changed"), "{said}");
    assert_eq!(desk.token(&["config", "token"]), token);

    // Another pair of the same person's is what somebody wants.
    let second = desk.fake.post("/configuration-tokens", &owner);
    assert!(add(&desk, &second).status.success());
    let out = desk.command(&["config", "token"]).output().unwrap();
    assert!(out.status.success());
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(!said.contains("earlier run"), "{said}");
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
