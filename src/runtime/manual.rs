//! A runtime whose time passes when a test says so.

use std::{
    fmt,
    future::{self, Future},
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use async_executor::Executor;
use slack_proto::Timestamp;

use super::Runtime;

/// A runtime for tests, on the test's own thread: time stands still while there is anything to do, and then jumps to
/// the next moment that somebody waits for. So twelve hours pass at once, and each run is the same as the one before.
///
/// ```
/// use std::time::Duration;
/// use slack_auth::{Timestamp, runtime::{ManualRuntime, Runtime}};
///
/// let runtime = ManualRuntime::new(Timestamp::from_unix(1_795_219_200));
/// runtime.block_on(runtime.sleep(Duration::from_secs(12 * 3600)));
/// assert_eq!(runtime.now().as_unix(), 1_795_262_400);
/// ```
#[derive(Clone)]
pub struct ManualRuntime {
    inner: Arc<Inner>,
}

struct Inner {
    executor: Executor<'static>,
    time: Mutex<Time>,
}

struct Time {
    /// Since 1970, by a clock that can be set.
    now: Duration,
    /// Since the beginning: what waits go by.
    elapsed: Duration,
    sleepers: Vec<(Duration, Waker)>,
    watchers: Vec<Box<dyn FnMut(Timestamp) + Send>>,
}

impl ManualRuntime {
    /// Creates a runtime whose clock shows `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        let now = Duration::from_secs(start.as_unix());
        let (sleepers, watchers) = (Vec::new(), Vec::new());
        let time = Time { now, elapsed: Duration::ZERO, sleepers, watchers };
        Self { inner: Arc::new(Inner { executor: Executor::new(), time: Mutex::new(time) }) }
    }

    /// Calls `watch` with the new time whenever it has changed, for instance to set another clock.
    pub fn on_change(&self, watch: impl FnMut(Timestamp) + Send + 'static) {
        self.time().watchers.push(Box::new(watch));
    }

    /// Runs a future and all tasks until the future has ended; lets time pass as needed.
    ///
    /// # Panics
    ///
    /// When the future waits for something that no task and no time brings about, such as a store with threads of its own: use
    /// [`MemoryStore`](crate::store::MemoryStore), or a real runtime.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        loop {
            let mut context = Context::from_waker(Waker::noop());
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return value;
            }
            let ran = self.inner.executor.try_tick();
            self.run_until_stalled();
            assert!(
                ran || self.pass_to_next(),
                "the future waits for what no task and no time brings about; a store with threads of its own, such as \
                 `FileStore`, needs a real runtime: use `MemoryStore` with `ManualRuntime`"
            );
        }
    }

    /// Runs all tasks until each of them waits. No time passes.
    pub fn run_until_stalled(&self) {
        while self.inner.executor.try_tick() {}
    }

    /// Moves the clock forward by this duration, and runs whatever comes due, in its order.
    pub fn advance(&self, by: Duration) {
        let end = self.time().elapsed.saturating_add(by);
        self.run_until_stalled();
        while self.time().next().is_some_and(|next| next <= end) {
            self.pass_to_next();
            self.run_until_stalled();
        }
        self.set(end);
        self.run_until_stalled();
    }

    /// Sets the clock, back as well, as an operator or a time server may.
    pub fn set_clock(&self, now: Timestamp) {
        let mut time = self.time();
        time.now = Duration::from_secs(now.as_unix());
        time.tell();
    }

    fn pass_to_next(&self) -> bool {
        let next = self.time().next();
        next.map(|next| self.set(next)).is_some()
    }

    fn set(&self, elapsed: Duration) {
        let mut due = Vec::new();
        let mut time = self.time();
        let passed = elapsed.saturating_sub(time.elapsed);
        time.elapsed += passed;
        time.now = time.now.saturating_add(passed);
        let elapsed = time.elapsed;
        time.sleepers.retain(|(end, waker)| {
            if *end <= elapsed {
                due.push(waker.clone());
            }
            *end > elapsed
        });
        time.tell();
        drop(time);
        due.into_iter().for_each(Waker::wake);
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        self.inner.time.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Time {
    fn next(&self) -> Option<Duration> {
        self.sleepers.iter().map(|(end, _)| *end).min()
    }

    fn tell(&mut self) {
        let now = Timestamp::from_unix(self.now.as_secs());
        self.watchers.iter_mut().for_each(|watch| watch(now));
    }
}

impl Runtime for ManualRuntime {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.time().now.as_secs())
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let runtime = self.clone();
        let mut left = Some(duration);
        let mut end = Duration::ZERO;
        Box::pin(future::poll_fn(move |context| {
            let mut time = runtime.time();
            if let Some(left) = left.take() {
                end = time.elapsed.saturating_add(left);
            }
            if time.elapsed >= end {
                return Poll::Ready(());
            }
            let waker = context.waker();
            if !time.sleepers.iter().any(|(at, it)| *at == end && it.will_wake(waker)) {
                time.sleepers.push((end, waker.clone()));
            }
            Poll::Pending
        }))
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.inner.executor.spawn(task).detach();
    }

    /// Runs it at once: time stands still meanwhile.
    fn run_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        work();
    }

    fn elapsed(&self) -> Duration {
        self.time().elapsed
    }
}

impl fmt::Debug for ManualRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualRuntime").field("now", &self.time().now).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_in_order_and_only_if_all_wait() {
        let runtime = ManualRuntime::new(Timestamp::from_unix(100));
        let said = Arc::new(Mutex::new(Vec::new()));
        for wait in [30_u64, 10, 20] {
            let (said, clock) = (Arc::clone(&said), runtime.clone());
            runtime.spawn(Box::pin(async move {
                clock.sleep(Duration::from_secs(wait)).await;
                said.lock().unwrap().push((wait, clock.now().as_unix()));
            }));
        }
        runtime.advance(Duration::from_secs(25));
        assert_eq!(*said.lock().unwrap(), [(10, 110), (20, 120)]);
        assert_eq!(runtime.now().as_unix(), 125);
        runtime.block_on(runtime.sleep(Duration::from_millis(500)));
        assert_eq!(runtime.now().as_unix(), 125);
        runtime.block_on(runtime.sleep(Duration::from_secs(60)));
        assert_eq!(said.lock().unwrap().len(), 3);
    }

    #[test]
    fn a_clock_that_is_set_changes_no_wait() {
        let runtime = ManualRuntime::new(Timestamp::from_unix(100));
        let seen = Arc::new(Mutex::new(0));
        let watched = Arc::clone(&seen);
        runtime.on_change(move |now| *watched.lock().unwrap() = now.as_unix());
        let clock = runtime.clone();
        runtime.block_on(async move {
            let wait = clock.sleep(Duration::from_secs(10));
            clock.set_clock(Timestamp::from_unix(5));
            wait.await;
            assert_eq!(clock.now().as_unix(), 15);
        });
        assert_eq!(*seen.lock().unwrap(), 15);
    }

    #[test]
    #[should_panic(expected = "use `MemoryStore` with `ManualRuntime`")]
    fn a_wait_that_nothing_ends_panics_with_a_hint() {
        ManualRuntime::new(Timestamp::from_unix(100)).block_on(future::pending::<()>());
    }
}
