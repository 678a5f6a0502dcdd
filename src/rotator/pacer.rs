//! Turns to send, handed out by the paces of all API methods.

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use event_listener::Event;

use super::guard;
use crate::{
    pace::{Breaker, Outcome, Pace, Priority, Turn},
    runtime::Runtime,
};

/// The paces of one app. Whoever waits for a turn sleeps without a timer; one of them, the leader, wakes the others.
pub(super) struct Pacer {
    window: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    paces: HashMap<&'static str, Pace>,
    breaker: Breaker,
    waiting: HashMap<u64, Arc<Waiter>>,
    leader: Option<(u64, Duration)>,
    last: u64,
}

#[derive(Default)]
struct Waiter {
    granted: AtomicBool,
    woken: Event,
}

/// Why nothing may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeldBack {
    RateLimited(Duration),
    ClientRefused(Duration),
}

/// The right to send one request. Dropping it gives it back.
pub(super) struct Permit {
    pacer: Arc<Pacer>,
    runtime: Arc<dyn Runtime>,
    pub(super) turn: TurnName,
    done: bool,
}

/// A place in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TurnName {
    method: &'static str,
    number: u64,
}

impl TurnName {
    pub(super) fn method(self) -> &'static str {
        self.method
    }
}

impl Pacer {
    pub(super) fn new(window: usize) -> Self {
        Self { window, state: Mutex::default() }
    }

    /// Enqueues a request of a method, and returns the permit to wait for.
    pub(super) fn enqueue(
        self: &Arc<Self>,
        runtime: &Arc<dyn Runtime>,
        method: &'static str,
        priority: Priority,
    ) -> Permit {
        let mut state = self.state();
        state.last += 1;
        let number = state.last;
        state.waiting.insert(number, Arc::default());
        state.pace(method, self.window).enqueue(number, priority);
        let turn = TurnName { method, number };
        Permit { pacer: Arc::clone(self), runtime: Arc::clone(runtime), turn, done: false }
    }

    pub(super) fn promote(&self, now: Duration, turn: TurnName, priority: Priority) {
        let mut state = self.state();
        state.pace(turn.method, self.window).promote(turn.number, priority);
        state.hand_out(now);
    }

    /// Records a rate limit that a request met which has not waited for its turn.
    pub(super) fn limit(&self, now: Duration, method: &'static str, retry_after: Option<Duration>) {
        let mut state = self.state();
        state.pace(method, self.window).limit(now, retry_after);
        state.hand_out(now);
    }

    /// Returns what holds back a method, and until when: a time that has passed says nothing.
    pub(super) fn held_back(&self, now: Duration, method: &'static str) -> Option<HeldBack> {
        let state = self.state();
        let refused = state.breaker.refused_until().filter(|until| *until > now);
        if uses_the_client(method) && refused.is_some() {
            return refused.map(HeldBack::ClientRefused);
        }
        state.paces.get(method).and_then(Pace::paused_until).map(HeldBack::RateLimited)
    }

    /// Lets everything go that was held back because the client was refused.
    pub(super) fn client_replaced(&self, now: Duration) {
        let mut state = self.state();
        state.breaker.reset();
        state.hand_out(now);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Waits for its turn.
    pub(super) async fn wait(&self) {
        loop {
            let (waiter, listener, sleep_until) = {
                let mut state = self.pacer.state();
                let now = self.runtime.elapsed();
                let next = state.hand_out(now);
                let Some(waiter) = state.waiting.get(&self.turn.number).cloned() else { return };
                let lead = state.leader.is_none_or(|(leader, _)| leader == self.turn.number);
                let sleep_until = next.filter(|_| lead);
                if lead {
                    state.leader = sleep_until.map(|until| (self.turn.number, until));
                }
                let listener = waiter.woken.listen();
                (waiter, listener, sleep_until.map(|until| until.saturating_sub(now)))
            };
            if waiter.granted.load(Ordering::Acquire) {
                return;
            }
            match sleep_until {
                None => listener.await,
                Some(length) => {
                    let timer = async {
                        guard::sleep(&*self.runtime, length).await;
                    };
                    futures_lite::future::or(listener, timer).await;
                }
            }
        }
    }

    /// Records that the app's client was refused.
    pub(super) fn client_refused(self) {
        self.pacer.state().breaker.refuse(self.runtime.elapsed());
        self.finish(Outcome::Answered);
    }

    /// Records that Slack has answered and did not refuse the client.
    pub(super) fn client_accepted(&self) {
        self.pacer.state().breaker.accept(self.turn.number);
    }

    /// Records what became of the request.
    pub(super) fn finish(mut self, outcome: Outcome) {
        self.end(outcome);
    }

    fn end(&mut self, outcome: Outcome) {
        if std::mem::replace(&mut self.done, true) {
            return;
        }
        let now = self.runtime.elapsed();
        let TurnName { method, number } = self.turn;
        let mut state = self.pacer.state();
        state.waiting.remove(&number);
        let window = self.pacer.window;
        let pace = state.pace(method, window);
        match outcome {
            Outcome::Unknown => pace.cancel(now, number),
            outcome => pace.finish(now, number, outcome),
        }
        if outcome == Outcome::Unknown {
            state.breaker.give_up(now, number);
        }
        state.hand_out(now);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.end(Outcome::Unknown);
    }
}

impl State {
    fn pace(&mut self, method: &'static str, window: usize) -> &mut Pace {
        self.paces.entry(method).or_insert_with(|| Pace::new(window))
    }

    /// Lets go whatever may go, and returns when to ask again at the latest.
    fn hand_out(&mut self, now: Duration) -> Option<Duration> {
        let mut next: Option<Duration> = None;
        for (method, pace) in &mut self.paces {
            loop {
                if uses_the_client(method) {
                    // The breaker decides first: what it holds back stays in the queue. Its trial is the one that
                    // goes next, whose number is not known before.
                    if let Some(until) = self.breaker.refused_until().filter(|it| now < *it) {
                        next = Some(next.map_or(until, |next| next.min(until)));
                        break;
                    }
                }
                match pace.next(now) {
                    Turn::Go(number) => {
                        if uses_the_client(method) {
                            let _ = self.breaker.enter(now, number);
                        }
                        if let Some(waiter) = self.waiting.remove(&number) {
                            waiter.granted.store(true, Ordering::Release);
                            waiter.woken.notify(usize::MAX);
                        }
                    }
                    Turn::Wait(until) => {
                        next = Some(next.map_or(until, |next| next.min(until)));
                        break;
                    }
                    Turn::Idle => break,
                }
            }
        }
        // A leader who sleeps for longer than that must look again; one that has its turn, or has gone away, leads no more.
        if let Some((leader, until)) = self.leader {
            match self.waiting.get(&leader) {
                None => {
                    self.leader = None;
                    self.appoint();
                }
                Some(waiter) if next.is_some_and(|next| next < until) => {
                    waiter.woken.notify(usize::MAX);
                }
                Some(_) => {}
            }
        } else if next.is_some() {
            self.appoint();
        }
        next
    }

    /// Wakes somebody who waits, so that there is a leader.
    fn appoint(&self) {
        if self.leader.is_none() {
            if let Some(waiter) = self.waiting.values().next() {
                waiter.woken.notify(usize::MAX);
            }
        }
    }
}

/// Whether a method authenticates the app: that of configuration tokens does not.
fn uses_the_client(method: &str) -> bool {
    method != "tooling.tokens.rotate"
}
