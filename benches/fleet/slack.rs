//! A Slack that answers after 50 ms, and limits the rate.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// A clock that passes for real, or when it is told to.
pub(crate) trait Clock: Send + Sync + 'static {
    fn elapsed(&self) -> Duration;
    fn sleep(&self, length: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// How Slack limits the rate of refreshes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RateLimit {
    Unlimited,
    /// At most so many in flight; above that `Retry-After` is a second.
    InFlight(usize),
    /// A bucket of so many tokens, filled by so many a second. `Retry-After` is the whole seconds until a token is free,
    /// or always the same.
    Bucket {
        size: f64,
        rate: f64,
        retry_after: Option<Duration>,
    },
}

/// What Slack answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// A new pair with this number.
    Pair(usize),
    RateLimited(Duration),
    TokenExpired,
}

/// The server: shared by all processes of a fleet.
pub(crate) struct Slack {
    clock: Arc<dyn Clock>,
    limit: RateLimit,
    pairs: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    counts: Counts,
    in_flight: usize,
    tokens: f64,
    filled_at: Duration,
}

/// What has come in and gone out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// All requests for new pairs, those that were limited included.
    pub(crate) requests: usize,
    pub(crate) limited: usize,
    /// The most in flight.
    pub(crate) peak: usize,
    pub(crate) first_at: Option<Duration>,
    /// Until when Slack wants no requests, as its answers have said.
    pub(crate) paused_until: Duration,
    /// How long all answers took together.
    answering: Duration,
}

impl Counts {
    /// Returns how many milliseconds an answer took on average.
    pub(crate) fn answer_ms(&self) -> f64 {
        self.answering.as_secs_f64() * 1000.0 / f64::from(u32::try_from(self.requests).unwrap_or(1))
    }
}

impl Slack {
    pub(crate) fn new(clock: Arc<dyn Clock>, limit: RateLimit) -> Self {
        let tokens = if let RateLimit::Bucket { size, .. } = limit { size } else { 0.0 };
        let state = State { tokens, filled_at: clock.elapsed(), ..State::default() };
        Self { clock, limit, pairs: AtomicUsize::new(0), state: Mutex::new(state) }
    }

    /// Answers a request to this path.
    pub(crate) async fn answer(&self, path: &str) -> Answer {
        if path.ends_with("/auth.test") {
            return Answer::TokenExpired;
        }
        let began = self.clock.elapsed();
        let limited = self.arrive(began);
        self.clock.sleep(ANSWER).await;
        self.leave(began, limited);
        match limited {
            Some(wait) => Answer::RateLimited(wait),
            None => Answer::Pair(self.pairs.fetch_add(1, Ordering::Relaxed)),
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        self.state().counts
    }

    fn arrive(&self, now: Duration) -> Option<Duration> {
        let mut guard = self.state();
        let state = &mut *guard;
        state.in_flight += 1;
        let counts = &mut state.counts;
        counts.requests += 1;
        counts.peak = counts.peak.max(state.in_flight);
        counts.first_at.get_or_insert(now);
        let limited = match self.limit {
            RateLimit::Unlimited => None,
            RateLimit::InFlight(most) => (state.in_flight > most).then_some(Duration::from_secs(1)),
            RateLimit::Bucket { size, rate, retry_after } => {
                let flowed = now.saturating_sub(state.filled_at).as_secs_f64() * rate;
                state.tokens = (state.tokens + flowed).min(size);
                state.filled_at = now;
                if state.tokens >= 1.0 {
                    state.tokens -= 1.0;
                    None
                } else {
                    let free = Duration::from_secs_f64(((1.0 - state.tokens) / rate).ceil());
                    Some(retry_after.unwrap_or(free))
                }
            }
        };
        state.counts.limited += usize::from(limited.is_some());
        limited
    }

    fn leave(&self, began: Duration, limited: Option<Duration>) {
        let now = self.clock.elapsed();
        let mut state = self.state();
        state.in_flight -= 1;
        state.counts.answering += now.saturating_sub(began);
        if let Some(wait) = limited {
            state.counts.paused_until = state.counts.paused_until.max(now + wait);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long each answer takes.
pub(crate) const ANSWER: Duration = Duration::from_millis(50);
