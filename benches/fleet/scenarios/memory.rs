//! A million installations, each used once.

use std::sync::Arc;

use allocation_counter::measure;
use serde_json::json;

use crate::{
    adapter::{Slot, Store},
    fleet,
    report::{Limit, Row, ratio, rounded},
    scenarios::Size,
    slack::{RateLimit, Slack},
    time::Time,
};

/// What the rotator holds at most, by the allocator. The store makes installations from their keys, and keeps none.
pub(crate) fn memory(size: Size) -> Vec<Row> {
    let count = size.pick(1_000_000, 30_000);
    let time = Time::manual();
    let slack = Arc::new(Slack::new(Arc::new(time.clone()), RateLimit::Unlimited));
    let store = Store::synthetic(&time);
    let (mut answered, mut kept) = (0, None);
    let allocated = measure(|| {
        let builder = time.drive(store.rotator(&slack, None));
        let rotator = builder.build().expect("the defaults agree");
        for number in 0..count {
            let key = fleet::key(number * STEP % count);
            let token = time.block_on(rotator.access_token(&key, Slot::Bot));
            answered += usize::from(token.is_ok());
        }
        // What it holds at the end is held when the measurement ends.
        kept = Some(rotator);
    });
    let mebibytes = |bytes: u64| ratio(usize::try_from(bytes).unwrap_or(usize::MAX), 1 << 20);
    let held = u64::try_from(allocated.bytes_current).unwrap_or_default();
    let raw = json!({
        "installations": count, "answered": answered, "held_mib": rounded(mebibytes(held)),
        "allocations": allocated.count_total,
    });
    drop(kept);
    let whole = if answered == count { 1.0 } else { f64::INFINITY };
    let figure = whole * mebibytes(allocated.bytes_max);
    vec![Row::new("memory: MiB", figure, Limit::AtMost(40.0), &raw)]
}

/// Any prime: it goes through all keys in an order that looks like none.
const STEP: usize = 611_953;
