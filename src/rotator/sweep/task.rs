//! The background task: one process of many sweeps, by a lease.

use std::{sync::Arc, time::Duration};

use super::{
    super::{guard, shared::Shared},
    Pass, SweepSummary,
    handle::Sweeping,
    pass::Swept,
};
use crate::store::{LeaseHolder, LeaseOutcome};

/// Sweeps until it is stopped, whenever no other process does.
pub(super) async fn run(shared: Arc<Shared>, guard: Sweeping) {
    while !guard.is_stopped() {
        let Some(wait) = take_part(&shared, &guard).await else { return };
        let waits = guard::sleep(&*shared.runtime, wait);
        let stopped = async {
            guard.stopped().await;
            false
        };
        if !futures_lite::future::or(stopped, waits).await {
            return;
        }
    }
}

/// Sweeps for as long as the lease can be had. Returns how long to wait before another try; `None` if the sweep is
/// stopped, or has no timer any more.
async fn take_part(shared: &Arc<Shared>, guard: &Sweeping) -> Option<Duration> {
    let Ok(holder) = LeaseHolder::random() else { return Some(RETRY) };
    match shared.calls().acquire_sweep(holder, LEASE).await {
        Ok(LeaseOutcome::Granted) => {}
        Ok(LeaseOutcome::HeldFor(remaining)) => return Some(remaining.clamp(SHORTEST, LEASE)),
        Err(_) => return Some(RETRY),
    }
    guard.set_sweeping(true);
    #[cfg(feature = "metrics")]
    let _counted = super::super::record::Counted::sweep();
    let stopped = async {
        guard.stopped().await;
        None
    };
    let work = futures_lite::future::or(keep_lease(shared, holder), sweep(shared, guard));
    let outcome = futures_lite::future::or(stopped, work).await;
    guard.set_sweeping(false);
    // A lease that cannot be released runs out.
    let _ = shared.calls().release_sweep(holder).await;
    outcome
}

/// Prolongs the lease until it is lost.
async fn keep_lease(shared: &Shared, holder: LeaseHolder) -> Option<Duration> {
    let mut until = shared.runtime.elapsed() + LEASE;
    loop {
        if !guard::sleep(&*shared.runtime, LEASE / 3).await {
            return None;
        }
        let began = shared.runtime.elapsed();
        match shared.calls().acquire_sweep(holder, LEASE).await {
            Ok(LeaseOutcome::Granted) => until = began + LEASE,
            Ok(LeaseOutcome::HeldFor(remaining)) => return Some(remaining.clamp(SHORTEST, LEASE)),
            Err(_) if shared.runtime.elapsed() < until => {}
            Err(_) => return Some(RETRY),
        }
    }
}

/// Runs one pass after another.
async fn sweep(shared: &Arc<Shared>, guard: &Sweeping) -> Option<Duration> {
    let mut pass = Pass::new(shared, None);
    loop {
        let (mut refreshed, mut failed, mut unreadable) = (0, 0, 0);
        let count = |swept| match swept {
            Swept::Refreshed => refreshed += 1,
            Swept::Failed(_) => failed += 1,
            Swept::Unreadable(_) => unreadable += 1,
        };
        // A store that fails is asked again at the next pass.
        if pass.run(count).await.is_ok() {
            let ended_at = shared.runtime.now();
            let summary = SweepSummary { ended_at, refreshed, failed, unreadable };
            #[cfg(feature = "metrics")]
            super::super::record::pass(&summary);
            guard.passed(summary);
        }
        if !guard::sleep(&*shared.runtime, INTERVAL).await {
            return None;
        }
    }
}

/// How long the lease lasts: after that time another process takes over from one that died.
const LEASE: Duration = Duration::from_secs(90);

/// How long the sweep rests between two passes.
const INTERVAL: Duration = Duration::from_secs(60);

/// When a store that failed is asked again.
const RETRY: Duration = Duration::from_secs(30);

/// However soon a lease ends.
const SHORTEST: Duration = Duration::from_secs(1);
