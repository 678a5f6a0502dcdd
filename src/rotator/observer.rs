//! Who is told what happens.

use slack_proto::{Slot, StoreKey, rotation::RotationEvent};

/// Is told what happens to credentials: for logs, counters, and mails to whoever must act.
///
/// A closure that takes the same three is one. With the feature `tracing` a rotator tells `tracing` as well. Tokens
/// stand in a [`RotationEvent`] by their fingerprints; only [`RotationEvent::Spares`] holds tokens themselves.
///
/// It is called while the credential is locked: let it be quick, and not call the rotator.
pub trait RotationObserver: Send + Sync + 'static {
    /// Takes note.
    fn notice(&self, key: &StoreKey, slot: Slot, notice: &RotationEvent);
}

impl<F: Fn(&StoreKey, Slot, &RotationEvent) + Send + Sync + 'static> RotationObserver for F {
    fn notice(&self, key: &StoreKey, slot: Slot, notice: &RotationEvent) {
        self(key, slot, notice);
    }
}

/// Tells `tracing`.
#[cfg(feature = "tracing")]
pub(super) fn trace(key: &StoreKey, slot: Slot, notice: &RotationEvent) {
    use tracing::{debug, error, info, warn};
    match notice {
        RotationEvent::Due { token } => debug!(%key, ?slot, %token, "token is due"),
        RotationEvent::Refreshed { old, new, expires_at } => {
            let expires_at = expires_at.map(slack_proto::Timestamp::as_unix);
            info!(%key, ?slot, %old, %new, expires_at, "token refreshed");
        }
        RotationEvent::NoRefreshToken { token } => {
            warn!(%key, ?slot, %token, "no new refresh token came; the old one stays");
        }
        RotationEvent::Adopted { token } => {
            info!(%key, ?slot, %token, "another process has stored a newer token");
        }
        RotationEvent::Conflict { kept, dropped } => {
            warn!(%key, ?slot, %kept, %dropped, "another process has refreshed at the same time");
        }
        RotationEvent::StoreRolledBack { stored, kept } => {
            warn!(%key, ?slot, %stored, %kept, "the store was set back; the newer token is stored again");
        }
        RotationEvent::Retrying { token, failure, after } => {
            warn!(%key, ?slot, %token, ?failure, ?after, "no new token came");
        }
        RotationEvent::StoreFailed { after } => warn!(%key, ?slot, ?after, "the store failed"),
        RotationEvent::Spares { tokens } => {
            warn!(%key, ?slot, count = tokens.len(), "refresh tokens came that belong to no token");
        }
        RotationEvent::ReauthorizationNeeded { reason } => {
            error!(%key, ?slot, %reason, "no more tokens")
        }
        _ => info!(%key, ?slot, "something new happened to the token"),
    }
}
