//! One credential in this process: its machine, and who waits for it.
//!
//! Nothing foreign is called here: what happened is collected as [`News`], and delivered after the lock is released.

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
    rotation::{
        Action, AnyCredential, Input, Problem, ReauthorizationReason, Rejection, Rotation,
        RotationEvent,
    },
    tokens::Fingerprint,
};

use super::{
    cache::{Cached, CredentialKey},
    error::{TokenError, TokenErrorKind},
    pacer::TurnName,
    shared::Shared,
    valid_token::AnyToken,
};
use crate::pace::Priority;

pub(super) type Cause = Option<Arc<dyn Error + Send + Sync>>;

pub(super) struct Entry {
    pub(super) name: CredentialKey,
    state: Mutex<State>,
    changed: event_listener::Event,
    /// Wakes a run that waits.
    woken: event_listener::Event,
    /// Whether a task is at it, or a pair is not stored: such an entry is not dropped.
    busy: AtomicBool,
}

struct State {
    rotation: Rotation,
    /// Set by a [`Running`] and cleared by its end, so that it cannot outlive the task.
    running: bool,
    /// What a task that was dropped has left undone.
    left: Option<Action>,
    /// How often the machine has come to rest.
    rounds: u64,
    /// How long it waits before it does anything.
    resumes_at: Option<Timestamp>,
    /// Its place in the queue of those who wait for a turn.
    turn: Option<TurnName>,
    waiters: usize,
    cause: Cause,
    shown: Option<(Fingerprint, Option<Timestamp>)>,
    /// Whether the last read found an installation.
    installed: bool,
    /// Another entry has taken its place: it finishes what it must, and publishes nothing.
    detached: bool,
}

/// What is to be told to observers, and the credential that it concerns.
#[must_use = "observers must be told"]
pub(super) struct News {
    name: CredentialKey,
    events: Vec<RotationEvent>,
}

impl News {
    pub(super) fn deliver(self, shared: &Shared) {
        for event in &self.events {
            shared.observe(&self.name, event);
        }
    }
}

/// The mark of the one task that does what a machine asks for.
pub(super) struct Running {
    pub(super) entry: Arc<Entry>,
    pub(super) shared: Arc<Shared>,
    done: bool,
}

/// What a caller is told.
pub(super) enum Told {
    Token(AnyToken),
    Failed(TokenError),
    /// Wait until something changes. The number is that of the round.
    Wait(u64),
    /// Begin a task with this action, then wait.
    Run(Running, Action, u64),
    /// Do the work of a task, which the runtime does not run any more.
    Drive(Running, Action, u64),
    /// Ask the entry that has taken the place of this one.
    Detached,
}

