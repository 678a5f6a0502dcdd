//! The scenarios, in the order in which they are run.

mod bucket;
mod cached;
mod callers;
mod in_flight;
mod memory;
mod rejected;
mod spread;

use crate::report::Row;

/// How large a fleet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// That of the limits.
    Full,
    /// One that takes seconds.
    Quick,
}

impl Size {
    fn pick<T>(self, full: T, quick: T) -> T {
        match self {
            Self::Full => full,
            Self::Quick => quick,
        }
    }
}

/// Returns the scenario of this name, or else those that have it in their names.
pub(crate) fn named(name: &str) -> impl Iterator<Item = fn(Size) -> Vec<Row>> {
    let is_exact = ALL.iter().any(|scenario| scenario.0 == name);
    let picked =
        ALL.iter().filter(
            move |scenario| {
                if is_exact { scenario.0 == name } else { scenario.0.contains(name) }
            },
        );
    picked.map(|scenario| scenario.1)
}

/// A scenario: its name, and what runs it.
type Scenario = (&'static str, fn(Size) -> Vec<Row>);

const ALL: &[Scenario] = &[
    ("in-flight", in_flight::one_process),
    ("in-flight-20", in_flight::wide_window),
    ("in-flight-8-processes", in_flight::eight_processes),
    ("bucket", bucket::exact),
    ("bucket-30s", bucket::half_a_minute),
    ("callers-in-flight", callers::in_flight),
    ("callers-bucket", callers::bucket),
    ("spread", spread::spread),
    ("memory", memory::memory),
    ("cached", cached::cached),
    ("token-expired", rejected::rejected),
];
