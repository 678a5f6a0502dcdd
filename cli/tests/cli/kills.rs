//! `config rotate` is killed at each step that can be seen from outside; the pair must never be lost unnoticed.
//!
//! | step | what holds the command there | marked | Slack has answered | stored |
//! |---|---|---|---|---|
//! | locked out | the store is locked | no | no | no |
//! | marking | nothing: it is killed as soon as the file is there that it writes the mark to | no | no | no |
//! | connecting | nobody reads from its connection | yes | no | no |
//! | sent | the request is read, and not passed on | yes | no | no |
//! | spent | Slack's answer is kept back | yes | yes | no |
//! | half an answer | half of it is passed on | yes | yes | no |
//! | writing | all of it is, and the store is locked | yes | yes | no |
//! | stored | its standard output is full | yes | yes | yes |
//! | done | it has ended | yes | yes | yes |

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::desk::Desk;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Step {
    LockedOut,
    Marking,
    Connecting,
    Sent,
    Spent,
    HalfAnAnswer,
    Writing,
    Stored,
    Done,
}

use Step::{Connecting, Done, HalfAnAnswer, LockedOut, Marking, Sent, Spent, Stored, Writing};

/// Adds a pair, and rotates it once, so that its end is known and nothing but `rotate` sends it.
fn desk_with_pair() -> Desk {
    let desk = Desk::new();
    let owner = json!({"team_id": "T0FAKE00001", "user_id": "U0FAKE00001"});
    let pair = desk.fake.post("/configuration-tokens", &owner);
    let add = ["config", "add", "--team", "T0FAKE00001", "--user", "U0FAKE00001"];
    let mut child = desk.command(&add).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(pair.to_string().as_bytes()).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    desk.json(&["config", "rotate"]);
    desk
}

/// Reads a whole message: a head, and as much as it announces.
fn message(stream: &mut TcpStream) -> Vec<u8> {
    let (mut read, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&read);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return read;
            }
        }
        let length = stream.read(&mut part).unwrap();
        assert_ne!(length, 0, "cut off: {text}");
        read.extend_from_slice(&part[..length]);
    }
}

/// Stands between the command and the fake, holds the command at `step`, and says so.
fn hold(desk: &Desk, step: Step, listener: TcpListener) -> Receiver<Vec<File>> {
    let (held, is_held) = channel();
    let fake = desk.fake.ready["origin"].as_str().unwrap();
    let fake = fake.strip_prefix("http://").unwrap().to_owned();
    let locks = desk.path("store").join("locks");
    thread::spawn(move || {
        let (mut command, _) = listener.accept().unwrap();
        let request = message(&mut command);
        let mut locked = Vec::new();
        if step > Sent {
            if step == Writing {
                locked = lock_all(&locks);
            }
            let mut slack = TcpStream::connect(fake).unwrap();
            slack.write_all(&request).unwrap();
            let answer = message(&mut slack);
            match step {
                Spent => {}
                HalfAnAnswer => command.write_all(&answer[..answer.len() / 2]).unwrap(),
                _ => command.write_all(&answer).unwrap(),
            }
        }
        held.send(locked).unwrap();
        // The connection stays open until the command is gone.
        let _ = command.read(&mut [0]);
    });
    is_held
}

/// Locks a store: no write can begin from here on.
fn lock_all(locks: &Path) -> Vec<File> {
    fs::read_dir(locks).unwrap().map(|it| lock(&it.unwrap().path())).collect()
}

/// Kills a rotation after the file is there that the marked entry is written to, and before it takes the entry's place.
fn kill_while_marking(desk: &Desk, mut command: Command) {
    let files = fs::read_dir(desk.path("store").join("installations")).unwrap();
    let mut files = files.map(|it| it.unwrap().path());
    let is_entry = |it: &PathBuf| it.file_name().unwrap().to_str().unwrap().starts_with("team-");
    let entry = files.find(is_entry).unwrap().with_extension("slack");
    let new = entry.with_extension("new");
    for _ in 0..50 {
        let before = fs::read(&entry).unwrap();
        // What a lease has reserved may be there.
        let _ = fs::remove_file(&new);
        let mut child = command.spawn().unwrap();
        while !new.exists() && child.try_wait().unwrap().is_none() {}
        kill(&mut child);
        if new.exists() && fs::read(&entry).unwrap() == before {
            return;
        }
        // Too late: with the next pair it is tried again.
        assert!(desk.run(&["config", "rotate"]).status.success());
    }
    panic!("it was never killed in time");
}

#[expect(clippy::incompatible_msrv, reason = "tests run with the present compiler")]
fn lock(path: &Path) -> File {
    let file = File::options().read(true).write(true).open(path).unwrap();
    file.lock().unwrap();
    file
}

/// Returns a standard output that nothing can be written to, and what keeps it open.
fn full() -> (Stdio, UnixStream) {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    theirs.set_nonblocking(true).unwrap();
    let mut writer = theirs.try_clone().unwrap();
    while writer.write(&[b' '; 4096]).is_ok() {}
    theirs.set_nonblocking(false).unwrap();
    let _ = ours.flush();
    (OwnedFd::from(theirs).into(), ours)
}

