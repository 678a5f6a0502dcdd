//! Eight processes share one store in a folder, and are killed by SIGKILL at random moments, while the fake Slack ages
//! their tokens quickly: no installation is lost, and each due token is refreshed once, but for repeats after kills. The clocks
//! of every other process are two minutes ahead.
//!
//! A short run is part of `cargo test`. `.ci/run processes` runs it for 60 seconds with 200 installations; by hand:
//!
//! ```sh
//! PROCESSES_SECONDS=600 PROCESSES_INSTALLATIONS=200 cargo test --test processes -- --nocapture
//! ```
//!
//! The test runs itself as the workers: with the variable `PROCESSES_WORKER` a process works until it is killed.

#[path = "../common/around.rs"]
mod around;
mod place;
mod said;
mod slack;
mod town;
mod worker;

use std::{
    collections::BTreeMap,
    env,
    net::Ipv4Addr,
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    said::Said,
    slack::{Life, Slack, Tally},
    town::Living,
    worker::{Leases, Pace, WorkerClock},
};

const PROCESSES: usize = 8;
const KILLS_AT_LEAST: usize = 2 * PROCESSES;

/// How much longer a run goes on, on a slow machine, until it has shown what it must. Then the test fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// Not a test of its own: the process that the tests below start and kill.
#[test]
fn worker_process() {
    let (Ok(folder), Ok(origin)) = (env::var(FOLDER), env::var(ORIGIN)) else { return };
    worker::work_until_killed(&folder, &origin);
}

#[test]
fn nothing_is_lost_and_nothing_is_refreshed_twice() {
    let run = Run::play(Leases::On);
    println!("{run}");
    let Living { live, lost_to_kills, lost } = &run.living;
    assert_eq!(live + lost_to_kills, run.installations, "an installation was lost: {lost:?}");
    assert_eq!(run.tally.duplicates, 0, "a token was refreshed twice, and its sender was alive");
    for word in ["dead", "broken", "withheld", "conflict"] {
        assert_eq!(run.said(word), 0, "{word}");
    }
    assert!(run.tally.tokens >= run.installations, "not every token was refreshed");
    assert!(run.tally.after_kills > 0, "no kill fell between Slack's answer and the store");
    assert!(run.kills > KILLS_AT_LEAST, "too few kills to show anything");
}

#[test]
fn without_leases_the_same_run_refreshes_twice() {
    let run = Run::play(Leases::Off);
    println!("{run}");
    assert!(run.tally.duplicates > 0, "the test cannot fail: {run}");
}

struct Run {
    leases: Leases,
    installations: usize,
    seconds: u64,
    kills: usize,
    living: Living,
    tally: Tally,
    said: BTreeMap<String, usize>,
}

impl Run {
    fn play(leases: Leases) -> Self {
        // One at a time: sixteen processes would be too many for a small machine.
        static ALONE: Mutex<()> = Mutex::new(());
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let number = |name, default| env::var(name).map_or(default, |text| text.parse().unwrap());
        // Without leases the first token that is refreshed twice is enough.
        let at_least = match leases {
            Leases::On => Duration::from_secs(number("PROCESSES_SECONDS", 7)),
            Leases::Off => Duration::ZERO,
        };
        let installations = usize::try_from(number("PROCESSES_INSTALLATIONS", 40)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        let path = path.to_str().unwrap();
        let slack = town::found(Ipv4Addr::LOCALHOST.into(), installations);
        town::install(&slack, path, installations);
        let mut crowd = Crowd::new(&slack, path, leases);
        let begin = Instant::now();
        // A process that starts reads all installations: many of them leave less time for kills.
        let longest = u32::try_from(5 * installations).unwrap().max(100);
        while begin.elapsed() < at_least + PATIENCE
            && (begin.elapsed() < at_least || !crowd.has_shown_enough(installations))
        {
            let random = getrandom::u32().unwrap();
            let at_latest =
                Instant::now() + Duration::from_millis(u64::from((random >> 9) % longest));
            let aims = random & 0x100 == 0 && leases == Leases::On;
            // Every other kill hits a process that has spent a refresh token and does not know the answer yet.
            let mut waiting = None;
            while waiting.is_none() && Instant::now() < at_latest {
                thread::sleep(Duration::from_millis(5));
                waiting = crowd.which(slack.waiting()).filter(|_| aims);
            }
            let at_random = usize::try_from(random >> 16).unwrap() % PROCESSES;
            crowd.kill_and_start_again(waiting.unwrap_or(at_random));
        }
        let seconds = begin.elapsed().as_secs();
        let kills = crowd.kill_all();
        let living = town::count_the_living(&slack, path, leases);
        let said = crowd.said();
        Self { leases, installations, seconds, kills, living, tally: slack.tally(), said }
    }

    fn said(&self, word: &str) -> usize {
        self.said.get(word).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Tally { refreshes, tokens, after_kills, duplicates, longest_gap } = &self.tally;
        let gap = longest_gap.as_secs_f32();
        write!(
            f,
            "leases {:?}: {PROCESSES} processes, {} s, {} kills; {} of {} installations live, {} lost to kills; {refreshes} refreshes \
             reached Slack with {tokens} tokens, {after_kills} repeated after a kill (at most {gap:.1} s later), \
             {duplicates} more than once; the processes said {:?}",
            self.leases,
            self.seconds,
            self.kills,
            self.living.live,
            self.installations,
            self.living.lost_to_kills,
            self.said
        )
    }
}

/// The processes, each with the number of its life.
struct Crowd<'a> {
    slack: &'a Slack,
    folder: &'a str,
    leases: Leases,
    processes: Vec<(Child, Life)>,
    readers: Vec<JoinHandle<()>>,
    said: Said,
    lives: Life,
    kills: usize,
}

