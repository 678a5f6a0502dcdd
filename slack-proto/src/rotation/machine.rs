//! The state of one credential's rotation, and how it moves.

mod reading;
mod sending;
#[cfg(test)]
mod tests;
mod writing;

use std::time::Duration;

use super::{
    Action, AnyCredential, Input, Problem, ReauthorizationReason, RefreshFailure, RefreshRequest,
    RotationEvent, RotationPolicy, Write,
};
use crate::{Installation, Slot, Timestamp, methods::UntrustedText, tokens::Fingerprint};

/// The rotation of one credential, as a state machine. It is a plain value and performs no action itself.
///
/// Its driver calls [`step`](Self::step) with what happened, does the action that comes back, and calls it again with
/// the outcome, until the action is [`Rest`](Action::Rest) or [`Stop`](Action::Stop). An event that does not belong to
/// the action under way changes nothing; but a pair that comes when none was expected is kept and stored.
///
/// Two rotations are in the same state if their `Debug` texts are the same: tokens stand there by their fingerprints.
///
/// # Examples
///
/// ```
/// use slack_proto::{
///     AccessToken, Timestamp,
///     rotation::{Action, Input, Issued, Rotation, RotationPolicy},
///     tokens::{Credential, RefreshToken},
/// };
///
/// let now = Timestamp::from_unix(1_795_219_200);
/// let pair = |access, refresh, issued_at| {
///     let mut credential = Credential::new(AccessToken::new(access)?, issued_at);
///     credential.refresh_token = Some(RefreshToken::new(refresh)?);
///     Ok::<_, slack_proto::error::InvalidValue>(credential)
/// };
///
/// // The store holds a token that was issued 12 hours ago: somebody must refresh it.
/// let old = pair("xoxe.xoxb-1-OLD", "xoxe-1-OLD", Timestamp::from_unix(1_795_176_000))?;
/// let mut rotation = Rotation::new(RotationPolicy::new(), 0);
/// assert!(matches!(rotation.step(now, Input::Tick), Action::Read));
/// assert!(matches!(rotation.step(now, Input::Read(Some(old.clone().into()))), Action::TakeLease));
/// // With the lease in hand it reads once more: another process may have refreshed meanwhile.
/// assert!(matches!(rotation.step(now, Input::Leased), Action::Read));
/// assert!(matches!(rotation.step(now, Input::Read(Some(old.into()))), Action::Send(_)));
/// // The new pair goes to the store before anybody sees it.
/// let new = pair("xoxe.xoxb-1-NEW", "xoxe-1-NEW", now)?;
/// let Action::Write(write) = rotation.step(now, Input::Issued(Issued::new(new))) else { panic!() };
/// assert_eq!(rotation.credential().unwrap().access_token().unwrap().expose(), "xoxe.xoxb-1-OLD");
/// assert!(matches!(rotation.step(now, Input::Written), Action::Release));
/// assert!(matches!(rotation.step(now, Input::Released), Action::Rest { .. }));
/// assert_eq!(rotation.credential().unwrap().access_token().unwrap().expose(), "xoxe.xoxb-1-NEW");
/// # Ok::<(), slack_proto::error::InvalidValue>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a rotation does nothing until it is stepped"]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and no two exclude each other"
)]
pub struct Rotation {
    policy: RotationPolicy,
    phase: u32,
    stage: Stage,
    goal: Goal,
    /// The credential that the store holds, as far as is known. No other is handed out.
    stored: Option<AnyCredential>,
    /// What the store does not hold yet.
    pending: Option<Write>,
    /// What was sent last.
    sent: Option<Sent>,
    /// Pairs that Slack has issued beside the stored one, the newest last.
    fallbacks: Vec<AnyCredential>,
    /// Whether the stored credential has replaced another one: then it comes from a refresh.
    replaced: bool,
    /// Whether anything was ever stored, as far as is known.
    was_known: bool,
    /// Whether the pair that was sent last is such a one.
    fell_back: bool,
    /// Refresh tokens that have given a newer one, by their names.
    spent: Vec<Fingerprint>,
    /// The token that Slack says has ended.
    rejected: Option<Fingerprint>,
    /// Whether Slack has cast doubt on the token.
    doubted: bool,
    /// The credential that is beyond help, by its mark.
    dead: Option<(Fingerprint, ReauthorizationReason)>,
    /// Since when nobody knows whether the refresh token is spent.
    unknown_since: Option<Timestamp>,
    refreshed_at: Option<Timestamp>,
    /// How many refreshes in a row were needed because Slack had rejected a new token.
    rejections: u32,
    /// How often in a row the store held nothing, or nothing newer than what Slack refuses.
    looks: u32,
    /// Refusals in a row that may heal by themselves.
    refusals: u32,
    leased: bool,
    /// The wait that begins when the lease is given back.
    after_release: Option<(Duration, Next)>,
    /// Since when that is so: giving the lease back takes its time too.
    paused_at: Option<Timestamp>,
    problem: Option<Problem>,
    /// Failures in a row at Slack's, at the store, and looks at what another process does.
    failures: u32,
    store_failures: u32,
    polls: u32,
    events: Vec<RotationEvent>,
}

