//! What callers get.

use std::{fmt, ops::Deref, sync::Arc};

use slack_proto::{
    AccessToken, Timestamp,
    oauth::Scopes,
    rotation::AnyCredential,
    tokens::{ConfigurationCredential, ConfigurationToken, Credential},
};

/// An access token that is valid for at least the time that was asked for. Clones share it.
#[derive(Clone)]
pub struct ValidToken(Arc<Credential>);

impl ValidToken {
    /// Returns when the token ends; `None` if it does not.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.0.expires_at
    }

    /// Returns what the token may do; empty if Slack did not say.
    #[must_use]
    pub fn scopes(&self) -> &Scopes {
        &self.0.scopes
    }
}

impl Deref for ValidToken {
    type Target = AccessToken;

    fn deref(&self) -> &AccessToken {
        &self.0.access_token
    }
}

impl fmt::Debug for ValidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ValidToken").field(&self.fingerprint()).finish()
    }
}

/// An app configuration token that is valid for at least the time that was asked for. Clones share it.
#[derive(Clone)]
pub struct ValidConfigurationToken(Arc<ConfigurationCredential>);

impl ValidConfigurationToken {
    /// Returns when the token ends; `None` if Slack did not say.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.0.expires_at
    }
}

impl Deref for ValidConfigurationToken {
    type Target = ConfigurationToken;

    fn deref(&self) -> &ConfigurationToken {
        &self.0.token
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

impl AnyToken {
    pub(super) fn access(&self) -> Option<ValidToken> {
        match self {
            Self::Access(token) => Some(token.clone()),
            Self::Configuration(_) => None,
        }
    }

    pub(super) fn configuration(&self) -> Option<ValidConfigurationToken> {
        match self {
            Self::Access(_) => None,
            Self::Configuration(token) => Some(token.clone()),
        }
    }

    pub(super) fn of(credential: &AnyCredential) -> Option<Self> {
        match credential {
            AnyCredential::Credential(it) => Some(Self::Access(ValidToken(Arc::new(it.clone())))),
            AnyCredential::Configuration(it) => {
                Some(Self::Configuration(ValidConfigurationToken(Arc::new(it.clone()))))
            }
            _ => None,
        }
    }
}
