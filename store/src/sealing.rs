//! Sealing of what is stored, with a key that is kept elsewhere, over any backend.

use std::{fmt, io};

use chacha20poly1305::{AeadInOut, Key, KeyInit, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{Entry, EntryKey, SecretBytes, StoreError, StoreErrorKind, StoredVersion};

/// A key that seals what a store writes: 32 random bytes, wiped on drop.
#[derive(Clone)]
pub struct SealingKey(Zeroizing<[u8; 32]>);

impl SealingKey {
    /// Creates a key from 32 bytes of a cryptographic random number generator; a password is not a key.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Draws a new key from the operating system's generator.
    ///
    /// # Errors
    ///
    /// When the system has no randomness to give, which no healthy system does.
    pub fn random() -> io::Result<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// Returns the key, to keep it where the store cannot be read from.
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

/// The key that seals, and those that open what was sealed before.
///
/// XChaCha20-Poly1305, with a nonce of 24 random bytes for each write. A sealed value is bound to its entry's key and
/// version: it does not open in the place of another. Anyone who can write to the store can still remove an entry, or put an
/// older state of the same entry back.
///
/// The store's mark names the key. A process that has another key, or none, is refused before it reads or writes
/// anything: otherwise it would store installations that the other processes cannot read.
///
/// To change keys, open the store with the new key and [`old_key`](Self::old_key) with the one before: from then on every
/// process needs the new key, as either of the two. Each write seals anew, and
/// [`InstallationStore::rewrite`](crate::InstallationStore::rewrite) writes every installation. After that the old key can
/// be dropped.
#[derive(Clone, Debug)]
#[must_use = "keys do nothing until a store is opened with them"]
pub struct SealingKeys {
    key: SealingKey,
    old: Vec<SealingKey>,
    plain: bool,
}

impl SealingKeys {
    /// Creates keys that seal and open with `key`.
    pub fn new(key: SealingKey) -> Self {
        Self { key, old: Vec::new(), plain: false }
    }

    /// Adds a key that opens what was sealed with it.
    pub fn old_key(mut self, key: SealingKey) -> Self {
        self.old.push(key);
        self
    }

    /// Allows reading what was written unsealed, for a store that changes over. Otherwise an unsealed value is refused:
    /// anybody could have put it there.
    pub fn allow_unsealed(self) -> Self {
        Self { plain: true, ..self }
    }

    /// Seals the value of an entry: it opens under this key and version alone.
    pub(crate) fn seal(
        &self,
        key: &EntryKey,
        version: StoredVersion,
        value: &[u8],
    ) -> Result<SecretBytes, StoreError> {
        let line = format!("{SEALED}{}\n", self.key.name());
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| StoreError::no_randomness(error.into()))?;
        let mut sealed = Zeroizing::new(Vec::with_capacity(value.len() + TAG));
        sealed.extend_from_slice(value);
        self.key
            .cipher()
            .encrypt_in_place(&XNonce::from(nonce), &bound(&line, key, version), &mut *sealed)
            .map_err(|_| {
                StoreError::new(
                    StoreErrorKind::Refused,
                    "the value is too long to be sealed; store less",
                )
            })?;
        Ok(SecretBytes::new([line.as_bytes(), &nonce, &sealed].concat()))
    }

    /// Returns the names of the keys, the one that seals first.
    pub(crate) fn names(&self) -> Vec<String> {
        std::iter::once(&self.key).chain(&self.old).map(SealingKey::name).collect()
    }

    fn find(&self, name: &str) -> Option<&SealingKey> {
        std::iter::once(&self.key).chain(&self.old).find(|key| key.name() == name)
    }
}

/// Opens the value of an entry, or takes it as it is if it may be unsealed.
pub(crate) fn open(
    keys: Option<&SealingKeys>,
    key: &EntryKey,
    entry: Entry,
) -> Result<SecretBytes, StoreError> {
    let value = entry.value.as_ref();
    let (name, associated, sealed) = if let Some(rest) = value.strip_prefix(SEALED.as_bytes()) {
        let (name, sealed) = line(rest).ok_or_else(damaged)?;
        (name, bound(&format!("{SEALED}{name}\n"), key, entry.version), sealed)
    } else if value.starts_with(FIRST.as_bytes()) {
        first_format(key, entry.version, value)?
    } else if value.starts_with(ANY_VERSION.as_bytes()) {
        return Err(foreign("the value was sealed by a newer release; upgrade"));
    } else {
        return match keys {
            Some(keys) if !keys.plain => Err(foreign(
                "the value is not sealed; if the store changes over to sealing, set `allow_unsealed`",
            )),
            _ => Ok(entry.value),
        };
    };
    let Some(keys) = keys else {
        return Err(StoreError::sealed());
    };
    let Some(key) = keys.find(name) else {
        return Err(StoreError::wrong_key());
    };
    key.open(&associated, sealed).ok_or_else(damaged)
}

/// What a sealed value is bound to beside its key: none opens in the place of another, nor under another version.
fn bound(line: &str, key: &EntryKey, version: StoredVersion) -> Vec<u8> {
    format!("{line}{} {:016x}", key.as_str(), version.as_u64()).into_bytes()
}

/// Reads a file of the folder's first format, which was sealed as a whole: its first line names key, version and sealing
/// key, and is what the value is bound to.
fn first_format<'a>(
    key: &EntryKey,
    version: StoredVersion,
    value: &'a [u8],
) -> Result<(&'a str, Vec<u8>, &'a [u8]), StoreError> {
    let (line, sealed) = line(value).ok_or_else(damaged)?;
    let (start, name) = line.rsplit_once(' ').ok_or_else(damaged)?;
    if start != format!("{FIRST}{:016x} {}", version.as_u64(), key.as_str()) {
        return Err(foreign(
            "the value was sealed for another entry; move it back, or remove it and install again",
        ));
    }
    Ok((name, format!("{start} ").into_bytes(), sealed))
}

