//! The right to refresh one credential for some seconds.

use std::{fmt, io, time::Duration};

use slack_proto::Timestamp;

/// Who takes a lease: 16 random bytes, drawn anew by each process, and by each part of one that refreshes by itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeaseHolder([u8; 16]);

impl LeaseHolder {
    /// Draws a new holder from the operating system's generator.
    ///
    /// # Errors
    ///
    /// When the system has no randomness to give, which no healthy system does.
    pub fn draw() -> io::Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Takes the bytes of a holder that was stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Gives the bytes, to store them.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Writes 32 hex digits; a holder is no secret.
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

/// The right to refresh one credential, until it runs out.
///
/// All processes must go by one clock, as those of one machine do, or nearly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Lease {
    /// Who has it.
    pub holder: LeaseHolder,
    /// When it was taken, by the holder's clock.
    pub taken_at: Timestamp,
    /// When it runs out; from then on anybody may take it.
    pub until: Timestamp,
}

impl Lease {
    /// Wants a lease from `now` on. `length` counts in whole seconds, and a part of `now`'s second is gone already:
    /// let it be a second longer than what it must cover.
    #[must_use]
    pub fn new(holder: LeaseHolder, now: Timestamp, length: Duration) -> Self {
        Self { holder, taken_at: now, until: now + length }
    }

    /// Joins what was stored; for those who implement a store.
    #[must_use]
    pub const fn stored(holder: LeaseHolder, taken_at: Timestamp, until: Timestamp) -> Self {
        Self { holder, taken_at, until }
    }

    /// Decides whether `wanted` may take the place of what is `found`; a store does it and writes in one step.
    ///
    /// It may if there is none, if its own holder has it (it then lasts anew), or if it ran out: at `until`. It may as
    /// well if it would last more than twice as long as it ever was to: then the clock went back, and nobody could
    /// refresh until it has come as far again.
    pub fn take(found: Option<Self>, wanted: &Self) -> LeaseOutcome {
        match found {
            Some(found) if found.holder != wanted.holder && found.lasts_at(wanted.taken_at) => {
                LeaseOutcome::HeldUntil(found.until)
            }
            _ => LeaseOutcome::Granted,
        }
    }

    fn lasts_at(&self, now: Timestamp) -> bool {
        let length = self.until.since(self.taken_at);
        now < self.until && self.until.since(now) <= length.saturating_mul(2)
    }
}

/// What came of asking for a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "without the lease another process may refresh at the same time"]
#[non_exhaustive]
pub enum LeaseOutcome {
    /// The lease is the asker's until it runs out.
    Granted,
    /// Another holder has it until then, unless it is released before.
    HeldUntil(Timestamp),
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: LeaseHolder = LeaseHolder::from_bytes([1; 16]);
    const THEIRS: LeaseHolder = LeaseHolder::from_bytes([2; 16]);

    fn lease(holder: LeaseHolder, at: u64) -> Lease {
        Lease::new(holder, Timestamp::from_unix(at), Duration::from_secs(10))
    }

    #[test]
    fn a_lease_is_held_until_it_runs_out() {
        let theirs = Some(lease(THEIRS, 100));
        let held = LeaseOutcome::HeldUntil(Timestamp::from_unix(110));
        for (now, expected) in [
            (89, LeaseOutcome::Granted),
            (90, held),
            (99, held),
            (100, held),
            (109, held),
            (110, LeaseOutcome::Granted),
            (u64::MAX, LeaseOutcome::Granted),
        ] {
            assert_eq!(Lease::take(theirs, &lease(OURS, now)), expected, "{now}");
        }
        assert_eq!(Lease::take(theirs, &lease(THEIRS, 105)), LeaseOutcome::Granted);
        assert_eq!(Lease::take(None, &lease(OURS, 105)), LeaseOutcome::Granted);
    }

    #[test]
    fn a_holder_is_shown_in_hex_and_no_two_are_the_same() {
        assert_eq!(OURS.to_string(), "01".repeat(16));
        assert_eq!(format!("{OURS:?}"), format!("LeaseHolder({OURS})"));
        assert_ne!(LeaseHolder::draw().unwrap(), LeaseHolder::draw().unwrap());
    }
}
