//! Times as databases write them.

use serde_json::Value;
use slack_proto::Timestamp;

/// Parses Unix seconds, or a date and time of UTC such as `2026-11-21 00:00:00.250000` or `2026-11-21T00:00:00+00:00`.
pub(super) fn parse(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => {
            let seconds = number.as_u64().or_else(|| whole(number.as_f64()?))?;
            Some(Timestamp::from_unix(seconds))
        }
        Value::String(text) => match text.parse() {
            Ok(seconds) => Some(Timestamp::from_unix(seconds)),
            Err(_) => date_and_time(text).map(Timestamp::from_unix),
        },
        _ => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked, and fractions of a second do not count"
)]
fn whole(seconds: f64) -> Option<u64> {
    (0.0..1e15).contains(&seconds).then_some(seconds as u64)
}

fn date_and_time(text: &str) -> Option<u64> {
    let (date, time) = text.split_once([' ', 'T'])?;
    let [year, month, day] = numbers(date.split('-'))?;
    let (clock, offset) = match time.find(['Z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => (time, "Z"),
    };
    let clock = clock.split_once('.').map_or(clock, |(clock, _)| clock);
    let [hour, minute, second] = numbers(clock.split(':'))?;
    let is_possible = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60
        && (1970..10_000).contains(&year);
    if !is_possible {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    seconds.checked_add_signed(-offset_seconds(offset)?)
}

/// Days since 1970-01-01 of the Gregorian calendar.
fn days(year: u64, month: u64, day: u64) -> u64 {
    // Years begin with March, so that the leap day is the last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 719_469
}

fn offset_seconds(offset: &str) -> Option<i64> {
    let (sign, rest) = match offset.split_at_checked(1)? {
        ("Z", "") => return Some(0),
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
    let (hours, minutes) = (hours.parse::<u16>().ok()?, minutes.parse::<u16>().ok()?);
    (hours < 24 && minutes < 60).then(|| sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60))
}

fn numbers<'a, const N: usize>(parts: impl Iterator<Item = &'a str>) -> Option<[u64; N]> {
    let numbers: Vec<u64> = parts.map(|part| part.parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_is_read_in_each_way_that_it_is_written() {
        let at = |value: Value| parse(&value).map(Timestamp::as_unix);
        for text in [
            "2026-11-21 00:00:00.250000",
            "2026-11-21T00:00:00",
            "2026-11-21 00:00:00+00",
            "2026-11-21T02:00:00+02:00",
            "2026-11-20T19:00:00-05:00",
            "2026-11-21T00:00:00.25Z",
            "1795219200",
        ] {
            assert_eq!(at(json!(text)), Some(1_795_219_200), "{text}");
        }
        assert_eq!(at(json!(1_795_219_200)), Some(1_795_219_200));
        assert_eq!(at(json!(1_795_219_200.75)), Some(1_795_219_200));
        assert_eq!(at(json!("1970-01-01 00:00:00")), Some(0));
        assert_eq!(at(json!("2000-02-29 23:59:59")), Some(951_868_799));
        assert_eq!(at(json!("2100-03-01 00:00:00")), Some(4_107_542_400));
        for text in [
            "",
            "soon",
            "2026-13-01 00:00:00",
            "2026-11-21",
            "1969-01-01 00:00:00",
            "2026-11-21 00:00",
        ] {
            assert_eq!(at(json!(text)), None, "{text}");
        }
        assert_eq!(at(json!(-5)), None);
        assert_eq!(at(json!([])), None);
        assert_eq!(at(json!("1970-01-01 00:00:00+01:00")), None);
    }
}
