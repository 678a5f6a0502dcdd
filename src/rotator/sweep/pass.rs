//! One pass over what is due.

use std::{collections::HashMap, sync::Arc, time::Duration};

use slack_proto::{
    Slot, StoreKey, Timestamp,
    rotation::{Input, RefreshRequest},
};

use super::{
    super::{
        TokenError, entry::Entry, error::TokenErrorKind, guard, row_reader::RowReader, run::Run,
        shared::Shared,
    },
    PlannedRefresh, plan,
};
use crate::store::{StoreError, Stored, Unreadable};

/// What [`TokenRotator::sweep_once`](crate::TokenRotator::sweep_once) has done.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct SweepReport {
    /// How many credentials were refreshed, here or by another process at the same time.
    pub refreshed: usize,
    /// The refreshes that failed, or that wait for longer than the wait timeout.
    pub failures: Vec<SweepFailure>,
    /// Rows that cannot be read: a person must look at them.
    pub unreadable: Vec<Unreadable>,
}

/// A refresh that failed.
#[derive(Debug)]
#[non_exhaustive]
pub struct SweepFailure {
    /// The key of the installation in the store.
    pub key: StoreKey,
    /// The slot of the credential.
    pub slot: Slot,
    /// Why.
    pub error: TokenError,
}

impl SweepReport {
    pub(super) fn add(&mut self, swept: Swept) {
        match swept {
            Swept::Refreshed => self.refreshed += 1,
            Swept::Failed(failure) => self.failures.push(failure),
            Swept::Unreadable(unreadable) => self.unreadable.push(unreadable),
        }
    }
}

/// What became of one credential, or of one row.
pub(super) enum Swept {
    Refreshed,
    Failed(SweepFailure),
    Unreadable(Unreadable),
}

/// A pass: a bounded number of refreshes at a time, in the order in which they are due.
pub(in crate::rotator) struct Pass<'a> {
    shared: &'a Arc<Shared>,
    /// How long a refresh may be held back before it counts as failed; without it a pass waits.
    patience: Option<Duration>,
    flights: Vec<Flight>,
    /// Until when installations need not be read again: all that is due there rests, as after a refusal.
    resting: HashMap<StoreKey, Timestamp>,
}

/// A refresh that was started.
struct Flight {
    entry: Arc<Entry>,
    planned: PlannedRefresh,
    round: u64,
    /// When it is left to itself, if it has come to no end: by the runtime's own clock.
    until: Duration,
}

impl<'a> Pass<'a> {
    pub(super) fn new(shared: &'a Arc<Shared>, patience: Option<Duration>) -> Self {
        Self { shared, patience, flights: Vec::new(), resting: HashMap::new() }
    }

