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
            let next = match self.limit {
                None => low,
                Some(high) => {
                    self.too_high = Some(high);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    impl Rate {
        fn pass(&mut self, count: u32, seconds: f64) {
            (0..count).for_each(|_| self.passed(at(seconds)));
        }

        /// As many pass as can, the last one now.
        fn is_used_until(&mut self, seconds: f64) {
            (0..1_000).for_each(|_| self.passed(self.stepped_at));
            self.passed(at(seconds));
        }
    }

    #[track_caller]
    fn is(found: Option<f64>, expected: f64) {
        assert!(found.is_some_and(|it| (it - expected).abs() < 1e-9), "{found:?} {expected}");
    }

    /// A bucket that holds 8, was emptied within half a second, and filled 20 more in the next 20 seconds.
    fn limited_twice() -> Rate {
        let mut rate = Rate::default();
        rate.pass(8, 0.25);
        rate.limited(at(0.5), true);
        assert_eq!((rate.limit, rate.burst, rate.next_at()), (None, 8, None));
        rate.resume(at(10.5));
        rate.pass(20, 15.0);
        rate.limited(at(20.5), true);
        rate
    }

    #[test]
    fn the_second_limit_bounds_the_rate_by_what_passed_between() {
        // 20 in 20 seconds have flowed in; or 20 less the 8 of the bucket in the 10 seconds in which requests went.
        is(limited_twice().limit, 1.2);
        // Never slower than half of what was used: 8 in half a second.
        let mut rate = Rate::default();
        rate.limited(at(0.0), true);
        rate.resume(at(99.5));
        rate.pass(8, 99.75);
        rate.limited(at(100.0), true);
        is(rate.limit, 8.0);
        // What passes in a second and longer says nothing of the bucket.
        let mut rate = Rate::default();
        rate.pass(8, 0.5);
        rate.limited(at(1.0), true);
        assert_eq!(rate.burst, 0);
    }

    #[test]
    fn only_limits_that_came_one_by_one_are_evidence() {
        let mut rate = Rate::default();
        rate.limited(at(0.0), true);
        rate.pass(8, 5.0);
        rate.limited(at(10.0), false);
        assert_eq!(rate.limit, None, "many were in flight");
        rate.limited(at(20.0), true);
        assert_eq!(rate.limit, None, "nothing has passed");
        rate.pass(1, 25.0);
        rate.limited(at(30.0), true);
        is(rate.limit, 0.1);
        // Once there is a limit, one at which nothing passes counts as well; there is a least rate.
        rate.limited(at(31.0), true);
        is(rate.too_high, 0.1);
        is(rate.limit, SLOWEST);
    }

    #[test]
    fn the_rate_is_raised_as_far_as_it_is_used() {
        let mut rate = limited_twice();
        rate.resume(at(30.5));
        rate.pass(2, 32.0);
        is(rate.limit, 1.2);
        rate.pass(1, 32.5);
        is(rate.limit, 1.8);
        rate.pass(1, 42.5);
        is(rate.limit, 1.8);
        // Too few, and from then on they are counted anew.
        rate.pass(1, 44.4);
        assert_eq!(rate.passed_since_step, 1);
        rate.pass(1, 44.5);
        is(rate.limit, 2.7);
    }

    #[test]
    fn a_rate_that_was_too_high_is_approached_and_doubted() {
        let mut rate = Rate {
            limit: Some(2.7),
            burst: 8,
            limited_at: Some(at(20.5)),
            resumed_at: at(30.5),
            passed: 36,
            ..Rate::default()
        };
        rate.limited(at(44.5), true);
        is(rate.too_high, 2.7);
        // 36 less the 8 of the bucket have passed in 14 seconds.
        let limit = 2.0 + (2.7 - 2.0) / 8.0;
        is(rate.limit, limit);
        rate.resume(at(45.5));
        rate.is_used_until(50.0);
        is(rate.limit, limit);
        rate.is_used_until(55.5);
        is(rate.limit, limit + (2.7 * 0.97 - limit) / 8.0);
        // After thirty quiet seconds the bound is raised, each time by twice as much, and given up at last.
        let mut high = 2.7;
        let raised = [(65.5, 0.0), (75.5, 0.01), (85.5, 0.02), (95.5, 0.04), (105.5, 0.08)];
        for (seconds, part) in raised {
            high *= 1.0 + part;
            rate.is_used_until(seconds);
            is(rate.too_high, high);
        }
        rate.is_used_until(115.5);
        assert_eq!(rate.too_high, None);
        let limit = rate.limit.unwrap();
        rate.is_used_until(117.5);
        is(rate.limit, limit * 1.5);
    }

    #[test]
    fn after_long_pauses_a_bound_is_doubted_later_and_no_more_each_time() {
        let limited = |pause: f64| {
            let limited_at = Some(Duration::ZERO);
            let mut rate = Rate { limit: Some(1.0), limited_at, ..Rate::default() };
            rate.limited(at(1_000.0), true);
            rate.resume(at(1_000.0 + pause));
            is(rate.too_high, 1.0);
            rate
        };
        let mut rate = limited(10.0);
        for (seconds, high) in [(1_199.0, 1.0), (1_210.0, 1.01), (1_220.0, 1.01 * 1.01)] {
            rate.is_used_until(seconds);
            is(rate.too_high, high);
        }
        let mut rate = limited(1.0);
        for (seconds, high) in [(1_029.5, 1.0), (1_040.0, 1.01), (1_050.0, 1.01 * 1.02)] {
            rate.is_used_until(seconds);
            is(rate.too_high, high);
        }
        // A rate above the bound is not lowered by that.
        let mut rate = Rate { limit: Some(2.0), too_high: Some(1.0), ..Rate::default() };
        rate.is_used_until(10.0);
        is(rate.limit, 2.0);
    }

    #[test]
    fn requests_keep_their_distance_and_a_late_timer_costs_nothing() {
        let mut rate = Rate { limit: Some(2.0), ..Rate::default() };
        rate.resume(at(10.0));
        assert_eq!(rate.next_at(), Some(at(10.0)));
        rate.sent(at(10.0));
        assert_eq!(rate.next_at(), Some(at(10.5)));
        rate.sent(at(10.7));
        assert_eq!(rate.next_at(), Some(at(11.0)));
        // Two gaps are made up for, and no more.
        rate.sent(at(13.0));
        assert_eq!(rate.next_at(), Some(at(12.5)));
    }

    #[test]
    fn a_limit_below_what_has_flowed_since_stays_below_itself() {
        let limited_at = Some(Duration::ZERO);
        let mut rate = Rate { limit: Some(1.0), limited_at, passed: 30, ..Rate::default() };
        rate.limited(at(20.0), true);
        is(rate.too_high, 1.0);
        is(rate.limit, 0.97 + 0.03 / 8.0);
    }
}
