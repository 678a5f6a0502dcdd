//! The caller's side of a sweep.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
};

use slack_proto::Timestamp;

use super::super::{shared::Shared, stop::Signal};

/// A sweep that runs in the background. Dropping the handle leaves it running.
#[derive(Clone)]
pub struct SweepHandle {
    progress: Arc<Progress>,
}

#[derive(Default)]
struct Progress {
    stop: Signal,
    ended: Signal,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sweeping: bool,
    last: Option<SweepSummary>,
}

/// What one pass over the store has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SweepSummary {
    /// When the pass ended.
    pub ended_at: Timestamp,
    /// How many credentials were refreshed.
    pub refreshed: usize,
    /// How many refreshes failed. Those that may succeed later are tried again.
    pub failed: usize,
    /// How many rows could not be read.
    pub unreadable: usize,
}

impl SweepHandle {
    pub(super) fn new(shared: &Arc<Shared>) -> (Self, Sweeping) {
        let progress = Arc::new(Progress::default());
        shared.sweeps.fetch_add(1, Ordering::AcqRel);
        let guard = Sweeping { progress: Arc::clone(&progress), shared: Arc::clone(shared) };
        (Self { progress }, guard)
    }

    /// Stops the sweep, and waits until it has released its lease. Refreshes that are under way run to their end.
    pub async fn stop(&self) {
        self.progress.stop.set();
        self.progress.ended.wait().await;
    }

    /// Returns whether the sweep has not ended.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !self.progress.ended.is_set()
    }

    /// Returns whether this process has the lease and sweeps; otherwise another process does.
    #[must_use]
    pub fn is_sweeping(&self) -> bool {
        self.progress.state().sweeping
    }

    /// Returns what this process's last whole pass has come to; `None` before the first.
    #[must_use]
    pub fn last_pass(&self) -> Option<SweepSummary> {
        self.progress.state().last
    }
}

impl fmt::Debug for SweepHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SweepHandle")
            .field("is_running", &self.is_running())
            .field("is_sweeping", &self.is_sweeping())
            .field("last_pass", &self.last_pass())
            .finish()
    }
}

impl Progress {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task's side: the sweep has ended when it is dropped, also with a task that never ran.
pub(super) struct Sweeping {
    progress: Arc<Progress>,
    shared: Arc<Shared>,
}

impl Sweeping {
    /// Waits for any reason to end.
    pub(super) async fn stopped(&self) {
        futures_lite::future::or(self.progress.stop.wait(), self.shared.closing.wait()).await;
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.progress.stop.is_set() || self.shared.closing.is_set()
    }

    pub(super) fn set_sweeping(&self, sweeping: bool) {
        self.progress.state().sweeping = sweeping;
    }

    pub(super) fn passed(&self, summary: SweepSummary) {
        self.progress.state().last = Some(summary);
    }
}

impl Drop for Sweeping {
    fn drop(&mut self) {
        self.set_sweeping(false);
        self.progress.ended.set();
        self.shared.sweeps.fetch_sub(1, Ordering::AcqRel);
        self.shared.run_ended.notify(usize::MAX);
    }
}
