//! `slack-auth fake`, driven as a program in any language would.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Fake, PROGRAM};

#[test]
fn an_install_and_twelve_hours_pass() {
    let fake = Fake::start(&[]);
    let pair = fake.install();
    let token = pair["access_token"].as_str().unwrap();
    assert_eq!(fake.auth_test(token)["ok"], true);
    let before = fake.get("/clock")["now"].as_u64().unwrap();
    let now = fake.post("/clock", &json!({"advance": 43_200}))["now"].as_u64().unwrap();
    assert!((43_200..43_260).contains(&(now - before)));
    assert_eq!(fake.auth_test(token)["error"], "token_expired");
    assert_eq!(fake.refresh(&pair)["ok"], true);
    let calls = fake.get("/calls?name=oauth.v2.access");
    assert_eq!((&calls["count"], &calls["latest"][0]["verb"]), (&json!(2), &json!("POST")));
}

#[test]
fn faults_consent_and_looks() {
    let fake = Fake::start(&[]);
    let pair = fake.install();
    let fault =
        json!({"method": "oauth.v2.access", "fault": {"kind": "rate_limited", "retry_after": 7}});
    assert_eq!(fake.post("/faults", &fault)["left"], 1);
    let (head, body) = fake.raw_refresh(&pair);
    assert!(head.starts_with("HTTP/1.1 429") && head.contains("retry-after: 7"), "{head}");
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["error"], "ratelimited");
    fake.post("/faults", &json!({"method": "oauth.v2.access", "fault": {"kind": "reply_lost"}}));
    assert_eq!(fake.raw_refresh(&pair), (String::new(), String::new()));
    let credentials = fake.get("/credentials");
    assert_eq!(credentials["credentials"][0]["refreshes"], 1);
    assert!(!credentials.to_string().contains("xox"));

    let token = json!({"token": pair["access_token"]});
    assert_eq!(fake.post("/tokens/inspect", &token)["live"], true);
    fake.post("/tokens/revoke", &token);
    assert_eq!(fake.post("/tokens/inspect", &token)["live"], false);
    fake.send("PUT", "/consent", &json!({"consent": {"fail": "unapproved_scope"}}));
    assert!(fake.authorize().contains("error=unapproved_scope"));
    fake.send("PUT", "/consent", &json!({"consent": "deny"}));
    assert!(fake.authorize().contains("error=access_denied"));
}

#[test]
fn a_fast_clock_and_a_delayed_reply() {
    let fake = Fake::start(&[]);
    let before = fake.post("/clock", &json!({"set": 1_795_219_200, "rate": 36_000}))["now"].clone();
    assert_eq!(before, 1_795_219_200);
    thread::sleep(Duration::from_millis(50));
    let now = fake.get("/clock")["now"].as_u64().unwrap();
    assert!(now >= 1_795_219_200 + 1800, "half an hour in fifty milliseconds: {now}");
    let delay =
        json!({"method": "auth.test", "fault": {"kind": "reply_delayed", "milliseconds": 60_000}});
    fake.post("/faults", &delay);
    let start = Instant::now();
    assert_eq!(fake.auth_test("xoxb-unknown")["error"], "invalid_auth");
    assert!(start.elapsed() < Duration::from_secs(10), "a minute of the fast clock");
}

#[test]
fn events_are_delivered_signed_late_and_again() {
    let fake = Fake::start(&[]);
    fake.install();
    let ended = json!({"client_id": fake.client_id(), "place_id": "T0FAKE00001"});
    assert_eq!(fake.post("/apps/uninstall", &ended)["ended"], 1);
    let events = fake.get("/events");
    let event = &events["events"][1];
    assert_eq!(event["kind"], "app_uninstalled");
    fake.post("/clock", &json!({"advance": 3600}));
    let app = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/slack/events", app.local_addr().unwrap());
    let receiver = thread::spawn(move || {
        [(); 2].map(|()| {
            let (mut stream, _) = app.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\"type\":\"event_callback\"}") {
                let mut part = [0; 4096];
                let read = stream.read(&mut part).unwrap();
                request.extend_from_slice(&part[..read]);
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
            String::from_utf8(request).unwrap()
        })
    });
    for retry in 0..2 {
        let wish = json!({"url": url, "deliver": {"event_id": event["id"]}, "retry": retry});
        assert_eq!(fake.post("/deliveries", &wish), json!({"status": 200, "body": "ok"}));
    }
    let [first, again] = receiver.join().unwrap();
    assert!(
        first.starts_with("POST /slack/events HTTP/1.1")
            && first.contains("x-slack-signature: v0=")
    );
    assert!(!first.contains("x-slack-retry-num") && again.contains("x-slack-retry-num: 1"));
    let body = |request: &str| -> Value {
        serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
    };
    assert_eq!(body(&first)["event_time"], event["time"]);
    assert_eq!(body(&first), body(&again));
}

