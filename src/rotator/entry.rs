//! One credential in this process: its machine, and who waits for it.
//!
//! Nothing foreign is called here: what happened is collected as [`News`], and delivered after the lock is released.

mod ask;
mod look;
mod outcome;
mod publish;
mod running;

use std::{
    error::Error,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use slack_proto::{
    Installation, Timestamp,
    rotation::{Action, AnyCredential, Input, Problem, ReauthorizationReason, Rejection, Rotation},
    tokens::Fingerprint,
};

use self::publish::News;
pub(super) use self::{ask::Told, look::Activity, running::Running};
use super::{cache::CredentialKey, pacer::TurnName, shared::Shared};
use crate::{pace::Priority, store::LeaseHolder};

pub(super) type Cause = Option<Arc<dyn Error + Send + Sync>>;

pub(super) struct Entry {
    pub(super) name: CredentialKey,
    state: Mutex<State>,
    changed: event_listener::Event,
    /// Wakes a run that waits.
    woken: event_listener::Event,
    /// Whether a task is at it, a pair is not stored, or a refresh token that may be spent must be sent again soon: such an
    /// entry is not dropped.
    busy: AtomicBool,
}

struct State {
    rotation: Rotation,
    /// Set by a [`Running`] and cleared by its end, so that it cannot outlive the task.
    running: bool,
    /// What a task that was dropped has left undone.
    left: Option<Action>,
    /// The lease that it held, which nobody could give back.
    left_lease: Option<LeaseHolder>,
    /// How often the machine has come to rest.
    rounds: u64,
    /// How long it waits before it does anything, and since when.
    resumes_at: Option<Timestamp>,
    waits_since: Option<Timestamp>,
    /// Its place in the queue of those who wait for a turn.
    turn: Option<TurnName>,
    waiters: usize,
    /// When the store was last read beside a task that waits.
    looked_past_at: Option<Duration>,
    cause: Cause,
    shown: Option<(Fingerprint, Option<Timestamp>)>,
    /// Whether the last read found an installation.
    installed: bool,
    standing: Standing,
}

/// What an entry is to those who ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It answers.
    Current,
    /// What it knows is void, but it holds a pair to be stored: nobody gets a token before it is.
    Voided,
    /// Another entry has taken its place: it finishes what it must, and publishes nothing.
    Detached,
}

impl Entry {
    pub(super) fn new(name: CredentialKey, rotation: Rotation) -> Self {
        let state = State {
            rotation,
            running: false,
            left: None,
            left_lease: None,
            rounds: 0,
            resumes_at: None,
            waits_since: None,
            turn: None,
            waiters: 0,
            looked_past_at: None,
            cause: None,
            shown: None,
            installed: false,
            standing: Standing::Current,
        };
        Self {
            name,
            state: Mutex::new(state),
            changed: event_listener::Event::new(),
            woken: event_listener::Event::new(),
            busy: AtomicBool::new(false),
        }
    }

    pub(super) fn listen(&self) -> event_listener::EventListener {
        self.changed.listen()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
    }

    pub(super) fn is_detached(&self) -> bool {
        self.state().is_detached()
    }

    /// How a run waits for its turn.
    pub(super) fn priority(&self, now: Timestamp) -> Priority {
        let state = self.state();
        match () {
            () if state.rotation.is_in_doubt(now) => Priority::Resend,
            () if state.waiters > 0 => Priority::Waiting,
            () => Priority::Due,
        }
    }

    pub(super) fn queue(&self, turn: Option<TurnName>) {
        self.state().turn = turn;
        if turn.is_some() {
            // Callers who would wait in vain learn it now.
            self.changed.notify(usize::MAX);
        }
    }

    /// The method of the next request.
    pub(super) fn method(&self) -> Option<&'static str> {
        self.state().rotation.method()
    }

    /// Records what was read from the store, before the machine is told.
    pub(super) fn found(&self, installation: Option<&Installation>) {
        let mut state = self.state();
        state.installed = installation.is_some();
        if let Some(installation) = installation {
            state.rotation.set_slot_state(installation, self.name.slot);
        }
    }

    /// Returns whether a run that waits has nothing left that must be done: a pair must be stored, and a refresh token that
    /// may be spent must be sent again before Slack takes it no more.
    pub(super) fn may_end(&self, shared: &Shared) -> bool {
        let state = self.state();
        (state.is_detached() || shared.is_draining())
            && state.rotation.unsaved().is_none()
            && !state.rotation.is_in_doubt(shared.runtime.now())
    }

    /// Returns whether the machine has stopped for this reason.
    pub(super) fn is_stopped_for(&self, reason: &ReauthorizationReason) -> bool {
        matches!(self.state().rotation.problem(), Some(Problem::ReauthorizationNeeded(dead)) if dead == reason)
    }

    pub(super) fn has_unsaved(&self) -> bool {
        self.state().rotation.unsaved().is_some()
    }

    /// Returns whether a task was dropped with a pair in hand, or with a refresh token that may be spent and must be sent again
    /// soon: the next caller does it.
    pub(super) fn has_urgent_left(&self, now: Timestamp) -> bool {
        self.state().has_urgent_left(now)
    }

    /// Returns a pair that is not stored, when its installation has been removed: it is the caller's to revoke.
    pub(super) fn take_orphan(&self) -> Option<AnyCredential> {
        self.state().rotation.give_up_unsaved()
    }

    pub(super) fn wake(&self) {
        self.woken.notify(usize::MAX);
    }

    pub(super) fn listen_wake(&self) -> event_listener::EventListener {
        self.woken.listen()
    }

    /// Returns whether Slack has refused the app's client.
    pub(super) fn is_client_refused(&self) -> bool {
        self.state().rotation.problem().is_some_and(Problem::refuses_client)
    }

    /// Returns whether the last try is so long ago that there may be another one; `None` if none waits because Slack has
    /// not answered.
    pub(super) fn tries_again(&self, now: Timestamp) -> Option<bool> {
        let state = self.state();
        let since = state.waits_since.filter(|_| state.is_unanswered())?;
        Some(now.since(since) >= RARELY)
    }

    /// Voids what is known; returns whether another entry is to take the place of this one. One that holds a pair which
    /// is not stored stays, and reads the store before it does anything else.
    pub(super) fn invalidate(&self, shared: &Shared) -> bool {
        let mut state = self.state();
        let detached = state.rotation.unsaved().is_none();
        state.standing = if detached { Standing::Detached } else { Standing::Voided };
        state.shown = None;
        if let Some(token) = state.rotation.credential().map(AnyCredential::fingerprint) {
            let rejection = Rejection::Doubtful;
            let input = Input::Rejected { token, rejection };
            if state.running {
                let _ = state.rotation.step(shared.runtime.now(), input);
            }
        }
        drop(state);
        self.changed.notify(usize::MAX);
        self.woken.notify(usize::MAX);
        detached
    }

    /// Returns when a rejected token may be refreshed.
    pub(super) fn next_refresh_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.state().rotation.next_refresh_at(now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A machine that panicked would have to be taken as it is: it may hold a pair.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whatever others are told, Slack is not asked again sooner.
const RARELY: Duration = Duration::from_secs(15);
