//! The bytes of an installation's file.

use sha2::{Digest, Sha256};
use slack_proto::{Installation, StoreKey};
use zeroize::Zeroizing;

use crate::{
    name::hex,
    seal::{SealingKey, SealingKeys},
};
use slack_store::{StoreError, StoreErrorKind, Stored, StoredVersion};

/// Writes a file: one line, and the value, plain or sealed.
pub(crate) fn write(
    key: &StoreKey,
    version: StoredVersion,
    value: &[u8],
    keys: Option<&SealingKeys>,
) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let form = if keys.is_some() { SEALED } else { PLAIN };
    let line = format!("{MAGIC}{form} {:016x} {} ", version.as_u64(), key.to_text());
    let (check, sealed) = match keys {
        None => (checksum(&line, value), None),
        Some(keys) => {
            let sealed = keys.seal(line.as_bytes(), value).map_err(|error| {
                StoreError::new(StoreErrorKind::Unavailable, "the installation cannot be sealed")
                    .because(error)
            })?;
            (keys.name(), Some(sealed))
        }
    };
    let value = sealed.as_deref().unwrap_or(value);
    let mut bytes = Zeroizing::new(Vec::with_capacity(line.len() + check.len() + 1 + value.len()));
    bytes.extend_from_slice(line.as_bytes());
    bytes.extend_from_slice(check.as_bytes());
    bytes.push(b'\n');
    bytes.extend_from_slice(value);
    Ok(bytes)
}

/// Reads a file.
pub(crate) fn read(
    bytes: &[u8],
    key: &StoreKey,
    keys: Option<&SealingKeys>,
) -> Result<Stored, StoreError> {
    let entry = Entry::split(bytes)?;
    if entry.key != key.to_text() {
        return Err(foreign("the file holds an installation of another key; it was moved"));
    }
    let value = match (entry.form, keys) {
        (PLAIN, Some(keys)) if !keys.take_plain() => {
            return Err(foreign("the file is not sealed, as all in this store must be"));
        }
        (PLAIN, _) => entry.plain()?,
        (SEALED, None) => return Err(sealed("the file is sealed; open the store with its key")),
        (SEALED, Some(keys)) => match keys.find(entry.check) {
            Some(key) => entry.open(key)?,
            None => return Err(sealed("the file is sealed with a key that was not given")),
        },
        _ => return Err(foreign("the file has a form that this release does not know")),
    };
    let installation = Installation::decode(&value).map_err(|error| {
        StoreError::new(StoreErrorKind::Foreign, "the file holds no installation of this release")
            .because(error)
    })?;
    Ok(Stored::new(installation, entry.version))
}

/// Tells the key that a file names, which need not be whole.
pub(crate) fn key_of(bytes: &[u8]) -> Result<StoreKey, StoreError> {
    let entry = Entry::split(bytes)?;
    StoreKey::from_text(entry.key).map_err(|_| foreign("the file names no key"))
}

struct Entry<'a> {
    /// The line as far as the check, with the blank before it.
    line: &'a str,
    form: &'a str,
    version: StoredVersion,
    key: &'a str,
    check: &'a str,
    value: &'a [u8],
}

impl<'a> Entry<'a> {
    fn split(bytes: &'a [u8]) -> Result<Self, StoreError> {
        let Some(rest) = bytes.strip_prefix(MAGIC.as_bytes()) else {
            // Whatever was cut off, or never reached the disk, begins as ours do, or with zeros.
            let is_ours =
                MAGIC.as_bytes().starts_with(bytes) || bytes.iter().all(|byte| *byte == 0);
            return Err(if is_ours {
                damaged()
            } else if bytes.starts_with(ANY_VERSION.as_bytes()) {
                foreign("the file was written by a newer release; upgrade")
            } else {
                foreign("the file is not one of this store's")
            });
        };
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
        let (line, value) = (&rest[..end], &rest[end + 1..]);
        let line = std::str::from_utf8(line).map_err(|_| damaged())?;
        let parts: Vec<_> = line.split(' ').collect();
        let [form, version, key, check] = parts[..] else { return Err(damaged()) };
        let number = u64::from_str_radix(version, 16).map_err(|_| damaged())?;
        if version != format!("{number:016x}") {
            return Err(damaged());
        }
        let whole = std::str::from_utf8(&bytes[..MAGIC.len() + end]).map_err(|_| damaged())?;
        Ok(Self {
            line: &whole[..whole.len() - check.len()],
            form,
            version: StoredVersion::new(number),
            key,
            check,
            value,
        })
    }

    fn plain(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        if checksum(self.line, self.value) != self.check {
            return Err(damaged());
        }
        Ok(Zeroizing::new(self.value.to_vec()))
    }

    fn open(&self, key: &SealingKey) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        key.open(self.line.as_bytes(), self.value).ok_or_else(damaged)
    }
}

fn checksum(line: &str, value: &[u8]) -> String {
    hex(&Sha256::new().chain_update(line).chain_update(value).finalize())
}

fn damaged() -> StoreError {
    StoreError::new(
        StoreErrorKind::Damaged,
        "the file is cut off or damaged; restore it from a copy, or remove it and install again",
    )
}

fn foreign(what: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Foreign, what)
}

fn sealed(what: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Sealed, what)
}

const ANY_VERSION: &str = "slack-auth installation ";
const MAGIC: &str = "slack-auth installation 1 ";
const PLAIN: &str = "plain";
const SEALED: &str = "sealed";
