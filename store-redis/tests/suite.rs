//! The suite for stores, over Redis.

#[expect(dead_code, reason = "each test program needs a part of it")]
mod support;

use slack_store::conformance::Suite;
use slack_store_redis::RedisStore;
use support::{in_tokio, prefix, server};

fn suite(address: String) -> Suite {
    let prefix = prefix();
    Suite::new(move |place| {
        // A place is a prefix of its own.
        RedisStore::builder(&address).prefix(format!("{prefix}-{}", place.name)).open()
    })
}

#[test]
fn the_whole_suite() {
    let Some(address) = server("SLACK_AUTH_REDIS", "the_whole_suite") else { return };
    let report = in_tokio(suite(address).run());
    println!("{report}");
    report.assert_passed();
}

/// Without Tokio, on the store's own thread, with real threads where many write at a time.
#[test]
fn the_whole_suite_without_a_runtime() {
    let Some(address) = server("SLACK_AUTH_REDIS", "the_whole_suite_without_a_runtime") else {
        return;
    };
    let report = suite(address).run_blocking();
    println!("{report}");
    report.assert_passed();
}
