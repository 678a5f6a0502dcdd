//! What is sent to Slack, and what comes back.

use std::time::Duration;

use super::{Goal, Next, Rotation, Sent, Stage, Why};
use crate::{
    Timestamp,
    error::ErrorClass,
    methods::UntrustedText,
    rotation::{
        Action, AnyCredential, Issued, Problem, ReauthorizationReason, RefreshFailure,
        RefreshRequest, RotationEvent, Write,
        policy::{USUAL_LIFE, retry_wait},
    },
    tokens::RefreshToken,
};

impl Rotation {
    pub(super) fn send(&mut self) -> Action {
        if self.pending.is_some() {
            return self.write();
        }
        let Some(stored) = &self.stored else { return self.stop(ReauthorizationReason::Missing) };
        if self.is_spent(stored) {
            // Its successor was known here, and is gone from everywhere.
            return self.give_up(ReauthorizationReason::RefreshTokenSpent);
        }
        let request = match self.goal {
            Goal::Exchange => RefreshRequest::exchange(stored),
            Goal::Keep | Goal::Settle => RefreshRequest::refresh(stored),
        };
        let Some(request) = request else {
            return self.stop(ReauthorizationReason::NoRefreshToken);
        };
        self.fell_back = false;
        self.sent = Some(Sent {
            mark: stored.pair_fingerprint(),
            refresh_token: stored.refresh_token().map(RefreshToken::fingerprint),
        });
        self.stage = Stage::Sending;
        Action::Send(request)
    }

    /// Refreshes another pair in place of the stored one, whose refresh token Slack does not take.
    pub(super) fn send_fallback(&mut self, pair: &AnyCredential) -> Option<Action> {
        let (stored, request) = (self.stored.as_ref()?, RefreshRequest::refresh(pair)?);
        let refresh_token = pair.refresh_token().map(RefreshToken::fingerprint);
        self.sent = Some(Sent { mark: stored.pair_fingerprint(), refresh_token });
        self.fell_back = true;
        self.stage = Stage::Sending;
        Some(Action::Send(request))
    }

    /// A pair is taken at any time, even if none was expected.
    pub(super) fn issued(&mut self, now: Timestamp, issued: Issued) -> Action {
        let expected = matches!(self.stage, Stage::Sending);
        let known = |credential: &crate::rotation::AnyCredential| {
            credential.pair_fingerprint() == issued.credential.pair_fingerprint()
        };
        if self.stored.as_ref().is_some_and(known) || self.unsaved().is_some_and(known) {
            // It has come before.
            return self.look(now);
        }
        if !issued.spare_refresh_tokens.is_empty() {
            self.events.push(RotationEvent::Spares { tokens: issued.spare_refresh_tokens });
        }
        let new = issued.credential;
        if new.refresh_token().is_none() {
            self.events.push(RotationEvent::NoRefreshToken { token: new.fingerprint() });
        }
        let Some(sent) = self.sent else { return self.look(now) };
        let rotated = new.refresh_token().map(RefreshToken::fingerprint) != sent.refresh_token;
        let rotated = rotated && new.refresh_token().is_some();
        let base = self.stored.as_ref().filter(|stored| stored.pair_fingerprint() == sent.mark);
        if base.is_none() && new.refresh_token().is_none() {
            // Late, and only an access token: what is stored since then is worth more.
            return self.look(now);
        }
        let mut credential =
            base.map_or_else(|| new.clone(), |base| base.succeeded_by(new.clone()));
        credential.assume_end(USUAL_LIFE);
        if self.pending.is_some() {
            // A second pair for the same token, while the first is being stored: the first stays, and is refreshed
            // at once.
            self.fallbacks.push(credential);
            self.goal = Goal::Settle;
            return self.look(now);
        }
        self.remember_spent(sent.refresh_token.filter(|_| rotated));
        // What Slack gives anew it does not mean to reject; and it would be asked for again without a pause.
        self.rejected = self.rejected.filter(|rejected| *rejected != credential.fingerprint());
        self.pending = Some(Write { replaces: sent.mark, credential, unplaced: issued.unplaced });
        self.goal = Goal::Keep;
        self.refreshed_at = Some(now);
        self.forget_failures();
        if !expected && self.is_busy() {
            // Whatever is under way ends first; its outcome finds the pair in hand.
            return Action::Await;
        }
        self.write()
    }

