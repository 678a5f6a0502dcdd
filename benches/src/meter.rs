//! One piece of work, run once, and what is looked at meanwhile.

use std::time::Instant;

/// What is looked at while a piece of work is done.
pub enum Meter {
    /// Nothing: the first rounds fill caches and bind symbols.
    Warm,
    /// Instructions, which callgrind counts between the two functions below.
    Instructions,
    /// Nanoseconds of each round.
    Nanoseconds(Vec<u64>),
    /// Heap allocations, counted by the function.
    Allocations(fn(&mut dyn FnMut()) -> u64, u64),
}

impl Meter {
    /// Does the work under this meter.
    pub fn measure<T>(&mut self, work: impl FnOnce() -> T) {
        match self {
            Self::Warm => drop(work()),
            Self::Instructions => measured_drop(measured_call(work)),
            Self::Nanoseconds(rounds) => {
                let began = Instant::now();
                let value = std::hint::black_box(work());
                let took = began.elapsed();
                drop(value);
                rounds.push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
            }
            Self::Allocations(count, counted) => {
                let (mut work, mut value) = (Some(work), None);
                *counted = count(&mut || value = work.take().map(|work| work()));
                drop(value);
            }
        }
    }
}

/// Callgrind collects while this runs: the name is in `table`.
#[inline(never)]
fn measured_call<T>(work: impl FnOnce() -> T) -> T {
    std::hint::black_box(work())
}

/// And while this runs, if what it costs to be rid of the result counts as well.
#[inline(never)]
fn measured_drop<T>(value: T) {
    drop(std::hint::black_box(value));
}
