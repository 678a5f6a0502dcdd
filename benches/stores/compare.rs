//! Two sides take turns, round by round, so that what else the machine does meets both.

use std::time::Instant;

/// How often each side is called.
#[derive(Clone, Copy)]
pub(crate) struct Turns {
    pub(crate) rounds: usize,
    pub(crate) calls: usize,
}

impl Turns {
    /// Returns as many rounds of fewer calls, each of which does so much more.
    pub(crate) fn of_larger_calls(self, by: usize) -> Self {
        Self { calls: (self.calls / by).max(1), ..self }
    }
}

/// Returns the median of the ratios of the times of one and of the other, round by round.
pub(crate) async fn compare(turns: Turns, one: impl AsyncFn(), other: impl AsyncFn()) -> f64 {
    let mut ratios = Vec::new();
    one().await;
    other().await;
    for _ in 0..turns.rounds {
        let one = time(turns.calls, &one).await;
        let other = time(turns.calls, &other).await;
        ratios.push(one / other);
    }
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

async fn time(calls: usize, call: &impl AsyncFn()) -> f64 {
    let begin = Instant::now();
    for _ in 0..calls {
        call().await;
    }
    begin.elapsed().as_secs_f64()
}
