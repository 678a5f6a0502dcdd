//! The suite that every [`StoreBackend`] must pass, those of other people included. Feature `conformance`.
//!
//! A store that needs a runtime is tried in it:
//!
//! ```
//! # async fn example() {
//! use slack_store::{MemoryStore, conformance::Suite};
//!
//! // Two handles on one place see the same, as two processes do; clones of this store do.
//! # let places = std::sync::Mutex::new(std::collections::HashMap::<String, MemoryStore>::new());
//! let suite = Suite::new(move |place| {
//!     let store = places.lock().unwrap().entry(place.name).or_default().clone();
//!     async move { Ok(store) }
//! });
//! suite.run().await.assert_passed();
//! # }
//! # pollster::block_on(example());
//! ```
//!
//! One that needs none is tried by [`run_blocking`](Suite::run_blocking), with real threads where many write at a time.
//!
//! # Cases
#![doc = include_str!("conformance/cases.md")]

mod bench;
mod finding;
mod installations;
mod leases;
mod report;
#[cfg(feature = "sealing")]
mod sealed;
mod timer;
mod together;
mod values;

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

pub use self::report::Report;
use self::{bench::Bench, report::Outcome};
use crate::{StoreBackend, StoreError};

/// The suite for one store.
pub struct Suite {
    open: Box<Open>,
    block_on: Option<Box<BlockOn>>,
    runs: AtomicUsize,
}

/// Where a store is to be opened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Place {
    /// A word of lowercase letters, digits and `-`. A place that was not named before is empty; the same place again is a
    /// second handle on the same store, as another process has it.
    pub name: String,
    /// How far ahead the clock of the process that opens this handle is. A store that reads no clock of its own process,
    /// as none should for leases, has no use for it.
    pub clock_ahead: Duration,
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
type Open =
    dyn Fn(Place) -> Boxed<'static, Result<Arc<dyn StoreBackend>, StoreError>> + Send + Sync;
type BlockOn = dyn Fn(Boxed<'_, ()>) + Send + Sync;

impl Suite {
    /// Creates the suite from what opens a store at a place.
    #[must_use]
    pub fn new<F, O, B>(open: F) -> Self
    where
        F: Fn(Place) -> O + Send + Sync + 'static,
        O: Future<Output = Result<B, StoreError>> + Send + 'static,
        B: StoreBackend,
    {
        let open = move |place| -> Boxed<'static, Result<Arc<dyn StoreBackend>, StoreError>> {
            let opening = open(place);
            Box::pin(async move { Ok(Arc::new(opening.await?) as Arc<dyn StoreBackend>) })
        };
        Self { open: Box::new(open), block_on: None, runs: AtomicUsize::new(0) }
    }

    /// Sets what waits for a future on a thread of the suite's own, for instance `Handle::block_on` of Tokio: the cases
    /// of many writers then run on threads. Otherwise they run as one task.
    #[must_use]
    pub fn on_threads<F>(self, block_on: F) -> Self
    where
        F: Fn(Pin<Box<dyn Future<Output = ()> + Send + '_>>) + Send + Sync + 'static,
    {
        Self { block_on: Some(Box::new(block_on)), ..self }
    }

    /// Seals every value before the store sees it, and opens what it answers: the store is tried with the bytes that it
    /// keeps for an [`InstallationStore::sealed`](crate::InstallationStore::sealed).
    #[cfg(feature = "sealing")]
    #[must_use]
    pub fn sealed(self, keys: crate::SealingKeys) -> Self {
        let plain = self.open;
        let open = move |place| -> Boxed<'static, Result<Arc<dyn StoreBackend>, StoreError>> {
            let (opening, keys) = (plain(place), keys.clone());
            Box::pin(async move {
                let inner = opening.await?;
                Ok(Arc::new(sealed::Sealed { inner, keys }) as Arc<dyn StoreBackend>)
            })
        };
        Self { open: Box::new(open), ..self }
    }

    /// Runs every case in the caller's task, under whatever runtime.
    pub async fn run(&self) -> Report {
        self.run_where(|_| true).await
    }

    /// Runs the cases with these names.
    pub async fn run_only(&self, names: &[&str]) -> Report {
        self.run_where(|name| names.contains(&name)).await
    }

    /// Runs every case on the calling thread and on threads of the suite's own, for a store that needs no runtime.
    #[must_use]
    pub fn run_blocking(self) -> Report {
        let suite = match self.block_on {
            Some(_) => self,
            None => self.on_threads(|future| pollster::block_on(future)),
        };
        pollster::block_on(suite.run())
    }

    async fn run_where(&self, wanted: impl Fn(&str) -> bool) -> Report {
        // A suite that runs twice begins with empty places once more.
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let mut report = Report::default();
        for (name, case) in
            CASES.iter().flat_map(|cases| cases.iter()).filter(|case| wanted(case.0))
        {
            let case = async {
                let bench = Bench::new(self, &format!("{name}-{run}")).await?;
                case(&bench).await
            };
            report.time(name, timer::within(case, PATIENCE)).await;
        }
        report
    }
}

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite").finish_non_exhaustive()
    }
}

type Case = (&'static str, for<'b> fn(&'b Bench<'_>) -> Boxed<'b, Outcome>);

const CASES: [&[Case]; 5] =
    [values::CASES, finding::CASES, leases::CASES, installations::CASES, together::CASES];

/// A case that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_every_case_in_order() {
        let table = include_str!("conformance/cases.md").lines().skip(2);
        let named: Vec<_> = table.filter_map(|line| line.split('`').nth(1)).collect();
        let cases: Vec<_> =
            CASES.iter().flat_map(|cases| cases.iter()).map(|case| case.0).collect();
        assert_eq!(named, cases);
    }
}
