//! The bytes of a lease's file.

use std::time::Duration;

use slack_store::LeaseHolder;

/// A lease, with times in milliseconds by the machine's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) holder: LeaseHolder,
    pub(crate) taken_at: u64,
    pub(crate) until: u64,
}

impl Lease {
    pub(crate) fn to_line(self) -> String {
        format!("{MAGIC}{} {} {}\n", self.holder, self.taken_at, self.until)
    }

    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let parts: Vec<_> = line.strip_prefix(MAGIC)?.strip_suffix('\n')?.split(' ').collect();
        let [holder, taken_at, until] = parts[..] else { return None };
        let holder = u128::from_str_radix(holder, 16).ok()?;
        Some(Self {
            holder: LeaseHolder::from_bytes(holder.to_be_bytes()),
            taken_at: taken_at.parse().ok()?,
            until: until.parse().ok()?,
        })
    }

    /// Returns how long the lease still lasts; `None` if it has run out.
    ///
    /// One that would last more than twice as long as it ever was to is over as well: the machine's clock was set back,
    /// and nobody could refresh until it has come as far again.
    pub(crate) fn remaining(self, now: u64) -> Option<Duration> {
        let (left, length) =
            (self.until.checked_sub(now)?, self.until.saturating_sub(self.taken_at));
        (left > 0 && left <= length.saturating_mul(2))
            .then(|| Duration::from_millis(left.min(length)))
    }
}

const MAGIC: &str = "slack-auth lease 2 ";

#[cfg(test)]
mod tests {
    use super::*;

    fn lease() -> Lease {
        Lease { holder: LeaseHolder::from_bytes([1; 16]), taken_at: 100_000, until: 110_000 }
    }

    #[test]
    fn a_lease_lasts_until_its_end_and_not_after_the_clock_went_back() {
        for (now, remaining) in [
            (u64::MAX, None),
            (110_000, None),
            (109_999, Some(1)),
            (100_000, Some(10_000)),
            (95_000, Some(10_000)),
            (90_000, Some(10_000)),
            (89_999, None),
            (0, None),
        ] {
            assert_eq!(lease().remaining(now), remaining.map(Duration::from_millis), "{now}");
        }
    }

    #[test]
    fn a_line_comes_back() {
        let line = lease().to_line();
        assert_eq!(Lease::from_line(&line), Some(lease()));
        for other in ["", "slack-auth lease 1 01 1 2\n", &line[..line.len() - 1]] {
            assert_eq!(Lease::from_line(other), None, "{other}");
        }
    }
}
