//! The client itself is refused: nothing of the app's is sent until it may be cured.

use std::time::Duration;

/// Stops all refreshes of an app whose client Slack refuses (`bad_client_secret`, `invalid_client_id`).
///
/// Each credential would be refused alike. So one request is sent as a trial every five minutes; when it is accepted,
/// or when the client's secret is replaced, all others go on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Breaker {
    refused: Option<Refused>,
}

#[derive(Clone, Copy, Debug)]
struct Refused {
    until: Duration,
    trial: Option<u64>,
}

/// Whether a request may be sent, as at a gate: open lets it pass. A circuit breaker's words mean the opposite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gate {
    /// The request may be sent.
    Open,
    /// The request may not be sent before this time, unless the client is accepted or replaced.
    Closed(Duration),
}

impl Breaker {
    /// Creates a breaker that lets everything pass.
    #[must_use]
    pub const fn new() -> Self {
        Self { refused: None }
    }

    /// Returns whether this request may be sent at `now`. When the time is up, the first that asks is the trial.
    pub fn enter(&mut self, now: Duration, request: u64) -> Gate {
        match &mut self.refused {
            None => Gate::Open,
            Some(refused) if now < refused.until => Gate::Closed(refused.until),
            Some(refused) => {
                // The others wait for the trial, and for the next one if its outcome never comes.
                refused.until = now + PAUSE;
                refused.trial = Some(request);
                Gate::Open
            }
        }
    }

    /// Records Slack's refusal of the client.
    pub fn refuse(&mut self, now: Duration) {
        self.refused = Some(Refused { until: now + PAUSE, trial: None });
    }

    /// Records a response of Slack's that does not refuse the client; returns whether requests may pass again because of it. Only the
    /// trial's counts: another request may have been sent before the client was refused.
    pub fn accept(&mut self, request: u64) -> bool {
        let is_trial = self.refused.is_some_and(|refused| refused.trial == Some(request));
        if is_trial {
            self.refused = None;
        }
        is_trial
    }

    /// Records that the trial has ended without a response: the next one may go.
    pub fn give_up(&mut self, now: Duration, request: u64) {
        if let Some(refused) = &mut self.refused {
            if refused.trial == Some(request) {
                *refused = Refused { until: now, trial: None };
            }
        }
    }

    /// Lets everything pass again: the client's secret has been replaced.
    pub fn reset(&mut self) {
        self.refused = None;
    }

    /// Returns until when the app is stopped; `None` if it is not.
    #[must_use]
    pub fn refused_until(&self) -> Option<Duration> {
        self.refused.map(|refused| refused.until)
    }
}

/// How long an app is stopped.
const PAUSE: Duration = Duration::from_secs(5 * 60);
