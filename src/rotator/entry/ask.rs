//! A caller asks for a token, and is counted while it waits.

use std::{sync::Arc, time::Duration};

use slack_proto::{
    Timestamp,
    rotation::{Action, AnyCredential, Input},
    tokens::Fingerprint,
};

use super::{Entry, Running, Standing, State};
use crate::{
    pace::Priority,
    rotator::{error::TokenError, shared::Shared, valid_token::AnyToken},
};

/// What a caller gets.
pub(in crate::rotator) enum Told {
    Token(AnyToken),
    Failed(TokenError),
    /// The same, since nothing happens as long as the caller waits: the store may hold another pair meanwhile.
    HeldUp(TokenError),
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
    /// Asks for a token that is valid for at least `min_validity`. `round` is what the caller was told before, if it was, and `forced`
    /// the token that was to be refreshed for it before its time.
    pub(in crate::rotator) fn ask(
        self: &Arc<Self>,
        shared: &Arc<Shared>,
        min_validity: Duration,
        round: Option<u64>,
        forced: &mut Option<Fingerprint>,
        deadline: Timestamp,
    ) -> Told {
        let mut state = self.state();
        if state.is_detached() {
            return Told::Detached;
        }
        let now = shared.runtime.now();
        if let Some(token) = state.valid_credential(now, min_validity).and_then(AnyToken::of) {
            return Told::Token(token);
        }
        if !state.running {
            // The task that the caller has waited for is over.
            let is_over = round.is_some();
            // It was dropped: its runtime is shut down.
            let dropped = is_over && state.left.is_some();
            // The known token is valid, but not for long enough: it is refreshed once.
            let short = state.valid_credential(now, Duration::ZERO);
            let short = short.map(AnyCredential::pair_fingerprint);
            if is_over && !dropped && short == *forced {
                return Told::Failed(state.failure(self, shared, now, min_validity));
            }
            *forced = short;
            let input = if short.is_some() { Input::Refresh } else { Input::Tick };
            let round = state.rounds;
            let (started, news) = self.start(shared, &mut state, input);
            let told = match started {
                Some((running, action)) if dropped => Told::Drive(running, action, round),
                Some((running, action)) => Told::Run(running, action, round),
                None => Told::Failed(state.failure(self, shared, now, min_validity)),
            };
            drop(state);
            news.deliver(shared);
            return told;
        }
        if let Some((until, problem)) = state.held_up(shared, now) {
            // Nothing will happen as long as the caller waits.
            if until > deadline {
                return Told::HeldUp(state.error(self, problem).retry_at(now, until));
            }
        }
        Told::Wait(round.unwrap_or(state.rounds))
    }

    /// Counts a caller who waits: whoever is waited for goes first.
    pub(in crate::rotator) fn wait_for_it(self: &Arc<Self>, shared: &Arc<Shared>) -> Waiting {
        let mut state = self.state();
        state.waiters += 1;
        let turn = state.turn.filter(|_| state.waiters == 1);
        drop(state);
        if let Some(turn) = turn {
            shared.pacer.promote(shared.runtime.elapsed(), turn, Priority::Waiting);
        }
        Waiting { entry: Arc::clone(self) }
    }
}

impl State {
    fn valid_credential(&self, now: Timestamp, min_validity: Duration) -> Option<&AnyCredential> {
        let is_void = self.standing == Standing::Voided;
        self.rotation.valid_credential(now, min_validity).filter(|_| !is_void)
    }
}

/// A caller who waits.
pub(in crate::rotator) struct Waiting {
    entry: Arc<Entry>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.entry.state();
        state.waiters = state.waiters.saturating_sub(1);
    }
}
