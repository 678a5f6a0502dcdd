//! What a run is made of.

use std::time::Duration;

use slack_fake::Siblings;

use crate::chance::Chance;

/// How much goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    /// Nothing, but that clocks differ and people and programs do what they may.
    Calm,
    /// One thing at a time: whatever it is, nothing may be lost.
    Mild,
    /// Anything, at any time: whatever is lost must have been kept from being saved by at least two faults.
    Harsh,
}

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) weather: Weather,
    /// By how many seconds the clock of each process is wrong at first.
    pub(crate) skews: Vec<i64>,
    pub(crate) siblings: Siblings,
    /// How old the installations are at the start.
    pub(crate) age: Duration,
    /// How many refreshes one process may have in flight.
    pub(crate) window: usize,
    pub(crate) capacity: usize,
    pub(crate) steps: usize,
    /// By how much every second process reads late, as from a replica; Slack's grace time is over as soon then.
    pub(crate) lag: Option<Duration>,
}

impl Plan {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Chance::of(("plan", seed));
        let processes = 2 + chance.below(2);
        let weather =
            [Weather::Calm, Weather::Mild, Weather::Mild, Weather::Harsh][chance.below(4)];
        let skews = (0..processes).map(|_| chance.pick(&[-120, -120, -7, 0, 0, 3, 120, 120]));
        Self {
            seed,
            weather,
            skews: skews.collect(),
            siblings: chance.pick(&[Siblings::FirstUsedWins, Siblings::NewestWins]),
            age: chance.seconds(0, 13 * 3_600),
            window: chance.pick(&[1, 2, 8]),
            capacity: chance.pick(&[1, 10_000]),
            steps: 150,
            lag: (weather == Weather::Calm && chance.once_in(2)).then(|| chance.seconds(1, 4)),
        }
    }
}

/// How wrong a clock may be, ahead or behind.
pub(crate) const MOST_SKEW: Duration = Duration::from_secs(120);
