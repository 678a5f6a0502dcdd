//! What a rotator needs from the world: a clock, a way to wait, and somebody to run its tasks.

#[cfg(feature = "test-util")]
mod manual;
mod threads;
#[cfg(feature = "tokio")]
mod tokio;

#[cfg(not(target_os = "linux"))]
use std::time::SystemTime;
use std::{future::Future, pin::Pin, time::Duration};

#[cfg(feature = "test-util")]
pub use manual::ManualRuntime;
use slack_proto::Timestamp;
pub use threads::ThreadRuntime;

#[cfg(feature = "tokio")]
pub use self::tokio::TokioRuntime;

/// A clock, a way to wait, and somebody to run tasks to their end.
///
/// [`ThreadRuntime`] needs nothing and is the default; `TokioRuntime` (feature `tokio`) runs tasks on Tokio;
/// `ManualRuntime` (feature `test-util`) is for tests. Any other runtime takes three short methods.
pub trait Runtime: Send + Sync + 'static {
    /// Tells the time of day: expiries are compared with it.
    fn now(&self) -> Timestamp;

    /// Waits so long. Dropping the future gives the wait up.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;

    /// Runs a task to its end, even if nobody waits for it.
    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>);
}

/// The system's time of day. On Linux it is that of the last tick, some milliseconds ago: the whole second is all that
/// counts here, and a call for a token at hand costs little more than the clock.
#[cfg(target_os = "linux")]
fn system_time() -> Timestamp {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
    Timestamp::from_unix(u64::try_from(time.tv_sec).unwrap_or_default())
}

#[cfg(not(target_os = "linux"))]
fn system_time() -> Timestamp {
    SystemTime::now().into()
}
