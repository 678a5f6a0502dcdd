//! A Slack that takes 20 requests at once, in real time.

use std::time::Duration;

use serde_json::json;

use crate::{
    fleet::{Fleet, Plan},
    report::{Limit, Row, ratio, rounded},
    scenarios::Size,
    slack::{ANSWER, RateLimit},
    time::Time,
};

/// One process with the default window.
pub(crate) fn one_process(size: Size) -> Vec<Row> {
    run(size, 1, None, ("in flight, default: requests", 1.05), ("in flight, default: time", 2.6))
}

/// One process with a window as wide as Slack's.
pub(crate) fn wide_window(size: Size) -> Vec<Row> {
    let window = Some(WINDOW);
    run(size, 1, window, ("in flight, 20: requests", 1.05), ("in flight, 20: time", 1.25))
}

/// Eight processes over one store, which share the fleet.
pub(crate) fn eight_processes(size: Size) -> Vec<Row> {
    run(
        size,
        8,
        None,
        ("in flight, 8 processes: requests", 1.05),
        ("in flight, 8 processes: time", 3.0),
    )
}

type NamedLimit = (&'static str, f64);

fn run(
    size: Size,
    processes: usize,
    window: Option<usize>,
    requests: NamedLimit,
    time: NamedLimit,
) -> Vec<Row> {
    let due = size.pick(20_000, 400);
    let limit = RateLimit::InFlight(WINDOW);
    let fleet = Fleet::new(Time::real(), Plan { due, ended: 0, processes, window, limit });
    fleet.refresh(due);
    fleet.time.pass_until(LONGEST, || fleet.stored() >= due);
    let (counts, refreshed) = (fleet.slack.counts(), fleet.refreshed());
    let ideal = ANSWER.as_secs_f64() * ratio(due, WINDOW);
    let took = fleet.took().as_secs_f64();
    let raw = json!({
        "due": due, "refreshed": refreshed, "requests": counts.requests, "limited": counts.limited,
        "peak_in_flight": counts.peak, "seconds": rounded(took), "ideal_seconds": ideal,
        "answer_ms": rounded(counts.answer_ms()), "processes": processes,
    });
    // A fleet that is not refreshed as a whole has missed either limit.
    let whole = if refreshed == due { 1.0 } else { f64::INFINITY };
    vec![
        Row::new(requests.0, whole * ratio(counts.requests, due), Limit::AtMost(requests.1), &raw),
        Row::new(time.0, whole * took / ideal, Limit::AtMost(time.1), &raw),
    ]
}

/// How many requests Slack takes at once.
const WINDOW: usize = 20;

/// How long a run is waited for.
const LONGEST: Duration = Duration::from_secs(200);