fn line(value: &[u8]) -> Option<(&str, &[u8])> {
    let end = value.iter().position(|byte| *byte == b'\n')?;
    Some((std::str::from_utf8(&value[..end]).ok()?, &value[end + 1..]))
}

fn damaged() -> StoreError {
    StoreError::new(
        StoreErrorKind::Damaged,
        "the sealed value is cut off or damaged; restore it from a copy, or remove it and install again",
    )
}

fn foreign(what: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Foreign, what)
}

impl SealingKey {
    fn open(&self, associated: &[u8], sealed: &[u8]) -> Option<SecretBytes> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let mut value = Zeroizing::new(sealed.to_vec());
        self.cipher().decrypt_in_place(&XNonce::from(*nonce), associated, &mut *value).ok()?;
        Some(SecretBytes::new(std::mem::take(&mut *value)))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

const ANY_VERSION: &str = "slack-auth sealed ";
const SEALED: &str = "slack-auth sealed 1 ";
const FIRST: &str = "slack-auth installation 1 sealed ";
const NONCE: usize = 24;
const TAG: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: StoredVersion = StoredVersion::new(7);

    fn keys(byte: u8) -> SealingKeys {
        SealingKeys::new(SealingKey::new([byte; 32]))
    }

    fn key() -> EntryKey {
        EntryKey::from_text("team/T1").unwrap()
    }

    fn opened(
        keys: &SealingKeys,
        key: &EntryKey,
        version: StoredVersion,
        value: &[u8],
    ) -> Result<Vec<u8>, StoreErrorKind> {
        let entry = Entry::new(version, value.to_vec());
        let value = open(Some(keys), key, entry).map_err(|error| error.kind())?;
        Ok(value.as_ref().to_vec())
    }

