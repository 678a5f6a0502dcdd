//! Names of what a rotator records by the `metrics` facade.
//!
//! With the feature `metrics` a [`TokenRotator`](crate::TokenRotator) records to whatever recorder the program has installed,
//! for instance that of `metrics-exporter-prometheus`. Names and labels are stable. No label holds a token, a key or an id, so
//! their number does not grow with the installations.
//!
//! | name | type | labels | what it is |
//! |---|---|---|---|
//! | [`ROTATION_EVENTS`] | counter | `event`, `slot` | what happened to credentials: [`RotationEvent::as_str`](crate::rotation::RotationEvent::as_str), [`Slot::as_str`](crate::Slot::as_str) |
//! | [`REFRESH_REQUESTS`] | counter | `method`, `outcome` | requests for a new pair, by what came of them: `issued`, or [`RefreshFailure::as_str`](crate::rotation::RefreshFailure::as_str) |
//! | [`REFRESH_DURATION`] | histogram | `method` | how many seconds each of them took |
//! | [`REFRESHES_RUNNING`] | gauge | | refreshes that are under way, with those that wait |
//! | [`STORE_ERRORS`] | counter | `kind` | calls of the store that failed: [`StoreErrorKind::as_str`](crate::store::StoreErrorKind::as_str). `conflict` is usual |
//! | [`SWEEPING`] | gauge | | 1 in the process that sweeps, else 0 |
//! | [`SWEEP_PASSES`] | counter | | passes of the sweep that came to their end |
//! | [`SWEEP_REFRESHES`] | counter | `outcome` | what they did: `refreshed`, `failed` |
//! | [`SWEEP_UNREADABLE`] | gauge | | rows that the last pass could not read |
//!
//! That a person is needed is an event, `reauthorization_needed`. How many installations need one now is a question for the
//! store: [`TokenRotator::health_summary`](crate::TokenRotator::health_summary).
//!
//! Metrics are recorded after every lock is released, and a recorder that panics costs that one value.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Counter of events in the life of credentials, by `event` and `slot`.
pub const ROTATION_EVENTS: &str = "slack_auth_rotation_events_total";

/// Counter of requests for a new pair of tokens, by `method` and `outcome`.
pub const REFRESH_REQUESTS: &str = "slack_auth_refresh_requests_total";

/// Histogram of how long requests for a new pair take, in seconds, by `method`.
pub const REFRESH_DURATION: &str = "slack_auth_refresh_duration_seconds";

/// Gauge of refreshes that are under way, those that wait for their turn included. It has no labels.
pub const REFRESHES_RUNNING: &str = "slack_auth_refreshes_running";

/// Counter of failed calls of the store, by `kind`.
pub const STORE_ERRORS: &str = "slack_auth_store_errors_total";

/// Gauge that is 1 in the process that sweeps, else 0. It has no labels.
pub const SWEEPING: &str = "slack_auth_sweeping";

/// Counter of passes that the sweep has completed. It has no labels.
pub const SWEEP_PASSES: &str = "slack_auth_sweep_passes_total";

/// Counter of refreshes by the sweep, by `outcome`.
pub const SWEEP_REFRESHES: &str = "slack_auth_sweep_refreshes_total";

/// Gauge of rows that the last pass of the sweep could not read. It has no labels.
pub const SWEEP_UNREADABLE: &str = "slack_auth_sweep_unreadable";

/// Describes all of them to the recorder that is installed: the help texts and units of an exporter.
pub fn describe() {
    describe_counter!(ROTATION_EVENTS, "Events in the life of credentials");
    describe_counter!(REFRESH_REQUESTS, "Requests for a new pair of tokens");
    describe_histogram!(REFRESH_DURATION, Unit::Seconds, "Duration of requests for a new pair");
    describe_gauge!(REFRESHES_RUNNING, "Refreshes that are under way");
    describe_counter!(STORE_ERRORS, "Failed calls of the store");
    describe_gauge!(SWEEPING, "1 in the process that sweeps");
    describe_counter!(SWEEP_PASSES, "Passes of the sweep");
    describe_counter!(SWEEP_REFRESHES, "Refreshes by the sweep");
    describe_gauge!(SWEEP_UNREADABLE, "Rows that the last pass of the sweep could not read");
}
