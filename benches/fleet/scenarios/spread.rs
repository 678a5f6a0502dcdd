//! Tokens that were issued in one minute, over ten of their lives.

use std::time::Duration;

use serde_json::json;

use crate::{
    adapter::Slot,
    fleet::{Fleet, LIFE},
    report::{Limit, Row, ratio, rounded},
    scenarios::Size,
};

/// The busiest minute beside the mean, and the mean interval between two refreshes.
pub(crate) fn spread(size: Size) -> Vec<Row> {
    let count = size.pick(100_000, 2_000);
    let fleet = Fleet::fresh(count);
    let mut random = fastrand::Rng::with_seed(13);
    let minutes = usize::try_from(LIFE.as_secs() / 60).unwrap_or_default();
    let (mut per_minute, mut before, mut failed) = (Vec::new(), 0, 0);
    for minute in 0..LIVES * minutes {
        for _ in 0..count / ASKED_ONCE_IN {
            let key = &fleet.keys[random.usize(..count)];
            let asked = fleet.processes[0].access_token(key, Slot::Bot);
            failed += usize::from(fleet.time.block_on(asked).is_err());
        }
        fleet.time.advance(MINUTE);
        let stored = fleet.stored();
        if minute >= FROM_LIFE * minutes {
            per_minute.push(stored - before);
        }
        before = stored;
    }
    let refreshes: usize = per_minute.iter().sum();
    let busiest = per_minute.iter().copied().max().unwrap_or_default();
    let mean = ratio(refreshes, per_minute.len());
    let interval = ratio(count, refreshes) * ratio(per_minute.len(), 60);
    let raw = json!({
        "tokens": count, "refreshes": refreshes, "busiest_minute": busiest, "mean_minute": rounded(mean),
        "failed_calls": failed, "minutes": per_minute.len(),
    });
    vec![
        Row::new("spread: busiest minute", ratio(busiest, 1) / mean, Limit::AtMost(1.5), &raw),
        Row::new("spread: hours between refreshes", interval, Limit::AtLeast(9.5), &raw),
    ]
}

const LIVES: usize = 10;

/// The lives before it are not counted.
const FROM_LIFE: usize = 2;

/// Each token is asked for once in so many minutes, on average.
const ASKED_ONCE_IN: usize = 30;

const MINUTE: Duration = Duration::from_secs(60);
