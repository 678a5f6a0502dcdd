//! Import, copy and rekey: complete, killed on the way and run again, and over a newer state.

use std::fs::{self, DirEntry, Metadata};
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::desk::Desk;

const ROWS: usize = 1000;

/// Writes a database with the columns of `slack_sdk`, and so many workspaces.
fn database(path: &Path, rows: usize) {
    let database = Connection::open(path).unwrap();
    database
        .execute_batch(
            "create table slack_installations (id integer primary key, client_id, app_id, enterprise_id, team_id, bot_token,
             bot_id, bot_user_id, bot_scopes, bot_refresh_token, bot_token_expires_at, user_id, user_token,
             is_enterprise_install, installed_at); begin",
        )
        .unwrap();
    for row in 0..rows {
        database
            .execute(
                "insert into slack_installations values (?1, '333.3', 'A0FAKE00001', null, ?2, ?3, null, 'U0FAKEBOT01',
                 'chat:write', ?4, '2026-11-21 12:00:00.000000', 'U0FAKE00001', null, 0, '2026-11-21 00:00:00.250000')",
                (
                    i64::try_from(row).unwrap(),
                    format!("T{row:010}"),
                    format!("xoxe.xoxb-1-c4nary-{row}"),
                    format!("xoxe-1-c4nary-{row}"),
                ),
            )
            .unwrap();
    }
    database.execute_batch("commit").unwrap();
}

/// Counts the files of a store.
fn count(store: &Path) -> usize {
    count_if(&store.join("installations"), &|_| true)
}

fn count_if(folder: &Path, counts: &dyn Fn(&Metadata) -> bool) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let count = |entry: DirEntry| match entry.metadata() {
        Ok(it) if it.is_dir() => count_if(&entry.path(), counts),
        Ok(it) => usize::from(counts(&it)),
        // It was replaced meanwhile.
        Err(_) => 0,
    };
    entries.map(|entry| count(entry.unwrap())).sum()
}

/// Counts the files of a store that were written after `file`.
fn written_since(store: &Path, file: &Path) -> usize {
    let Ok(since) = fs::metadata(file).and_then(|it| it.modified()) else { return 0 };
    count_if(&store.join("installations"), &|it| it.modified().is_ok_and(|time| time > since))
}

/// Kills a command once `is_time` says so; it must not have ended before.
fn kill(desk: &Desk, arguments: &[&str], is_time: impl Fn() -> bool) {
    let mut child = desk.command(arguments).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while !is_time() {
        assert!(Instant::now() < end, "nothing happened");
        assert!(child.try_wait().unwrap().is_none(), "it ended before");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    assert!(!child.wait_with_output().unwrap().status.success(), "it ended before");
}

#[test]
fn an_import_of_a_thousand_rows_continues_after_a_kill() {
    let desk = Desk::new();
    let (store, file) = (desk.path("store"), desk.path("app.db"));
    database(&file, ROWS);
    let arguments = ["store", "import", file.to_str().unwrap()];
    let dry = desk.json(&["store", "import", "--dry-run", file.to_str().unwrap()]);
    assert_eq!((&dry["installations"], &dry["written"]), (&json!(ROWS), &json!(0)));
    assert_eq!(desk.json(&["store", "verify"])["installations"], 0);

    // Among the files that are counted are such as have not their final names yet.
    kill(&desk, &arguments, || count(&store) > 120);
    let second = desk.json(&arguments);
    let written = second["written"].as_u64().unwrap();
    assert!((1..=900).contains(&written), "{second}");
    assert_eq!(second["unchanged"].as_u64().unwrap() + written, ROWS as u64);
    let third = desk.run(&arguments);
    let said = String::from_utf8(third.stdout).unwrap();
    assert!(said.contains("0 written, 1000 there already, 0 kept"), "{said}");
    assert_eq!(third.stderr, b"", "a progress bar was written into a pipe");
    assert_eq!(desk.json(&["store", "verify"])["installations"], ROWS);
}

#[test]
fn files_of_both_sdks_are_imported_and_others_are_not() {
    let desk = Desk::new();
    let import = |name: &str, text: &str| {
        fs::write(desk.path(name), text).unwrap();
        desk.run(&["store", "import", "--json", desk.path(name).to_str().unwrap()])
    };
    let bot = json!({"token": "xoxb-c4nary", "scopes": ["chat:write"], "id": "B0FAKE00001", "userId": "U0FAKEBOT01"});
    let one = json!({"team": {"id": "T0FAKE00001"}, "bot": bot, "user": {"id": "U0FAKE00001"}});
    let out = import("app-latest", &one.to_string());
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&told["installations"], &told["written"]), (&json!(1), &json!(1)));
    let row = json!({"id": 1, "client_id": "333.3", "team_id": "T0FAKE00002", "bot_token": "xoxb-c4nary",
        "user_id": "U0FAKE00001", "is_enterprise_install": false, "installed_at": "2026-11-21 00:00:00"});
    let other =
        json!({"id": 2, "client_id": "1.2", "team_id": "T0FAKE00003", "bot_token": "xoxb-c4nary"});
    let tables = json!({"slack_installations": [row, other], "slack_bots": []});
    let told: Value = serde_json::from_slice(&import("dump", &tables.to_string()).stdout).unwrap();
    assert_eq!((&told["written"], told["left_out"].as_array().unwrap().len()), (&json!(1), 1));
    // What concerns many rows is one line.
    let others: Vec<Value> = (1..=40).map(|id| json!({"id": id, "client_id": "1.2"})).collect();
    let tables = json!({"slack_installations": others}).to_string();
    fs::write(desk.path("others"), tables).unwrap();
    let out = desk.run(&["store", "import", desk.path("others").to_str().unwrap()]);
    let said = String::from_utf8(out.stdout).unwrap();
    let line = "left out: slack_installations, row 1: is of another app; 39 more like it\n";
    assert!(said.starts_with(line), "{said}");
    for text in ["", "xoxb-c4nary", "[\"xoxb-c4nary\"]", "3"] {
        assert_eq!(import("bad", text).status.code(), Some(2), "{text}");
    }
    let empty = desk.path("empty.db");
    Connection::open(&empty).unwrap().execute_batch("create table t (a)").unwrap();
    assert_eq!(desk.status(&["store", "import", empty.to_str().unwrap()]), Some(2));
    assert_eq!(desk.status(&["store", "import", "missing"]), Some(2));
}

