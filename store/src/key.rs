//! The names that entries have in a backend.

use std::fmt;

use slack_proto::StoreKey;

use crate::{StoreError, StoreErrorKind};

/// The name of an entry: printable ASCII without blanks, at most [`MAX_LEN`](Self::MAX_LEN) bytes, compared and ordered
/// byte by byte.
///
/// The key of an installation is [`StoreKey::to_text`]. Keys that begin with `@` belong to the library: `@app` says which
/// app the store belongs to, `@sweep` is the lease of the process that runs the sweep.
///
/// A database must compare keys byte by byte (`COLLATE "C"` where it does not do so by itself).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryKey(Box<str>);

impl EntryKey {
    /// How many bytes a key has at most.
    pub const MAX_LEN: usize = 1024;

    /// Reads a key that was stored; `None` if the text is not a key.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let is_key = (1..=Self::MAX_LEN).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_key.then(|| Self(text.into()))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the key of the installation; `None` if it is one of the library's own.
    #[must_use]
    pub fn store_key(&self) -> Option<StoreKey> {
        StoreKey::from_text(&self.0).ok()
    }

    /// Returns whether the key belongs to the library.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        self.0.starts_with('@')
    }

    /// What stands in a store where a key belongs: good for a cursor, and for nothing else.
    pub(crate) fn unreadable(text: &str) -> Self {
        Self(text.into())
    }

    /// The key under which the store says which app it belongs to.
    pub(crate) fn app() -> Self {
        Self("@app".into())
    }

    /// The key of the lease of the sweep.
    pub(crate) fn sweep() -> Self {
        Self("@sweep".into())
    }
}

impl TryFrom<&StoreKey> for EntryKey {
    type Error = StoreError;

    /// Fails only if the ids in the key are longer than any of Slack's.
    fn try_from(key: &StoreKey) -> Result<Self, StoreError> {
        Self::from_text(&key.to_text()).ok_or_else(|| {
            StoreError::new(
                StoreErrorKind::Refused,
                "the ids of the key are too long to be stored; check where they come from",
            )
        })
    }
}

/// Shows the ids in it as their own types do.
impl fmt::Debug for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.store_key() {
            Some(key) => write!(f, "EntryKey({key})"),
            None if self.is_reserved() => write!(f, "EntryKey({})", self.0),
            None => write!(f, "EntryKey([{} bytes not shown])", self.0.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use slack_proto::tokens::InstallationKey;

    use super::*;

    #[test]
    fn a_key_is_printable_and_bounded() {
        for text in ["team/T1", "@app", "~"] {
            assert_eq!(EntryKey::from_text(text).unwrap().as_str(), text);
        }
        let long = "x".repeat(EntryKey::MAX_LEN + 1);
        for text in ["", "a b", "a\n", "\u{e9}", &long] {
            assert!(EntryKey::from_text(text).is_none());
        }
        assert!(EntryKey::from_text(&long[1..]).is_some());
        let key = StoreKey::from(InstallationKey::Workspace(long.as_str().into()));
        assert_eq!(EntryKey::try_from(&key).unwrap_err().kind(), StoreErrorKind::Refused);
    }

    #[test]
    fn the_librarys_keys_are_no_installations() {
        assert!(EntryKey::app().is_reserved() && EntryKey::app().store_key().is_none());
        let key = StoreKey::from(InstallationKey::Workspace("xoxb-1 \u{e9}".into()));
        let entry = EntryKey::try_from(&key).unwrap();
        assert!(!entry.is_reserved());
        assert_eq!(entry.store_key().as_ref(), Some(&key));
        assert!(!format!("{entry:?} {:?}", EntryKey::from_text("xoxb-1")).contains("xoxb"));
    }
}
