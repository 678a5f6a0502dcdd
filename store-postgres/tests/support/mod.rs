//! Where the servers are that `.ci/run stores` starts.

use std::{
    env,
    error::Error,
    future::Future,
    sync::atomic::{AtomicUsize, Ordering},
};

use slack_store::StoreError;
use slack_store_postgres::{PostgresStore, PostgresStoreBuilder};
use tokio_postgres::{Client, NoTls};

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

/// Runs a test with the address of the server, if there is one.
pub(crate) fn with_server<F: Future<Output = ()>>(test: &str, run: impl FnOnce(String) -> F) {
    let Some(address) = server("SLACK_AUTH_POSTGRES", test) else { return };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(run(address));
}

/// A connection that has nothing to do with the store.
pub(crate) async fn beside(address: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub(crate) async fn sql(address: &str, statements: &str) {
    beside(address).await.batch_execute(statements).await.unwrap();
}

/// The words of an error and of all its causes.
pub(crate) fn words(error: &StoreError) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    words
}
