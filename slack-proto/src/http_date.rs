//! The `Date` of a response, by which Slack's clock is known.

use http::{HeaderMap, header::DATE};

use crate::Timestamp;

/// Reads the `Date` header; `None` if it is missing or not in the form that RFC 9110 section 5.6.7 asks senders for, such
/// as `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(crate) fn date_of(headers: &HeaderMap) -> Option<Timestamp> {
    parse(headers.get(DATE)?.to_str().ok()?)
}

fn parse(text: &str) -> Option<Timestamp> {
    // Every part has its place: `Sun, 06 Nov 1994 08:49:37 GMT`.
    let text: &[u8; 29] = text.as_bytes().try_into().ok()?;
    let [day_name @ .., _, _] = text.first_chunk::<5>()?;
    let month = MONTHS.iter().position(|name| name.as_bytes() == &text[8..11])?;
    let shape = [&text[3..5], &text[7..8], &text[11..12], &text[16..17], &text[25..]];
    let separators: [&[u8]; 5] = [b", ", b" ", b" ", b" ", b" GMT"];
    if shape != separators || text[19] != b':' || text[22] != b':' {
        return None;
    }
    if !DAYS.iter().any(|name| name.as_bytes() == day_name) {
        return None;
    }
    let (day, year) = (number(&text[5..7])?, number(&text[12..16])?);
    let (hours, minutes, seconds) =
        (number(&text[17..19])?, number(&text[20..22])?, number(&text[23..25])?);
    let in_range = (1..=31).contains(&day) && hours <= 23 && minutes <= 59 && seconds <= 60;
    if year < 1970 || !in_range {
        return None;
    }
    let days = days_before(year, month) + day - 1;
    Some(Timestamp::from_unix(((days * 24 + hours) * 60 + minutes) * 60 + seconds))
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0'))
    })
}

/// Counts the days from 1970-01-01 to the first of a month, which is counted from zero.
fn days_before(year: u64, month: usize) -> u64 {
    let leap_years = |year: u64| year / 4 - year / 100 + year / 400;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let leap_day = u64::from(is_leap && month > 1);
    (year - 1970) * 365 + leap_years(year - 1) - leap_years(1969)
        + DAYS_BEFORE_MONTH.get(month).copied().unwrap_or_default()
        + leap_day
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS_BEFORE_MONTH: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_unix_seconds() {
        // Each as `date -u -d @N` writes it.
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Tue, 29 Feb 2000 23:59:59 GMT", 951_868_799),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
            ("Sat, 21 Nov 2026 00:00:00 GMT", 1_795_219_200),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
        ] {
            assert_eq!(parse(text), Some(Timestamp::from_unix(seconds)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_date() {
        for text in [
            "",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 06 Nov 1994 08:49:37:00 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT GMT",
            "Sun, 06 Nov 1969 08:49:37 GMT",
            "Sun, 06 Nov 1994 +8:49:37 GMT",
            "xoxb, 06 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
