//! What is said to whoever uses a command wrongly: what was wrong, and what to do.

use std::fs;
use std::net::TcpListener;

use serde_json::json;

use crate::desk::Desk;

/// Runs a command that fails, and returns its exit status and what it said.
fn refused(desk: &Desk, arguments: &[&str]) -> (Option<i32>, String) {
    let out = desk.run(arguments);
    assert_eq!(out.stdout, b"", "{arguments:?} is refused before it prints anything");
    (out.status.code(), String::from_utf8(out.stderr).unwrap())
}

#[test]
fn whoever_asks_for_a_token_that_is_not_there_is_told_what_to_do() {
    let desk = Desk::new();
    for (arguments, says) in [
        (&["token"][..], "no bot token: get one with `slack-auth login` or `slack-auth install`"),
        (&["exec", "--", "true"], "no bot token: get one"),
        (&["config", "token"], "no configuration token: store a pair with `slack-auth config add`"),
    ] {
        let (status, said) = refused(&desk, arguments);
        assert!(status == Some(3) && said.contains(says), "{arguments:?}: {said}");
    }
    desk.log_in();
    let (status, said) = refused(&desk, &["whoami"]);
    let says = "the store holds no bot token: for the person's give --slot user";
    assert!(status == Some(3) && said.contains(says), "{said}");
    let (status, said) = refused(&desk, &["token", "--slot", "user", "--key", "U0FAKE00001"]);
    assert!(status == Some(2) && said.contains("as `slack-auth list` prints it"), "{said}");
    let (status, said) = refused(&desk, &["revoke", "U0FAKE00001"]);
    assert!(status == Some(2) && said.contains("as `slack-auth list` prints it"), "{said}");
    // Nothing was spent on all this.
    assert_eq!(desk.fake.get("/calls?name=oauth.v2.access")["count"], 1);
}

#[test]
fn usage_names_what_is_missing_and_not_what_the_environment_says() {
    let desk = Desk::new();
    for (arguments, usage) in [
        (&["completions"][..], "Usage: slack-auth completions <SHELL>"),
        (&["store", "import"], "Usage: slack-auth store import <FILE>..."),
        (&["login"], "Usage: slack-auth login --scopes <SCOPES>"),
    ] {
        let (status, said) = refused(&desk, arguments);
        assert!(status == Some(2) && said.contains(usage), "{arguments:?}: {said}");
    }
    let (_, said) = refused(&desk, &["statu"]);
    assert!(said.contains("'status'"), "{said}");
    // An empty variable is none.
    for (variable, says) in [
        ("SLACK_AUTH_STORE", "give --store or set SLACK_AUTH_STORE"),
        ("SLACK_AUTH_KEY_FILE", "set --key-file or SLACK_AUTH_KEY"),
        ("SLACK_CLIENT_ID", "give --client-id or set SLACK_CLIENT_ID"),
    ] {
        let out = desk.command(&["token"]).env(variable, "").output().unwrap();
        let said = String::from_utf8(out.stderr).unwrap();
        assert!(out.status.code() == Some(2) && said.contains(says), "{variable}: {said}");
    }
}

#[test]
fn files_and_ports_that_cannot_be_used_are_named_with_the_reason() {
    let desk = Desk::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let missing = desk.path("missing");
    let missing = missing.to_str().unwrap();
    let redirect = format!("http://localhost:{port}/callback");
    let login = ["login", "--scopes", "users:read", "--redirect", &redirect];
    for (arguments, status, says) in [
        (&["store", "import", missing][..], 2, "missing: No such file or directory"),
        (&["list", "--key-file", missing], 2, "missing: No such file or directory"),
        (&["fake", "--seed", missing], 2, "missing: No such file or directory"),
        (&["fake", "--port", &port], 1, "Address already in use"),
        (&login, 1, "end what listens there, or use --no-browser"),
    ] {
        let (code, said) = refused(&desk, arguments);
        assert!(code == Some(status) && said.contains(says), "{arguments:?}: {said}");
    }
}

#[test]
fn a_sweep_that_the_settings_prevent_needs_a_person() {
    let desk = Desk::new();
    let row = |id: u64| {
        json!({"id": id, "client_id": "333.3", "team_id": format!("T{id:010}"), "bot_token": "xoxe.xoxb-1-c4nary",
            "bot_refresh_token": "xoxe-1-c4nary", "bot_token_expires_at": "2026-11-21 12:00:00",
            "user_id": "U0FAKE00001", "installed_at": "2026-11-21 00:00:00"})
    };
    let tables = json!({"slack_installations": [row(1), row(2)]});
    fs::write(desk.path("dump"), tables.to_string()).unwrap();
    desk.json(&["store", "import", desk.path("dump").to_str().unwrap()]);
    // The bots of an app with a secret, without the secret.
    let out = desk.run(&["sweep", "--json"]);
    let said = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(3), "{said}");
    let told = "slack-auth: 2 tokens could not be refreshed before somebody corrects the app's settings or credentials\n";
    // One line, and no event for each token: the report on standard output has them.
    assert_eq!(said, told);
}

#[test]
fn completions_know_every_command() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let out = desk.run(&["completions", shell]);
        let script = String::from_utf8(out.stdout).unwrap();
        for word in ["fake", "login", "rekey", "rotate", "min-validity", "within", "tls-ca"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
}
