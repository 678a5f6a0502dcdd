//! A login at a terminal with a real browser. `.ci/run browser` runs it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::desk::{Desk, free_port};
use crate::support::PROGRAM;

/// What the command opens a browser with: this one has no window, follows the redirects, and writes the last page down. It has a
/// session of its own, as a browser that was there before has: it outlives the terminal.
const XDG_OPEN: &str = r#"#!/bin/sh
exec setsid "$SLACK_AUTH_CHROMIUM" --headless --no-sandbox --disable-gpu --user-data-dir="$0.profile" --dump-dom "$1" >"$0.page"
"#;

#[test]
fn a_browser_opens_and_comes_back_to_the_terminal() {
    if std::env::var_os("SLACK_AUTH_CHROMIUM").is_none() {
        println!("skipped: it needs Chromium; SLACK_AUTH_CHROMIUM names none");
        return;
    }
    let desk = Desk::new();
    let programs = desk.path("programs");
    let (open, page) = (programs.join("xdg-open"), programs.join("xdg-open.page"));
    fs::create_dir(&programs).unwrap();
    fs::write(&open, XDG_OPEN).unwrap();
    fs::set_permissions(&open, Permissions::from_mode(0o755)).unwrap();
    let redirect = format!("http://localhost:{}/callback", free_port());
    let line = format!("'{PROGRAM}' login --scopes users:read --redirect {redirect}");

    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let bare = desk.command(&[]);
    let variables = bare.get_envs().filter_map(|(name, value)| Some((name, value?)));
    // `script` gives it a terminal: without one no browser is opened.
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).envs(variables).env("PATH", path);
    let out = command.stdin(std::process::Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{said}");
    desk.search(&out, &["login"]);
    assert!(said.contains("team/T0FAKE00001/user/U0FAKE00001 holds "), "{said}");
    assert_eq!(desk.json(&["whoami", "--slot", "user"])["user"], "fake.person");
    let seen = (0..200).find_map(|_| {
        thread::sleep(Duration::from_millis(100));
        fs::read_to_string(&page).ok().filter(|page| !page.is_empty())
    });
    let seen = seen.expect("the browser wrote no page");
    assert!(seen.contains("You can close this page and go back to the terminal."), "{seen}");
}
