//! Time as the caller passes it in: the core has no clock.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A point in time, in whole seconds since the Unix epoch. Arithmetic saturates.
///
/// # Examples
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
    /// Creates a timestamp from seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_unix(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Returns the seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_unix(self) -> u64 {
        self.0
    }

    /// Returns the time from `earlier` to `self`; zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }
}

impl Timestamp {
    /// Returns the same moment as a [`SystemTime`]; `None` if the platform's clock cannot represent it.
    #[must_use]
    pub fn to_system_time(self) -> Option<SystemTime> {
        UNIX_EPOCH.checked_add(Duration::from_secs(self.0))
    }
}

/// Writes the moment in UTC by RFC 3339, such as `2026-11-28T12:00:00Z`.
///
/// A year after 9999, which RFC 3339 cannot express, has a plus sign and as many digits as it needs (ISO 8601).
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: u64 = 86_400;
        let (year, month, day) = civil_from_days(self.0 / DAY);
        let (hour, minute, second) = (self.0 % DAY / 3600, self.0 % 3600 / 60, self.0 % 60);
        let sign = if year > 9999 { "+" } else { "" };
        write!(f, "{sign}{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Converts days since 1970-01-01 to year, month and day of the Gregorian calendar.
///
/// The years begin in March here, so that the leap day is the last of a year, and come in eras of 400.
const fn civil_from_days(days: u64) -> (u64, u64, u64) {
    const ERA: u64 = 146_097;
    let days = days + 719_468;
    let (era, day_of_era) = (days / ERA, days % ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / (ERA - 1)) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

impl From<SystemTime> for Timestamp {
    /// Converts a time to whole seconds, rounded down; a time before 1970 becomes 0.
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
    fn it_is_shown_by_rfc_3339() {
        for (seconds, shown) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (1_795_867_200, "2026-11-28T12:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (253_402_300_800, "+10000-01-01T00:00:00Z"),
            (u64::MAX, "+584554051223-11-09T07:00:15Z"),
        ] {
            assert_eq!(Timestamp::from_unix(seconds).to_string(), shown);
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut before = civil_from_days(0);
        for day in 1..200_000 {
            let (year, month, date) = civil_from_days(day);
            let leap = before.0 % 4 == 0 && (before.0 % 100 != 0 || before.0 % 400 == 0);
            let length = match before.1 {
                2 => 28 + u64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            let expected = match before {
                (year, 12, 31) => (year + 1, 1, 1),
                (year, month, date) if date == length => (year, month + 1, 1),
                (year, month, date) => (year, month, date + 1),
            };
            assert_eq!((year, month, date), expected);
            before = expected;
        }
    }

    #[test]
    fn it_becomes_a_system_time_where_the_platform_can_hold_it() {
        let time = Timestamp::from_unix(1_795_867_200);
        assert_eq!(time.to_system_time().map(Timestamp::from), Some(time));
        assert_eq!(Timestamp::default().to_system_time(), Some(UNIX_EPOCH));
        if let Some(last) = Timestamp::from_unix(u64::MAX).to_system_time() {
            assert_eq!(Timestamp::from(last).as_unix(), u64::MAX);
        }
    }

    #[test]
    fn a_system_time_loses_its_fraction_and_its_past() {
        let time = UNIX_EPOCH + Duration::from_millis(1_999);
        assert_eq!(Timestamp::from(time).as_unix(), 1);
        assert_eq!(Timestamp::from(UNIX_EPOCH - Duration::from_secs(9)).as_unix(), 0);
    }
}
