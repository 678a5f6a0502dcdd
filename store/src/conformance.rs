//! The suite that every store must pass, those of other people included. Feature `conformance`.
//!
//! ```
//! use std::sync::Arc;
//!
//! use slack_store::{InstallationStore, MemoryInstallationStore, conformance::Suite};
//!
//! // Two handles on one place see the same, as two processes do; this store has but one handle.
//! # let places = std::sync::Mutex::new(std::collections::HashMap::<String, Arc<MemoryInstallationStore>>::new());
//! let suite = Suite::new(move |place| {
//!     let store = places.lock().unwrap().entry(place.to_owned()).or_default().clone();
//!     Ok(store as Arc<dyn InstallationStore>)
//! });
//! suite.run().assert_passed();
//! ```
//!
//! # Cases
#![doc = include_str!("conformance/cases.md")]

mod bench;
mod leases;
mod report;
mod threads;
mod values;

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

pub use self::report::Report;
use self::{bench::Bench, report::Outcome};
use crate::{InstallationStore, StoreError};

/// The suite for one store.
pub struct Suite {
    open: Box<Open>,
    block_on: Box<BlockOn>,
    runs: AtomicUsize,
}

type Open = dyn Fn(&str) -> Result<Arc<dyn InstallationStore>, StoreError> + Send + Sync;
type BlockOn = dyn Fn(Pin<&mut (dyn Future<Output = ()> + Send)>) + Send + Sync;

impl Suite {
    /// Takes what opens a store at a place, which is a word of lowercase letters, digits and `-`.
    ///
    /// A place that was not named before is empty. The same place again is a second handle on what stands there, as
    /// another process has it.
    #[must_use]
    pub fn new<F>(open: F) -> Self
    where
        F: Fn(&str) -> Result<Arc<dyn InstallationStore>, StoreError> + Send + Sync + 'static,
    {
        let block_on = Box::new(|future: Pin<&mut (dyn Future<Output = ()> + Send)>| {
            pollster::block_on(future);
        });
        Self { open: Box::new(open), block_on, runs: AtomicUsize::new(0) }
    }

    /// Takes what waits for a future, for a store that needs a runtime: several threads call it at a time.
    #[must_use]
    pub fn block_on<F>(self, block_on: F) -> Self
    where
        F: Fn(Pin<&mut (dyn Future<Output = ()> + Send)>) + Send + Sync + 'static,
    {
        Self { block_on: Box::new(block_on), ..self }
    }

    /// Runs every case on the calling thread.
    #[must_use]
    pub fn run(&self) -> Report {
        self.run_where(|_| true)
    }

    /// Runs the cases with these names.
    #[must_use]
    pub fn run_only(&self, names: &[&str]) -> Report {
        self.run_where(|name| names.contains(&name))
    }

    fn run_where(&self, wanted: impl Fn(&str) -> bool) -> Report {
        // A suite that runs twice begins with empty places once more.
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let mut report = Report::default();
        for (name, case) in
            CASES.iter().flat_map(|cases| cases.iter()).filter(|case| wanted(case.0))
        {
            let place = format!("{name}-{run}");
            report.time(name, || case(&Bench::new(self, &place)?));
        }
        report
    }
}

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite").finish_non_exhaustive()
    }
}

type Case = (&'static str, fn(&Bench<'_>) -> Outcome);

const CASES: [&[Case]; 3] = [values::CASES, leases::CASES, threads::CASES];

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
