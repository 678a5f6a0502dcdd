//! What the suite found.

use std::fmt;
use std::time::{Duration, Instant};

/// What the suite found, case by case.
#[derive(Clone, Debug, Default)]
pub struct Report {
    cases: Vec<Case>,
}

#[derive(Clone, Debug)]
struct Case {
    name: String,
    took: Duration,
    exchanges: usize,
    failure: Option<String>,
}

/// How many exchanges a case made, or what was wrong.
pub(super) type Outcome = Result<usize, String>;

impl Report {
    pub(super) fn time(&mut self, name: &str, case: impl FnOnce() -> Outcome) {
        let begin = Instant::now();
        let outcome = case();
        self.cases.push(Case {
            name: name.to_owned(),
            took: begin.elapsed(),
            exchanges: *outcome.as_ref().unwrap_or(&0),
            failure: outcome.err(),
        });
    }

    /// Returns how many cases were run.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// Returns how many exchanges the passed cases made.
    #[must_use]
    pub fn exchanges(&self) -> usize {
        self.cases.iter().map(|case| case.exchanges).sum()
    }

    /// Returns a line for each case that failed.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let failed =
            self.cases.iter().filter_map(|case| Some((&case.name, case.failure.as_ref()?)));
        failed.map(|(name, failure)| format!("{name}: {failure}")).collect()
    }

    /// Asserts that every case passed.
    ///
    /// # Panics
    ///
    /// If one failed, with a line for each.
    pub fn assert_passed(&self) {
        assert!(self.failures().is_empty(), "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failures = self.failures();
        let took: Duration = self.cases.iter().map(|case| case.took).sum();
        let passed = self.cases() - failures.len();
        write!(
            f,
            "{passed} of {} cases passed, {} exchanges, {took:.1?}",
            self.cases(),
            self.exchanges()
        )?;
        let slowest = self.cases.iter().max_by_key(|case| case.took);
        if let Some(Case { name, took, .. }) = slowest {
            write!(f, ", the slowest {name} in {took:.1?}")?;
        }
        failures.iter().try_for_each(|failure| write!(f, "\n{failure}"))
    }
}
