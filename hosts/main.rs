//! Processes on two hosts share a store on a third, with clocks two minutes apart: PostgreSQL, directly and through
//! PgBouncer, or Redis with a replica. For a minute processes, servers and the links between them are killed, paused, cut,
//! restarted and failed over, while a fake Slack ages tokens quickly. Each installation that is lost and each refresh token
//! that is sent twice must have a reason in the log of what was done: something that struck its sender between Slack's answer
//! and the durable write.
//!
//! `.ci/run hosts` makes the hosts, which are network namespaces, and the servers; without it the tests are skipped. The
//! processes and the fake are those of `tests/processes`.

#[path = "../tests/common/around.rs"]
mod around;
mod blows;
mod crowd;
mod log;
mod place;
#[path = "../tests/processes/said.rs"]
mod said;
#[path = "../tests/processes/slack.rs"]
mod slack;
#[path = "../tests/processes/town.rs"]
mod town;
mod wire;
#[path = "../tests/processes/worker.rs"]
mod worker;

use std::{
    collections::BTreeMap,
    env,
    fmt::{Display, Formatter, Result},
    thread,
    time::{Duration, Instant},
};

use crate::{
    blows::{Blow, Blows},
    crowd::{Crowd, Setting},
    log::Verdict,
    place::Server,
    slack::{Life, Tally},
    town::Living,
    worker::Leases,
};

/// Not a test of its own: the process that the tests below start and kill.
#[test]
fn worker_process() {
    let (Ok(place), Ok(origin)) = (env::var(crowd::PLACE), env::var(crowd::ORIGIN)) else { return };
    worker::work_until_killed(&place, &wire::beside(&origin));
}

#[test]
fn what_is_lost_or_sent_twice_was_struck() {
    let Some(setting) = Setting::read("what_is_lost_or_sent_twice_was_struck") else { return };
    let run = Run::play(&setting, Leases::On);
    println!("{run}");
    assert!(run.verdict.unexplained.is_empty(), "sent twice without a reason");
    assert_eq!(run.lost_without_reason, 0, "lost without a reason");
    assert!(run.tally.tokens >= setting.installations, "not every token was refreshed");
    assert!(run.verdict.explained > 0, "nothing fell between Slack's answer and the store");
    for blow in Blow::all(setting.server) {
        assert!(run.blows.contains_key(&blow), "never in this run: {blow:?}");
    }
}

#[test]
fn without_leases_the_same_run_sends_twice_without_a_reason() {
    let Some(setting) = Setting::read("without_leases_the_same_run") else { return };
    let run = Run::play(&setting, Leases::Off);
    println!("{run}");
    assert!(!run.verdict.unexplained.is_empty(), "the test cannot fail: {run}");
}

struct Run {
    server: Server,
    leases: Leases,
    installations: usize,
    seconds: u64,
    living: Living,
    lost_without_reason: usize,
    tally: Tally,
    verdict: Verdict,
    blows: BTreeMap<Blow, usize>,
    said: BTreeMap<String, usize>,
}

impl Run {
    fn play(setting: &Setting, leases: Leases) -> Self {
        let slack = town::found(setting.address, setting.installations);
        town::install(&slack, &setting.direct, setting.installations);
        let mut crowd = Crowd::new(&slack, setting, leases);
        let mut blows = Blows::on(setting.server);
        let (begin, mut verdict) = (Instant::now(), None);
        thread::sleep(CALM);
        // A slow machine may take its time.
        while begin.elapsed() < setting.length
            || leases == Leases::On && !blows.had_all() && begin.elapsed() < 2 * setting.length
        {
            blows.strike(&mut crowd);
            let so_far = Verdict::of(&slack.sent(), &crowd.log, Crowd::host_of);
            // Without leases the first is enough. Then all are killed, which would be a reason for what came last.
            if leases == Leases::Off && !so_far.unexplained.is_empty() {
                verdict = Some(so_far);
                break;
            }
        }
        blows.end_all(&mut crowd);
        crowd.kill_all();
        let seconds = begin.elapsed().as_secs();
        // Without leases installations may die, and nobody need wait for them.
        let living = match leases {
            Leases::On => town::count_the_living(&slack, &setting.direct, leases),
            Leases::Off => Living::default(),
        };
        let sent = slack.sent();
        let verdict = verdict.unwrap_or_else(|| Verdict::of(&sent, &crowd.log, Crowd::host_of));
        let reason = |token| {
            sent.iter()
                .filter(|sent| sent.token == token)
                .any(|sent| crowd.log.strikes_after(sent, Crowd::host_of))
        };
        let lost_without_reason = living.lost.iter().filter(|token| !reason(**token)).count();
        if leases == Leases::On {
            println!("{}", crowd.log);
        }
        Self {
            server: setting.server,
            leases,
            installations: setting.installations,
            seconds,
            lost_without_reason,
            living,
            tally: slack.tally(),
            verdict,
            blows: blows.counts(),
            said: crowd.said(),
        }
    }
}

impl Display for Run {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Tally { refreshes, tokens, after_kills, .. } = &self.tally;
        let Verdict { explained, unexplained, struck } = &self.verdict;
        writeln!(
            f,
            "{:?}, leases {:?}: {} processes on 2 hosts, {} s, {} installations; {:?}",
            self.server,
            self.leases,
            Crowd::PROCESSES,
            self.seconds,
            self.installations,
            self.blows,
        )?;
        writeln!(
            f,
            "{refreshes} refreshes reached Slack with {tokens} tokens; {} sent twice, {after_kills} of them after a kill: \
             {explained} explained, {} unexplained; {struck} of all were struck by something",
            explained + unexplained.len(),
            unexplained.len(),
        )?;
        for (before, again) in unexplained.iter().take(5) {
            writeln!(
                f,
                "  by life {} and {:.2} s later by life {}",
                before.by,
                (again.at - before.at).as_secs_f32(),
                again.by
            )?;
        }
        if self.leases == Leases::On {
            writeln!(
                f,
                "{} of {} installations live, {} lost, {} of them without a reason, {} killed each time",
                self.living.live,
                self.installations,
                self.living.lost.len(),
                self.lost_without_reason,
                self.living.lost_to_kills,
            )?;
        }
        write!(f, "the processes said {:?}", self.said)
    }
}

/// How long nothing is done at first, while the first tokens are refreshed: without leases some of them are sent twice, and
/// nothing is the reason.
const CALM: Duration = Duration::from_secs(5);

/// Waits, but not for long.
fn a_moment(least: u64, most: u64) {
    let random = u64::from(getrandom::u32().unwrap());
    thread::sleep(Duration::from_millis(least + random % (most - least)));
}

/// Returns a number below this one.
fn below(end: usize) -> usize {
    usize::try_from(getrandom::u32().unwrap()).unwrap() % end
}

/// Returns which of two hosts a life is lived on.
type HostOf = fn(Life) -> usize;
