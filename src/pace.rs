//! Pacing of refreshes: how many are in flight, how fast they follow one another, and which goes first.
//!
//! Everything here is pure: a driver passes the time and what happened, and gets what may be sent. Times are
//! lengths since any fixed moment, by a clock that is never set back. [`TokenRotator`](crate::TokenRotator) drives it;
//! a program that refreshes tokens by itself can do the same.
//!
//! ```
//! use std::time::Duration;
//! use slack_auth::pace::{Outcome, Pace, Priority, Turn};
//!
//! let mut pace = Pace::new(8);
//! let at = Duration::from_secs;
//! pace.enqueue(1, Priority::Due);
//! pace.enqueue(2, Priority::Waiting);
//! // The credential that somebody waits for goes first.
//! assert_eq!(pace.next(at(0)), Turn::Go(2));
//! pace.finish(at(1), 2, Outcome::RateLimited { retry_after: Some(at(10)) });
//! // A rate limit holds everybody back.
//! assert_eq!(pace.next(at(1)), Turn::Wait(at(11)));
//! assert_eq!(pace.next(at(11)), Turn::Go(1));
//! ```

mod breaker;
mod queue;
mod rate;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, time::Duration};

pub use breaker::{Breaker, Gate};
pub use queue::Priority;
use queue::Queue;
use rate::Rate;
pub use slack_store::phase;

/// The pace of one API method: a window of requests in flight and a rate, both learned from rate limits.
///
/// A 429 stops all requests for as long as `Retry-After` says. Afterwards the first request goes alone, each success
/// lets one more go at the same time, and the window ends at half of what it was, or at one after a long pause. It grows
/// again by one at a time. If requests that go one by one are limited, the rate is limited as well. If the pause is
/// long, one request is sent as a probe after 30 s: if it passes, the limit was that of another credential alone, and
/// the pause is over.
#[derive(Clone, Debug)]
pub struct Pace {
    /// The most requests in flight, ever.
    most: usize,
    /// The most requests in flight, as learned.
    window: usize,
    /// The most requests in flight just now: it grows from 1 to `window` after a pause.
    opening: usize,
    /// Successes since the window last grew.
    successes: usize,
    flights: HashMap<u64, Flight>,
    queue: Queue,
    rate: Rate,
    pause: Option<Pause>,
    /// Requests that were sent before this moment belong to a rate limit that is known already.
    limited_at: Option<Duration>,
    /// How long the last pause was meant to be.
    pause_length: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Flight {
    sent_at: Duration,
    resend: bool,
}

#[derive(Clone, Debug)]
struct Pause {
    until: Duration,
    probe_at: Duration,
    probe_wait: Duration,
    probe: Option<u64>,
    /// The window before the pause: it comes back if the pause turns out to concern one credential alone.
    window: usize,
    rate: Rate,
    /// Whether a resend has been limited as well in this pause.
    resend_limited: bool,
}

/// What may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Turn {
    /// This one: report its outcome by [`Pace::finish`].
    Go(u64),
    /// Nothing may be sent before this time, unless something else happens.
    Wait(Duration),
    /// Nothing before a request finishes or another one is enqueued.
    Idle,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Slack answered, whatever it said, and did not limit the rate.
    Answered,
    /// Slack wants fewer requests.
    RateLimited {
        /// The value of `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// Nothing was sent, or no answer came: nothing is learned from it.
    Unknown,
}

impl Pace {
    /// Creates a pace with at most `window` requests in flight; 0 counts as 1.
    #[must_use]
    pub fn new(window: usize) -> Self {
        let most = window.max(1);
        Self {
            most,
            window: most,
            opening: most,
            successes: 0,
            flights: HashMap::new(),
            queue: Queue::default(),
            rate: Rate::default(),
            pause: None,
            limited_at: None,
            pause_length: Duration::ZERO,
        }
    }

    /// Adds a request to the queue. The number names it, and must not be in the queue or in flight already.
    pub fn enqueue(&mut self, request: u64, priority: Priority) {
        self.queue.push(request, priority);
    }

    /// Raises the priority of a request in the queue; a lower one changes nothing.
    pub fn promote(&mut self, request: u64, priority: Priority) {
        self.queue.promote(request, priority);
    }

    /// Removes a request from the queue, or ends it without an outcome if it is in flight.
    pub fn cancel(&mut self, now: Duration, request: u64) {
        self.queue.remove(request);
        self.finish(now, request, Outcome::Unknown);
    }

    /// Returns what may be sent now. Ask again after each [`Turn::Go`] until it is something else.
    pub fn next(&mut self, now: Duration) -> Turn {
        if self.pause.as_ref().is_some_and(|pause| now >= pause.until) {
            self.pause = None;
            self.open(now);
        }
        if self.queue.is_empty() {
            return Turn::Idle;
        }
        if self.queue.has_resend() && self.may_resend() {
            return self.go(now, Queue::pop_resend);
        }
        if let Some(pause) = &self.pause {
            let others = self.flights.len() - self.resends();
            if pause.probe.is_some() || others >= self.most {
                return Turn::Wait(pause.until);
            }
            if now < pause.probe_at {
                return Turn::Wait(pause.until.min(pause.probe_at));
            }
            let turn = self.go(now, Queue::pop);
            if let (Some(pause), Turn::Go(request)) = (&mut self.pause, turn) {
                pause.probe = Some(request);
            }
            return turn;
        }
        if self.flights.len() >= self.window.min(self.opening) {
            return Turn::Idle;
        }
        match self.rate.next_at() {
            Some(at) if now < at => Turn::Wait(at),
            _ => self.go(now, Queue::pop),
        }
    }

