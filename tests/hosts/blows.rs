//! What is done to the processes, the servers and the links between them, in a random order.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use crate::{a_moment, below, crowd::Crowd, log::Whom, slack::Life, worker::Pace};

/// Something that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Blow {
    /// A process is killed by SIGKILL, and another one started.
    Kill,
    /// A process is stopped for longer than its lease.
    Pause,
    /// Packets from and to a host are dropped.
    CutHost,
    /// Packets from and to the server's host are dropped.
    CutServer,
    /// The server is killed by SIGKILL and started again.
    KillServer,
    /// The same while its link is cut: nobody hears that its connections have ended.
    KillServerUnseen,
    /// The pooler is killed and started again.
    RestartPooler,
}

impl Blow {
    pub(crate) const ALL: [Self; 7] = [
        Self::Kill,
        Self::Pause,
        Self::CutHost,
        Self::CutServer,
        Self::KillServer,
        Self::KillServerUnseen,
        Self::RestartPooler,
    ];

    /// What is done in less than a minute. What strikes everybody is rare: it would explain everything.
    fn deck() -> Vec<Self> {
        let often = |blow, times| std::iter::repeat_n(blow, times);
        let mut deck: Vec<_> = often(Self::Kill, 24)
            .chain(often(Self::Pause, 4))
            .chain(often(Self::CutHost, 3))
            .chain([Self::CutServer, Self::KillServer, Self::KillServerUnseen, Self::RestartPooler])
            .collect();
        for last in (1..deck.len()).rev() {
            deck.swap(last, below(last + 1));
        }
        deck
    }
}

/// What is to come, and what has to end.
pub(crate) struct Blows {
    deck: Vec<Blow>,
    counts: BTreeMap<Blow, usize>,
    under_way: Vec<UnderWay>,
}

struct UnderWay {
    until: Instant,
    event: usize,
    what: What,
}

#[derive(PartialEq, Eq)]
enum What {
    Paused(Life),
    Cut(usize),
}

impl Blows {
    pub(crate) fn new() -> Self {
        Self { deck: Vec::new(), counts: BTreeMap::new(), under_way: Vec::new() }
    }

    pub(crate) fn had_all(&self) -> bool {
        Blow::ALL.iter().all(|blow| self.counts.contains_key(blow))
    }

    pub(crate) fn counts(&self) -> BTreeMap<Blow, usize> {
        self.counts.clone()
    }

    /// Does one thing, after a moment.
    pub(crate) fn strike(&mut self, crowd: &mut Crowd<'_>) {
        self.end_what_is_over(crowd, Instant::now());
        a_moment(300, 1_300);
        self.end_what_is_over(crowd, Instant::now());
        if self.deck.is_empty() {
            self.deck = Blow::deck();
        }
        let Some(blow) = self.deck.pop() else { return };
        *self.counts.entry(blow).or_default() += 1;
        match blow {
            Blow::Kill => {
                let which = aim(crowd);
                crowd.kill_and_start_again(which);
            }
            Blow::Pause => {
                let life = crowd.life(aim(crowd));
                crowd.signal(life, "-STOP");
                let event = crowd.log.begin(Whom::Life(life), format!("pause life {life}"));
                self.later(event, Pace::LEASE + 2, What::Paused(life));
            }
            Blow::CutHost => {
                let host = below(2);
                if self.under_way.iter().all(|it| it.what != What::Cut(host)) {
                    crowd.setting.control(&["cut", HOSTS[host]]);
                    let event = crowd.log.begin(Whom::Host(host), format!("cut host {host} off"));
                    self.later(event, 4, What::Cut(host));
                }
            }
            Blow::CutServer => {
                let event = crowd.log.begin(Whom::All, "cut the server off");
                crowd.setting.control(&["cut", "server"]);
                thread::sleep(Duration::from_secs(3));
                crowd.setting.control(&["join", "server"]);
                crowd.log.end(event);
            }
            Blow::KillServer => {
                let event = crowd.log.begin(Whom::All, "kill the server");
                crowd.setting.control(&["kill-server"]);
                crowd.setting.control(&["start-server"]);
                crowd.log.end(event);
            }
            Blow::KillServerUnseen => {
                let event = crowd.log.begin(Whom::All, "kill the server while it is cut off");
                crowd.setting.control(&["cut", "server"]);
                thread::sleep(Duration::from_millis(500));
                crowd.setting.control(&["kill-server"]);
                crowd.setting.control(&["start-server"]);
                crowd.setting.control(&["join", "server"]);
                crowd.log.end(event);
            }
            Blow::RestartPooler => {
                // It stands between the server and the second host.
                let event = crowd.log.begin(Whom::Host(1), "restart the pooler");
                crowd.setting.control(&["restart-pooler"]);
                crowd.log.end(event);
            }
        }
    }

    fn later(&mut self, event: usize, seconds: u64, what: What) {
        let until = Instant::now() + Duration::from_secs(seconds);
        self.under_way.push(UnderWay { until, event, what });
    }

    fn end_what_is_over(&mut self, crowd: &mut Crowd<'_>, now: Instant) {
        let (over, rest): (Vec<_>, _) = self.under_way.drain(..).partition(|it| it.until <= now);
        self.under_way = rest;
        for UnderWay { event, what, .. } in over {
            match what {
                What::Paused(life) => crowd.signal(life, "-CONT"),
                What::Cut(host) => crowd.setting.control(&["join", HOSTS[host]]),
            }
            crowd.log.end(event);
        }
    }

    /// Ends all that still goes on.
    pub(crate) fn end_all(&mut self, crowd: &mut Crowd<'_>) {
        let far = Instant::now() + Duration::from_secs(3_600);
        self.end_what_is_over(crowd, far);
    }
}

const HOSTS: [&str; 2] = ["host-a", "host-b"];

/// Chooses a process: one that waits for Slack's answer, if there is one soon and chance wills it.
fn aim(crowd: &Crowd<'_>) -> usize {
    if below(2) == 0 {
        for _ in 0..60 {
            if let Some(which) = crowd.waiting() {
                return which;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
    below(Crowd::PROCESSES)
}