    #[test]
    fn what_was_changed_or_moved_does_not_open() {
        let keys = keys(7);
        let sealed = keys.seal(&key(), VERSION, b"value").unwrap();
        let sealed = sealed.as_ref();
        assert_eq!(sealed.len(), SEALED.len() + 17 + NONCE + 5 + TAG);
        assert_eq!(opened(&keys, &key(), VERSION, sealed).unwrap(), b"value");
        let other = EntryKey::from_text("team/T2").unwrap();
        assert_eq!(opened(&keys, &other, VERSION, sealed), Err(StoreErrorKind::Damaged));
        let version = StoredVersion::new(8);
        assert_eq!(opened(&keys, &key(), version, sealed), Err(StoreErrorKind::Damaged));
        for index in 0..sealed.len() {
            let mut changed = sealed.to_vec();
            changed[index] ^= 1;
            assert!(opened(&keys, &key(), VERSION, &changed).is_err(), "{index}");
            assert!(opened(&keys, &key(), VERSION, &sealed[..index]).is_err(), "{index}");
        }
    }

    /// The first format sealed a file as a whole, and bound it to its first line.
    #[test]
    fn what_the_first_format_sealed_opens_in_its_own_place_alone() {
        let keys = keys(7);
        assert_eq!(keys.key.expose(), &[7; 32]);
        let start = format!("{FIRST}{:016x} {} ", VERSION.as_u64(), key().as_str());
        let (nonce, mut sealed) = ([3; NONCE], b"value".to_vec());
        let cipher = keys.key.cipher();
        cipher.encrypt_in_place(&XNonce::from(nonce), start.as_bytes(), &mut sealed).unwrap();
        let name = &keys.names()[0];
        let whole = [format!("{start}{name}\n").as_bytes(), &nonce, &sealed].concat();
        assert_eq!(opened(&keys, &key(), VERSION, &whole).unwrap(), b"value");
        let other = EntryKey::from_text("team/T2").unwrap();
        assert_eq!(opened(&keys, &other, VERSION, &whole), Err(StoreErrorKind::Foreign));
        let newer = StoredVersion::new(8);
        assert_eq!(opened(&keys, &key(), newer, &whole), Err(StoreErrorKind::Foreign));
    }

    #[test]
    fn no_two_seals_are_the_same() {
        let keys = SealingKeys::new(SealingKey::random().unwrap());
        let seal = || keys.seal(&key(), VERSION, b"value").unwrap();
        assert_ne!(seal().as_ref(), seal().as_ref());
    }

    #[test]
    fn keys_are_found_by_name_and_not_shown() {
        let old = keys(8).seal(&key(), VERSION, b"value").unwrap();
        let both = keys(7).old_key(SealingKey::new([8; 32]));
        assert_eq!(opened(&both, &key(), VERSION, old.as_ref()).unwrap(), b"value");
        assert_eq!(opened(&keys(7), &key(), VERSION, old.as_ref()), Err(StoreErrorKind::Sealed));
        let without = open(None, &key(), Entry { version: VERSION, value: old }).unwrap_err();
        assert_eq!(without.kind(), StoreErrorKind::Sealed);
        assert!(!format!("{both:?}").contains('8'), "{both:?}");
        assert_eq!(format!("{:?}", SealingKey::new([67; 32])), "SealingKey([redacted])");
    }

    #[test]
    fn an_unsealed_value_is_read_only_if_that_was_said() {
        assert_eq!(opened(&keys(7), &key(), VERSION, b"{}"), Err(StoreErrorKind::Foreign));
        assert_eq!(opened(&keys(7).allow_unsealed(), &key(), VERSION, b"{}").unwrap(), b"{}");
        let newer = b"slack-auth sealed 2 x";
        assert_eq!(opened(&keys(7), &key(), VERSION, newer), Err(StoreErrorKind::Foreign));
        assert_eq!(
            opened(&keys(7).allow_unsealed(), &key(), VERSION, newer),
            Err(StoreErrorKind::Foreign)
        );
    }
}