/// What was asked for, and is not done yet.
#[derive(Clone, Debug)]
enum Stage {
    /// Nothing is known yet.
    New,
    Rest,
    Stopped,
    Reading(Why),
    Leasing,
    Sending,
    Writing,
    Noting(After),
    Releasing(Option<ReauthorizationReason>),
    Waiting(Next),
}

/// Why the store is read.
#[derive(Clone, Debug)]
enum Why {
    ToKnow,
    BeforeSending,
    AfterSpent { code: UntrustedText },
    AfterConflict,
}

/// What comes after a wait.
#[derive(Clone, Debug)]
enum Next {
    Read(Why),
    Lease,
    Write,
}

/// What comes after a note.
#[derive(Clone, Debug)]
enum After {
    Stop(ReauthorizationReason),
    Settle,
}

/// What the rotation is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    /// To refresh when it is time.
    Keep,
    /// To refresh at once, so that of two pairs the stored one stays.
    Settle,
    /// To exchange a token that lives for ever.
    Exchange,
}

/// What the pair that comes will replace.
#[derive(Clone, Copy, Debug)]
struct Sent {
    mark: Fingerprint,
    refresh_token: Option<Fingerprint>,
}

impl Rotation {
    /// Begins with nothing known. `phase` is any number: see [`RotationPolicy::due_at`].
    pub const fn new(policy: RotationPolicy, phase: u32) -> Self {
        Self {
            policy,
            phase,
            stage: Stage::New,
            goal: Goal::Keep,
            stored: None,
            pending: None,
            sent: None,
            fallbacks: Vec::new(),
            replaced: false,
            was_known: false,
            fell_back: false,
            spent: Vec::new(),
            rejected: None,
            doubted: false,
            dead: None,
            unknown_since: None,
            refreshed_at: None,
            rejections: 0,
            looks: 0,
            refusals: 0,
            leased: false,
            after_release: None,
            paused_at: None,
            problem: None,
            failures: 0,
            store_failures: 0,
            polls: 0,
            events: Vec::new(),
        }
    }

    /// Processes an input at the time `now`, and returns the next action.
    pub fn step(&mut self, now: Timestamp, event: Input) -> Action {
        let action = self.process(now, event);
        if self.after_release.is_some() {
            self.paused_at.get_or_insert(now);
        }
        action
    }

    fn process(&mut self, now: Timestamp, event: Input) -> Action {
        match event {
            Input::Tick => self.look(now),
            Input::Rejected { token, rejection } => {
                self.reject(token, rejection);
                self.look(now)
            }
            Input::Refresh => {
                let too_soon = self.next_refresh_at(now).is_some_and(|at| at > now);
                if self.goal == Goal::Keep && !self.is_busy() && !too_soon {
                    self.goal = Goal::Settle;
                }
                self.look(now)
            }
            Input::Exchange => {
                self.goal = Goal::Exchange;
                self.look(now)
            }
            Input::Aborted => self.abort(now),
            Input::Issued(issued) => self.issued(now, issued),
            event => match (std::mem::replace(&mut self.stage, Stage::Rest), event) {
                (Stage::Reading(why), Input::Read(found)) => self.read(now, why, found),
                (Stage::Reading(why), Input::ReadFailed) => self.read_failed(now, why),
                (Stage::Leasing, Input::Leased) => {
                    self.leased = true;
                    self.polls = 0;
                    self.read_now(Why::BeforeSending)
                }
                (Stage::Leasing, Input::LeaseHeld { remaining }) => self.lease_held(remaining),
                (Stage::Leasing, Input::LeaseFailed) => self.lease_failed(now),
                (Stage::Sending, Input::Failed(failure)) => self.failed(now, failure),
                (Stage::Writing, Input::Written) => self.written(now),
                (Stage::Writing, Input::Conflict) => self.read_now(Why::AfterConflict),
                (Stage::Writing, Input::WriteFailed) => self.write_failed(),
                (Stage::Releasing(reason), Input::Released) => {
                    self.leased = false;
                    if let Some((wait, next)) = self.after_release.take() {
                        let gone = self.paused_at.take().map_or(Duration::ZERO, |at| now.since(at));
                        return self.wait(wait.saturating_sub(gone), next);
                    }
                    match reason {
                        Some(reason) => self.halt(reason),
                        None => self.look(now),
                    }
                }
                (Stage::Noting(after), Input::Noted) => self.noted(now, after),
                (Stage::Waiting(next), Input::Waited) => self.go_on(next),
                (stage, _) => {
                    self.stage = stage;
                    self.look(now)
                }
            },
        }
    }

