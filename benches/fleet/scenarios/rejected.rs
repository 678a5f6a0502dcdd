//! A Slack that answers `token_expired` to every call.

use std::time::Duration;

use serde_json::json;

use crate::{
    adapter,
    fleet::Fleet,
    report::{Limit, Row, ratio},
    scenarios::Size,
};

/// A thousand calls, one after another within a minute: one refresh, and `RetryLater`.
pub(crate) fn rejected(_: Size) -> Vec<Row> {
    let fleet = Fleet::fresh(1);
    fleet.time.advance(Duration::from_secs(3600));
    let mut later = 0;
    for _ in 0..CALLS {
        let (rotator, key) = (&fleet.processes[0], &fleet.keys[0]);
        let called = adapter::call_fails_with_retry_later(rotator, key);
        later += usize::from(fleet.time.block_on(called));
        fleet.time.advance(Duration::from_millis(50));
    }
    let requests = fleet.slack.counts().requests;
    let raw = json!({
        "calls": CALLS, "refreshes": requests, "retry_later": later,
    });
    vec![
        Row::new("token_expired: refreshes", ratio(requests, 1), Limit::AtMost(1.0), &raw),
        Row::new(
            "token_expired: retry later",
            ratio(later, 1),
            Limit::AtLeast(ratio(CALLS - 1, 1)),
            &raw,
        ),
    ]
}

const CALLS: usize = 1_000;
