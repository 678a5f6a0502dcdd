//! What is recorded by the `metrics` facade.
//!
//! Nothing here is called under a lock, and a recorder's panic is contained.

use std::time::Duration;

use metrics::{counter, gauge, histogram};
use slack_proto::{
    Slot,
    rotation::{Input, RotationEvent},
};

use super::{guard::contained, sweep::SweepSummary};
use crate::{
    metrics::{
        REFRESH_DURATION, REFRESH_REQUESTS, REFRESHES_RUNNING, ROTATION_EVENTS, STORE_ERRORS,
        SWEEP_PASSES, SWEEP_REFRESHES, SWEEP_UNREADABLE, SWEEPING,
    },
    store::StoreErrorKind,
};

pub(super) fn event(slot: Slot, event: &RotationEvent) {
    contained(|| {
        let (event, slot) = (event.as_str(), slot.as_str());
        counter!(ROTATION_EVENTS, "event" => event, "slot" => slot).increment(1);
    });
}

/// Records a request for a new pair, and what came of it.
pub(super) fn request(method: &'static str, took: Duration, outcome: &Input) {
    let outcome = match outcome {
        Input::Failed(failure) => failure.as_str(),
        _ => "issued",
    };
    contained(|| {
        counter!(REFRESH_REQUESTS, "method" => method, "outcome" => outcome).increment(1);
        histogram!(REFRESH_DURATION, "method" => method).record(took);
    });
}

pub(super) fn store_error(kind: StoreErrorKind) {
    contained(|| counter!(STORE_ERRORS, "kind" => kind.as_str()).increment(1));
}

/// Records a pass of the sweep.
pub(super) fn pass(summary: &SweepSummary) {
    let count = |count| u64::try_from(count).unwrap_or(u64::MAX);
    contained(|| {
        counter!(SWEEP_PASSES).increment(1);
        counter!(SWEEP_REFRESHES, "outcome" => "refreshed").increment(count(summary.refreshed));
        counter!(SWEEP_REFRESHES, "outcome" => "failed").increment(count(summary.failed));
        gauge!(SWEEP_UNREADABLE).set(u32::try_from(summary.unreadable).unwrap_or(u32::MAX));
    });
}

/// One more of a gauge, until it is dropped.
pub(super) struct Counted(&'static str);

impl Counted {
    /// Counts a refresh that is under way.
    pub(super) fn refresh() -> Self {
        Self::of(REFRESHES_RUNNING)
    }

    /// Counts a process that sweeps.
    pub(super) fn sweep() -> Self {
        Self::of(SWEEPING)
    }

    fn of(name: &'static str) -> Self {
        contained(|| gauge!(name).increment(1));
        Self(name)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        contained(|| gauge!(self.0).decrement(1));
    }
}