    /// Returns the credential that the store holds, as far as is known.
    #[must_use]
    pub fn credential(&self) -> Option<&AnyCredential> {
        self.stored.as_ref()
    }

    /// Returns the credential if its token stays valid for at least `min_validity` and Slack has not rejected it.
    #[must_use]
    pub fn valid_credential(
        &self,
        now: Timestamp,
        min_validity: Duration,
    ) -> Option<&AnyCredential> {
        let stored = self.stored.as_ref()?;
        let ended = self.is_rejected(stored) && !self.is_young(stored, now)
            || stored.expires_at().is_some_and(|end| now >= end || now + min_validity > end);
        (!ended).then_some(stored)
    }

    /// Returns a pair that Slack issued and that is not stored yet. It must not be lost.
    #[must_use]
    pub fn unsaved(&self) -> Option<&AnyCredential> {
        self.pending.as_ref().map(|write| &write.credential)
    }

    /// Returns when the next refresh is due; `None` if it never is.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        self.policy.due_at(self.stored.as_ref()?, self.phase)
    }

    /// Returns the earliest time for another refresh of the credential that Slack has not made necessary by its end: a
    /// token that Slack rejects as soon as it has issued it is not refreshed again and again.
    #[must_use]
    pub fn next_refresh_at(&self, now: Timestamp) -> Option<Timestamp> {
        let issued_at = self.stored.as_ref().filter(|_| self.replaced)?.issued_at();
        // A token from the future is one of a clock that is wrong.
        let is_plausible = issued_at.since(now) <= MOST_SKEW;
        is_plausible.then(|| issued_at + RotationPolicy::shortest_life(self.rejections))
    }

    /// Sets what the store keeps beside the credential, as it was just read: pairs to fall back on, and whether a person
    /// must authorize again. To be called before [`Input::Read`].
    pub fn set_slot_state(&mut self, installation: &Installation, slot: Slot) {
        self.fallbacks = installation.fallbacks(slot).to_vec();
        let (Some(held), Some(note)) =
            (installation.any_credential(slot), installation.needs_authorization(slot))
        else {
            // Nobody knows of any, or it has been cleared.
            self.dead = None;
            return;
        };
        let reason = ReauthorizationReason::from_note(&note.reason, note.code.as_ref());
        self.dead = Some((held.pair_fingerprint(), reason));
    }

    /// Returns whether the refresh token may be spent, and Slack takes it still: it must be sent again soon.
    #[must_use]
    pub fn is_in_doubt(&self, now: Timestamp) -> bool {
        self.in_grace(now) || self.goal == Goal::Settle && !self.fallbacks.is_empty()
    }

    /// Returns the name of the API method that gives the next pair; `None` if nothing is known, or nothing to be sent.
    #[must_use]
    pub fn method(&self) -> Option<&'static str> {
        let stored = self.stored.as_ref()?;
        let request = match self.goal {
            Goal::Exchange => RefreshRequest::exchange(stored),
            Goal::Keep | Goal::Settle => RefreshRequest::refresh(stored),
        };
        request.map(|request| request.method())
    }

    /// Drops a pair that is not stored, and returns it: its installation is gone, and the pair must be revoked.
    pub fn give_up_unsaved(&mut self) -> Option<AnyCredential> {
        self.pending.take().map(|write| write.credential)
    }

    /// Returns when the refresh token of a public client expires. Before that the token must be refreshed, or a
    /// person must authorize again. `None` if it does not expire, or if the time is unknown.
    #[must_use]
    pub fn refresh_token_ends(&self) -> Option<Timestamp> {
        self.policy.refresh_token_ends(self.stored.as_ref()?)
    }

    /// Returns what prevents the refresh at the moment, if anything.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// Returns whether an action is outstanding, whose outcome has not been reported.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !matches!(self.stage, Stage::New | Stage::Rest | Stage::Stopped)
    }

    /// Returns the events since the last call, for logs and metrics.
    #[must_use]
    pub fn take_events(&mut self) -> Vec<RotationEvent> {
        std::mem::take(&mut self.events)
    }

    fn look(&mut self, now: Timestamp) -> Action {
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
        {
            return self.read_now(Why::ToKnow);
        }
        self.rest_or_refresh(now)
    }

    /// With what is known: is there anything to do?
    fn rest_or_refresh(&mut self, now: Timestamp) -> Action {
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
    fn wants(&self, now: Timestamp) -> bool {
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

    fn lease(&mut self) -> Action {
        if let (Goal::Keep, Some(stored)) = (self.goal, &self.stored) {
            if !self.leased && self.polls == 0 && self.failures == 0 {
                self.events.push(RotationEvent::Due { token: stored.fingerprint() });
            }
        }
        self.stage = Stage::Leasing;
        Action::TakeLease
    }

    fn read_now(&mut self, why: Why) -> Action {
        self.stage = Stage::Reading(why);
        Action::Read
    }

    fn wait(&mut self, wait: Duration, next: Next) -> Action {
        if self.leased && wait > LONGEST_WAIT_WITH_LEASE && !self.grace_may_run() {
            // Others may be luckier.
            self.after_release = Some((wait, next));
            self.stage = Stage::Releasing(None);
            return Action::Release;
        }
        self.stage = Stage::Waiting(next);
        Action::Wait(wait)
    }

    fn go_on(&mut self, next: Next) -> Action {
        match next {
            Next::Read(why) => self.read_now(why),
            Next::Lease => self.lease(),
            Next::Write => self.write(),
        }
    }

    /// Stops, after the lease is released if it is held.
    fn stop(&mut self, reason: ReauthorizationReason) -> Action {
        if self.leased {
            self.stage = Stage::Releasing(Some(reason));
            return Action::Release;
        }
        self.halt(reason)
    }

    fn halt(&mut self, reason: ReauthorizationReason) -> Action {
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

    fn abort(&mut self, now: Timestamp) -> Action {
        let event = match &self.stage {
            Stage::New | Stage::Rest | Stage::Stopped => return self.look(now),
            Stage::Reading(_) => Input::ReadFailed,
            Stage::Leasing => Input::LeaseFailed,
            Stage::Sending => Input::Failed(RefreshFailure::Unknown { after: None }),
            Stage::Writing => Input::WriteFailed,
            Stage::Noting(_) => Input::Noted,
            Stage::Releasing(_) => Input::Released,
            Stage::Waiting(_) => Input::Waited,
        };
        self.step(now, event)
    }

    fn is_young(&self, credential: &AnyCredential, now: Timestamp) -> bool {
        let life = RotationPolicy::shortest_life(self.rejections);
        let issued_at = credential.issued_at();
        self.replaced && issued_at.since(now) <= MOST_SKEW && now < issued_at + life
    }

    fn is_rejected(&self, credential: &AnyCredential) -> bool {
        self.rejected.is_some_and(|rejected| rejected == credential.fingerprint())
    }

    fn is_over(&self, credential: &AnyCredential, now: Timestamp) -> bool {
        self.is_rejected(credential) || credential.expires_at().is_some_and(|end| now >= end)
    }

    fn reason_for(&self, credential: &AnyCredential) -> Option<&ReauthorizationReason> {
        let (mark, reason) = self.dead.as_ref()?;
        (*mark == credential.pair_fingerprint()).then_some(reason)
    }
}

/// By how much the clocks of two processes may differ.
const MOST_SKEW: Duration = Duration::from_secs(300);

/// A longer wait gives the lease back first.
const LONGEST_WAIT_WITH_LEASE: Duration = Duration::from_secs(5);