    /// Records the outcome of a request that [`next`](Self::next) let go.
    pub fn finish(&mut self, now: Duration, request: u64, outcome: Outcome) {
        let in_flight = self.flights.len();
        let Some(flight) = self.flights.remove(&request) else { return };
        if let Some(pause) = &mut self.pause {
            if pause.probe == Some(request) {
                pause.probe = None;
                pause.probe_at = now + pause.probe_wait;
            }
        }
        let is_news = self.limited_at.is_none_or(|at| flight.sent_at > at);
        match outcome {
            Outcome::Answered => self.answered(now, is_news),
            Outcome::RateLimited { retry_after } => {
                let until = now + retry_after.unwrap_or(USUAL_PAUSE).min(LONGEST_PAUSE);
                self.limited(now, until, flight, is_news, in_flight);
            }
            Outcome::Unknown => {}
        }
    }

    /// Records a rate limit that a request met which has not waited for its turn here.
    pub fn limit(&mut self, now: Duration, retry_after: Option<Duration>) {
        let is_news = self.limited_at.is_none_or(|at| now > at);
        let flight = Flight { sent_at: now, resend: false };
        let until = now + retry_after.unwrap_or(USUAL_PAUSE).min(LONGEST_PAUSE);
        self.limited(now, until, flight, is_news, self.flights.len() + 1);
    }

    /// Returns until when everything waits because of a rate limit; `None` if nothing does.
    #[must_use]
    pub fn paused_until(&self) -> Option<Duration> {
        self.pause.as_ref().map(|pause| pause.until)
    }

    /// Returns how many requests are in flight.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Returns how many requests wait in the queue.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    fn go(&mut self, now: Duration, pop: fn(&mut Queue) -> Option<(u64, Priority)>) -> Turn {
        let Some((request, priority)) = pop(&mut self.queue) else { return Turn::Idle };
        let resend = priority == Priority::Resend;
        self.flights.insert(request, Flight { sent_at: now, resend });
        self.rate.sent(now);
        Turn::Go(request)
    }

    /// A refresh token that may be spent is taken for a short time only: it waits for no pause of another credential,
    /// unless Slack has limited such a request as well.
    fn may_resend(&self) -> bool {
        let most = match &self.pause {
            Some(pause) if pause.resend_limited => 1,
            _ => self.most,
        };
        self.resends() < most
    }

    fn resends(&self) -> usize {
        self.flights.values().filter(|flight| flight.resend).count()
    }

    fn answered(&mut self, now: Duration, is_news: bool) {
        if is_news {
            if let Some(pause) = self.pause.take() {
                // The limit was that of another credential alone.
                self.window = pause.window;
                self.rate = pause.rate;
                self.open(now);
            }
        }
        self.rate.passed(now);
        self.opening = (self.opening + 1).min(self.window);
        self.successes += 1;
        let enough = (SUCCESSES_TO_GROW * self.window).max(FEWEST_SUCCESSES_TO_GROW);
        let quiet = self.limited_at.map(|at| now.saturating_sub(at));
        let is_quiet = quiet.is_none_or(|quiet| quiet >= self.pause_length * PAUSES_TO_GROW);
        if is_quiet && self.successes >= enough && self.window < self.most {
            self.successes = 0;
            self.window += 1;
        }
    }

    fn limited(
        &mut self,
        now: Duration,
        until: Duration,
        flight: Flight,
        is_news: bool,
        in_flight: usize,
    ) {
        if let Some(pause) = &mut self.pause {
            pause.until = pause.until.max(until);
            if is_news {
                pause.resend_limited |= flight.resend;
                pause.probe_wait = (pause.probe_wait * 2).min(LONGEST_PROBE_WAIT);
                pause.probe_at = now + pause.probe_wait;
            }
            return;
        }
        let (window, rate) = (self.window, self.rate.clone());
        self.pause_length = until.saturating_sub(now);
        if is_news {
            let in_use = self.window.min(in_flight);
            let is_dear = self.pause_length >= DEAR_PAUSE;
            self.window = if is_dear { 1 } else { (in_use / 2).max(1) };
            self.successes = 0;
            self.rate.limited(now, in_use <= 1);
        }
        self.limited_at = Some(now);
        self.pause = Some(Pause {
            until,
            probe_at: now + PROBE_WAIT,
            probe_wait: PROBE_WAIT,
            probe: None,
            window,
            rate,
            resend_limited: flight.resend,
        });
    }

    /// Begins anew after a pause: one request at first.
    fn open(&mut self, now: Duration) {
        self.opening = 1;
        self.rate.resume(now);
    }
}

/// How long a pause is without `Retry-After`.
const USUAL_PAUSE: Duration = Duration::from_secs(30);

/// Whatever `Retry-After` says.
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

/// After which time another credential is tried.
const PROBE_WAIT: Duration = Duration::from_secs(30);

const LONGEST_PROBE_WAIT: Duration = Duration::from_secs(480);

/// How many windows of successes it takes until the window grows by one.
const SUCCESSES_TO_GROW: usize = 16;

/// However narrow the window is: one that grew sooner would hide from the rate that requests go one by one.
const FEWEST_SUCCESSES_TO_GROW: usize = 128;

/// How many times the last pause must have passed without a limit until the window grows.
const PAUSES_TO_GROW: u32 = 10;

/// After a pause of this length another limit costs more than a narrow window does.
const DEAR_PAUSE: Duration = Duration::from_secs(10);
