//! Tokens at hand: what callers get without waiting, and without a lock that others hold.

use std::{fmt, ops::Deref, sync::Arc};

use slack_proto::{
    AccessToken, Slot, StoreKey, Timestamp,
    oauth::Scopes,
    rotation::AnyCredential,
    tokens::{ConfigurationCredential, ConfigurationToken, Credential},
};

/// An access token that is good for the time that was asked for. Clones share it.
#[derive(Clone)]
pub struct ValidToken(Arc<Credential>);

impl ValidToken {
    /// Tells when the token ends; `None` if it does not.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.0.expires_at
    }

    /// Tells what the token may do; empty if nobody said.
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

/// An app configuration token that is good for the time that was asked for. Clones share it.
#[derive(Clone)]
pub struct ValidConfigurationToken(Arc<ConfigurationCredential>);

impl ValidConfigurationToken {
    /// Tells when the token ends; `None` if nobody said.
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

/// A token, and the times that decide over it.
pub(super) struct Live {
    pub(super) token: AnyToken,
    /// When it ends.
    pub(super) end: Option<Timestamp>,
    /// From when on somebody must look after it.
    pub(super) due_at: Option<Timestamp>,
}

/// All tokens at hand, one map for each slot.
///
/// Reading takes no lock: a reader neither waits for a writer nor for another reader.
#[derive(Default)]
pub(super) struct Cache {
    slots: [Map<Live>; 4],
}

/// A map whose hasher is quick, and seeded anew by each process.
pub(super) type Map<V> = papaya::HashMap<StoreKey, V, foldhash::quality::RandomState>;

/// What a caller finds.
pub(super) enum Found<T> {
    Good(T),
    /// Good, but somebody must refresh it.
    Due(T),
    Nothing,
}

impl Cache {
    /// Finds a token that lives until `needed`, and gives what `pick` makes of it.
    #[inline]
    pub(super) fn find<T>(
        &self,
        key: &StoreKey,
        slot: Slot,
        now: Timestamp,
        needed: Timestamp,
        pick: impl FnOnce(&AnyToken) -> Option<T>,
    ) -> Found<T> {
        let map = self.slots[number(slot)].pin();
        let Some(live) = map.get(key) else { return Found::Nothing };
        if live.end.is_some_and(|end| needed > end || now >= end) {
            return Found::Nothing;
        }
        let Some(token) = pick(&live.token) else { return Found::Nothing };
        match live.due_at {
            Some(due_at) if now >= due_at => Found::Due(token),
            _ => Found::Good(token),
        }
    }

    pub(super) fn put(&self, key: &StoreKey, slot: Slot, live: Option<Live>) {
        let map = self.slots[number(slot)].pin();
        match live {
            Some(live) => map.insert(key.clone(), live),
            None => map.remove(key),
        };
    }
}

/// The number of a slot's map.
pub(super) fn number(slot: Slot) -> usize {
    match slot {
        Slot::Bot => 0,
        Slot::User => 1,
        Slot::Configuration => 2,
        _ => 3,
    }
}
