//! The state of one credential's rotation, and how it moves.

mod deciding;
mod knowing;
mod reading;
mod sending;
#[cfg(test)]
mod tests;
mod writing;

use std::time::Duration;

use super::{
    Action, AnyCredential, Input, Problem, ReauthorizationReason, RefreshFailure, RotationEvent,
    RotationPolicy, Write,
};
use crate::{Timestamp, methods::UntrustedText, tokens::Fingerprint};

/// The rotation of one credential, as a state machine. It is a plain value and performs no action itself.
///
/// Token rotation is Slack's term; "refresh" alone misleads, since the old refresh token stops working with it.
///
/// Its driver calls [`step`](Self::step) with what happened, performs the action that it returns, and calls it again with
/// the outcome, until the action is [`Rest`](Action::Rest) or [`Stop`](Action::Stop). An event that does not belong to
/// the action under way changes nothing; but a pair that comes when none was expected is kept and stored.
///
/// Two rotations are in the same state if their `Debug` texts are the same: they show tokens by fingerprint.
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
    /// When a credential that does not expire was last read.
    unlimited_read_at: Option<Timestamp>,
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
    /// Since when it is unknown whether the refresh token is spent.
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
            unlimited_read_at: None,
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
                // A token that rotates is exchanged already; whatever is under way for it goes on.
                let rotates = self.stored.as_ref().is_some_and(|it| it.refresh_token().is_some());
                if self.goal == Goal::Keep && !rotates {
                    self.goal = Goal::Exchange;
                }
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

    /// Returns the events since the last call, for logs and metrics.
    #[must_use]
    pub fn take_events(&mut self) -> Vec<RotationEvent> {
        std::mem::take(&mut self.events)
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
}
