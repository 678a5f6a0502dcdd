//! An entry, and how it is replaced.

use std::{fmt, io, time::Duration};

use slack_proto::tokens::EncodedSecrets;
use zeroize::Zeroizing;

/// Bytes that a backend keeps: `Debug` shows their number only, and dropping wipes them.
#[derive(Clone)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Wraps bytes that were read.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl AsRef<[u8]> for SecretBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<EncodedSecrets> for SecretBytes {
    fn from(secrets: EncodedSecrets) -> Self {
        Self::new(secrets.into_vec())
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes([{} bytes redacted])", self.0.len())
    }
}

/// The version of an entry: 64 random bits that the writer draws for each write, so that no state of any key has a
/// version that another one had, and that a writer who lost the answer finds its own write again.
///
/// A backend keeps it and compares it, and never makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StoredVersion(u64);

impl StoredVersion {
    /// Draws a version from the operating system's generator.
    ///
    /// # Errors
    ///
    /// When the system has no randomness to give, which no healthy system does.
    pub fn random() -> io::Result<Self> {
        Ok(Self(getrandom::u64()?))
    }

    /// Creates a version from a number that was stored.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number, to store it.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// Creates a version from the signed number that a database kept.
    #[must_use]
    pub const fn from_i64(number: i64) -> Self {
        Self(u64::from_be_bytes(number.to_be_bytes()))
    }

    /// Returns the same 64 bits as a signed number, for a database that knows no others.
    #[must_use]
    pub const fn as_i64(self) -> i64 {
        i64::from_be_bytes(self.0.to_be_bytes())
    }
}

/// An entry of a store, as it was read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// The version of the last write.
    pub version: StoredVersion,
    /// The bytes of the last write.
    pub value: SecretBytes,
}

impl Entry {
    /// Creates an entry from what was read.
    #[must_use]
    pub fn new(version: StoredVersion, value: Vec<u8>) -> Self {
        Self { version, value: SecretBytes::new(value) }
    }
}

/// An entry to be written.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Write {
    /// The version to store.
    pub version: StoredVersion,
    /// The bytes to store.
    pub value: SecretBytes,
    /// How long from now, by the store's clock, the entry is due; `None` if it never is.
    pub due_in: Option<Duration>,
    /// Whether the entry needs a person, who authorizes the app again.
    pub attention: bool,
}

impl Write {
    /// Creates a write of an entry that is never due.
    #[must_use]
    pub fn new(version: StoredVersion, value: SecretBytes) -> Self {
        Self { version, value, due_in: None, attention: false }
    }
}

/// The version that must be stored under a key for a write to take place: the condition of a compare-and-swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a backend must handle every case, and a new one would be a new contract"
)]
pub enum Precondition {
    /// No entry.
    Absent,
    /// An entry of this version.
    Version(StoredVersion),
}

impl Precondition {
    /// Returns whether the precondition holds if an entry of the version `found` is stored, or none.
    #[must_use]
    pub fn is_met_by(self, found: Option<StoredVersion>) -> bool {
        self.version() == found
    }

    /// Returns the version that must be stored; `None` if there must be no entry.
    #[must_use]
    pub fn version(self) -> Option<StoredVersion> {
        match self {
            Self::Absent => None,
            Self::Version(version) => Some(version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_survives_a_signed_column() {
        for number in [0, 1, i64::MAX as u64, u64::MAX] {
            let version = StoredVersion::new(number);
            assert_eq!(StoredVersion::from_i64(version.as_i64()).as_u64(), number);
        }
        assert_ne!(StoredVersion::random().unwrap(), StoredVersion::random().unwrap());
    }

    #[test]
    fn a_precondition_is_met_by_what_it_names_alone() {
        let [one, two] = [1, 2].map(StoredVersion::new);
        assert!(Precondition::Absent.is_met_by(None));
        assert!(!Precondition::Absent.is_met_by(Some(one)));
        assert!(Precondition::Version(one).is_met_by(Some(one)));
        assert!(!Precondition::Version(one).is_met_by(Some(two)));
        assert!(!Precondition::Version(one).is_met_by(None));
    }

    #[test]
    fn bytes_are_not_shown() {
        let entry = Entry::new(StoredVersion::new(7), b"hush".to_vec());
        assert_eq!(format!("{:?}", entry.value), "SecretBytes([4 bytes redacted])");
    }
}
