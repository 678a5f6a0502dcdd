//! The processes on the two hosts, and what can be done to them.

use std::{
    collections::BTreeMap,
    env,
    net::IpAddr,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use crate::{
    log::{Log, Whom},
    place::Server,
    said::{self, Said},
    slack::{Life, Slack},
    worker::{Leases, Pace, WorkerClock},
};

pub(crate) const PLACE: &str = "HOSTS_WORKER";
pub(crate) const ORIGIN: &str = "HOSTS_ORIGIN";

/// What `.ci/run hosts` has made.
pub(crate) struct Setting {
    /// Where Slack answers.
    pub(crate) address: IpAddr,
    /// The store, as it is reached from the first host and from the second: through a pooler, if there is one.
    pub(crate) direct: String,
    pooled: String,
    pub(crate) server: Server,
    /// The program that kills, restarts and fails over servers, and cuts links.
    control: String,
    pub(crate) length: Duration,
    pub(crate) installations: usize,
}

impl Setting {
    /// Reads it from the environment, or says that the test is skipped.
    pub(crate) fn read(test: &str) -> Option<Self> {
        let Ok(control) = env::var("HOSTS_CONTROL") else {
            println!("skipped: {test} needs several hosts; `.ci/run hosts` makes them");
            return None;
        };
        let variable = |name| env::var(name).unwrap();
        let direct = variable("HOSTS_DIRECT");
        Some(Self {
            address: variable("HOSTS_ADDRESS").parse().unwrap(),
            server: Server::at(&direct),
            direct,
            pooled: variable("HOSTS_POOLED"),
            control,
            length: Duration::from_secs(variable("HOSTS_SECONDS").parse().unwrap()),
            installations: variable("HOSTS_INSTALLATIONS").parse().unwrap(),
        })
    }

    /// Has something done to the server or to a link.
    pub(crate) fn control(&self, arguments: &[&str]) {
        let status = Command::new(&self.control).args(arguments).stdin(Stdio::null()).status();
        assert!(status.unwrap().success(), "{arguments:?}");
    }
}

/// The processes, each with the number of its life.
pub(crate) struct Crowd<'a> {
    slack: &'a Slack,
    pub(crate) setting: &'a Setting,
    leases: Leases,
    processes: Vec<(Child, Life)>,
    readers: Vec<JoinHandle<()>>,
    said: Said,
    pub(crate) log: Log,
}

impl<'a> Crowd<'a> {
    pub(crate) const PROCESSES: usize = 6;

    pub(crate) fn new(slack: &'a Slack, setting: &'a Setting, leases: Leases) -> Self {
        let (said, log) = (Arc::default(), Log::new());
        let (processes, readers) = (Vec::new(), Vec::new());
        let mut crowd = Self { slack, setting, leases, processes, readers, said, log };
        for which in 0..Self::PROCESSES {
            let process = crowd.start(which);
            crowd.processes.push(process);
        }
        crowd
    }

    /// Every other process is on the other host, with a clock that is ahead, and uses the pooler. A process that is started
    /// for a killed one has its place: so the number of a life tells its host.
    pub(crate) fn host_of(life: Life) -> usize {
        life % Self::PROCESSES % 2
    }

    pub(crate) fn life(&self, which: usize) -> Life {
        self.processes[which].1
    }

    fn start(&mut self, which: usize) -> (Child, Life) {
        // The next life of this place.
        let life = match self.processes.get(which) {
            Some((_, life)) => life + Self::PROCESSES,
            None => which,
        };
        let host = Self::host_of(life);
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", ["host-a", "host-b"][host]])
            .arg(env::current_exe().unwrap())
            .args(["--exact", "worker_process", "--nocapture"])
            .env(PLACE, [&self.setting.direct, &self.setting.pooled][host])
            .env(ORIGIN, self.slack.listen(life))
            .env(WorkerClock::VARIABLE, if host == 0 { "0".into() } else { Pace::SKEW.to_string() })
            .stdout(Stdio::piped());
        if self.leases == Leases::Off {
            command.env(Leases::VARIABLE, "1");
        }
        let mut child = command.spawn().unwrap();
        self.readers.push(said::count(&mut child, life, &self.said, &["dead"]));
        (child, life)
    }

    /// Returns the process that has spent a refresh token and does not know the answer yet.
    pub(crate) fn waiting(&self) -> Option<usize> {
        let waiting = self.slack.waiting()?;
        self.processes.iter().position(|process| process.1 == waiting)
    }

    pub(crate) fn kill_and_start_again(&mut self, which: usize) {
        self.kill(which);
        self.processes[which] = self.start(which);
    }

    fn kill(&mut self, which: usize) {
        let (process, life) = &mut self.processes[which];
        let (life, host) = (*life, Self::host_of(*life));
        let event = self.log.begin(Whom::Life(life), format!("kill life {life} on host {host}"));
        process.kill().unwrap();
        assert!(!process.wait().unwrap().success(), "a process ended by itself");
        self.slack.killed(life);
        self.log.end(event);
    }

    pub(crate) fn kill_all(&mut self) {
        (0..Self::PROCESSES).for_each(|which| self.kill(which));
    }

    /// Sends a signal to a life, if it is still lived.
    pub(crate) fn signal(&self, life: Life, signal: &str) {
        let Some((process, _)) = self.processes.iter().find(|process| process.1 == life) else {
            return;
        };
        let status = Command::new("kill").args([signal, &process.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    pub(crate) fn said(mut self) -> BTreeMap<String, usize> {
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
