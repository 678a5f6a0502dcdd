//! What is done to the processes, the servers and the links between them, in a random order.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use crate::{a_moment, below, crowd::Crowd, log::Whom, place::Server, slack::Life, worker::Pace};

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
    /// The replica takes over, and no server or process ends: the address leads to it, the old server follows it.
    FailOver,
    /// The same with a replica that lags: it has heard nothing for some seconds.
    FailOverBehind,
}

impl Blow {
    /// What strikes everybody is rare: it would explain everything.
    const OFTEN: [(Self, usize); 3] = [(Self::Kill, 24), (Self::Pause, 4), (Self::CutHost, 3)];

    fn rare(server: Server) -> Vec<Self> {
        let mut rare = vec![Self::CutServer, Self::KillServer, Self::KillServerUnseen];
        match server {
            Server::Postgres => rare.push(Self::RestartPooler),
            Server::Redis => {
                rare.extend([Self::FailOver, Self::FailOverBehind, Self::FailOverBehind]);
            }
        }
        rare
    }

    pub(crate) fn all(server: Server) -> impl Iterator<Item = Self> {
        Self::OFTEN.map(|(blow, _)| blow).into_iter().chain(Self::rare(server))
    }

    /// What is done in about a minute.
    fn deck(server: Server) -> Vec<Self> {
        let often = Self::OFTEN.into_iter();
        let often = often.flat_map(|(blow, times)| std::iter::repeat_n(blow, times));
        let mut deck: Vec<_> = often.chain(Self::rare(server)).collect();
        for last in (1..deck.len()).rev() {
            deck.swap(last, below(last + 1));
        }
        deck
    }
}

/// What is to come, and what has to end.
pub(crate) struct Blows {
    server: Server,
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
    pub(crate) fn on(server: Server) -> Self {
        Self { server, deck: Vec::new(), counts: BTreeMap::new(), under_way: Vec::new() }
    }

    pub(crate) fn had_all(&self) -> bool {
        Blow::all(self.server).all(|blow| self.counts.contains_key(&blow))
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
            self.deck = Blow::deck(self.server);
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
            Blow::FailOver => fail_over(crowd),
            Blow::FailOverBehind => {
                // While tokens are refreshed: they are due in waves.
                let _life = waiting_soon(crowd, Duration::from_secs(5));
                // Only its beginning is a reason, for what was sent just before and not yet written to both servers. From
                // then on no lease is granted and nothing counts as written, so nothing may be sent that can be lost.
                let event = crowd.log.begin(Whom::All, "cut the replica off");
                crowd.setting.control(&["cut-replica"]);
                crowd.log.end(event);
                thread::sleep(LAG);
                fail_over(crowd);
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

fn fail_over(crowd: &mut Crowd<'_>) {
    let event = crowd.log.begin(Whom::All, "fail over to the replica");
    crowd.setting.control(&["fail-over"]);
    crowd.log.end(event);
}

/// How long a replica lags before it takes over: much longer than a reason is felt.
const LAG: Duration = Duration::from_secs(6);

const HOSTS: [&str; 2] = ["host-a", "host-b"];

/// Chooses a process: one that waits for Slack's answer, if there is one soon and chance wills it.
fn aim(crowd: &Crowd<'_>) -> usize {
    let waiting = (below(2) == 0).then(|| waiting_soon(crowd, Duration::from_millis(300)));
    waiting.flatten().unwrap_or_else(|| below(Crowd::PROCESSES))
}

/// Waits for a process that waits for Slack's answer, but not for long.
fn waiting_soon(crowd: &Crowd<'_>, most: Duration) -> Option<usize> {
    let end = Instant::now() + most;
    loop {
        let waiting = crowd.waiting();
        if waiting.is_some() || Instant::now() > end {
            return waiting;
        }
        thread::sleep(Duration::from_millis(5));
    }
}
