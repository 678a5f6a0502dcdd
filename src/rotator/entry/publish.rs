//! What becomes known of a step: the token to whoever waits for it, and the news to observers.

use std::{sync::atomic::Ordering, time::Duration};

use slack_proto::rotation::{Problem, RotationEvent};

use super::{Entry, Standing, State};
use crate::rotator::{cache::CredentialKey, shared::Shared};

/// What is to be told to observers, and the credential that it concerns.
#[must_use = "observers must be told"]
pub(in crate::rotator) struct News {
    name: CredentialKey,
    events: Vec<RotationEvent>,
}

impl News {
    pub(in crate::rotator) fn deliver(self, shared: &Shared) {
        for event in &self.events {
            shared.observe(&self.name, event);
        }
    }
}

impl Entry {
    /// Publishes the token, if it is another; returns what observers are to be told.
    pub(super) fn publish(&self, shared: &Shared, state: &mut State) -> News {
        let news = News { name: self.name.clone(), events: state.rotation.take_events() };
        let now = shared.runtime.now();
        // What a dropped task has left undone is forgotten with the entry, unless it is urgent.
        let urgent = state.rotation.unsaved().is_some() || state.has_urgent_left(now);
        self.busy.store(state.running || urgent, Ordering::Relaxed);
        if state.standing == Standing::Voided && state.rotation.unsaved().is_none() {
            state.standing = Standing::Current;
        }
        if state.standing != Standing::Current {
            return news;
        }
        let live = state.rotation.valid_credential(now, Duration::ZERO);
        let due_at = match (state.running, state.rotation.problem()) {
            // Somebody looks after it.
            (true, _) => None,
            (false, _) if state.has_urgent_left(now) => Some(now),
            // It is as good as it gets: now and then somebody may look.
            (false, Some(Problem::ReauthorizationNeeded(_))) => Some(now + PAUSE),
            (false, _) => state.rotation.due_at().or_else(|| state.rotation.read_again_at()),
        };
        let shown = live.map(|live| (live.pair_fingerprint(), due_at));
        if shown == state.shown {
            return news;
        }
        match live {
            Some(live) => shared.cache.put(&self.name, live, due_at, now),
            None => shared.cache.remove(&self.name.key, self.name.slot),
        }
        let another = shown.map(|(mark, _)| mark) != state.shown.map(|(mark, _)| mark);
        state.shown = shown;
        if another {
            self.changed.notify(usize::MAX);
        }
        news
    }
}

/// How long a credential that needs a person, and whose token still lives, is left alone.
const PAUSE: Duration = Duration::from_secs(60);
