//! The right to refresh one credential for some seconds.

use std::{fmt, io, time::Duration};

/// Who holds a lease: 16 random bytes, drawn anew for each task that takes one.
///
/// It is never kept longer: two processes that come out of a fork, or of one snapshot of a machine, would both be the
/// holder.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeaseHolder([u8; 16]);

impl LeaseHolder {
    /// Draws a new holder from the operating system's generator.
    ///
    /// # Errors
    ///
    /// When the system has no randomness to give, which no healthy system does.
    pub fn random() -> io::Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Creates a holder from its stored bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes, to store them.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Writes 32 hex digits; a holder is not a secret.
impl fmt::Display for LeaseHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for LeaseHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LeaseHolder({self})")
    }
}

/// The answer to a request for a lease. It holds durations only: the store's clock is the only one that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "without the lease another process may refresh at the same time"]
#[expect(clippy::exhaustive_enums, reason = "there is no third answer")]
pub enum LeaseOutcome {
    /// The caller has the lease for the duration that it asked for.
    Granted,
    /// Another holder has it for this duration, unless it is released before.
    HeldFor(Duration),
}

/// A lease that somebody holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct HeldLease {
    /// Who holds it.
    pub holder: LeaseHolder,
    /// How long it still lasts.
    pub remaining: Duration,
}

impl HeldLease {
    /// Creates a lease from what was read.
    #[must_use]
    pub const fn new(holder: LeaseHolder, remaining: Duration) -> Self {
        Self { holder, remaining }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_is_shown_in_hex_and_no_two_are_the_same() {
        let holder = LeaseHolder::from_bytes([1; 16]);
        assert_eq!(holder.to_string(), "01".repeat(16));
        assert_eq!(format!("{holder:?}"), format!("LeaseHolder({holder})"));
        assert_ne!(LeaseHolder::random().unwrap(), LeaseHolder::random().unwrap());
    }
}
