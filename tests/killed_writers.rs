//! Processes that write into one store in a folder, and are killed at random moments: a reader finds what was written
//! before or after, never a part, and nothing that was written whole is lost.
//!
//! The test runs itself as the writers: with the variable `KILLED_WRITER` a process writes until it is killed.

use std::{
    collections::HashMap,
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use pollster::block_on;
use slack_auth::{
    AccessToken, ClientId, Installation, InstallationStore, StoreKey, Timestamp,
    store::{FileStore, Precondition, SealingKey, SealingKeys},
    tokens::{Credential, InstallationKey, RefreshToken},
};

const WRITERS: usize = 4;
const INSTALLATIONS: u64 = 6;

fn key(number: u64) -> StoreKey {
    InstallationKey::Workspace(format!("T{number}").into()).into()
}

/// Two tokens and a time that belong together, and some length, so that a write takes a while.
fn state(count: u64) -> Installation {
    let mut installation = Installation::new(InstallationKey::Workspace("T".into()));
    let access = format!("{count}-{}", "a".repeat(10_000));
    let mut bot = Credential::new(AccessToken::new(access).unwrap(), Timestamp::from_unix(count));
    bot.refresh_token = Some(RefreshToken::new(format!("{count}")).unwrap());
    installation.bot = Some(bot);
    installation
}

fn count_of(installation: &Installation) -> u64 {
    let count = installation.bot.as_ref().unwrap().issued_at.as_unix();
    let (found, whole) =
        (installation.encode_exposing_secrets(), state(count).encode_exposing_secrets());
    assert!(found.as_ref() == whole.as_ref(), "a mixture of two states");
    count
}

fn open(folder: &Path) -> InstallationStore {
    let keys = SealingKeys::new(SealingKey::new([7; 32]));
    let store = FileStore::open(folder).unwrap();
    InstallationStore::new(store, ClientId::new("1.2").unwrap()).sealed(keys)
}

/// A process that ends with this value, also if the test fails.
struct Writer(Child);

impl Writer {
    fn kill(mut self) {
        self.0.kill().unwrap();
        assert!(!self.0.wait().unwrap().success(), "a writer ended by itself");
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a writer does: counts each installation up in turn, and says what it has been told is written.
fn write_until_killed(folder: &Path, writer: u64) {
    let store = open(folder);
    let mut out = std::io::stdout().lock();
    for round in writer.. {
        let number = round % INSTALLATIONS;
        let found = block_on(store.load(&key(number))).unwrap();
        let (count, expected) = found.map_or((0, Precondition::Absent), |stored| {
            (count_of(&stored.installation), Precondition::Version(stored.version))
        });
        match block_on(store.put(&key(number), &state(count + 1), expected)) {
            Ok(_) => writeln!(out, "written {number} {}", count + 1).unwrap(),
            Err(error) if error.is_conflict() => writeln!(out, "conflict").unwrap(),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Not a test of its own: the process that the test below starts and kills.
#[test]
fn writer() {
    let Some(folder) = env::var_os("KILLED_WRITER") else { return };
    let number = env::var("KILLED_WRITER_NUMBER").unwrap().parse().unwrap();
    write_until_killed(Path::new(&folder), number);
}

#[test]
fn a_reader_finds_the_old_state_or_the_new_one() {
    let seconds = env::var("KILLED_WRITERS_SECONDS").map_or(3, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    // What each writer was told, newest per installation: that at least must be there.
    let (told, hear) = mpsc::channel();
    let (mut kills, mut loads, mut conflicts) = (0, 0_u64, 0);
    let mut newest = HashMap::<u64, u64>::new();
    let end = Instant::now() + Duration::from_secs(seconds);
    thread::scope(|scope| {
        let start = |writer: usize| {
            let mut child = Command::new(env::current_exe().unwrap())
                .args(["--exact", "writer", "--nocapture"])
                .env("KILLED_WRITER", folder.path())
                .env("KILLED_WRITER_NUMBER", writer.to_string())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let told = told.clone();
            scope.spawn(move || {
                lines.map_while(Result::ok).for_each(|line| told.send(line).unwrap());
            });
            Writer(child)
        };
        let mut writers: Vec<_> = (0..WRITERS).map(start).collect();
        while Instant::now() < end {
            let random = getrandom::u64().unwrap();
            let until_the_kill = Instant::now() + Duration::from_millis(random % 60);
            let mut turns = (0..INSTALLATIONS).cycle();
            while Instant::now() < until_the_kill {
                let Some(number) = turns.next() else { break };
                if let Some(stored) = block_on(store.load(&key(number))).unwrap() {
                    let count = count_of(&stored.installation);
                    let last = newest.entry(number).or_default();
                    assert!(count >= *last, "an older state came back");
                    *last = count;
                    loads += 1;
                }
            }
            let victim = usize::try_from(random >> 32).unwrap() % WRITERS;
            std::mem::replace(&mut writers[victim], start(victim)).kill();
            kills += 1;
        }
        writers.into_iter().for_each(Writer::kill);
    });
    drop(told);
    let mut writes = 0;
    for line in hear {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["written", number, count] => {
                let last = newest.entry(number.parse().unwrap()).or_default();
                *last = (*last).max(count.parse().unwrap());
                writes += 1;
            }
            ["conflict"] => conflicts += 1,
            // The harness's own lines, and one that was cut by a kill.
            _ => {}
        }
    }
    for (number, told) in &newest {
        let stored = block_on(store.load(&key(*number))).unwrap().unwrap();
        let count = count_of(&stored.installation);
        assert!(count >= *told, "what a writer was told is written is gone: {count} < {told}");
        assert!(count <= told + kills, "more was written than writers were told or killed");
    }
    println!("{kills} kills, {writes} writes, {conflicts} conflicts, {loads} loads");
    assert!(kills > 5 && writes > 20, "{kills} kills, {writes} writes");
}
