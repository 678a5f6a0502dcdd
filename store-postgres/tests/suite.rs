//! The suite for stores, over PostgreSQL: directly, and through PgBouncer in transaction mode.

#[expect(dead_code, reason = "each test program needs a part of it")]
mod support;

use std::future::Future;

use slack_store::conformance::Suite;
use slack_store_postgres::PostgresStore;
use support::server;

fn suite(address: String) -> Suite {
    let schema = support::schema();
    Suite::new(move |place| {
        // A place is a prefix of its own in one schema.
        let prefix = format!("{}_", place.name.replace('-', "_"));
        let store = PostgresStore::builder(&address).schema(&*schema).table_prefix(prefix);
        // Some cases open a handle for each of many writers.
        store.max_connections(2).open()
    })
}

fn in_tokio<T>(future: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(future)
}

#[test]
fn the_whole_suite() {
    let Some(address) = server("SLACK_AUTH_POSTGRES", "the_whole_suite") else { return };
    let report = in_tokio(suite(address).run());
    println!("{report}");
    report.assert_passed();
}

#[test]
fn the_whole_suite_through_a_pooler() {
    let Some(address) = server("SLACK_AUTH_PGBOUNCER", "the_whole_suite_through_a_pooler") else {
        return;
    };
    let report = in_tokio(suite(address).run());
    println!("{report}");
    report.assert_passed();
}

/// Without Tokio, on the store's own thread, with real threads where many write at a time.
#[test]
fn the_whole_suite_without_a_runtime() {
    let Some(address) = server("SLACK_AUTH_POSTGRES", "the_whole_suite_without_a_runtime") else {
        return;
    };
    let report = suite(address).run_blocking();
    println!("{report}");
    report.assert_passed();
}
