//! Fleets that are refreshed within a rate limit, by a clock of the simulation's own.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    time::Duration,
};

use super::{Outcome, Pace, Priority, Turn};

/// A Slack that limits requests.
trait Slack {
    /// `None` if it accepts the request, else `Retry-After`.
    fn ask(&mut self, now: Duration, in_flight: usize) -> Option<Duration>;
}

/// At most so many in flight.
struct Window(usize);

impl Slack for Window {
    fn ask(&mut self, _: Duration, in_flight: usize) -> Option<Duration> {
        (in_flight > self.0).then_some(Duration::from_secs(1))
    }
}

/// A bucket that fills.
struct Bucket {
    tokens: f64,
    size: f64,
    rate: f64,
    at: Duration,
    always: Option<Duration>,
}

impl Bucket {
    fn new(always: Option<u64>) -> Self {
        let always = always.map(Duration::from_secs);
        Self { tokens: 50.0, size: 50.0, rate: 10.0, at: Duration::ZERO, always }
    }
}

impl Slack for Bucket {
    fn ask(&mut self, now: Duration, _: usize) -> Option<Duration> {
        let flowed = now.saturating_sub(self.at).as_secs_f64() * self.rate;
        self.tokens = (self.tokens + flowed).min(self.size);
        self.at = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return None;
        }
        let wait = ((1.0 - self.tokens) / self.rate).ceil();
        Some(self.always.unwrap_or(Duration::from_secs_f64(wait)))
    }
}

#[derive(Debug)]
struct Result {
    requests: usize,
    took: Duration,
    most_in_flight: usize,
    /// Of each caller, from its call to its token.
    waits: Vec<Duration>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Answer(usize, u64, Option<Duration>),
    Again(usize, u64),
    Look(usize),
    Call(u64),
}

/// Refreshes `count` credentials by `processes` paces, each of which has its share; each answer takes 50 ms, and up to
/// `jitter` milliseconds more. In between so many callers come, evenly, who wait for a token.
fn run(
    slack: &mut impl Slack,
    count: u64,
    processes: usize,
    window: usize,
    callers: u64,
    every: Duration,
    jitter: u64,
) -> Result {
    let mut random = 1_u64;
    let mut paces: Vec<Pace> = (0..processes).map(|_| Pace::new(window)).collect();
    let mut events = BinaryHeap::new();
    let mut order = 0_u64;
    let mut at = |events: &mut BinaryHeap<_>, time: Duration, event: Event| {
        order += 1;
        events.push(Reverse((time, order, event)));
    };
    for request in 0..count {
        let process = usize::try_from(request).unwrap() % processes;
        paces[process].enqueue(request, Priority::Due);
    }
    for process in 0..processes {
        at(&mut events, Duration::ZERO, Event::Look(process));
    }
    for caller in 0..callers {
        let time = every * u32::try_from(caller + 1).unwrap();
        at(&mut events, time, Event::Call(count + caller));
    }
    let (mut requests, mut in_flight, mut most_in_flight, mut left) = (0, 0, 0, count + callers);
    let mut called = HashMap::new();
    let mut waits = Vec::new();
    let mut looks = vec![None; processes];
    while left > 0 {
        let Reverse((now, _, event)) = events.pop().expect("nothing is stuck");
        let process = match event {
            Event::Answer(process, request, limited) => {
                in_flight -= 1;
                let outcome = match limited {
                    None => Outcome::Answered,
                    retry_after => Outcome::RateLimited { retry_after },
                };
                paces[process].finish(now, request, outcome);
                if let Some(wait) = limited {
                    at(&mut events, now + wait, Event::Again(process, request));
                } else {
                    left -= 1;
                    waits.extend(called.get(&request).map(|at| now.saturating_sub(*at)));
                }
                process
            }
            Event::Again(process, request) => {
                let priority = if request < count { Priority::Due } else { Priority::Waiting };
                paces[process].enqueue(request, priority);
                process
            }
            Event::Look(process) => process,
            Event::Call(request) => {
                called.insert(request, now);
                paces[0].enqueue(request, Priority::Waiting);
                0
            }
        };
        loop {
            match paces[process].next(now) {
                Turn::Go(request) => {
                    requests += 1;
                    in_flight += 1;
                    most_in_flight = most_in_flight.max(in_flight);
                    let limited = slack.ask(now, in_flight);
                    let answer = Event::Answer(process, request, limited);
                    // As good a random number as any, and the same in each run.
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let late = (random >> 33) % (jitter * 1_000 + 1);
                    at(&mut events, now + Duration::from_micros(50_000 + late), answer);
                }
                Turn::Wait(until) => {
                    if looks[process].is_none_or(|look| look <= now || look > until) {
                        looks[process] = Some(until);
                        at(&mut events, until, Event::Look(process));
                    }
                    break;
                }
                Turn::Idle => break,
            }
        }
        if left == 0 {
            return Result { requests, took: now, most_in_flight, waits };
        }
    }
    unreachable!("there is something to do")
}

