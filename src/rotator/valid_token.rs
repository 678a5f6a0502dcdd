//! What callers get.

use std::{
    fmt,
    ops::Deref,
    sync::{Arc, atomic::AtomicU64},
};

use slack_proto::{
    AccessToken, Timestamp,
    oauth::Scopes,
    rotation::AnyCredential,
    tokens::{ConfigurationCredential, ConfigurationToken, Credential},
};

/// An access token that is valid for at least the time that was asked for. Clones share it.
#[derive(Clone)]
pub struct ValidToken(Arc<AtHand<Credential>>);

impl ValidToken {
    /// Returns when the token expires; `None` if it does not.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.0.credential.expires_at
    }

    /// Returns what the token may do; empty if Slack did not say.
    #[must_use]
    pub fn scopes(&self) -> &Scopes {
        &self.0.credential.scopes
    }
}

impl Deref for ValidToken {
    type Target = AccessToken;

    fn deref(&self) -> &AccessToken {
        &self.0.credential.access_token
    }
}

impl fmt::Debug for ValidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ValidToken").field(&self.fingerprint()).finish()
    }
}

/// An app configuration token that is valid for at least the time that was asked for. Clones share it.
#[derive(Clone)]
pub struct ValidConfigurationToken(Arc<AtHand<ConfigurationCredential>>);

impl ValidConfigurationToken {
    /// Returns when the token expires; `None` if Slack did not say.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.0.credential.expires_at
    }
}

impl Deref for ValidConfigurationToken {
    type Target = ConfigurationToken;

    fn deref(&self) -> &ConfigurationToken {
        &self.0.credential.token
    }
}

impl fmt::Debug for ValidConfigurationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ValidConfigurationToken").field(&self.fingerprint()).finish()
    }
}

/// A token of either kind.
#[derive(Clone)]
pub(super) enum AnyToken {
    Access(ValidToken),
    Configuration(ValidConfigurationToken),
}

/// A credential, and what the cache must know of it: in one allocation, so that a caller's clone of it is all that a
/// cached token costs.
struct AtHand<C> {
    credential: C,
    times: Times,
}

/// The times that decide over a cached token.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// When it ends.
    pub(super) end: Option<Timestamp>,
    /// From when on somebody must refresh it.
    pub(super) due_at: Option<Timestamp>,
    /// When it was last asked for, in steps of a minute.
    pub(super) used_at: AtomicU64,
}

impl AnyToken {
    #[inline]
    pub(super) fn access(self) -> Option<ValidToken> {
        match self {
            Self::Access(token) => Some(token),
            Self::Configuration(_) => None,
        }
    }

    #[inline]
    pub(super) fn configuration(self) -> Option<ValidConfigurationToken> {
        match self {
            Self::Access(_) => None,
            Self::Configuration(token) => Some(token),
        }
    }

    #[inline]
    pub(super) fn times(&self) -> &Times {
        match self {
            Self::Access(token) => &token.0.times,
            Self::Configuration(token) => &token.0.times,
        }
    }

    /// Returns a token that is not cached.
    pub(super) fn of(credential: &AnyCredential) -> Option<Self> {
        Self::with_times(credential, Times::default())
    }

    pub(super) fn with_times(credential: &AnyCredential, times: Times) -> Option<Self> {
        match credential {
            AnyCredential::Credential(it) => {
                Some(Self::Access(ValidToken(Arc::new(AtHand { credential: it.clone(), times }))))
            }
            AnyCredential::Configuration(it) => {
                let at_hand = AtHand { credential: it.clone(), times };
                Some(Self::Configuration(ValidConfigurationToken(Arc::new(at_hand))))
            }
            _ => None,
        }
    }
}
