//! What the suite found.

use std::{
    fmt,
    time::{Duration, Instant},
};

/// What the suite found, case by case.
#[derive(Clone, Debug, Default)]
pub struct Report {
    cases: Vec<Done>,
}

#[derive(Clone, Debug)]
struct Done {
    name: &'static str,
    took: Duration,
    failure: Option<String>,
}

/// What was wrong, if anything was.
pub(super) type Outcome = Result<(), String>;

impl Report {
    pub(super) async fn time(&mut self, name: &'static str, case: impl Future<Output = Outcome>) {
        let begin = Instant::now();
        let failure = case.await.err();
        self.cases.push(Done { name, took: begin.elapsed(), failure });
    }

    /// Returns how many cases were run.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// Returns a line for each case that failed.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let failed = self.cases.iter().filter_map(|case| Some((case.name, case.failure.as_ref()?)));
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
        write!(f, "{passed} of {} cases passed, {took:.1?}", self.cases())?;
        failures.iter().try_for_each(|failure| write!(f, "\n{failure}"))
    }
}
