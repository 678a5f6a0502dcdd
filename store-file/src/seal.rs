//! Sealing what is written with a key that stands elsewhere.

use std::{fmt, io};

use chacha20poly1305::{AeadInOut, Key, KeyInit, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::name::hex;

/// A key that seals what a store writes: 32 random bytes, wiped on drop.
#[derive(Clone)]
pub struct SealingKey(Zeroizing<[u8; 32]>);

impl SealingKey {
    /// Takes 32 bytes that a good generator drew; a password is none.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Draws a new key from the operating system's generator.
    ///
    /// # Errors
    ///
    /// When the system has no randomness to give, which no healthy system does.
    pub fn draw() -> io::Result<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// Shows the key, to keep it where the store cannot be read from.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Names the key: whoever has the name learns nothing of 32 random bytes.
    fn name(&self) -> String {
        let digest = Sha256::new().chain_update(b"slack-auth sealing key").chain_update(*self.0);
        hex(&digest.finalize()[..8])
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.0))
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey([redacted])")
    }
}

/// The key that seals, and what else may be opened.
///
/// To change keys, open the store with the new key and [`and_old`](Self::and_old) with the one before; each write seals
/// anew, and [`rewrite_all`](slack_store::rewrite_all) writes every installation.
#[derive(Clone, Debug)]
#[must_use = "keys do nothing until a store is opened with them"]
pub struct SealingKeys {
    key: SealingKey,
    old: Vec<SealingKey>,
    plain: bool,
}

impl SealingKeys {
    /// Seals and opens with `key`.
    pub fn new(key: SealingKey) -> Self {
        Self { key, old: Vec::new(), plain: false }
    }

    /// Opens as well what was sealed with `key`.
    pub fn and_old(mut self, key: SealingKey) -> Self {
        self.old.push(key);
        self
    }

    /// Takes as well what was written unsealed, for a store that changes over. Until then a plain file is refused:
    /// anybody could have put it there.
    pub fn and_unsealed(self) -> Self {
        Self { plain: true, ..self }
    }

    pub(crate) fn take_plain(&self) -> bool {
        self.plain
    }

    /// Names the key that seals.
    pub(crate) fn name(&self) -> String {
        self.key.name()
    }

    /// Seals `value`, bound to `line`: a nonce, and what the cipher makes.
    pub(crate) fn seal(&self, line: &[u8], value: &[u8]) -> io::Result<Vec<u8>> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)?;
        let mut sealed = Zeroizing::new(Vec::with_capacity(value.len() + TAG));
        sealed.extend_from_slice(value);
        self.key
            .cipher()
            .encrypt_in_place(&XNonce::from(nonce), line, &mut *sealed)
            .map_err(|_| io::Error::other("the value is too long to be sealed"))?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Finds a key by its name.
    pub(crate) fn find(&self, name: &str) -> Option<&SealingKey> {
        std::iter::once(&self.key).chain(&self.old).find(|key| key.name() == name)
    }
}

impl SealingKey {
    /// Opens what was sealed; `None` if it, or `line`, is not what it was.
    pub(crate) fn open(&self, line: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let mut value = Zeroizing::new(sealed.to_vec());
        self.cipher().decrypt_in_place(&XNonce::from(*nonce), line, &mut *value).ok()?;
        Some(value)
    }
}

const NONCE: usize = 24;
const TAG: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_does_not_open() {
        let keys = SealingKeys::new(SealingKey::new([7; 32]));
        let sealed = keys.seal(b"line", b"value").unwrap();
        assert_eq!(sealed.len(), NONCE + 5 + TAG);
        assert_eq!(*keys.key.open(b"line", &sealed).unwrap(), b"value");
        assert!(keys.key.open(b"lime", &sealed).is_none());
        for index in 0..sealed.len() {
            let mut other = sealed.clone();
            other[index] ^= 1;
            assert!(keys.key.open(b"line", &other).is_none(), "{index}");
            assert!(keys.key.open(b"line", &sealed[..index]).is_none(), "{index}");
        }
        assert!(SealingKey::new([8; 32]).open(b"line", &sealed).is_none());
    }

    #[test]
    fn no_two_seals_are_the_same() {
        let keys = SealingKeys::new(SealingKey::draw().unwrap());
        assert_ne!(keys.seal(b"", b"value").unwrap(), keys.seal(b"", b"value").unwrap());
    }

    #[test]
    fn keys_are_found_by_name_and_not_shown() {
        let keys = SealingKeys::new(SealingKey::new([7; 32])).and_old(SealingKey::new([8; 32]));
        let old = SealingKey::new([8; 32]);
        assert_eq!(keys.find(&old.name()).unwrap().expose(), &[8; 32]);
        assert!(keys.find(&SealingKey::new([9; 32]).name()).is_none());
        assert!(!format!("{keys:?}").contains('8'), "{keys:?}");
    }
}