impl<'a> Crowd<'a> {
    fn new(slack: &'a Slack, folder: &'a str, leases: Leases) -> Self {
        let mut crowd = Self {
            slack,
            folder,
            leases,
            processes: Vec::new(),
            readers: Vec::new(),
            said: Said::default(),
            lives: 0,
            kills: 0,
        };
        for which in 0..PROCESSES {
            let process = crowd.start(which);
            crowd.processes.push(process);
        }
        crowd
    }

    fn start(&mut self, which: usize) -> (Child, Life) {
        let life = self.lives;
        self.lives += 1;
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .args(["--exact", "worker_process", "--nocapture"])
            .env(FOLDER, self.folder)
            .env(ORIGIN, self.slack.listen(life))
            .env(
                WorkerClock::VARIABLE,
                if which % 2 == 0 { "0".into() } else { Pace::SKEW.to_string() },
            )
            .stdout(Stdio::piped());
        if self.leases == Leases::Off {
            command.env(Leases::VARIABLE, "1");
        }
        let mut child = command.spawn().unwrap();
        self.readers.push(said::count(
            &mut child,
            life,
            &self.said,
            &["dead", "broken", "withheld"],
        ));
        (child, life)
    }

    /// Returns whether what the tests ask for has come to pass: on a slow machine it may take its time.
    fn has_shown_enough(&self, installations: usize) -> bool {
        let tally = self.slack.tally();
        match self.leases {
            Leases::On => {
                tally.tokens >= installations
                    && tally.after_kills > 0
                    && self.kills > KILLS_AT_LEAST
            }
            Leases::Off => tally.duplicates > 0,
        }
    }

    /// Finds the process that lives this life.
    fn which(&self, life: Option<Life>) -> Option<usize> {
        self.processes.iter().position(|process| Some(process.1) == life)
    }

    fn kill_and_start_again(&mut self, which: usize) {
        self.kill(which);
        self.processes[which] = self.start(which);
    }

    fn kill(&mut self, which: usize) {
        let (process, life) = &mut self.processes[which];
        process.kill().unwrap();
        assert!(!process.wait().unwrap().success(), "a process ended by itself");
        self.slack.killed(*life);
        self.kills += 1;
    }

    fn kill_all(&mut self) -> usize {
        (0..PROCESSES).for_each(|which| self.kill(which));
        self.kills
    }

    fn said(mut self) -> BTreeMap<String, usize> {
        self.readers.drain(..).for_each(|reader| reader.join().unwrap());
        self.said.lock().unwrap().clone()
    }
}

/// No process outlives the test, also if it fails.
impl Drop for Crowd<'_> {
    fn drop(&mut self) {
        for (process, _) in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

const FOLDER: &str = "PROCESSES_WORKER";
const ORIGIN: &str = "PROCESSES_ORIGIN";
