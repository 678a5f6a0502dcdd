//! Time as the caller tells it: the core has no clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment in whole Unix seconds. Arithmetic stops at the ends instead of overflowing.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use slack_proto::Timestamp;
///
/// let sent = Timestamp::from(SystemTime::now());
/// assert!(sent + Duration::from_secs(43_200) > sent);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Takes seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_unix(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Gives seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_unix(self) -> u64 {
        self.0
    }

    /// Tells how long `earlier` lies back; zero if it does not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }
}

impl From<SystemTime> for Timestamp {
    /// Drops the fraction of a second; a time before 1970 becomes 0.
    fn from(time: SystemTime) -> Self {
        Self(time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.as_secs()))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration.as_secs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_stops_at_the_ends() {
        let end = Timestamp::from_unix(u64::MAX);
        assert_eq!(end + Duration::from_secs(1), end);
        assert_eq!(Timestamp::from_unix(3) - Duration::from_secs(5), Timestamp::default());
        assert_eq!(Timestamp::from_unix(3).since(end), Duration::ZERO);
        assert_eq!(Timestamp::from_unix(9).since(Timestamp::from_unix(4)), Duration::from_secs(5));
    }

    #[test]
    fn a_system_time_loses_its_fraction_and_its_past() {
        let time = UNIX_EPOCH + Duration::from_millis(1_999);
        assert_eq!(Timestamp::from(time).as_unix(), 1);
        assert_eq!(Timestamp::from(UNIX_EPOCH - Duration::from_secs(9)).as_unix(), 0);
    }
}