    /// Refreshes all that is due, and says of each what became of it.
    pub(super) async fn run(&mut self, mut tell: impl FnMut(Swept)) -> Result<(), StoreError> {
        let now = self.shared.runtime.now();
        self.resting.retain(|_, until| now < *until);
        let mut reader = RowReader::new(self.shared);
        let mut after = None;
        loop {
            let page = self.shared.calls().due_within(Duration::ZERO, after.as_ref(), PAGE).await?;
            page.unreadable.into_iter().for_each(|it| tell(Swept::Unreadable(it)));
            for found in page.keys {
                if self.resting.contains_key(&found.key) {
                    continue;
                }
                match reader.read(&found.key).await? {
                    Ok(None) => {}
                    Ok(Some(stored)) => self.refresh(&found.key, &stored, &mut tell).await,
                    Err(unreadable) => tell(Swept::Unreadable(unreadable)),
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        self.land(0, &mut tell).await;
        Ok(())
    }

    async fn refresh(&mut self, key: &StoreKey, stored: &Stored, tell: &mut impl FnMut(Swept)) {
        let now = self.shared.runtime.now();
        let due = plan::due(self.shared, key, stored, now);
        // Whoever sweeps once is told of each that waits.
        if self.patience.is_none() {
            if let Some(until) = self.all_rest(&due) {
                self.resting.insert(key.clone(), until);
                return;
            }
        }
        for planned in due {
            self.land(self.most_in_flight() - 1, tell).await;
            let slot = planned.slot;
            let pair = stored.installation.any_credential(slot).map(|it| it.pair_fingerprint());
            let entry = self.shared.entry(key, slot);
            let input = match entry.known_pair() {
                // Another process, or a person, has stored another one; or the store has lost the newest, as after a
                // failover: the entry looks, and knows which of them is spent.
                Some(known) if !entry.is_busy() && Some(known) != pair => entry.doubt(),
                _ => Input::Tick,
            };
            let request = stored.installation.any_credential(slot);
            let request = request.as_ref().and_then(RefreshRequest::refresh);
            if let Some(error) = request.and_then(|it| self.held_back(key, slot, it.method())) {
                tell(Swept::Failed(SweepFailure { key: key.clone(), slot, error }));
                continue;
            }
            let (round, started) = entry.tell(self.shared, input);
            if let Some((running, action)) = started {
                Run::spawn(running, action);
            }
            if let Some(round) = round {
                let until = self.shared.runtime.elapsed() + self.patience.unwrap_or(LONGEST_FLIGHT);
                self.flights.push(Flight { entry, planned, round, until });
            }
        }
    }

    /// How many refreshes are under way at a time; how many of them are sent is the pace's to say.
    fn most_in_flight(&self) -> usize {
        match self.patience {
            // None of them waits long for the others.
            Some(_) => self.shared.settings.window,
            None => self.shared.settings.window * 4,
        }
    }

    /// Returns until when nothing happens to any of them, for at most some minutes.
    fn all_rest(&self, due: &[PlannedRefresh]) -> Option<Timestamp> {
        let now = self.shared.runtime.now();
        let until = |planned: &PlannedRefresh| {
            let entry = self.shared.entries.get(&planned.key, planned.slot)?;
            entry.resumes_at().filter(|at| *at > now + LONGEST_WAIT)
        };
        let ends: Option<Vec<_>> = due.iter().map(until).collect();
        Some(ends?.into_iter().min()?.min(now + LONGEST_REST))
    }

    /// Returns why a refresh is not started, if it would be held back for too long.
    fn held_back(&self, key: &StoreKey, slot: Slot, method: &'static str) -> Option<TokenError> {
        let (patience, now) = (self.patience?, self.shared.runtime.now());
        let (until, problem) = self.shared.method_held_back(method, now)?;
        let error = TokenError::of(key, slot, TokenErrorKind::RefreshFailed);
        let error = error.with_problem(Some(problem)).retry_at(now, until);
        (until > now + patience).then_some(error)
    }

    /// Waits until at most `most` refreshes are under way.
    async fn land(&mut self, most: usize, tell: &mut impl FnMut(Swept)) {
        loop {
            let ended = self.shared.run_ended.listen();
            self.collect(tell);
            if self.flights.len() <= most {
                return;
            }
            let ended = async {
                ended.await;
                true
            };
            let timer = guard::sleep(&*self.shared.runtime, LOOK_AGAIN);
            if !futures_lite::future::or(ended, timer).await {
                // There is no timer any more.
                self.flights.clear();
            }
        }
    }

    /// Lets go of the refreshes that have ended, and of those that wait for longer than others should wait for them.
    fn collect(&mut self, tell: &mut impl FnMut(Swept)) {
        let (shared, patience) = (self.shared, self.patience);
        let now = shared.runtime.now();
        self.flights.retain(|flight| {
            let Flight { entry, planned, round, until } = flight;
            // The pace holds back everybody alike: only a wait of its own ends a flight of the background sweep.
            let rests = entry.resumes_at().is_some_and(|at| at > now + LONGEST_WAIT);
            let deadline = match patience {
                Some(patience) => now + patience,
                None if rests => now,
                None => Timestamp::from_unix(u64::MAX),
            };
            let outcome = match entry.outcome(shared, *round, deadline) {
                Some(outcome) => outcome,
                None if shared.runtime.elapsed() < *until => return true,
                None => Err(entry.too_late()),
            };
            let is_replaced = entry.known_token().is_some_and(|new| new != planned.token);
            match outcome {
                _ if is_replaced => tell(Swept::Refreshed),
                Err(error) => {
                    let (key, slot) = (planned.key.clone(), planned.slot);
                    tell(Swept::Failed(SweepFailure { key, slot, error }));
                }
                Ok(()) => {}
            }
            false
        });
    }
}

/// How many rows are found at once.
const PAGE: usize = 100;

/// The pass stops waiting for a refresh after this duration, for instance when Slack never answers.
const LONGEST_FLIGHT: Duration = Duration::from_secs(300);

/// A refresh that waits for longer, as after a refusal, is left to itself.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How often it is looked whether a refresh has begun to wait.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// For how long an installation is not read again at most.
const LONGEST_REST: Duration = Duration::from_secs(600);
