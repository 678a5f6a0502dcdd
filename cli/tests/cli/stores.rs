//! Stores by their names.

use serde_json::Value;

use crate::desk::Desk;

#[test]
fn a_store_is_a_folder_a_file_url_or_what_a_variable_says() {
    let desk = Desk::new();
    desk.log_in();
    let path = desk.path("store");
    let path = path.to_str().unwrap();
    for store in [path.to_owned(), format!("file:{path}"), format!("file://{path}")] {
        let listed = desk.json(&["list", "--store", &store]);
        assert_eq!(listed["credentials"].as_array().unwrap().len(), 1, "{store}");
    }
    let listed = desk
        .command(&["list", "--store", "env:ANOTHER_STORE", "--json"])
        .env("ANOTHER_STORE", format!("file:{path}"))
        .output()
        .unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed["credentials"].as_array().unwrap().len(), 1);
}

#[test]
fn an_unknown_store_is_told_what_there_is() {
    let desk = Desk::new();
    for (store, says) in [
        (
            "sqlite:store.db",
            "no store has the scheme `sqlite`: name a folder, file:PATH, postgres://",
        ),
        #[cfg(not(feature = "redis"))]
        ("redis://localhost", "build it with the feature `redis`"),
        #[cfg(feature = "redis")]
        ("redis://localhost/0?wait_for_replica=1", "the options of redis:// are"),
        #[cfg(feature = "redis")]
        ("redis://:c4nary@localhost", "a password must not be in an argument"),
        ("file://host/store", "write file:PATH"),
        ("env:NO_SUCH_VARIABLE", "NO_SUCH_VARIABLE names no store"),
        ("nowhere", "create it with `slack-auth store init`"),
        ("postgres://app:c4nary@localhost/app", "a password must not be in an argument"),
        ("postgres://app@localhost/app?password=c4nary", "a password must not be in an argument"),
    ] {
        let out = desk.run(&["list", "--store", store]);
        let error = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(2), "{store}: {error}");
        assert!(error.contains(says), "{store}: {error}");
        if store != "nowhere" {
            let from = desk.path("store");
            let copied = desk.status(&["store", "copy", from.to_str().unwrap(), store]);
            assert_eq!(copied, Some(2), "{store}");
        }
    }
}

#[test]
fn a_database_that_is_not_there_is_refused_without_its_password() {
    let desk = Desk::new();
    let out = desk
        .command(&["list"])
        .env("SLACK_AUTH_STORE", "postgres://app:c4nary@127.0.0.1:1/app")
        .output()
        .unwrap();
    desk.search(&out, &["list"]);
    assert_eq!(out.status.code(), Some(1), "{}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn a_store_in_postgresql() {
    let Ok(url) = std::env::var("SLACK_AUTH_POSTGRES") else {
        println!("skipped: a_store_in_postgresql needs a server; SLACK_AUTH_POSTGRES names none");
        return;
    };
    keeps_tokens_in(&url);
}

#[cfg(feature = "redis")]
#[test]
fn a_store_in_redis() {
    let Ok(url) = std::env::var("SLACK_AUTH_REDIS") else {
        println!("skipped: a_store_in_redis needs a server; SLACK_AUTH_REDIS names none");
        return;
    };
    keeps_tokens_in(&format!("{url}/0?prefix=command-{}", std::process::id()));
}

/// Copies a store into a database, and calls Slack with the token that is there.
fn keeps_tokens_in(url: &str) {
    let desk = Desk::new();
    desk.log_in();
    let run = |arguments: &[&str]| {
        let out = desk.command(arguments).env("DATABASE", url).output().unwrap();
        desk.search(&out, arguments);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice::<Value>(&out.stdout).unwrap()
    };
    let folder = desk.path("store");
    let folder = folder.to_str().unwrap();
    run(&["store", "init", "--store", "env:DATABASE", "--json"]);
    assert_eq!(run(&["store", "copy", folder, "env:DATABASE", "--json"])["written"], 1);
    assert_eq!(run(&["store", "copy", folder, "env:DATABASE", "--json"])["unchanged"], 1);
    let who = run(&["whoami", "--slot", "user", "--store", "env:DATABASE", "--json"]);
    assert_eq!(who["user"], "fake.person");
}