/// Kills a rotation at a step.
fn kill_at(desk: &Desk, step: Step) {
    let before = fingerprint(desk);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let mut command = desk.command(&["config", "rotate", "--json"]);
    command.env("SLACK_AUTH_ENDPOINT", origin);
    let mut reader = None;
    if step == Stored {
        let (stdout, kept) = full();
        command.stdout(stdout);
        reader = Some(kept);
    }
    if step == Marking {
        return kill_while_marking(desk, command);
    }
    let locked = if step == LockedOut { lock_all(&desk.path("store/locks")) } else { Vec::new() };
    let mut child = command.spawn().unwrap();
    if step <= Connecting {
        let mut connection = None;
        if step == Connecting {
            // Its connection is taken up, and nothing is read.
            connection = Some(listener.accept().unwrap());
        } else {
            thread::sleep(Duration::from_millis(1500));
            listener.set_nonblocking(true).unwrap();
            assert!(listener.accept().is_err(), "it did not wait for the store");
        }
        if child.try_wait().unwrap().is_some() {
            let out = child.wait_with_output().unwrap();
            panic!("{step:?}: it ended by itself: {}", said(&out));
        }
        kill(&mut child);
        drop((locked, connection));
        return;
    }
    let locked = hold(desk, step, listener).recv_timeout(Duration::from_secs(60)).unwrap();
    match step {
        Stored => {
            let end = Instant::now() + Duration::from_secs(30);
            while fingerprint(desk) == before {
                assert!(Instant::now() < end, "it was never stored");
            }
        }
        Done => assert!(child.wait().unwrap().success()),
        _ => thread::sleep(Duration::from_millis(300)),
    }
    if step != Done {
        assert!(child.try_wait().unwrap().is_none(), "{step:?}: it ended by itself");
        kill(&mut child);
    }
    drop((locked, reader));
}

fn kill(child: &mut Child) {
    // SIGKILL.
    child.kill().unwrap();
    child.wait().unwrap();
}

fn fingerprint(desk: &Desk) -> Value {
    desk.json(&["list"])["credentials"][0]["fingerprint"].clone()
}

fn said(out: &Output) -> String {
    String::from_utf8(out.stderr.clone()).unwrap()
}

/// Kills at a step, and looks at what the next runs do: one at once, or one after Slack's grace time.
fn check(step: Step, is_late: bool) {
    let desk = desk_with_pair();
    let before = fingerprint(&desk);
    kill_at(&desk, step);
    // Killed while it marks, it may have been tried with more than one pair.
    let before = if step == Marking { fingerprint(&desk) } else { before };
    let is_stored = fingerprint(&desk) != before;
    let (is_marked, is_spent) = (step > Marking, step >= Spent);
    assert_eq!(is_stored, step >= Stored, "{step:?}");
    if is_late {
        desk.fake.send("POST", "/clock", &json!({"advance": 120}));
    }
    let next = desk.run(&["config", "rotate"]);
    let text = said(&next);
    let place = format!("{step:?}, late: {is_late}: {text}");
    // What was sent, or may have been, and is not stored: the run says what it cannot know.
    let is_open = is_marked && !is_stored;
    assert_eq!(text.contains("stored no answer of Slack"), is_open, "{place}");
    if is_spent && !is_stored && is_late {
        // Nobody has the pair any more, and nobody is told otherwise.
        assert_eq!(next.status.code(), Some(3), "{place}");
        assert!(text.contains("was lost before it was stored"), "{place}");
        return;
    }
    assert_eq!(next.status.code(), Some(0), "{place}");
    assert_eq!(text.contains("takes its place"), is_open, "{place}");
    let token = desk.token(&["config", "token"]);
    let looked = desk.fake.post("/tokens/inspect", &json!({"token": token}));
    assert_eq!(looked["live"], true, "{place}: {looked}");
    // And it can be rotated on.
    let on = desk.run(&["config", "rotate"]);
    assert_eq!(on.status.code(), Some(0), "{place}: {}", said(&on));
    assert!(!said(&on).contains("earlier run"), "{place}: {}", said(&on));
}

#[test]
fn a_kill_at_each_step_of_a_rotation_loses_nothing_unnoticed() {
    // Each waits for the lease of the killed process, so they wait together.
    let steps = [LockedOut, Marking, Connecting, Sent, Spent, HalfAnAnswer, Writing, Stored, Done];
    let cases = steps.iter().flat_map(|step| [(*step, false), (*step, true)]);
    let checks: Vec<_> = cases
        .map(|(step, is_late)| ((step, is_late), thread::spawn(move || check(step, is_late))))
        .collect();
    let failed: Vec<_> = checks
        .into_iter()
        .filter_map(|(case, check)| check.join().is_err().then_some(case))
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
}
