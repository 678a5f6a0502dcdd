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
        RotationEvent::EndsWithoutRefresh { token, expires_at } => {
            let expires_at = expires_at.as_unix();
            warn!(%key, ?slot, %token, expires_at, "the token ends and has no refresh token");
        }
        RotationEvent::ReauthorizationNeeded { reason } => {
            error!(%key, ?slot, %reason, "a person must authorize the app again");
        }
        _ => info!(%key, ?slot, "an event of an unknown kind"),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fmt::{Debug, Write as _},
        sync::{Arc, Mutex},
        time::Duration,
    };

    use slack_proto::{
        Timestamp,
        rotation::{ReauthorizationReason, RefreshFailure},
        tokens::{Fingerprint, InstallationKey, RefreshToken},
    };
    use tracing::{
        Event, Metadata, Subscriber,
        field::{Field, Visit},
        span,
        subscriber::with_default,
    };

    use super::*;

    /// Keeps the level and the fields of each line.
    struct Lines(Arc<Mutex<Vec<String>>>);

    struct Line(String);

    impl Visit for Line {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            write!(self.0, " {field}={value:?}").unwrap();
        }
    }

    impl Subscriber for Lines {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

        fn event(&self, event: &Event<'_>) {
            let mut line = Line(event.metadata().level().to_string());
            event.record(&mut line);
            self.0.lock().unwrap().push(line.0);
        }

        fn enter(&self, _: &span::Id) {}

        fn exit(&self, _: &span::Id) {}
    }

    #[test]
    fn each_kind_of_event_has_a_line_of_its_own_without_a_token() {
        let [old, new] = ["xoxb-OLD", "xoxb-NEW"].map(Fingerprint::of);
        let (token, after) = (old, Duration::from_secs(7));
        let expires_at = Timestamp::from_unix(9);
        let tokens = vec![RefreshToken::new("xoxe-1-SPARE").unwrap()];
        let reason = ReauthorizationReason::NoRefreshToken;
        let events = [
            (RotationEvent::Due { token }, "DEBUG", "is due"),
            (
                RotationEvent::Refreshed { old, new, expires_at: Some(expires_at) },
                "INFO",
                "expires_at=9",
            ),
            (RotationEvent::NoRefreshToken { token }, "WARN", "the old one is kept"),
            (RotationEvent::Adopted { token }, "INFO", "a newer token"),
            (RotationEvent::Conflict { kept: old, dropped: new }, "WARN", "at the same time"),
            (RotationEvent::StoreRolledBack { stored: old, kept: new }, "WARN", "an older state"),
            (
                RotationEvent::Retrying { token, failure: RefreshFailure::NothingSent, after },
                "WARN",
                "after=7s",
            ),
            (RotationEvent::StoreFailed { after }, "WARN", "the store failed"),
            (RotationEvent::Spares { tokens }, "WARN", "count=1"),
            (RotationEvent::EndsWithoutRefresh { token, expires_at }, "WARN", "expires_at=9"),
            (RotationEvent::ReauthorizationNeeded { reason }, "ERROR", "authorize the app again"),
        ];
        let key = StoreKey::from(InstallationKey::Workspace("T1".into()));
        let lines = Arc::default();
        with_default(Lines(Arc::clone(&lines)), || {
            for (event, ..) in &events {
                trace(&key, Slot::Bot, event);
            }
        });
        let lines = lines.lock().unwrap();
        assert_eq!(lines.len(), events.len());
        for ((event, level, text), line) in events.iter().zip(&*lines) {
            assert!(line.starts_with(level) && line.contains(text), "{event:?}: {line}");
            assert!(line.contains("key=T1") && line.contains("slot=Bot"), "{line}");
            assert!(!line.contains("xox"), "{line}");
        }
    }
}