fn per_credential(result: &Result, count: u32) -> f64 {
    f64::from(u32::try_from(result.requests).unwrap()) / f64::from(count)
}

fn p99(mut waits: Vec<Duration>) -> Duration {
    waits.sort();
    waits[waits.len() * 99 / 100]
}

const COUNT: u32 = 20_000;
const IDEAL: f64 = 20_000.0 * 0.05 / 20.0;
const NONE: Duration = Duration::ZERO;

#[test]
fn a_window_of_twenty_is_met_by_the_default() {
    let result = run(&mut Window(20), COUNT.into(), 1, 8, 0, NONE, 0);
    assert!(per_credential(&result, COUNT) <= 1.05, "{result:?}");
    assert!(result.took.as_secs_f64() <= 2.6 * IDEAL, "{result:?}");
    assert_eq!(result.most_in_flight, 8);
}

#[test]
fn a_window_of_twenty_is_used_by_a_window_of_twenty() {
    let result = run(&mut Window(20), COUNT.into(), 1, 20, 0, NONE, 0);
    assert!(per_credential(&result, COUNT) <= 1.05, "{result:?}");
    assert!(result.took.as_secs_f64() <= 1.25 * IDEAL, "{result:?}");
}

#[test]
fn a_window_that_is_much_too_large_finds_the_limit() {
    let result = run(&mut Window(20), COUNT.into(), 1, 100, 0, NONE, 0);
    assert!(per_credential(&result, COUNT) <= 1.05, "{result:?}");
    assert!(result.took.as_secs_f64() <= 3.0 * IDEAL, "{result:?}");
}

#[test]
fn eight_processes_share_a_window_of_twenty() {
    let result = run(&mut Window(20), COUNT.into(), 8, 8, 0, NONE, 0);
    assert!(per_credential(&result, COUNT) <= 1.05, "{result:?}");
    assert!(result.took.as_secs_f64() <= 3.0 * IDEAL, "{result:?}");
}

#[test]
fn eight_processes_whose_answers_take_different_times_find_their_shares() {
    for window in [8, 20] {
        let result = run(&mut Window(20), COUNT.into(), 8, window, 0, NONE, 10);
        assert!(per_credential(&result, COUNT) <= 1.05, "{result:?}");
        assert!(result.took.as_secs_f64() <= 3.0 * IDEAL, "{result:?}");
    }
}

#[test]
fn eight_processes_share_a_bucket() {
    let result = run(&mut Bucket::new(None), COUNT.into(), 8, 8, 0, NONE, 10);
    let used = (f64::from(COUNT) - 50.0) / 10.0 / result.took.as_secs_f64();
    assert!(per_credential(&result, COUNT) <= 1.05, "{result:?}");
    assert!(used >= 0.9, "{used} {result:?}");
}

#[test]
fn a_bucket_is_used_up_and_hardly_ever_asked_in_vain() {
    let result = run(&mut Bucket::new(None), COUNT.into(), 1, 8, 0, NONE, 0);
    let used = (f64::from(COUNT) - 50.0) / 10.0 / result.took.as_secs_f64();
    assert!(per_credential(&result, COUNT) <= 1.02, "{result:?}");
    assert!(used >= 0.95, "{used} {result:?}");
}

#[test]
fn a_bucket_whose_retry_after_is_always_half_a_minute_is_used_well() {
    let result = run(&mut Bucket::new(Some(30)), COUNT.into(), 1, 8, 0, NONE, 0);
    let used = (f64::from(COUNT) - 50.0) / 10.0 / result.took.as_secs_f64();
    assert!(per_credential(&result, COUNT) <= 1.02, "{result:?}");
    assert!(used >= 0.85, "{used} {result:?}");
}

#[test]
fn callers_go_before_twenty_thousand_that_are_merely_due() {
    let every = Duration::from_millis(100);
    let result = run(&mut Window(20), COUNT.into(), 1, 8, 1_000, every, 0);
    assert!(p99(result.waits) <= Duration::from_millis(150));
    let every = Duration::from_secs(1);
    let result = run(&mut Bucket::new(None), COUNT.into(), 1, 8, 1_000, every, 0);
    // What is left of a pause of a second, and three turns of a tenth of a second.
    assert!(p99(result.waits) <= Duration::from_millis(1_450));
}
