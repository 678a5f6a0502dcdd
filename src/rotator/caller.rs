//! A caller who waits for a token.

use std::{future::Future, sync::Arc, time::Duration};

use event_listener::EventListener;
use slack_proto::{
    Slot, StoreKey, Timestamp,
    rotation::{Action, Input},
};

use super::{
    TokenRotator,
    cache::Found,
    entry::{Entry, Running, Told},
    error::{TokenError, TokenErrorKind},
    guard,
    run::Run,
    shared::Shared,
    valid_token::AnyToken,
};

impl TokenRotator {
    #[inline]
    pub(super) async fn token<T>(
        &self,
        key: &StoreKey,
        slot: Slot,
        min_validity: Duration,
        pick: fn(AnyToken) -> Option<T>,
    ) -> Result<T, TokenError> {
        let now = self.shared.runtime.now();
        match self.shared.cache.find(key, slot, now, now + min_validity, pick) {
            Found::Valid(token) => Ok(token),
            Found::Due(token) => {
                let new = Box::pin(self.finish_dropped_run(key, slot, pick)).await;
                self.refresh_if_due(key, slot);
                Ok(new.unwrap_or(token))
            }
            Found::Nothing => {
                let token = match Box::pin(self.wait_for(key, slot, min_validity, now)).await {
                    Ok(token) => token,
                    Err(error) => return Err(Box::pin(self.point_to_nearest(error)).await),
                };
                let wrong = || TokenError::of(key, slot, TokenErrorKind::WrongTokenType);
                pick(token).ok_or_else(wrong)
            }
        }
    }

    /// Does what a task has left because its runtime is shut down, if it cannot wait, and returns the token that comes of it.
    async fn finish_dropped_run<T>(
        &self,
        key: &StoreKey,
        slot: Slot,
        pick: fn(AnyToken) -> Option<T>,
    ) -> Option<T> {
        let shared = &self.shared;
        let entry = shared.entries.get(key, slot)?;
        if !entry.has_urgent_left(shared.runtime.now()) {
            return None;
        }
        let (running, action) = entry.take_up(shared)?;
        Timer::new(shared).drive_here(running, action).await;
        let now = shared.runtime.now();
        match shared.cache.find(key, slot, now, now, pick) {
            Found::Valid(token) | Found::Due(token) => Some(token),
            Found::Nothing => None,
        }
    }