#[test]
fn a_seed_in_toml_or_json_says_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let toml = folder.path().join("seed.toml");
    let text = r#"
        time = 1795219200
        rate = 0
        access_token_life = 100
        [[apps]]
        client_id = "7.8"
        client_secret = "hush"
        redirect_urls = ["https://app.example.com/"]
        rotation = true
        [[workspaces]]
        id = "T0SEED00001"
        name = "Seeded"
        [[methods]]
        name = "chat.postMessage"
        scope = "chat:write"
        answer = { ts = "1.2" }
    "#;
    fs::write(&toml, text).unwrap();
    let fake = Fake::start(&["--seed", toml.to_str().unwrap()]);
    assert_eq!(fake.client_id(), "7.8");
    assert_eq!(fake.get("/clock")["now"], 1_795_219_200);
    let pair = fake.install();
    assert_eq!((&pair["expires_in"], &pair["team"]["id"]), (&json!(100), &json!("T0SEED00001")));
    let token = pair["access_token"].as_str().unwrap();
    assert_eq!(fake.call("chat.postMessage", token), json!({"ok": true, "ts": "1.2"}));

    let saved = folder.path().join("state.json");
    fs::write(&saved, fake.get("/state").to_string()).unwrap();
    fake.post("/reset", &json!(null));
    assert_eq!(fake.auth_test(token)["error"], "invalid_auth");
    let arguments = ["--seed", toml.to_str().unwrap(), "--load", saved.to_str().unwrap()];
    let again = Fake::start(&arguments);
    assert_eq!(again.auth_test(token)["ok"], true);

    let json_seed = folder.path().join("seed.json");
    fs::write(&json_seed, r#"{"consent": "deny", "seed": 5}"#).unwrap();
    let fake = Fake::start(&["--seed", json_seed.to_str().unwrap()]);
    assert!(fake.authorize().contains("error=access_denied"), "the default app, another consent");
}

#[test]
fn misuse_ends_with_two_and_shows_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let seed = folder.path().join("seed.toml");
    for text in [
        "consent = \"c4nary\"",
        "[[apps]]\nclient_id = \"1.2\"\nclient_secret = [\"c4nary\"]",
        "[[apps]]\nclient_secret = \"c4nary",
        "nonsense = \"c4nary\"",
    ] {
        fs::write(&seed, text).unwrap();
        let out = Command::new(PROGRAM).args(["fake", "--seed"]).arg(&seed).output().unwrap();
        assert_eq!(out.status.code(), Some(2), "{text}");
        let shown = String::from_utf8(out.stderr).unwrap();
        assert!(!shown.contains("c4nary") && shown.contains("line"), "{shown}");
        assert!(out.stdout.is_empty());
    }
    for arguments in
        [&["fake", "--port", "x"][..], &["fake", "--seed", "/nowhere"], &["other"], &[]]
    {
        let out = Command::new(PROGRAM).args(arguments).output().unwrap();
        assert_eq!(out.status.code(), Some(2), "{arguments:?}");
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let out = Command::new(PROGRAM).args(["fake", "--port", &port]).output().unwrap();
    assert_eq!(out.status.code(), Some(1));
}

#[test]
fn pages_and_mistakes_are_refused() {
    let fake = Fake::start(&[]);
    let (head, _) = fake.raw("GET", "/_fake/state", "origin: https://evil.example\r\n", "");
    assert!(head.starts_with("HTTP/1.1 403"));
    for (verb, path, body, status) in [
        ("GET", "/_fake/nowhere", "", 404),
        ("DELETE", "/_fake/clock", "", 405),
        ("POST", "/_fake/clock", "{", 400),
        ("POST", "/_fake/clock", r#"{"advance": "c4nary"}"#, 400),
        ("POST", "/_fake/tokens/revoke", r#"{"token": "c4nary"}"#, 404),
        ("PUT", "/_fake/state", r#"{"format": "c4nary"}"#, 400),
        (
            "POST",
            "/_fake/deliveries",
            r#"{"url": "http://x/", "deliver": {"event_id": "c4nary"}}"#,
            404,
        ),
    ] {
        let (head, answer) = fake.raw(verb, path, "", body);
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{verb} {path}: {head}");
        assert!(answer.contains("\"error\"") && !answer.contains("c4nary"), "{answer}");
    }
}

#[cfg(unix)]
#[test]
fn it_starts_at_once_needs_no_input_and_stops_on_sigterm() {
    let mut quickest = Duration::MAX;
    for run in 0..30 {
        if run >= 5 && quickest < AT_ONCE {
            break;
        }
        let start = Instant::now();
        let mut fake = Fake::start(&[]);
        quickest = quickest.min(start.elapsed());
        thread::sleep(Duration::from_millis(20));
        assert!(fake.child.try_wait().unwrap().is_none(), "the end of its input does not stop it");
        let pid = fake.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert_eq!(fake.child.wait().unwrap().code(), Some(0));
    }
    assert!(quickest < AT_ONCE, "ready after {quickest:?}");
}

/// The machine may be busy with other tests: then it is started more often.
#[cfg(unix)]
const AT_ONCE: Duration = Duration::from_millis(50);

#[test]
fn completions_come_from_the_same_definition() {
    let out =
        Command::new(PROGRAM).args(["completions", "bash"]).stdin(Stdio::null()).output().unwrap();
    assert!(out.status.success() && String::from_utf8(out.stdout).unwrap().contains("--tls-ca"));
}
