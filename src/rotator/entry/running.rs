//! The one task that does what a machine asks for: how it begins, goes on and ends.

use std::sync::{Arc, atomic::Ordering};

use slack_proto::rotation::{Action, Input, ReauthorizationReason};

use super::{Cause, Entry, News, State};
use crate::{rotator::shared::Shared, store::LeaseHolder};

/// The mark of the one task that does what a machine asks for.
pub(in crate::rotator) struct Running {
    pub(in crate::rotator) entry: Arc<Entry>,
    pub(in crate::rotator) shared: Arc<Shared>,
    /// Who holds the lease that is held for this run, if one is.
    pub(in crate::rotator) lease: Option<LeaseHolder>,
    done: bool,
}

impl Entry {
    /// Steps the machine; returns the round to wait for, if anything is done about it.
    pub(in crate::rotator) fn tell(
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
    pub(in crate::rotator) fn take_up(
        self: &Arc<Self>,
        shared: &Arc<Shared>,
    ) -> Option<(Running, Action)> {
        let mut state = self.state();
        if state.running || state.left.is_none() {
            return None;
        }
        let (started, news) = self.start(shared, &mut state, Input::Tick);
        drop(state);
        news.deliver(shared);
        started
    }

    /// Reports the outcome of an action to the machine; returns the next one, or none if the machine rests.
    pub(in crate::rotator) fn step(
        &self,
        shared: &Shared,
        input: Input,
        cause: Cause,
    ) -> Option<Action> {
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
        state.waits_since = state.resumes_at.map(|_| now);
        if state.is_unanswered() {
            shared.silent.store(true, Ordering::Release);
        }
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
    pub(super) fn start(
        self: &Arc<Self>,
        shared: &Arc<Shared>,
        state: &mut State,
        input: Input,
    ) -> (Option<(Running, Action)>, News) {
        let now = shared.runtime.now();
        if shared.is_draining() && state.rotation.unsaved().is_none() {
            // Nothing new is begun.
            return (None, self.publish(shared, state));
        }
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
        state.running = true;
        state.cause = None;
        let running = Running {
            entry: Arc::clone(self),
            shared: Arc::clone(shared),
            lease: state.left_lease.take(),
            done: false,
        };
        shared.began();
        (Some((running, action)), self.publish(shared, state))
    }

    fn abort(&self, shared: &Shared, lease: Option<LeaseHolder>) {
        let mut state = self.state();
        state.left_lease = lease;
        let action = state.rotation.step(shared.runtime.now(), Input::Aborted);
        // Neither the store nor Slack has failed.
        let _ = state.rotation.take_events();
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
}

impl Running {
    /// The machine rests.
    pub(in crate::rotator) fn done(mut self) {
        self.done = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.done {
            self.entry.abort(&self.shared, self.lease);
        }
        self.shared.ended();
    }
}
