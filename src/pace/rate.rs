//! The rate that Slack takes, learned from where it said that it was too much.

use std::time::Duration;

use super::DEAR_PAUSE;

/// A rate limit is taken for a bucket of unknown size that fills at an unknown rate.
///
/// When Slack says 429 the bucket is empty. What passes from then until the next 429 has all flowed in meanwhile: that
/// bounds the rate from below, and the rate at which it was emptied bounds it from above.
///
/// A 429 that came because other processes had too many requests in flight looks the same. So only those count that came
/// while requests went one by one, each at most halves the rate, and what was learned is doubted more and more as
/// long as no other comes.
#[derive(Clone, Debug, Default)]
pub(super) struct Rate {
    /// Requests a second; `None` as long as Slack has not set any limit.
    limit: Option<f64>,
    /// A rate that has emptied the bucket.
    too_high: Option<f64>,
    /// The most that has passed in a moment: no more than that can have been in the bucket.
    burst: u32,
    limited_at: Option<Duration>,
    /// Since when requests go, and how many have passed since.
    resumed_at: Duration,
    passed: u32,
    /// How long the last pause was.
    pause: Duration,
    /// When the limit was last changed, and how many have passed since.
    stepped_at: Duration,
    passed_since_step: u32,
    next_at: Duration,
    /// By which part the rate that was too high is raised next.
    doubt: f64,
}

impl Rate {
    /// Returns when the next request may be sent; `None` if at any time.
    pub(super) fn next_at(&self) -> Option<Duration> {
        self.limit.map(|_| self.next_at)
    }

    pub(super) fn sent(&mut self, now: Duration) {
        let Some(limit) = self.limit else { return };
        let gap = Duration::from_secs_f64(1.0 / limit);
        // A timer that is late by a gap or two does not slow everything down.
        self.next_at = self.next_at.max(now.saturating_sub(gap * 2)) + gap;
    }

    pub(super) fn passed(&mut self, now: Duration) {
        self.passed = self.passed.saturating_add(1);
        self.passed_since_step = self.passed_since_step.saturating_add(1);
        let Some(limit) = self.limit else { return };
        let gone = now.saturating_sub(self.stepped_at);
        let step = if self.too_high.is_some() { CAREFUL_STEP } else { QUICK_STEP };
        if gone < step {
            return;
        }
        if f64::from(self.passed_since_step) >= limit * gone.as_secs_f64() / 2.0 {
            self.limit = Some(self.higher(now, limit));
        }
        self.step(now);
    }

    /// Learns from a 429. `alone` is whether requests went one by one.
    pub(super) fn limited(&mut self, now: Duration, alone: bool) {
        let active = now.saturating_sub(self.resumed_at).as_secs_f64();
        let passed = f64::from(self.passed);
        if active < MOMENT {
            self.burst = self.burst.max(self.passed);
        }
        let since_last = self.limited_at.map(|at| now.saturating_sub(at).as_secs_f64());
        let is_evidence = alone && (self.passed > 0 || self.limit.is_some());
        if let Some(since_last) = since_last.filter(|_| is_evidence) {
            let flowed = passed / since_last.max(0.001);
            let drained = (passed - f64::from(self.burst)) / active.max(MOMENT);
            let low = flowed.max(drained);
            if let Some(limit) = self.limit {
                self.too_high = Some(limit);
            }
            let next = match self.too_high {
                None => low,
                Some(high) if high > 4.0 * low => (high * low).sqrt().min(high / 2.0),
                Some(high) => {
                    let low = low.min(high * KEEP_BELOW);
                    low + (high - low) / 8.0
                }
            };
            let used = self.limit.unwrap_or(passed / active.max(SHORTEST_ACTIVE));
            self.limit = Some(next.max(used / 2.0).max(SLOWEST));
        }
        self.limited_at = Some(now);
        self.doubt = FIRST_DOUBT;
        self.passed = 0;
        self.step(now);
    }

    /// The pause is over.
    pub(super) fn resume(&mut self, now: Duration) {
        self.pause = now.saturating_sub(self.limited_at.unwrap_or(now));
        self.resumed_at = now;
        self.passed = 0;
        self.next_at = now;
        self.step(now);
    }

    fn higher(&mut self, now: Duration, limit: f64) -> f64 {
        let Some(high) = self.too_high else { return limit * 1.5 };
        let quiet = now.saturating_sub(self.limited_at.unwrap_or_default());
        if quiet >= self.pause.saturating_mul(20).max(SHORTEST_QUIET) {
            // Limits change: try a little more now and then.
            self.too_high = (self.doubt < LAST_DOUBT).then_some(high * (1.0 + self.doubt));
            if self.pause < DEAR_PAUSE {
                self.doubt *= 2.0;
            }
        }
        let ceiling = high * KEEP_BELOW;
        limit.max(limit + (ceiling - limit) / 8.0)
    }

    fn step(&mut self, now: Duration) {
        self.stepped_at = now;
        self.passed_since_step = 0;
    }
}

/// How often the rate is raised as long as the limit is unknown, and after that.
const QUICK_STEP: Duration = Duration::from_secs(2);
const CAREFUL_STEP: Duration = Duration::from_secs(10);

/// How close the rate comes to one that was too high.
const KEEP_BELOW: f64 = 0.97;

/// Seconds in which little flows into a bucket.
const MOMENT: f64 = 1.0;

/// Requests a second.
const SLOWEST: f64 = 0.05;

/// No request is answered in a shorter time.
const SHORTEST_ACTIVE: f64 = 0.05;

/// After this time without a limit, and after twenty pauses, the highest rate is questioned.
const SHORTEST_QUIET: Duration = Duration::from_secs(30);

/// By which part it is raised at first; twice that at the next step, unless a pause costs too much.
const FIRST_DOUBT: f64 = 0.01;

/// From here on the limit is unknown again.
const LAST_DOUBT: f64 = 0.1;
