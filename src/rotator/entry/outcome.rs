//! Why there is no token, as the caller's error.

use std::time::Duration;

use slack_proto::{
    Timestamp,
    rotation::{Problem, ReauthorizationReason},
};

use super::{Entry, Standing, State};
use crate::rotator::{
    error::{TokenError, TokenErrorKind},
    shared::Shared,
};

impl Entry {
    /// Returns whether a round is over, and the error if there is no new token then.
    pub(in crate::rotator) fn outcome(
        &self,
        shared: &Shared,
        round: u64,
        deadline: Timestamp,
    ) -> Option<Result<(), TokenError>> {
        let state = self.state();
        let now = shared.runtime.now();
        if state.rounds > round || state.is_detached() {
            let problem = state.rotation.problem().cloned();
            return Some(match problem {
                Some(_) if state.is_cut_off(shared) => Err(self.cut_off(shared)),
                Some(problem) => Err(state.error(self, problem)),
                None => Ok(()),
            });
        }
        match state.held_up(shared, now) {
            Some((until, problem)) if until > deadline => {
                Some(Err(state.error(self, problem).retry_at(now, until)))
            }
            _ => None,
        }
    }

    /// A drain has ended the work, or without one something that is no fault of the store or of Slack.
    fn cut_off(&self, shared: &Shared) -> TokenError {
        let is_draining = shared.is_draining();
        let kind =
            if is_draining { TokenErrorKind::Drained } else { TokenErrorKind::RefreshFailed };
        TokenError::new(&self.name, kind)
    }

    /// Returns whether a run that has ended has left something undone, though no drain has asked it to.
    pub(in crate::rotator) fn is_cut_off(&self, shared: &Shared) -> bool {
        let state = self.state();
        !state.running && state.left.is_some() && !shared.is_draining()
    }

    /// The caller has waited long enough.
    pub(in crate::rotator) fn too_late(&self) -> TokenError {
        let state = self.state();
        let problem = state.rotation.problem().cloned();
        TokenError::new(&self.name, TokenErrorKind::TimedOut)
            .with_problem(problem)
            .because(state.cause.clone())
    }
}

impl State {
    pub(super) fn error(&self, entry: &Entry, problem: Problem) -> TokenError {
        let kind = match &problem {
            Problem::ReauthorizationNeeded(ReauthorizationReason::Missing) if self.installed => {
                TokenErrorKind::EmptySlot
            }
            Problem::ReauthorizationNeeded(ReauthorizationReason::Missing) => {
                TokenErrorKind::NotInstalled
            }
            Problem::ReauthorizationNeeded(_) => TokenErrorKind::NeedsAuthorization,
            _ => TokenErrorKind::RefreshFailed,
        };
        TokenError::new(&entry.name, kind).with_problem(Some(problem)).because(self.cause.clone())
    }

    pub(super) fn failure(
        &self,
        entry: &Entry,
        shared: &Shared,
        now: Timestamp,
        min_validity: Duration,
    ) -> TokenError {
        if self.is_cut_off(shared) {
            return entry.cut_off(shared);
        }
        if let Some(problem) = self.rotation.problem() {
            return self.error(entry, problem.clone());
        }
        let whole_life = self
            .rotation
            .credential()
            .and_then(|it| it.expires_at().map(|end| end.since(it.issued_at())));
        let is_long_enough = whole_life.is_none_or(|life| life >= min_validity);
        match self.rotation.next_refresh_at(now) {
            Some(at) if at > now && is_long_enough => {
                TokenError::new(&entry.name, TokenErrorKind::RefreshedLately).retry_at(now, at)
            }
            _ => TokenError::new(&entry.name, TokenErrorKind::TooShortLived),
        }
    }

    /// Returns whether nothing was refreshed because the rotator is drained or its runtime has ended, and not because of
    /// what the machine takes for the reason.
    fn is_cut_off(&self, shared: &Shared) -> bool {
        let is_known = matches!(self.rotation.problem(), Some(Problem::ReauthorizationNeeded(_)));
        !is_known && (self.left.is_some() || shared.is_draining())
    }

    pub(super) fn is_detached(&self) -> bool {
        self.standing == Standing::Detached
    }

    pub(super) fn has_urgent_left(&self, now: Timestamp) -> bool {
        let is_urgent = self.rotation.unsaved().is_some() || self.rotation.is_in_doubt(now);
        !self.running && self.left.is_some() && is_urgent
    }

    pub(super) fn is_unanswered(&self) -> bool {
        self.resumes_at.is_some() && self.rotation.problem() == Some(&Problem::NoAnswer)
    }

    /// Until when nothing happens, and why.
    pub(super) fn held_up(&self, shared: &Shared, now: Timestamp) -> Option<(Timestamp, Problem)> {
        if let (Some(until), Some(problem)) = (self.resumes_at, self.rotation.problem()) {
            return Some((until, problem.clone()));
        }
        shared.held_back(self.turn?, now)
    }
}
