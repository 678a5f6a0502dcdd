//! Where the servers are that `.ci/run stores` starts.

use std::{
    env,
    sync::atomic::{AtomicUsize, Ordering},
};

use slack_store_postgres::{PostgresStore, PostgresStoreBuilder};

/// Returns the address of a server, or says that the test is skipped.
pub(crate) fn server(variable: &str, test: &str) -> Option<String> {
    let address = env::var(variable).ok();
    if address.is_none() {
        println!(
            "skipped: {test} needs a server; {variable} names none, `.ci/run stores` starts one"
        );
    }
    address
}

/// Returns a builder of a store whose schema nobody else has.
pub(crate) fn fresh(address: &str) -> PostgresStoreBuilder {
    PostgresStore::builder(address).schema(schema())
}

/// Returns the name of a schema that is not there.
pub(crate) fn schema() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("test_{}_{number}", std::process::id())
}
