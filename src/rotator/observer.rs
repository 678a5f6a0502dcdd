//! What happens to credentials, for observers and `tracing`.

use slack_proto::{Slot, StoreKey, rotation::RotationEvent};

/// Receives what happens to credentials: for logs, counters and alerts.
///
/// A closure that takes the same three is one. With the feature `tracing` a rotator sends the same to `tracing`. Tokens
/// appear in a [`RotationEvent`] as fingerprints; only [`RotationEvent::Spares`] holds tokens themselves.
///
/// It is called in the task that refreshes, or in that of a caller, after every lock is released: it may call the rotator.
/// A panic is contained; it costs that one event.
pub trait RotationObserver: Send + Sync + 'static {
    /// Receives one event.
    fn notice(&self, key: &StoreKey, slot: Slot, event: &RotationEvent);
}

impl<F: Fn(&StoreKey, Slot, &RotationEvent) + Send + Sync + 'static> RotationObserver for F {
    fn notice(&self, key: &StoreKey, slot: Slot, event: &RotationEvent) {
        self(key, slot, event);
    }
}

/// Sends an event to `tracing`.
#[cfg(feature = "tracing")]
pub(super) fn trace(key: &StoreKey, slot: Slot, event: &RotationEvent) {
    use tracing::{debug, error, info, warn};
    match event {
        RotationEvent::Due { token } => debug!(%key, ?slot, %token, "token is due"),
        RotationEvent::Refreshed { old, new, expires_at } => {
            let expires_at = expires_at.map(slack_proto::Timestamp::as_unix);
            info!(%key, ?slot, %old, %new, expires_at, "token refreshed");
        }
        RotationEvent::NoRefreshToken { token } => {
            warn!(%key, ?slot, %token, "the response held no new refresh token; the old one is kept");
        }
        RotationEvent::Adopted { token } => {
            info!(%key, ?slot, %token, "another process has stored a newer token");
        }
        RotationEvent::Conflict { kept, dropped } => {
            warn!(%key, ?slot, %kept, %dropped, "another process has refreshed at the same time");
        }
        RotationEvent::StoreRolledBack { stored, kept } => {
            warn!(%key, ?slot, %stored, %kept, "the store was restored to an older state; the newer token is stored again");
        }
        RotationEvent::Retrying { token, failure, after } => {
            warn!(%key, ?slot, %token, ?failure, ?after, "no new token came");
        }
        RotationEvent::StoreFailed { after } => warn!(%key, ?slot, ?after, "the store failed"),
        RotationEvent::Spares { tokens } => {
            warn!(%key, ?slot, count = tokens.len(), "the response held refresh tokens that belong to no access token");
        }
        RotationEvent::ReauthorizationNeeded { reason } => {
            error!(%key, ?slot, %reason, "a person must authorize the app again");
        }
        _ => info!(%key, ?slot, "an event of an unknown kind"),
    }
}