impl Entry {
    pub(super) fn new(name: CredentialKey, rotation: Rotation) -> Self {
        let state = State {
            rotation,
            running: false,
            left: None,
            rounds: 0,
            resumes_at: None,
            turn: None,
            waiters: 0,
            cause: None,
            shown: None,
            installed: false,
            detached: false,
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

    /// Asks for a token that lives for so long. `round` is what the caller was told before, if it was.
    pub(super) fn ask(
        self: &Arc<Self>,
        shared: &Arc<Shared>,
        min_validity: Duration,
        round: Option<u64>,
        deadline: Timestamp,
    ) -> Told {
        let mut state = self.state();
        if state.detached {
            return Told::Detached;
        }
        let now = shared.runtime.now();
        let is_over = round.is_some_and(|round| state.rounds > round);
        if let Some(token) =
            state.rotation.valid_credential(now, min_validity).and_then(AnyToken::of)
        {
            return Told::Token(token);
        }
        if !state.running {
            // The task that the caller has waited for was dropped: its runtime is shut down.
            let dropped = round.is_some() && state.left.is_some();
            if is_over && !dropped {
                return Told::Failed(state.failure(self, now, min_validity));
            }
            let lives = state.rotation.valid_credential(now, Duration::ZERO).is_some();
            let input = if lives { Input::Refresh } else { Input::Tick };
            let round = state.rounds;
            let (started, news) = self.start(shared, &mut state, input);
            let told = match started {
                Some((running, action)) if dropped => Told::Drive(running, action, round),
                Some((running, action)) => Told::Run(running, action, round),
                None => Told::Failed(state.failure(self, now, min_validity)),
            };
            drop(state);
            news.deliver(shared);
            return told;
        }
        if let Some((until, problem)) = state.held_up(shared, now) {
            // Nothing will happen as long as the caller waits.
            if until > deadline {
                return Told::Failed(state.error(self, problem).retry_at(now, until));
            }
        }
        Told::Wait(round.unwrap_or(state.rounds))
    }

    /// Steps the machine; returns the round to wait for, if anything is done about it.
    pub(super) fn tell(
        self: &Arc<Self>,
        shared: &Arc<Shared>,
        input: Input,
    ) -> (Option<u64>, Option<(Running, Action)>) {
        let mut state = self.state();
        if state.running {
            let now = shared.runtime.now();
            // It is under way: the machine keeps in mind what it was told.
            let _ = state.rotation.step(now, input);
            let news = self.publish(shared, &mut state);
            let round = state.rounds;
            drop(state);
            news.deliver(shared);
            return (Some(round), None);
        }
        let round = state.rounds;
        let (started, news) = self.start(shared, &mut state, input);
        drop(state);
        news.deliver(shared);
        (started.is_some().then_some(round), started)
    }

    /// Returns what a run that was dropped without having begun has left undone, to be done by the caller: its runtime is
    /// shut down, or starts no more threads.
    pub(super) fn take_up(self: &Arc<Self>, shared: &Arc<Shared>) -> Option<(Running, Action)> {
        let mut state = self.state();
        if state.running || state.left.is_none() {
            return None;
        }
        let (started, news) = self.start(shared, &mut state, Input::Tick);
        drop(state);
        news.deliver(shared);
        started
    }

    pub(super) fn is_detached(&self) -> bool {
        self.state().detached
    }

    /// Returns whether a round is over, and what stands in the way of a new token then.
    pub(super) fn outcome(
        &self,
        shared: &Shared,
        round: u64,
        deadline: Timestamp,
    ) -> Option<Result<(), TokenError>> {
        let state = self.state();
        let now = shared.runtime.now();
        if state.rounds > round || !state.running || state.detached {
            let problem = state.rotation.problem().cloned();
            return Some(match problem {
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

    /// The caller has waited long enough.
    pub(super) fn too_late(&self) -> TokenError {
        let state = self.state();
        let problem = state.rotation.problem().cloned();
        TokenError::new(&self.name, TokenErrorKind::TimedOut)
            .with_problem(problem)
            .because(state.cause.clone())
    }

    /// Counts a caller who waits: whoever is waited for goes first.
    pub(super) fn wait_for_it(self: &Arc<Self>, shared: &Arc<Shared>) -> Waiting {
        let mut state = self.state();
        state.waiters += 1;
        let turn = state.turn.filter(|_| state.waiters == 1);
        drop(state);
        if let Some(turn) = turn {
            shared.pacer.promote(shared.runtime.elapsed(), turn, Priority::Waiting);
        }
        Waiting { entry: Arc::clone(self) }
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

    /// Returns whether a run that waits has nothing left that must be done.
    pub(super) fn may_end(&self, shared: &Shared) -> bool {
        let state = self.state();
        let idle = state.detached || shared.is_draining();
        idle && state.rotation.unsaved().is_none()
            && (shared.is_draining() || !state.rotation.is_in_doubt(shared.runtime.now()))
    }

    /// Returns whether the machine has stopped for this reason.
    pub(super) fn is_stopped_for(&self, reason: &ReauthorizationReason) -> bool {
        matches!(self.state().rotation.problem(), Some(Problem::ReauthorizationNeeded(dead)) if dead == reason)
    }

    pub(super) fn has_unsaved(&self) -> bool {
        self.state().rotation.unsaved().is_some()
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

    /// Voids what is known; returns whether another entry is to take the place of this one. One that holds a pair which
    /// is not stored stays, and reads the store before it does anything else.
    pub(super) fn invalidate(&self, shared: &Shared) -> bool {
        let mut state = self.state();
        state.detached = state.rotation.unsaved().is_none();
        state.shown = None;
        let detached = state.detached;
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

    /// Reports the outcome of an action to the machine; returns the next one, or none if the machine rests.
    pub(super) fn step(&self, shared: &Shared, input: Input, cause: Cause) -> Option<Action> {
        let mut state = self.state();
        let now = shared.runtime.now();
        if cause.is_some() {
            state.cause = cause;
        }
        let mut action = state.rotation.step(now, input);
        if let Action::Await = action {
            action = state.rotation.step(now, Input::Aborted);
        }
        state.resumes_at = match &action {
            Action::Wait(wait) => Some(now + *wait),
            _ => None,
        };
        let rests = matches!(action, Action::Rest { .. } | Action::Stop(_));
        if rests {
            state.running = false;
            state.rounds += 1;
        }
        let news = self.publish(shared, &mut state);
        let notify = state.resumes_at.is_some() || rests;
        let missing = matches!(action, Action::Stop(ReauthorizationReason::Missing));
        let forget = rests && missing && state.rotation.unsaved().is_none();
        drop(state);
        if forget {
            // Keys that nobody has installed anything under must not fill the memory.
            shared.entries.remove(self);
        }
        if notify {
            self.changed.notify(usize::MAX);
        }
        news.deliver(shared);
        (!rests).then_some(action)
    }

    /// Steps a machine that rests. If it asks for anything, the mark of the task that is to do it comes back.
    fn start(
        self: &Arc<Self>,
        shared: &Arc<Shared>,
        state: &mut State,
        input: Input,
    ) -> (Option<(Running, Action)>, News) {
        let now = shared.runtime.now();
        let action = match state.left.take() {
            Some(left) => {
                let _ = state.rotation.step(now, input);
                left
            }
            None => state.rotation.step(now, input),
        };
        if let Action::Rest { .. } | Action::Stop(_) | Action::Await = action {
            return (None, self.publish(shared, state));
        }
        let refuse = shared.is_draining() && state.rotation.unsaved().is_none();
        if refuse {
            let left = state.rotation.step(now, Input::Aborted);
            if state.rotation.is_busy() {
                state.left = Some(left);
            }
            return (None, self.publish(shared, state));
        }
        state.running = true;
        state.cause = None;
        let running = Running { entry: Arc::clone(self), shared: Arc::clone(shared), done: false };
        shared.began();
        (Some((running, action)), self.publish(shared, state))
    }

    /// Publishes the token, if it is another; returns what observers are to be told.
    fn publish(&self, shared: &Shared, state: &mut State) -> News {
        let news = News { name: self.name.clone(), events: state.rotation.take_events() };
        let busy = state.running || state.left.is_some() || state.rotation.unsaved().is_some();
        self.busy.store(busy, Ordering::Relaxed);
        if state.detached {
            return news;
        }
        let now = shared.runtime.now();
        let live = state.rotation.valid_credential(now, Duration::ZERO);
        let due_at = match (state.running, state.rotation.problem()) {
            // Somebody looks after it.
            (true, _) => None,
            // A task was dropped with a pair in hand: the next caller stores it.
            (false, _) if state.rotation.unsaved().is_some() => Some(now),
            // It is as good as it gets: now and then somebody may look.
            (false, Some(Problem::ReauthorizationNeeded(_))) => Some(now + PAUSE),
            (false, _) => state.rotation.due_at(),
        };
        let shown = live.map(|live| (live.pair_fingerprint(), due_at));
        if shown == state.shown {
            return news;
        }
        let token = live.and_then(|live| Some((AnyToken::of(live)?, live.expires_at())));
        match token {
            Some((token, end)) => {
                shared.cache.put(&self.name, Cached::new(token, end, due_at, now), now);
            }
            None => shared.cache.remove(&self.name.key, self.name.slot),
        }
        let another = shown.map(|(mark, _)| mark) != state.shown.map(|(mark, _)| mark);
        state.shown = shown;
        if another {
            self.changed.notify(usize::MAX);
        }
        news
    }

    fn abort(&self, shared: &Shared) {
        let mut state = self.state();
        let action = state.rotation.step(shared.runtime.now(), Input::Aborted);
        if state.rotation.is_busy() {
            state.left = Some(action);
        }
        state.running = false;
        state.turn = None;
        state.rounds += 1;
        let news = self.publish(shared, &mut state);
        drop(state);
        self.changed.notify(usize::MAX);
        news.deliver(shared);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A machine that panicked would have to be taken as it is: it may hold a pair.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// The machine rests.
    pub(super) fn done(mut self) {
        self.done = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.done {
            self.entry.abort(&self.shared);
        }
        self.shared.ended();
    }
}

/// A caller who waits.
pub(super) struct Waiting {
    entry: Arc<Entry>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.entry.state();
        state.waiters = state.waiters.saturating_sub(1);
    }
}

impl State {
    fn error(&self, entry: &Entry, problem: Problem) -> TokenError {
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

    fn failure(&self, entry: &Entry, now: Timestamp, min_validity: Duration) -> TokenError {
        if self.left.is_some() {
            return TokenError::new(&entry.name, TokenErrorKind::Drained);
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

    /// Until when nothing happens, and why.
    fn held_up(&self, shared: &Shared, now: Timestamp) -> Option<(Timestamp, Problem)> {
        if let (Some(until), Some(problem)) = (self.resumes_at, self.rotation.problem()) {
            return Some((until, problem.clone()));
        }
        shared.held_back(self.turn?, now)
    }
}

/// How long a credential that needs a person, and whose token still lives, is left alone.
const PAUSE: Duration = Duration::from_secs(60);