#[test]
fn a_copy_continues_after_a_kill_and_keeps_what_is_newer() {
    let desk = Desk::new();
    let (from, file) = (desk.path("store"), desk.path("app.db"));
    database(&file, 300);
    desk.json(&["store", "import", file.to_str().unwrap()]);
    let key = desk.log_in()["key"].as_str().unwrap().to_owned();
    let to = desk.path("copy");
    let arguments = ["store", "copy", from.to_str().unwrap(), to.to_str().unwrap()];
    kill(&desk, &arguments, || count(&to) > 100);
    let second = desk.json(&arguments);
    let written = second["written"].as_u64().unwrap();
    assert!((1..=250).contains(&written), "{second}");
    assert_eq!(written + second["unchanged"].as_u64().unwrap(), 301);

    // What the copy holds was refreshed since: it is newer, and stays.
    desk.shorten(&key);
    let in_copy = ["token", "--slot", "user", "--key", &key, "--store", to.to_str().unwrap()];
    let token = desk.token(&in_copy);
    let third = desk.json(&arguments);
    assert_eq!((&third["written"], &third["kept"]), (&json!(0), &json!([&key])), "{third}");
    assert_eq!(desk.token(&in_copy), token);
}

#[test]
fn a_store_is_sealed_anew_even_after_a_kill() {
    let desk = Desk::new();
    let (store, file, new) = (desk.path("store"), desk.path("app.db"), desk.path("new-key"));
    database(&file, 300);
    desk.json(&["store", "import", file.to_str().unwrap()]);
    let (new, key) = (new.to_str().unwrap(), desk.path("key"));
    assert_eq!(desk.status(&["store", "rekey", "--new-key-file", key.to_str().unwrap()]), Some(2));
    let arguments = ["store", "rekey", "--new-key-file", new];
    kill(&desk, &arguments, || written_since(&store, Path::new(new)) > 30);
    let second = desk.json(&arguments);
    let (sealed, already) = (&second["sealed"], &second["already"]);
    assert_eq!(sealed.as_u64().unwrap() + already.as_u64().unwrap(), 300, "{second}");
    assert!(already.as_u64().unwrap() > 0, "{second}");
    let third = desk.json(&arguments);
    assert_eq!((&third["sealed"], &third["already"]), (&json!(0), &json!(300)));
    assert_eq!(third["key_created"], false);
    assert_eq!(desk.status(&["store", "verify"]), Some(1), "the old key must not open it");
    assert_eq!(desk.json(&["store", "verify", "--key-file", new])["installations"], 300);
}
