//! The health of installations: which work, which are being refreshed, and which need a person.
//!
//! [`TokenRotator::health`](crate::TokenRotator::health) is about one installation,
//! [`health_summary`](crate::TokenRotator::health_summary) about all of an app, and
//! [`health_needing_person`](crate::TokenRotator::health_needing_person) lists those that need a person. That a person
//! is needed stands in the store: so it is known after a restart, and in every process.

pub use crate::rotator::{
    CredentialHealth, HealthPage, HealthState, HealthSummary, InstallationHealth, RefreshTokenEnd,
};
