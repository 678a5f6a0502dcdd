//! The end of a rotator.

use std::{future::Future, pin::Pin, sync::atomic::Ordering, task::Poll, time::Duration};

use super::{TokenRotator, guard, run::Run};

/// The outcome of [`TokenRotator::drain`](crate::TokenRotator::drain): what is left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// How many refreshes were still under way when the time was up.
    pub running: usize,
    /// How many pairs Slack has issued that are not stored: they are lost when the process ends.
    pub unsaved: usize,
}

impl Drained {
    /// Returns whether nothing was left.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.running == 0 && self.unsaved == 0
    }
}

impl TokenRotator {
    /// Stops new refreshes and the sweep, and waits for at most `deadline` until the answers that are on their way have come and all
    /// pairs are stored: before a process ends, after SIGTERM for instance.
    ///
    /// Tokens that are valid are still returned afterwards. Whatever was left undone is taken up by the next process.
    pub async fn drain(&self, deadline: Duration) -> Drained {
        let shared = &self.shared;
        shared.draining.store(true, Ordering::Release);
        shared.closing.set();
        let entries = shared.entries.all();
        for entry in &entries {
            entry.wake();
        }
        let ended = async {
            // What a runtime that is shut down has dropped is done here.
            let left = entries.iter().filter(|entry| entry.has_unsaved());
            let left = left.filter_map(|entry| entry.take_up(shared));
            all(left.map(|(running, action)| Run::drive(running, action)).collect()).await;
            loop {
                let ended = shared.run_ended.listen();
                let sweeps = shared.sweeps.load(Ordering::Acquire);
                if shared.runs.load(Ordering::Acquire) == 0 && sweeps == 0 {
                    return;
                }
                ended.await;
            }
        };
        let timer = async {
            guard::sleep(&*shared.runtime, deadline).await;
        };
        futures_lite::future::or(ended, timer).await;
        let unsaved = shared.entries.all().iter().filter(|entry| entry.has_unsaved()).count();
        Drained { running: shared.runs.load(Ordering::Acquire), unsaved }
    }
}

/// Waits for all of these: there are few.
async fn all(runs: Vec<impl Future<Output = ()>>) {
    let mut runs: Vec<Pin<Box<_>>> = runs.into_iter().map(Box::pin).collect();
    std::future::poll_fn(|context| {
        runs.retain_mut(|run| run.as_mut().poll(context).is_pending());
        if runs.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drain_is_complete_if_nothing_runs_and_nothing_is_unsaved() {
        for (running, unsaved) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let drained = Drained { running, unsaved };
            assert_eq!(drained.is_complete(), (running, unsaved) == (0, 0), "{drained:?}");
        }
    }
}
