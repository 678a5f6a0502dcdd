//! The clock of a shared fake: set by hand, or the machine's own.

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
    inner: Arc<Mutex<ClockState>>,
}

struct ClockState {
    /// How many seconds pass in one second of the machine's clock: 0 for a manual clock.
    rate: u32,
    /// What is added to the machine's time, multiplied by the rate.
    seconds: i128,
    waiting: Vec<Waker>,
}

impl Clock {
    /// Creates a clock that stands still at `start` (Unix seconds) until it is moved.
    #[must_use]
    pub fn manual(start: u64) -> Self {
        Self::new(0, start.into())
    }

    /// Creates a clock that follows the machine's, and can be moved against it.
    #[must_use]
    pub fn real() -> Self {
        Self::new(1, 0)
    }

    /// Returns the time in whole Unix seconds.
    #[must_use]
    pub fn now(&self) -> u64 {
        whole(self.lock().now())
    }

    /// Sets the time; a real clock runs on from there.
    pub fn set(&self, now: u64) {
        self.change(|state| state.set(now.into()));
    }

    /// Moves the clock forward by so many seconds at once.
    pub fn advance(&self, by: u64) {
        self.change(|state| state.seconds += i128::from(by));
    }

    /// Sets how many seconds pass in one second of the machine's clock: 0 stops the clock, 1 is
    /// real time, 3,600 lets an hour pass each second. The time itself does not change.
    ///
    /// ```
    /// use slack_fake::Clock;
    ///
    /// let clock = Clock::manual(1_795_219_200);
    /// clock.run(1000);
    /// std::thread::sleep(std::time::Duration::from_millis(20));
    /// clock.run(0);
    /// assert!(clock.now() >= 1_795_219_210);
    /// ```
    pub fn run(&self, rate: u32) {
        self.change(|state| {
            let now = state.now();
            state.rate = rate;
            state.set(now);
        });
    }

    /// Waits until `delay` has passed by this clock, as a server must before it sends a delayed
    /// reply; a clock that stands still must be moved by at least as many seconds.
    pub async fn sleep(&self, delay: Duration) {
        self.after(delay).await;
    }

    /// Returns the future of [`sleep`](Self::sleep).
    pub(crate) fn after(&self, delay: Duration) -> After {
        let part = u64::from(delay.subsec_nanos() > 0);
        let end = i128::from(self.now()) + i128::from(delay.as_secs()) + i128::from(part);
        After { clock: self.clone(), end, delay, timer: None }
    }

    /// Blocks the thread until `delay` has passed by this clock.
    #[cfg(feature = "transport")]
    pub(crate) fn wait(&self, delay: Duration) {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut after = self.after(delay);
        while Pin::new(&mut after).poll(&mut Context::from_waker(&waker)).is_pending() {
            thread::park();
        }
    }

    fn new(rate: u32, seconds: i128) -> Self {
        Self { inner: Arc::new(Mutex::new(ClockState { rate, seconds, waiting: Vec::new() })) }
    }

    fn change(&self, change: impl FnOnce(&mut ClockState)) {
        change(&mut self.lock());
        self.wake_all();
    }

    fn wake_all(&self) {
        let waiting = std::mem::take(&mut self.lock().waiting);
        waiting.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, ClockState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClockState {
    fn now(&self) -> i128 {
        self.machine() + self.seconds
    }

    fn set(&mut self, now: i128) {
        self.seconds = now - self.machine();
    }

    /// Returns the machine's time, multiplied by the rate.
    fn machine(&self) -> i128 {
        if self.rate == 0 {
            return 0;
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        if self.rate == 1 {
            return since.as_secs().into();
        }
        let millis = i128::try_from(since.as_millis()).unwrap_or(i128::MAX);
        millis.saturating_mul(self.rate.into()) / 1000
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.lock().rate;
        f.debug_struct("Clock").field("now", &self.now()).field("rate", &rate).finish()
    }
}

/// Ends when the clock has come far enough.
pub(crate) struct After {
    clock: Clock,
    end: i128,
    delay: Duration,
    /// Since when, and how long, the machine's own time may pass at most.
    timer: Option<(Instant, Duration)>,
}

impl Future for After {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let clock = self.clock.clone();
        let mut state = clock.lock();
        let slept = self.timer.is_some_and(|(since, delay)| since.elapsed() >= delay);
        if (slept && state.rate > 0) || state.now() >= self.end {
            return Poll::Ready(());
        }
        if self.timer.is_none() && state.rate > 0 {
            let delay = self.delay / state.rate;
            self.timer = Some((Instant::now(), delay));
            let clock = clock.clone();
            thread::spawn(move || {
                thread::sleep(delay);
                clock.wake_all();
            });
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
