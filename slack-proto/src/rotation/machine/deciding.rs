//! What is to be done next, by what is known.

use std::time::Duration;

use super::{Goal, Next, Rotation, Stage, Why};
use crate::{
    Timestamp,
    rotation::{
        Action, Problem, ReauthorizationReason, RefreshRequest, RotationEvent, RotationPolicy,
    },
};

impl Rotation {
    pub(super) fn look(&mut self, now: Timestamp) -> Action {
        if self.is_busy() {
            return Action::Await;
        }
        let ended_for_good = self
            .stored
            .as_ref()
            .is_none_or(|it| it.refresh_token().is_none() && self.is_over(it, now));
        if matches!(self.stage, Stage::New | Stage::Stopped)
            || self.pending.is_some()
            || self.doubted
            || ended_for_good
            || self.read_again_at().is_some_and(|at| now >= at)
        {
            return self.read_now(Why::ToKnow);
        }
        self.rest_or_refresh(now)
    }

    /// With what is known: is there anything to do?
    pub(super) fn rest_or_refresh(&mut self, now: Timestamp) -> Action {
        if !self.wants(now) {
            // What cannot be done is not wanted later either.
            self.goal = Goal::Keep;
        }
        if self.wants(now) {
            return self.lease();
        }
        if self.leased {
            self.stage = Stage::Releasing(None);
            return Action::Release;
        }
        self.stage = Stage::Rest;
        Action::Rest { due_at: self.due_at() }
    }

    /// Returns whether a refresh must be sent.
    pub(super) fn wants(&self, now: Timestamp) -> bool {
        let Some(stored) = &self.stored else { return false };
        if self.reason_for(stored).is_some() {
            return false;
        }
        match self.goal {
            Goal::Exchange => RefreshRequest::exchange(stored).is_some(),
            Goal::Settle => stored.refresh_token().is_some(),
            Goal::Keep => {
                let due = self.policy.due_at(stored, self.phase).is_some_and(|due| now >= due);
                // A token that is due as soon as it comes is not asked for without end.
                let fresh = self.refreshed_at.is_some_and(|at| {
                    let began = at.min(stored.issued_at());
                    now >= began && now.since(began) < RotationPolicy::shortest_life(0)
                });
                let rejected = self.is_rejected(stored) && !self.is_young(stored, now);
                stored.refresh_token().is_some() && (rejected || due && !fresh)
            }
        }
    }

    pub(super) fn lease(&mut self) -> Action {
        if let (Goal::Keep, Some(stored)) = (self.goal, &self.stored) {
            if !self.leased && self.polls == 0 && self.failures == 0 {
                self.events.push(RotationEvent::Due { token: stored.fingerprint() });
            }
        }
        self.stage = Stage::Leasing;
        Action::TakeLease
    }

    pub(super) fn read_now(&mut self, why: Why) -> Action {
        self.stage = Stage::Reading(why);
        Action::Read
    }

    pub(super) fn wait(&mut self, wait: Duration, next: Next) -> Action {
        let may_release = !self.grace_may_run() || wait > self.policy.wait_in_doubt();
        if self.leased && wait > LONGEST_WAIT_WITH_LEASE && may_release {
            // Others may be luckier.
            self.after_release = Some((wait, next));
            self.stage = Stage::Releasing(None);
            return Action::Release;
        }
        self.stage = Stage::Waiting(next);
        Action::Wait(wait)
    }

    pub(super) fn go_on(&mut self, next: Next) -> Action {
        match next {
            Next::Read(why) => self.read_now(why),
            Next::Lease => self.lease(),
            Next::Write => self.write(),
        }
    }

    /// Stops, after the lease is released if it is held.
    pub(super) fn stop(&mut self, reason: ReauthorizationReason) -> Action {
        if self.leased {
            self.stage = Stage::Releasing(Some(reason));
            return Action::Release;
        }
        self.halt(reason)
    }

    pub(super) fn halt(&mut self, reason: ReauthorizationReason) -> Action {
        let problem = Problem::ReauthorizationNeeded(reason.clone());
        if self.problem.as_ref() != Some(&problem) {
            // A key that nobody has installed anything under is nothing that an operator must hear of.
            let is_news = reason != ReauthorizationReason::Missing || self.was_known;
            let event = RotationEvent::ReauthorizationNeeded { reason: reason.clone() };
            self.events.extend(is_news.then_some(event));
            self.problem = Some(problem);
        }
        self.goal = Goal::Keep;
        self.stage = Stage::Stopped;
        Action::Stop(reason)
    }
}

/// A longer wait gives the lease back first.
const LONGEST_WAIT_WITH_LEASE: Duration = Duration::from_secs(5);