    pub(super) fn failed(&mut self, now: Timestamp, failure: RefreshFailure) -> Action {
        if matches!(failure, RefreshFailure::Unknown { .. }) {
            self.unknown_since.get_or_insert(now);
        }
        let schedule = self.schedule(now);
        let (problem, wait) = match &failure {
            RefreshFailure::NothingSent => (Problem::NoAnswer, schedule),
            RefreshFailure::RateLimited { after: None } if self.grace_may_run() => {
                (Problem::RateLimited, schedule)
            }
            RefreshFailure::RateLimited { after } => {
                (Problem::RateLimited, self.policy.wait_after_rate_limit(*after))
            }
            RefreshFailure::Unknown { after } => {
                let since = self.unknown_since.unwrap_or(now);
                (Problem::NoAnswer, self.unknown_wait(now, now.since(since), *after))
            }
            RefreshFailure::Spent { code } if self.goal == Goal::Exchange => {
                return self.refuse_exchange(code.clone(), ErrorClass::AuthDead);
            }
            RefreshFailure::Spent { code } => {
                let code = code.clone();
                return self.read_now(Why::AfterSpent { code });
            }
            RefreshFailure::Refused { code, class } if self.goal == Goal::Exchange => {
                return self.refuse_exchange(code.clone(), *class);
            }
            RefreshFailure::Refused { code, class } => {
                let problem = Problem::Refused { code: code.clone(), class: *class };
                let is_unclear = *class == ErrorClass::Other && self.refusals < QUICK_REFUSALS;
                let wait = match () {
                    () if is_unclear || self.in_grace(now) => schedule,
                    () if failure.refuses_client() => self.policy.wait_after_client_refusal(),
                    () => self.policy.wait_after_refusal(self.refusals),
                };
                self.refusals = self.refusals.saturating_add(1);
                (problem, wait)
            }
        };
        self.failures = self.failures.saturating_add(1);
        self.problem = Some(problem);
        if let Some(stored) = &self.stored {
            let token = stored.fingerprint();
            self.events.push(RotationEvent::Retrying { token, failure, after: wait });
        }
        self.wait(wait, Next::Lease)
    }

    /// The token lives on as it is; but another process may have exchanged it.
    fn refuse_exchange(&mut self, code: UntrustedText, class: ErrorClass) -> Action {
        self.goal = Goal::Keep;
        self.problem = Some(Problem::Refused { code, class });
        self.read_now(Why::ToKnow)
    }

    /// How long to wait by ourselves. While the grace time may run it is never so long that it could pass: it may have
    /// begun with the request that was sent last.
    ///
    /// If Slack has been silent for long, tries come in twos: the second one is for the case that Slack took the first and
    /// its answer was lost. The pauses between them grow; a driver ends them as soon as Slack answers anybody.
    fn schedule(&self, now: Timestamp) -> Duration {
        let schedule = retry_wait(self.failures);
        if !self.grace_may_run() {
            return schedule;
        }
        let silence = self.unknown_since.map_or(Duration::ZERO, |since| now.since(since));
        if silence >= LONG_SILENCE && self.failures % 2 == 0 {
            return (silence / 8).min(LONGEST_PAUSE);
        }
        schedule.min(self.policy.wait_in_doubt())
    }

    /// Nobody knows whether the refresh token is spent; or there is another pair beside the stored one, which Slack may
    /// keep instead of it unless the stored one is refreshed in time.
    pub(super) fn grace_may_run(&self) -> bool {
        self.unknown_since.is_some() || self.goal == Goal::Settle
    }

    /// Slack's wish counts, unless the grace time could pass meanwhile.
    fn unknown_wait(&self, now: Timestamp, gone: Duration, after: Option<Duration>) -> Duration {
        let schedule = self.schedule(now);
        match after {
            Some(after)
                if after <= self.policy.wait_in_doubt() || gone >= self.policy.grace_period() =>
            {
                self.policy.wait_after_rate_limit(Some(after)).max(schedule)
            }
            _ => schedule,
        }
    }

    pub(super) fn remember_spent(&mut self, refresh_token: Option<crate::tokens::Fingerprint>) {
        // Those of about a month: an older backup is not recognised.
        const MOST: usize = 64;
        let Some(name) = refresh_token else { return };
        if self.spent.contains(&name) {
            return;
        }
        if self.spent.len() == MOST {
            self.spent.remove(0);
        }
        self.spent.push(name);
    }
}

/// How often an unknown code is followed by a quick try.
const QUICK_REFUSALS: u32 = 6;

/// After such a time without an answer the tries get rarer.
const LONG_SILENCE: Duration = Duration::from_secs(10 * 60);

/// However long Slack has been silent.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);
