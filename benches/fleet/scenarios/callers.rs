//! Callers whose tokens have ended, among a fleet that is due, on a manual clock.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::json;

use super::bucket::{BUCKET, RATE};
use crate::{
    adapter::Slot,
    fleet::{Fleet, Plan},
    report::{Limit, Row, rounded},
    scenarios::Size,
    slack::{ANSWER, Clock, RateLimit},
    time::Time,
};

/// Ten come in a second while Slack takes 20 requests at once.
pub(crate) fn in_flight(size: Size) -> Vec<Row> {
    let every = Duration::from_millis(100);
    let limit = 3.0 * ANSWER.as_secs_f64();
    vec![run(size, RateLimit::InFlight(20), every, "callers, in flight: p99", limit)]
}

/// One comes each second while Slack has a bucket.
pub(crate) fn bucket(size: Size) -> Vec<Row> {
    let every = Duration::from_secs(1);
    let bucket = RateLimit::Bucket { size: BUCKET, rate: RATE, retry_after: None };
    let limit = 3.0 * ANSWER.as_secs_f64() + 3.0 / RATE;
    vec![run(size, bucket, every, "callers, bucket: p99", limit)]
}

/// What one caller has met.
#[derive(Clone, Copy)]
struct Wait {
    /// From the call to the token.
    whole: Duration,
    /// What was left of a pause when it called.
    pause: Duration,
    has_token: bool,
}

fn run(size: Size, limit: RateLimit, every: Duration, scenario: &'static str, most: f64) -> Row {
    let (due, callers) = (size.pick(20_000, 2_000), size.pick(1_000, 100));
    let plan = Plan { due, ended: callers, processes: 1, window: None, limit };
    let fleet = Fleet::new(Time::manual(), plan);
    let waits = Arc::new(Mutex::new(Vec::new()));
    fleet.refresh(due);
    for (number, key) in fleet.keys[due..].iter().enumerate() {
        let (rotator, key) = (fleet.processes[0].clone(), key.clone());
        let (time, slack, waits) =
            (fleet.time.clone(), Arc::clone(&fleet.slack), Arc::clone(&waits));
        let comes_at = every * u32::try_from(number + 1).unwrap_or(u32::MAX);
        fleet.time.spawn(async move {
            time.sleep(comes_at).await;
            let called_at = time.elapsed();
            let pause = slack.counts().paused_until.saturating_sub(called_at);
            let has_token = rotator.access_token(&key, Slot::Bot).await.is_ok();
            let whole = time.elapsed().saturating_sub(called_at);
            let wait = Wait { whole, pause, has_token };
            waits.lock().unwrap_or_else(PoisonError::into_inner).push(wait);
        });
    }
    let served = || waits.lock().unwrap_or_else(PoisonError::into_inner).len();
    fleet.time.pass_until(LONGEST, || served() == callers);
    let waits = waits.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let with_token = waits.iter().filter(|wait| wait.has_token).count();
    let beyond = |wait: &Wait| {
        let beyond = wait.whole.saturating_sub(wait.pause).as_secs_f64();
        if wait.has_token { beyond } else { f64::INFINITY }
    };
    let without_pause = p99(waits.iter().map(beyond).collect(), callers);
    let whole = p99(waits.iter().map(|wait| wait.whole.as_secs_f64()).collect(), callers);
    let counts = fleet.slack.counts();
    let raw = json!({
        "due": due, "callers": callers, "with_token": with_token, "p99_with_pauses": rounded(whole),
        "requests": counts.requests, "limited": counts.limited, "refreshed": fleet.stored(),
    });
    Row::new(scenario, without_pause, Limit::AtMost(most), &raw)
}

/// Returns the 99th percentile in seconds; whoever was never served waits for ever.
fn p99(mut waits: Vec<f64>, count: usize) -> f64 {
    waits.resize(count, f64::INFINITY);
    waits.sort_by(f64::total_cmp);
    waits[count * 99 / 100]
}

/// How long all callers are waited for.
const LONGEST: Duration = Duration::from_secs(4_000);
