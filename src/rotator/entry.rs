//! One credential in this process: its machine, and who waits for it.

use std::{
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use slack_proto::{
    Slot, StoreKey, Timestamp,
    rotation::{Action, Input, Problem, ReauthorizationReason, Rotation},
    tokens::Fingerprint,
};

use super::{
    drive::Run,
    error::TokenError,
    live::{AnyToken, Live},
    shared::Shared,
};

pub(super) struct Entry {
    pub(super) key: StoreKey,
    pub(super) slot: Slot,
    state: Mutex<State>,
    changed: event_listener::Event,
}

struct State {
    rotation: Rotation,
    /// Whether a task does what the machine asks for.
    running: bool,
    /// What a task that was dropped has left undone.
    left: Option<Action>,
    /// How often the machine has come to rest.
    rounds: u64,
    /// How long it waits before it does anything.
    resumes_at: Option<Timestamp>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
    shown: Option<(Fingerprint, Option<Timestamp>)>,
    /// Another entry takes its place as soon as it rests.
    forgotten: bool,
    /// It rests, and another entry has taken its place.
    retired: bool,
}

/// What a caller is told.
pub(super) enum Told {
    Token(AnyToken),
    Failed(TokenError),
    /// Wait until something changes. The number is that of the round.
    Wait(u64),
    /// Ask the entry that has taken the place of this one.
    Retired,
}

impl Entry {
    pub(super) fn new(key: StoreKey, slot: Slot, rotation: Rotation) -> Self {
        let state = State {
            rotation,
            running: false,
            left: None,
            rounds: 0,
            resumes_at: None,
            cause: None,
            shown: None,
            forgotten: false,
            retired: false,
        };
        Self { key, slot, state: Mutex::new(state), changed: event_listener::Event::new() }
    }

    pub(super) fn listen(&self) -> event_listener::EventListener {
        self.changed.listen()
    }

    /// Asks for a token that lives for `min_validity` so long. `round` is what the caller was told before, if it was.
    pub(super) fn ask(
        self: &Arc<Self>,
        shared: &Arc<Shared>,
        min_validity: Duration,
        round: Option<u64>,
        deadline: Timestamp,
    ) -> Told {
        let mut state = self.state();
        let is_over = round.is_some_and(|round| state.rounds > round);
        if state.retired && (state.forgotten || !is_over) {
            return Told::Retired;
        }
        let now = shared.runtime.now();
        if state.forgotten && state.running {
            return Told::Failed(
                state.error(Problem::ReauthorizationNeeded(ReauthorizationReason::Missing)),
            );
        }
        if let Some(token) =
            state.rotation.valid_credential(now, min_validity).and_then(AnyToken::of)
        {
            return Told::Token(token);
        }
        if !state.running {
            if is_over {
                return Told::Failed(state.failure());
            }
            let lives = state.rotation.valid_credential(now, Duration::ZERO).is_some();
            let event = if lives { Input::Refresh } else { Input::Tick };
            let round = state.rounds;
            let Some(action) = self.tell_idle(shared, &mut state, event) else {
                return Told::Failed(state.failure());
            };
            drop(state);
            self.run(shared, action);
            return Told::Wait(round);
        }
        match (state.resumes_at, state.rotation.problem()) {
            // Nothing will happen as long as the caller waits.
            (Some(resumes_at), Some(problem)) if resumes_at > deadline => {
                let problem = problem.clone();
                Told::Failed(state.error(problem))
            }
            _ => Told::Wait(round.unwrap_or(state.rounds)),
        }
    }

    /// Tells the machine something, and has done what it asks for. Gives the round to wait for, if anything is.
    pub(super) fn tell(self: &Arc<Self>, shared: &Arc<Shared>, event: Input) -> Option<u64> {
        let mut state = self.state();
        if state.running {
            let now = shared.runtime.now();
            // It is under way: the machine keeps in mind what it was told.
            let _ = state.rotation.step(now, event);
            self.show(shared, &mut state);
            return Some(state.rounds);
        }
        let round = state.rounds;
        let action = self.tell_idle(shared, &mut state, event)?;
        drop(state);
        self.run(shared, action);
        Some(round)
    }

    /// Tells whether the round is over.
    pub(super) fn is_over(&self, round: u64) -> bool {
        let state = self.state();
        state.rounds > round || !state.running
    }

    /// Tells what stands in the way of a new token, if anything does.
    pub(super) fn problem(&self) -> Option<TokenError> {
        let state = self.state();
        state.rotation.problem().map(|problem| state.error(problem.clone()))
    }

    /// Tells the time when the machine goes on, and what holds it up.
    pub(super) fn held_up(&self) -> Option<(Timestamp, TokenError)> {
        let state = self.state();
        let problem = state.rotation.problem()?.clone();
        Some((state.resumes_at?, state.error(problem)))
    }

    /// The caller has waited long enough.
    pub(super) fn too_late(&self) -> TokenError {
        let state = self.state();
        TokenError::too_late(state.rotation.problem().cloned(), state.cause.clone())
    }

    /// Takes the outcome of an action, and gives the next one; none if the machine rests.
    pub(super) fn step(
        &self,
        shared: &Shared,
        event: Input,
        cause: Option<Arc<dyn Error + Send + Sync>>,
    ) -> Option<Action> {
        let mut state = self.state();
        let now = shared.runtime.now();
        if cause.is_some() {
            state.cause = cause;
        }
        let mut action = state.rotation.step(now, event);
        if let Action::Await = action {
            action = state.rotation.step(now, Input::Aborted);
        }
        state.resumes_at = match &action {
            Action::Wait(wait) => Some(now + *wait),
            _ => None,
        };
        if let Action::Rest { .. } | Action::Stop(_) = action {
            self.rest(shared, &mut state, &action);
        }
        self.show(shared, &mut state);
        if state.resumes_at.is_some() || !state.running {
            self.changed.notify(usize::MAX);
        }
        state.running.then_some(action)
    }

    /// The task that did what the machine asks for was dropped.
    pub(super) fn abort(&self, shared: &Shared) {
        let mut state = self.state();
        let action = state.rotation.step(shared.runtime.now(), Input::Aborted);
        if state.rotation.is_busy() {
            state.left = Some(action);
        }
        state.running = false;
        state.rounds += 1;
        self.show(shared, &mut state);
        self.changed.notify(usize::MAX);
    }

    /// Lets another entry take the place of this one, now or when it rests; tells whether it has.
    pub(super) fn invalidate(&self) -> bool {
        let mut state = self.state();
        state.forgotten = true;
        if !state.running && state.left.is_none() {
            state.retired = true;
        }
        state.retired
    }

    /// Begins a task. The state must not be locked: a runtime that is shut down drops the task here.
    fn run(self: &Arc<Self>, shared: &Arc<Shared>, action: Action) {
        Run::new(Arc::clone(shared), Arc::clone(self)).spawn(action);
    }

    /// Tells a machine that rests; gives what it asks for, if it asks for anything.
    fn tell_idle(&self, shared: &Shared, state: &mut State, event: Input) -> Option<Action> {
        let now = shared.runtime.now();
        let action = match state.left.take() {
            Some(left) => {
                let _ = state.rotation.step(now, event);
                left
            }
            None => state.rotation.step(now, event),
        };
        if let Action::Rest { .. } | Action::Stop(_) | Action::Await = action {
            self.show(shared, state);
            return None;
        }
        state.running = true;
        state.cause = None;
        self.show(shared, state);
        Some(action)
    }

    fn rest(&self, shared: &Shared, state: &mut State, action: &Action) {
        state.running = false;
        state.rounds += 1;
        let missing = matches!(action, Action::Stop(ReauthorizationReason::Missing));
        if (missing || state.forgotten) && state.rotation.unsaved().is_none() {
            // Keys that nobody has installed anything under must not fill the memory.
            state.retired = true;
            shared.remove(self);
        }
    }

    /// Publishes the token, if it is another, and tells observers.
    fn show(&self, shared: &Shared, state: &mut State) {
        for notice in state.rotation.take_events() {
            shared.notice(self, &notice);
        }
        let now = shared.runtime.now();
        let live =
            state.rotation.valid_credential(now, Duration::ZERO).filter(|_| !state.forgotten);
        let due_at = match (state.running, state.rotation.problem()) {
            // Somebody looks after it.
            (true, _) => None,
            // It is as good as it gets: now and then somebody may look.
            (false, Some(Problem::ReauthorizationNeeded(_))) => Some(now + PAUSE),
            (false, _) => state.rotation.due_at(),
        };
        let shown = live.map(|live| (live.pair_fingerprint(), due_at));
        if shown == state.shown {
            return;
        }
        let token = live.and_then(|live| Some((AnyToken::of(live)?, live.expires_at())));
        shared.cache.put(
            &self.key,
            self.slot,
            token.map(|(token, end)| Live { token, end, due_at }),
        );
        let another = shown.map(|(mark, _)| mark) != state.shown.map(|(mark, _)| mark);
        state.shown = shown;
        if another {
            self.changed.notify(usize::MAX);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A machine that panicked would have to be taken as it is: it may hold a pair.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn error(&self, problem: Problem) -> TokenError {
        TokenError::new(problem, self.cause.clone())
    }

    fn failure(&self) -> TokenError {
        match self.rotation.problem() {
            Some(problem) => self.error(problem.clone()),
            None => TokenError::too_brief(),
        }
    }
}

/// How long a dead credential, whose token still lives, is left alone.
const PAUSE: Duration = Duration::from_secs(60);
