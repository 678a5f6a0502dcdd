//! Keys for everything that is looked up by a secret or by several values at once.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The first half of a SHA-256 digest.
///
/// The state holds tokens by their keys alone: 16 bytes in place of 176, and a saved state shows
/// no token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct Key([u8; 16]);

impl Key {
    /// Returns the key of a token.
    pub(crate) fn of(token: &str) -> Self {
        Self::of_digest(Sha256::new().chain_update(token))
    }

    /// Returns the key of a tuple; no two tuples of the same length share their input.
    pub(crate) fn of_all(parts: &[&str]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        Self::of_digest(digest)
    }

    fn of_digest(digest: Sha256) -> Self {
        let mut key = [0; 16];
        key.copy_from_slice(&digest.finalize()[..16]);
        Self(key)
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.0.iter().fold(Self::with_capacity(32), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl TryFrom<String> for Key {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let lowercase = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let number = u128::from_str_radix(&text, 16).ok().filter(|_| lowercase && text.len() == 32);
        number.map(|number| Self(number.to_be_bytes())).ok_or("a key has 32 hexadecimal digits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_being_written() {
        let key = Key::of("xoxb-1");
        let text = String::from(key);
        assert_eq!(text.len(), 32);
        assert!(Key::try_from(text.clone()) == Ok(key));
        for bad in [&text[1..], &text.to_uppercase(), &text.replace(&text[..1], "+"), ""] {
            assert!(Key::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn tuples_with_other_borders_have_other_keys() {
        assert!(Key::of_all(&["ab", "c"]) != Key::of_all(&["a", "bc"]));
        assert!(Key::of_all(&["a", ""]) != Key::of_all(&["", "a"]));
    }
}
