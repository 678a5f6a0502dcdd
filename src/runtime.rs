//! What a rotator runs on: a clock, a timer, and an executor for its tasks.
//!
//! `TokioRuntime` (feature `tokio`) runs on Tokio, `ThreadRuntime` (feature `thread-runtime`) on two threads, without an async
//! runtime, and `ManualRuntime` (feature `test-util`) by hand, with a clock that a test moves.

#[cfg(feature = "test-util")]
mod manual;
#[cfg(any(feature = "thread-runtime", feature = "tokio"))]
mod system_time;
#[cfg(feature = "thread-runtime")]
mod threads;
#[cfg(feature = "tokio")]
mod tokio;

use std::{future::Future, pin::Pin, time::Duration};

#[cfg(feature = "test-util")]
pub use manual::ManualRuntime;
use slack_proto::Timestamp;
#[cfg(feature = "thread-runtime")]
pub use threads::ThreadRuntime;

#[cfg(feature = "tokio")]
pub use self::tokio::TokioRuntime;

/// A clock, a timer, and an executor that runs tasks to their end.
///
/// `TokioRuntime` (feature `tokio`) runs tasks on Tokio. `ThreadRuntime` (feature `thread-runtime`) runs them on threads of
/// the library's own, and is a rotator's default where that feature is on. `ManualRuntime` (feature `test-util`) is for
/// tests. Any other runtime takes three short methods.
pub trait Runtime: Send + Sync + 'static {
    /// Returns the time of day, which expiries are compared with.
    fn now(&self) -> Timestamp;

    /// Returns a future that completes after `duration`. Dropping it cancels the wait.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;

    /// Runs a task to its end, even if nobody waits for it. A runtime that cannot run it drops it.
    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>);

    /// Runs work that blocks, so that no task waits for it: on a thread of its own by default. A runtime that cannot run
    /// it drops it, as this one does on a system that starts no more threads.
    fn run_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        let thread = std::thread::Builder::new().name("slack-auth-blocking".into());
        let _ = thread.spawn(work);
    }

    /// Returns the time since any fixed moment, by a monotonic clock, which paces refreshes.
    fn elapsed(&self) -> Duration {
        elapsed()
    }
}

fn elapsed() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}
