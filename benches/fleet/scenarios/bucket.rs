//! A Slack with a bucket of 50 tokens, filled by 600 a minute, on a manual clock.

use std::time::Duration;

use serde_json::json;

use crate::{
    fleet::{Fleet, Plan},
    report::{Limit, Row, ratio, rounded},
    scenarios::Size,
    slack::RateLimit,
    time::Time,
};

/// `Retry-After` is the whole seconds until a token is free.
pub(crate) fn exact(size: Size) -> Vec<Row> {
    run(size, None, "bucket: requests", ("bucket: rate used", 0.95))
}

/// `Retry-After` is always 30.
pub(crate) fn half_a_minute(size: Size) -> Vec<Row> {
    let always = Some(Duration::from_secs(30));
    run(size, always, "bucket, 30 s: requests", ("bucket, 30 s: rate used", 0.85))
}

fn run(
    size: Size,
    retry_after: Option<Duration>,
    requests: &'static str,
    used: (&'static str, f64),
) -> Vec<Row> {
    let due = size.pick(20_000, 2_000);
    let limit = RateLimit::Bucket { size: BUCKET, rate: RATE, retry_after };
    let fleet =
        Fleet::new(Time::manual(), Plan { due, ended: 0, processes: 1, window: None, limit });
    fleet.refresh(due);
    fleet.time.pass_until(LONGEST, || fleet.stored() >= due);
    let (counts, refreshed) = (fleet.slack.counts(), fleet.refreshed());
    let took = fleet.took().as_secs_f64();
    let raw = json!({
        "due": due, "refreshed": refreshed, "requests": counts.requests, "limited": counts.limited,
        "peak_in_flight": counts.peak, "seconds": rounded(took),
    });
    let whole = if refreshed == due { 1.0 } else { f64::INFINITY };
    let flowed = ratio(refreshed, 1) - BUCKET;
    vec![
        Row::new(requests, whole * ratio(counts.requests, due), Limit::AtMost(1.02), &raw),
        Row::new(used.0, flowed / RATE / took / whole, Limit::AtLeast(used.1), &raw),
    ]
}

pub(crate) const BUCKET: f64 = 50.0;

/// Tokens a second.
pub(crate) const RATE: f64 = 10.0;

/// How long a run is waited for: what is needed twice.
const LONGEST: Duration = Duration::from_secs(4_000);
