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

/// A scenario: its name, and what runs it.
pub(crate) type Scenario = (&'static str, fn(Size) -> Vec<Row>);

pub(crate) const ALL: &[Scenario] = &[
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
