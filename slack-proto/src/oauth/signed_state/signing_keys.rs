//! The keys behind stateless states, during a change of them.

use super::StateSigningKey;

/// The key that signs states, and those that signed before and are taken still.
///
/// To change the key without ending the authorizations that are under way, first add the new one on every server by
/// [`old_key`](Self::old_key), then let it sign with the old one as `old_key`, and drop the old one after an
/// authorization's lifetime.
///
/// # Examples
///
/// ```
/// use slack_proto::oauth::{StateSigningKey, StateSigningKeys};
///
/// # let (new, old) = ([7; 32], [8; 32]);
/// let keys = StateSigningKeys::new(StateSigningKey::new(new)?).old_key(StateSigningKey::new(old)?);
/// # Ok::<(), slack_proto::error::InvalidValue>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "keys do nothing until a flow is made with them"]
pub struct StateSigningKeys {
    pub(super) key: StateSigningKey,
    pub(super) old: Vec<StateSigningKey>,
}

impl StateSigningKeys {
    /// Creates keys that sign with `key`, and take what it signed.
    pub fn new(key: StateSigningKey) -> Self {
        Self { key, old: Vec::new() }
    }

    /// Adds a key whose states are taken, and that signs none.
    pub fn old_key(mut self, key: StateSigningKey) -> Self {
        self.old.push(key);
        self
    }
}

impl From<StateSigningKey> for StateSigningKeys {
    fn from(key: StateSigningKey) -> Self {
        Self::new(key)
    }
}
