//! A name for a secret that can be logged.

use std::fmt;

use sha2::{Digest, Sha256};

/// The first 16 hex digits of the SHA-256 of a secret. It distinguishes tokens in logs without revealing them.
///
/// It is not called a hash: 64 bits identify a token, and must not be used to verify one.
///
/// # Examples
///
/// ```
/// let token = slack_proto::AccessToken::new("xoxb-1")?;
/// assert_eq!(token.fingerprint().to_string().len(), 16);
/// # Ok::<(), slack_proto::error::InvalidValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 8]);

impl Fingerprint {
    /// Returns the fingerprint of `secret`, which should be long random text. A short or guessable secret can be
    /// found from its fingerprint.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        let mut first = [0; 8];
        first.copy_from_slice(&Sha256::digest(secret)[..8]);
        Self(first)
    }

    /// Reads what `Display` wrote.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let number = u64::from_str_radix(text, 16).ok()?;
        Some(Self(number.to_be_bytes())).filter(|it| it.to_string() == text)
    }

    /// Names two secrets together, so that no other two have the same name.
    pub(crate) fn of_pair(one: &str, other: &str) -> Self {
        let mut digest = Sha256::new();
        digest.update((one.len() as u64).to_be_bytes());
        digest.update(one);
        digest.update(other);
        let mut first = [0; 8];
        first.copy_from_slice(&digest.finalize()[..8]);
        Self(first)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_beginning_of_the_sha_256() {
        // FIPS 180-4, the message "abc".
        assert_eq!(Fingerprint::of("abc").to_string(), "ba7816bf8f01cfea");
        assert_eq!(format!("{:?}", Fingerprint::of("abc")), "Fingerprint(ba7816bf8f01cfea)");
    }
}
