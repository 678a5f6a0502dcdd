//! The cached keys, and the decision whether to fetch: no I/O, no clock.

use std::{sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, Shared, WeakShared};
use slack_proto::{Timestamp, openid::KeySet};

use super::error::FetchKeysError;

type Fetched = Result<Arc<KeySet>, FetchKeysError>;

/// A fetch that callers share: whichever is polled drives it, and it is dropped with the last of them.
type Flight = Shared<BoxFuture<'static, Fetched>>;

/// How often to fetch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) interval: Duration,
    pub(super) max_age: Duration,
}

impl Pace {
    pub(super) const DEFAULT: Self =
        Self { interval: Duration::from_secs(30), max_age: Duration::from_secs(3600) };
}

/// The keys, and the outcome of the last fetches.
#[derive(Default)]
pub(super) struct Cache {
    held: Option<Held>,
    flight: Option<WeakShared<BoxFuture<'static, Fetched>>>,
    /// When the last fetch began.
    began: Option<Timestamp>,
    /// The number of consecutive fetches without keys, abandoned ones included.
    failures: u32,
    error: Option<FetchKeysError>,
}

struct Held {
    keys: Arc<KeySet>,
    since: Timestamp,
}

/// The next step for a caller.
pub(super) enum Next {
    Use(Arc<KeySet>),
    Join(Flight),
    Start,
    Refuse(FetchKeysError),
}

impl Cache {
    /// Returns the next step for a caller. `known` are keys that lack the one that the caller needs.
    pub(super) fn next(&self, pace: &Pace, known: Option<&Arc<KeySet>>, now: Timestamp) -> Next {
        if let Some(held) = &self.held {
            let did_not_do = known.is_some_and(|known| Arc::ptr_eq(known, &held.keys));
            if !did_not_do && now.since(held.since) < pace.max_age {
                return Next::Use(Arc::clone(&held.keys));
            }
        }
        if let Some(flight) = self.flight.as_ref().and_then(WeakShared::upgrade) {
            return Next::Join(flight);
        }
        if !self.is_too_soon(pace, now) {
            return Next::Start;
        }
        match &self.held {
            Some(held) => Next::Use(Arc::clone(&held.keys)),
            None => Next::Refuse(self.error.clone().unwrap_or_else(FetchKeysError::given_up)),
        }
    }

    fn is_too_soon(&self, pace: &Pace, now: Timestamp) -> bool {
        let wait = if self.held.is_some() {
            pace.interval
        } else {
            // The first two failures cost the next caller no wait.
            let doubled = self.failures.checked_sub(2).map_or(0, |times| 1 << times.min(30));
            pace.interval.min(Duration::from_secs(doubled))
        };
        // A clock that was set back further than that must not block fetches until it has caught up.
        self.began.is_some_and(|began| now.since(began) < wait && began.since(now) < wait)
    }

    pub(super) fn started(&mut self, flight: &Flight, now: Timestamp) {
        self.flight = flight.downgrade();
        self.started_blocking(now);
    }

    pub(super) fn started_blocking(&mut self, now: Timestamp) {
        self.began = Some(now);
        self.failures = self.failures.saturating_add(1);
    }

    /// Stores the result of a fetch that began at `began`.
    pub(super) fn landed(&mut self, fetched: Fetched, began: Timestamp) -> Fetched {
        match &fetched {
            Ok(keys) => {
                self.held = Some(Held { keys: Arc::clone(keys), since: began });
                (self.failures, self.error) = (0, None);
            }
            Err(error) => self.error = Some(error.clone()),
        }
        fetched
    }

    pub(super) fn held(&self) -> Option<Arc<KeySet>> {
        self.held.as_ref().map(|held| Arc::clone(&held.keys))
    }
}
