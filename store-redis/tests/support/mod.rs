//! Where the servers are that `.ci/run redis` starts.

use std::{
    env,
    error::Error,
    future::Future,
    sync::atomic::{AtomicUsize, Ordering},
};

use slack_store::StoreError;

/// Returns the address of a server, or says that the test is skipped.
pub(crate) fn server(variable: &str, test: &str) -> Option<String> {
    let address = env::var(variable).ok();
    if address.is_none() {
        println!(
            "skipped: {test} needs a server; {variable} names none, `.ci/run redis` starts one"
        );
    }
    address
}

/// Returns a prefix that nobody else has.
pub(crate) fn prefix() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("test-{}-{number}", std::process::id())
}

pub(crate) fn in_tokio<T>(future: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(future)
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