    async fn wait_for(
        &self,
        key: &StoreKey,
        slot: Slot,
        min_validity: Duration,
        now: Timestamp,
    ) -> Result<AnyToken, TokenError> {
        let shared = &self.shared;
        let deadline = now + shared.settings.wait_timeout;
        let mut timer = Timer::new(shared);
        'entry: loop {
            let entry = shared.entry(key, slot);
            let mut round = None;
            let mut forced = None;
            let mut waiting = None;
            loop {
                let changed = entry.listen();
                match entry.ask(shared, min_validity, round, &mut forced, deadline) {
                    Told::Token(token) => return Ok(token),
                    Told::Failed(error) => return Err(error),
                    Told::HeldUp(error) => {
                        if self.look_past(&entry).await {
                            continue 'entry;
                        }
                        return Err(error);
                    }
                    Told::Detached => {
                        shared.entries.remove(&entry);
                        continue 'entry;
                    }
                    Told::Wait(began) => round = Some(began),
                    Told::Run(running, action, began) => {
                        round = Some(began);
                        waiting.get_or_insert_with(|| entry.wait_for_it(shared));
                        if !timer.drive(running, action).await {
                            return Err(entry.too_late());
                        }
                        continue;
                    }
                    Told::Drive(running, action, began) => {
                        round = Some(began);
                        if !timer.drive_here(running, action).await {
                            return Err(entry.too_late());
                        }
                        continue;
                    }
                }
                waiting.get_or_insert_with(|| entry.wait_for_it(shared));
                if !timer.ends_after(changed).await {
                    return Err(entry.too_late());
                }
            }
        }
    }

    /// Looks into the store although a task waits for long, as after a refusal: a person may have installed the app again
    /// meanwhile, by another process. Returns whether the store holds another pair; the task is then of no use any more.
    async fn look_past(&self, entry: &Entry) -> bool {
        let (shared, name) = (&self.shared, &entry.name);
        let Some(known) = entry.known_pair().filter(|_| entry.may_look_past(shared)) else {
            return false;
        };
        let Ok(Some(stored)) = shared.calls().load(&name.key).await else { return false };
        let pair = stored.installation.any_credential(name.slot).map(|it| it.pair_fingerprint());
        let is_another = pair.is_some_and(|pair| pair != known);
        if is_another {
            shared.invalidate(&name.key);
        }
        is_another
    }

    /// Steps a machine, and waits until it rests.
    pub(super) async fn settle(
        &self,
        key: &StoreKey,
        slot: Slot,
        input: Input,
    ) -> Result<(), TokenError> {
        let shared = &self.shared;
        let deadline = shared.runtime.now() + shared.settings.wait_timeout;
        let mut timer = Timer::new(shared);
        loop {
            let entry = shared.entry(key, slot);
            if entry.is_held_up(shared, deadline) && self.look_past(&entry).await {
                continue;
            }
            let (round, started) = entry.tell(shared, input.clone());
            if let Some((running, action)) = started {
                if !timer.drive(running, action).await {
                    return Err(entry.too_late());
                }
            }
            if !entry.is_detached() {
                let Some(round) = round else { return Ok(()) };
                let _waiting = entry.wait_for_it(shared);
                loop {
                    let changed = entry.listen();
                    match entry.outcome(shared, round, deadline) {
                        Some(_) if entry.is_detached() => break,
                        // If the task was dropped, its work is done here: its runtime is shut down.
                        Some(outcome) => match entry.take_up(shared) {
                            Some((running, action)) => {
                                if !timer.drive_here(running, action).await {
                                    return Err(entry.too_late());
                                }
                                continue;
                            }
                            None => return outcome,
                        },
                        None => {}
                    }
                    if !timer.ends_after(changed).await {
                        return Err(entry.too_late());
                    }
                }
            }
            // Another entry takes its place, and must know of it as well.
            shared.entries.remove(&entry);
        }
    }
}

/// How long a caller waits.
struct Timer {
    left: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
    shared: Arc<Shared>,
}

impl Timer {
    fn new(shared: &Arc<Shared>) -> Self {
        let timer = Arc::clone(shared);
        let left = Box::pin(async move {
            let length = timer.settings.wait_timeout;
            guard::sleep(&*timer.runtime, length).await;
        });
        Self { left, shared: Arc::clone(shared) }
    }

    /// Begins a task, or does its work itself if the runtime runs none any more: a pair that it holds must be stored.
    /// Returns false if that takes too long.
    async fn drive(&mut self, running: Running, action: Action) -> bool {
        let entry = Arc::clone(&running.entry);
        Run::spawn(running, action);
        match entry.take_up(&self.shared) {
            Some((running, action)) => self.drive_here(running, action).await,
            None => true,
        }
    }

    async fn drive_here(&mut self, running: Running, action: Action) -> bool {
        let entry = Arc::clone(&running.entry);
        let run = async {
            Run::drive(running, action).await;
            !entry.is_cut_off(&self.shared)
        };
        let late = async {
            self.left.as_mut().await;
            false
        };
        futures_lite::future::or(run, late).await
    }

    /// Waits for something to change; returns false if that takes too long.
    async fn ends_after(&mut self, changed: EventListener) -> bool {
        let changed = async {
            changed.await;
            true
        };
        let late = async {
            self.left.as_mut().await;
            false
        };
        futures_lite::future::or(changed, late).await
    }
}
