//! `install`, and `login --sign-in`.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::desk::{Desk, free_port, visit};

const SECRET: &str = "c4narysecretc4narysecretc4nary00";

fn with_secret(desk: &Desk, arguments: &[&str]) -> Command {
    let mut command = desk.command(arguments);
    command.env("SLACK_CLIENT_SECRET", SECRET).stdin(Stdio::piped());
    command
}

/// Runs a command that is told by hand where the browser ended.
fn pasted(desk: &Desk, mut command: Command, redirect: &str) -> Output {
    let mut child = command.spawn().unwrap();
    let target = desk.callback(&mut child);
    let origin = &redirect[..redirect.rfind("/callback").unwrap()];
    writeln!(child.stdin.as_mut().unwrap(), "{origin}{target}").unwrap();
    let out = child.wait_with_output().unwrap();
    desk.search(&out, &["pasted"]);
    out
}

fn json_of(out: &Output) -> Value {
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn a_bot_is_installed_by_a_pasted_address_and_by_loopback() {
    let desk = Desk::new();
    let redirect = "https://app.example.com/callback";
    let scopes = ["install", "--scopes", "chat:write", "--user-scopes", "users:read", "--json"];
    let command = with_secret(&desk, &[&scopes[..], &["--redirect", redirect]].concat());
    let told = json_of(&pasted(&desk, command, redirect));
    assert_eq!(told["keys"][0], "team/T0FAKE00001");
    assert!(told["bot"].is_string() && told["user"].is_string(), "{told}");
    assert_eq!(told["missing_scopes"], json!([]));
    let who = desk.json(&["whoami", "--key", "team/T0FAKE00001"]);
    assert_eq!(who["team"], "Fake Team");

    // Again, with a browser that comes back to this machine.
    let port = free_port();
    let redirect = format!("http://localhost:{port}/callback");
    let command = [&scopes[..], &["--redirect", &redirect]].concat();
    let mut child = with_secret(&desk, &command).spawn().unwrap();
    let target = desk.callback(&mut child);
    assert!(visit(&format!("127.0.0.1:{port}"), &target).starts_with("HTTP/1.1 200"));
    let again = json_of(&child.wait_with_output().unwrap());
    assert_ne!(again["bot"], told["bot"]);
    assert_eq!(desk.json(&["list"])["credentials"].as_array().unwrap().len(), 2);
}

#[test]
fn an_install_without_a_secret_or_without_consent_is_refused() {
    let desk = Desk::new();
    let redirect = "https://app.example.com/callback";
    let arguments = ["install", "--scopes", "chat:write", "--redirect", redirect];
    assert_eq!(desk.status(&arguments), Some(2));
    desk.fake.send("PUT", "/consent", &json!({"consent": "deny"}));
    let out = pasted(&desk, with_secret(&desk, &arguments), redirect);
    assert_eq!(out.status.code(), Some(3));
    assert_eq!(desk.json(&["list"])["credentials"], json!([]));
}

#[test]
fn a_person_signs_in_with_a_secret_and_with_pkce() {
    let desk = Desk::new();
    let redirect = "http://localhost:3118/callback";
    let arguments = ["login", "--sign-in", "--no-browser", "--json"];
    let mut plain = desk.command(&arguments);
    plain.stdin(Stdio::piped());
    for command in [plain, with_secret(&desk, &arguments)] {
        let who = json_of(&pasted(&desk, command, redirect));
        assert_eq!(who["user_id"], "U0FAKE00001");
        assert_eq!(
            (&who["team_id"], &who["email_verified"]),
            (&json!("T0FAKE00001"), &json!(true))
        );
        assert!(!who["name"].is_null() && !who["email"].is_null(), "{who}");
    }
    assert_eq!(desk.json(&["list"])["credentials"], json!([]), "a sign-in stores nothing");
    assert_eq!(desk.status(&["login", "--sign-in", "--scopes", "users:read"]), Some(2));
}

#[test]
fn nobody_is_signed_in_by_a_changed_id_token() {
    let desk = Desk::new();
    for fault in ["tampered_claims", "wrong_nonce", "wrong_audience"] {
        desk.fake.post("/id-token-faults", &json!({"fault": fault}));
        let arguments = ["login", "--sign-in", "--no-browser", "--json"];
        let out = pasted(&desk, with_secret(&desk, &arguments), "http://localhost:3118/callback");
        assert_eq!((out.status.code(), &out.stdout[..]), (Some(1), &b""[..]), "{fault}");
    }
}
