//! Time for fakes that serve: set by hand, or the machine's own.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A clock that a test and a fake share; clones are handles to the same clock.
///
/// ```
/// use slack_fake::Clock;
///
/// let clock = Clock::manual(1_795_219_200);
/// let handle = clock.clone();
/// handle.advance(12 * 3600);
/// assert_eq!(clock.now(), 1_795_262_400);
/// ```
#[derive(Clone)]
pub struct Clock {
    inner: Arc<Inner>,
}

struct Inner {
    real: bool,
    state: Mutex<ClockState>,
}

#[derive(Default)]
struct ClockState {
    /// The time of a manual clock, or what is added to the machine's.
    seconds: i128,
    waiting: Vec<Waker>,
}

impl Clock {
    /// Makes a clock that stands still at `start` (Unix seconds) until it is moved.
    #[must_use]
    pub fn manual(start: u64) -> Self {
        Self::make(false, start.into())
    }

    /// Makes a clock that follows the machine's, and can be moved against it.
    #[must_use]
    pub fn real() -> Self {
        Self::make(true, 0)
    }

    /// Gives the time in whole Unix seconds.
    #[must_use]
    pub fn now(&self) -> u64 {
        whole(self.base() + self.lock().seconds)
    }

    /// Sets the time; a real clock runs on from there.
    pub fn set(&self, now: u64) {
        let base = self.base();
        self.change(|seconds| *seconds = i128::from(now) - base);
    }

    /// Lets so many seconds pass at once.
    pub fn advance(&self, by: u64) {
        self.change(|seconds| *seconds += i128::from(by));
    }

    /// Waits until `delay` has passed by this clock; a manual one must be moved by at least as many
    /// seconds.
    pub(crate) fn after(&self, delay: Duration) -> After {
        let part = u64::from(delay.subsec_nanos() > 0);
        let end = i128::from(self.now()) + i128::from(delay.as_secs()) + i128::from(part);
        let slept = self.inner.real.then(|| (Instant::now(), delay));
        if slept.is_some() {
            let clock = self.clone();
            thread::spawn(move || {
                thread::sleep(delay);
                clock.wake_all();
            });
        }
        After { clock: self.clone(), end, slept }
    }

    /// Holds up the thread until `delay` has passed by this clock.
    #[cfg(feature = "transport")]
    pub(crate) fn wait(&self, delay: Duration) {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut after = self.after(delay);
        while Pin::new(&mut after).poll(&mut Context::from_waker(&waker)).is_pending() {
            thread::park();
        }
    }

    fn make(real: bool, seconds: i128) -> Self {
        let state = Mutex::new(ClockState { seconds, waiting: Vec::new() });
        Self { inner: Arc::new(Inner { real, state }) }
    }

    fn base(&self) -> i128 {
        if !self.inner.real {
            return 0;
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        since.as_secs().into()
    }

    fn change(&self, change: impl FnOnce(&mut i128)) {
        change(&mut self.lock().seconds);
        self.wake_all();
    }

    fn wake_all(&self) {
        let waiting = std::mem::take(&mut self.lock().waiting);
        waiting.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, ClockState> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("now", &self.now()).field("real", &self.inner.real).finish()
    }
}

/// Ends when the clock has come far enough.
pub(crate) struct After {
    clock: Clock,
    end: i128,
    /// With a real clock: since when, and how long, the machine's own time may pass at most.
    slept: Option<(Instant, Duration)>,
}

impl Future for After {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.lock();
        let slept = self.slept.is_some_and(|(since, delay)| since.elapsed() >= delay);
        if slept || self.clock.base() + state.seconds >= self.end {
            return Poll::Ready(());
        }
        if !state.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            state.waiting.push(context.waker().clone());
        }
        Poll::Pending
    }
}

/// Wakes a thread that waits.
#[cfg(feature = "transport")]
struct Unpark(thread::Thread);

#[cfg(feature = "transport")]
impl std::task::Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn whole(seconds: i128) -> u64 {
    u64::try_from(seconds.max(0)).unwrap_or(u64::MAX)
}
