//! What can be said of one credential.

use std::fmt;

use slack_proto::{
    Slot, StoreKey, Timestamp,
    rotation::{AnyCredential, Problem, ReauthorizationReason},
    tokens::{Fingerprint, NeedsAuthorization},
};

use crate::rotator::entry::Activity;

/// The state of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HealthState {
    /// The token is valid and not due.
    Ready,
    /// The token is due, and nobody is refreshing it: the next caller does, or the sweep.
    Due,
    /// This process or another one is refreshing the token.
    Refreshing,
    /// A refresh has failed, or is held back, and will be tried again. The old token is returned for as long as it is valid.
    Retrying {
        /// When it is tried again.
        until: Timestamp,
        /// The problem.
        problem: Problem,
    },
    /// A person must authorize the app again.
    NeedsAuthorization {
        /// When that was first known.
        since: Timestamp,
        /// The reason.
        reason: ReauthorizationReason,
    },
}

impl HealthState {
    /// Returns a stable name in `snake_case`, for logs and metrics.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Due => "due",
            Self::Refreshing => "refreshing",
            Self::Retrying { .. } => "retrying",
            Self::NeedsAuthorization { .. } => "needs_authorization",
        }
    }

    pub(super) fn of(
        credential: &AnyCredential,
        note: Option<&NeedsAuthorization>,
        due_at: Option<Timestamp>,
        activity: Option<Activity>,
        now: Timestamp,
    ) -> Self {
        if let Some(note) = note {
            let reason = ReauthorizationReason::from_note(&note.reason, note.code.as_ref());
            return Self::NeedsAuthorization { since: note.since, reason };
        }
        match activity {
            Some(Activity { running: true, held_up: Some((until, problem)) })
                if until > now && problem != Problem::Elsewhere =>
            {
                return Self::Retrying { until, problem };
            }
            Some(Activity { running: true, .. }) => return Self::Refreshing,
            _ => {}
        }
        match (due_at, credential.expires_at()) {
            (Some(due_at), _) if now >= due_at => Self::Due,
            (None, Some(since)) if now >= since => {
                let reason = ReauthorizationReason::NoRefreshToken;
                Self::NeedsAuthorization { since, reason }
            }
            _ => Self::Ready,
        }
    }
}

/// Writes the state for people, such as `retrying until 2026-11-21T08:00:00Z because slack wants fewer calls`.
impl fmt::Display for HealthState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready | Self::Due | Self::Refreshing => f.write_str(self.as_str()),
            Self::Retrying { until, problem } => {
                write!(f, "retrying until {until} because {problem}")
            }
            Self::NeedsAuthorization { since, reason } => {
                write!(f, "needs authorization since {since} because {reason}")
            }
        }
    }
}

/// The health of one credential.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialHealth {
    /// The slot.
    pub slot: Slot,
    /// The token, by its fingerprint.
    pub token: Fingerprint,
    /// The state.
    pub state: HealthState,
    /// Whether there is a refresh token.
    pub rotates: bool,
    /// When the token was issued.
    pub issued_at: Timestamp,
    /// When the token expires; `None` if it does not.
    pub expires_at: Option<Timestamp>,
    /// When the token is due for a refresh; `None` if it never is.
    pub due_at: Option<Timestamp>,
    /// When the refresh token expires; `None` if it does not, or if it is unknown.
    pub refresh_token_ends_at: Option<Timestamp>,
}

impl CredentialHealth {
    /// Returns whether a person must authorize the app again.
    #[must_use]
    pub fn needs_person(&self) -> bool {
        matches!(self.state, HealthState::NeedsAuthorization { .. })
    }

    /// Returns when a person must authorize the app again if nothing is refreshed until then: the end of the refresh token,
    /// or of a token that has none. `None` if that is never so, or if it is unknown.
    #[must_use]
    pub fn ends_at(&self) -> Option<Timestamp> {
        if self.rotates { self.refresh_token_ends_at } else { self.expires_at }
    }
}

/// The health of an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstallationHealth {
    /// The key of the installation in the store.
    pub key: StoreKey,
    /// Its credentials.
    pub credentials: Vec<CredentialHealth>,
}

impl InstallationHealth {
    /// Returns whether a person must authorize any of it again.
    #[must_use]
    pub fn needs_person(&self) -> bool {
        self.credentials.iter().any(CredentialHealth::needs_person)
    }

    /// Returns the first time when a person must authorize any of it again, as [`CredentialHealth::ends_at`].
    #[must_use]
    pub fn ends_at(&self) -> Option<Timestamp> {
        self.credentials.iter().filter_map(CredentialHealth::ends_at).min()
    }
}
