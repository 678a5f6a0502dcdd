//! The kinds of value that Slack's replies have.

use std::{borrow::Cow, time::Duration};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess},
};
use serde_json::value::RawValue;

use super::{
    notes::{Notes, Place},
    object::{Object, read_object},
    value::{Got, Lenient, Value},
};
use crate::{
    AccessToken, Timestamp,
    ids::{AppId, BotId, ChannelId, EnterpriseId, TeamId, UserId},
    methods::UntrustedText,
    oauth::{OauthState, Scopes},
    openid::IdToken,
    tokens::{ConfigurationToken, ExternalToken, RefreshToken, WebhookUrl},
};

/// Reads text, refusing the empty one, and wraps it.
macro_rules! wrapped_text {
    ($($T:ty => $make:expr;)*) => {$(
        impl<'de> Value<'de> for $T {
            const EXPECTED: &'static str = "a string";

            fn text(text: &str) -> Got<Self> {
                if text.is_empty() {
                    return Got::Unusable("empty; read as absent");
                }
                let make: fn(&str) -> Self = $make;
                Got::Value(make(text))
            }
        }
    )*};
}

wrapped_text! {
    AccessToken => |text| Self::from_reply(text.to_owned());
    RefreshToken => |text| Self::from_reply(text.to_owned());
    WebhookUrl => |text| Self::from_reply(text.to_owned());
    ConfigurationToken => |text| Self::from_reply(text.to_owned());
    ExternalToken => |text| Self::from_reply(text.to_owned());
    IdToken => |text| Self::from_reply(text.to_owned());
    OauthState => |text| Self::from_reply(text.to_owned());
    AppId => |id| Self::from(id);
    BotId => |id| Self::from(id);
    ChannelId => |id| Self::from(id);
    EnterpriseId => |id| Self::from(id);
    TeamId => |id| Self::from(id);
    UserId => |id| Self::from(id);
}

/// Any text, the empty one included.
impl Value<'_> for UntrustedText {
    const EXPECTED: &'static str = "a string";

    fn text(text: &str) -> Got<Self> {
        Got::Value(Self::from(text))
    }
}

/// Text that is only looked at, such as an error code that is known.
impl<'de> Value<'de> for Cow<'de, str> {
    const EXPECTED: &'static str = "a string";

    fn text(text: &str) -> Got<Self> {
        Got::Value(Self::Owned(text.to_owned()))
    }

    fn borrowed(text: &'de str) -> Got<Self> {
        Got::Value(Self::Borrowed(text))
    }
}

/// A comma list, or (oddly) a JSON list of strings.
impl<'de> Value<'de> for Scopes {
    const EXPECTED: &'static str = "a string";

    fn text(text: &str) -> Got<Self> {
        Got::Value(Self::from(text))
    }

    fn list<A: SeqAccess<'de>>(seq: A, notes: &mut Notes) -> Result<Got<Self>, A::Error> {
        let list = strings(seq, notes)?;
        let scopes = list.iter().map(UntrustedText::as_str).collect();
        Ok(Got::Odd(scopes, "expected a string, found a list; its strings count"))
    }
}

impl Value<'_> for bool {
    const EXPECTED: &'static str = "a boolean";

    fn boolean(value: bool) -> Got<Self> {
        Got::Value(value)
    }

    fn text(text: &str) -> Got<Self> {
        match text {
            "true" | "1" => Got::Odd(true, "expected a boolean, found a string; read as true"),
            "false" | "0" | "" => {
                Got::Odd(false, "expected a boolean, found a string; read as false")
            }
            _ => Got::Wrong("a string"),
        }
    }

    fn integer(value: u64) -> Got<Self> {
        match value {
            0 => Got::Odd(false, "expected a boolean, found a number; read as false"),
            1 => Got::Odd(true, "expected a boolean, found a number; read as true"),
            _ => Got::Wrong("a number"),
        }
    }
}

/// A whole number that is not negative, such as seconds.
impl Value<'_> for u64 {
    const EXPECTED: &'static str = "a whole number";

    fn integer(value: u64) -> Got<Self> {
        Got::Value(value)
    }

    fn float(value: f64) -> Got<Self> {
        if !value.is_finite() {
            return Got::Unusable("a number out of range; read as absent");
        }
        if value < 0.0 {
            return Got::Odd(0, "a negative number; read as 0");
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` stops at the ends"
        )]
        let whole = value as u64;
        Got::Odd(whole, "expected a whole number, found a fraction; its whole part counts")
    }

    fn text(text: &str) -> Got<Self> {
        const NUMERIC: &str = "expected a number, found a string; its number counts";
        if let Ok(value) = text.trim().parse() {
            return Got::Odd(value, NUMERIC);
        }
        match text.trim().parse().map(Self::float) {
            Ok(Got::Odd(value, _)) => Got::Odd(value, NUMERIC),
            _ => Got::Wrong("a string"),
        }
    }
}

/// A duration in seconds.
impl Value<'_> for Duration {
    const EXPECTED: &'static str = "a number of seconds";

    fn integer(value: u64) -> Got<Self> {
        Got::Value(Self::from_secs(value))
    }

    fn float(value: f64) -> Got<Self> {
        u64::float(value).map(Self::from_secs)
    }

    fn text(text: &str) -> Got<Self> {
        u64::text(text).map(Self::from_secs)
    }
}

/// A moment in Unix seconds.
impl Value<'_> for Timestamp {
    const EXPECTED: &'static str = "a number of Unix seconds";

    fn integer(value: u64) -> Got<Self> {
        Got::Value(Self::from_unix(value))
    }

    fn float(value: f64) -> Got<Self> {
        u64::float(value).map(Self::from_unix)
    }

    fn text(text: &str) -> Got<Self> {
        u64::text(text).map(Self::from_unix)
    }
}

/// A list of strings; an object among them is passed over, or, if it has one, stands for its `message`.
impl<'de> Value<'de> for Vec<UntrustedText> {
    const EXPECTED: &'static str = "a list of strings";

    fn list<A: SeqAccess<'de>>(seq: A, notes: &mut Notes) -> Result<Got<Self>, A::Error> {
        strings(seq, notes).map(Got::Value)
    }

    fn text(text: &str) -> Got<Self> {
        Got::Odd(vec![UntrustedText::from(text)], "expected a list of strings, found a string")
    }
}

/// How many warnings, messages or errors of one reply are kept: nobody reads more, and a hostile reply has millions.
pub(crate) const MOST_TEXTS: usize = 64;

fn strings<'de, A: SeqAccess<'de>>(
    mut seq: A,
    notes: &mut Notes,
) -> Result<Vec<UntrustedText>, A::Error> {
    let mut list = Vec::new();
    for index in 0.. {
        notes.at_index(Some(index));
        match seq.next_element_seed(Lenient::<Entry>::new(notes, Place::ELEMENT))? {
            Some(Some(Entry(text))) if list.len() < MOST_TEXTS => list.push(text),
            Some(Some(_)) => notes.odd_here("one text too many; passed over"),
            Some(None) => {}
            None => break,
        }
    }
    notes.at_index(None);
    Ok(list)
}

/// A string, or an object that has a `message` or a `code` (as in the member `errors` of some methods).
struct Entry(UntrustedText);

super::object::object! {
    struct EntryObject {
        message: UntrustedText = "message",
        code: UntrustedText = "code",
    }
}

impl<'de> Value<'de> for Entry {
    const EXPECTED: &'static str = "a string";

    fn text(text: &str) -> Got<Self> {
        Got::Value(Self(UntrustedText::from(text)))
    }

    fn object<A: MapAccess<'de>>(map: A, notes: &mut Notes) -> Result<Got<Self>, A::Error> {
        let entry: EntryObject = read_object(map, notes)?;
        let text = entry.message.take().or(entry.code.take());
        Ok(text.map_or(Got::Wrong("an object without message"), |text| Got::Value(Self(text))))
    }
}

/// An object inside an object.
#[derive(Debug)]
pub(crate) struct Nested<O>(pub(crate) O);

impl<'de, O: Object<'de>> Value<'de> for Nested<O> {
    const EXPECTED: &'static str = "an object";

    fn after(mut self, older: Self) -> Self {
        self.0.absorb(older.0);
        self
    }

    fn object<A: MapAccess<'de>>(map: A, notes: &mut Notes) -> Result<Got<Self>, A::Error> {
        read_object(map, notes).map(|object| Got::Value(Self(object)))
    }
}

/// A list of objects; an element of another type is noted and passed over.
impl<'de, O: Object<'de>> Value<'de> for Vec<Nested<O>> {
    const EXPECTED: &'static str = "a list of objects";

    fn list<A: SeqAccess<'de>>(mut seq: A, notes: &mut Notes) -> Result<Got<Self>, A::Error> {
        let mut list = Self::new();
        for index in 0.. {
            notes.at_index(Some(index));
            match seq.next_element_seed(Lenient::<Nested<O>>::new(notes, Place::ELEMENT))? {
                Some(Some(object)) => list.push(object),
                // Why it is none has been noted, unless it is `null`.
                Some(None) => {}
                None => break,
            }
        }
        notes.at_index(None);
        Ok(Got::Value(list))
    }
}

/// Any value, as its text in the body.
#[derive(Debug)]
pub(crate) struct RawText<'de>(pub(crate) &'de str);

impl<'de> Value<'de> for RawText<'de> {
    const EXPECTED: &'static str = "a value";

    fn read<D: Deserializer<'de>>(
        _: Lenient<'_, Self>,
        deserializer: D,
    ) -> Result<Option<Self>, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Some(Self(raw.get())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{document::read_document, object::object};

    object! {
        struct Fields {
            flag: bool = "flag",
            number: u64 = "number",
            texts: Vec<UntrustedText> = "texts",
            inner: Nested<Inner> = "inner",
        }
    }

    object! {
        struct Inner {
            id: UserId = "id",
            scope: Scopes = "scope",
        }
    }

    fn read(body: &str) -> (Fields, Vec<String>) {
        let (fields, parse_warnings) = read_document::<Fields>(body.as_bytes()).unwrap();
        (fields, parse_warnings.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_boolean_is_understood_in_other_types() {
        for (json, flag, odd) in [
            ("true", Some(true), None),
            ("false", Some(false), None),
            (r#""true""#, Some(true), Some("a string; read as true")),
            (r#""1""#, Some(true), Some("a string; read as true")),
            (r#""false""#, Some(false), Some("a string; read as false")),
            (r#""0""#, Some(false), Some("a string; read as false")),
            (r#""""#, Some(false), Some("a string; read as false")),
            (r#""no""#, None, Some("a string")),
            ("1", Some(true), Some("a number; read as true")),
            ("0", Some(false), Some("a number; read as false")),
            ("2", None, Some("a number")),
        ] {
            let odd: Vec<_> =
                odd.iter().map(|odd| format!("flag: expected a boolean, found {odd}")).collect();
            // The second time by the tolerant reader, which the text behind the object leads to.
            let body = format!(r#"{{"flag":{json}}}"#);
            for (body, more) in [(body.clone(), 0), (body + "]", 1)] {
                let (fields, parse_warnings) = read(&body);
                assert_eq!(fields.flag.take(), flag, "{body}");
                assert_eq!(parse_warnings[..parse_warnings.len() - more], odd, "{body}");
            }
        }
    }

    #[test]
    fn a_whole_number_is_understood_in_other_spellings() {
        const FRACTION: &str = "expected a whole number, found a fraction; its whole part counts";
        const TEXT: &str = "expected a number, found a string; its number counts";
        const NEGATIVE: &str = "a negative number; read as 0";
        for (json, number, odd) in [
            ("18446744073709551615", Some(u64::MAX), None),
            ("0.0", Some(0), Some(FRACTION)),
            ("2.9", Some(2), Some(FRACTION)),
            ("-1", Some(0), Some(NEGATIVE)),
            ("-0.5", Some(0), Some(NEGATIVE)),
            ("1e999", None, Some("a number out of range; read as absent")),
            (r#"" 7 ""#, Some(7), Some(TEXT)),
            (r#""7.5""#, Some(7), Some(TEXT)),
            (r#""-7""#, Some(0), Some(TEXT)),
            (r#""1e999""#, None, Some("expected a whole number, found a string")),
            (r#""seven""#, None, Some("expected a whole number, found a string")),
        ] {
            let odd: Vec<_> = odd.iter().map(|odd| format!("number: {odd}")).collect();
            let body = format!(r#"{{"number":{json}}}"#);
            for (body, more) in [(body.clone(), 0), (body + "]", 1)] {
                let (fields, parse_warnings) = read(&body);
                assert_eq!(fields.number.take(), number, "{body}");
                assert_eq!(parse_warnings[..parse_warnings.len() - more], odd, "{body}");
            }
        }
    }

    #[test]
    fn of_a_list_of_texts_the_first_sixty_four_are_kept() {
        let list = vec![r#""a""#; 65].join(",");
        let (fields, parse_warnings) = read(&format!(r#"{{"texts":[{list}]}}"#));
        assert_eq!(fields.texts.take().unwrap().len(), 64);
        assert_eq!(parse_warnings, ["texts[64]: one text too many; passed over"]);
    }

    #[test]
    fn of_an_object_that_comes_twice_nothing_is_lost() {
        let (fields, _) = read(
            r#"{"inner":{"id":"U1","scope":"a"},"inner":{"scope":"b"},"inner":{"id":7,"x":1}}"#,
        );
        let Nested(inner) = fields.inner.take().unwrap();
        assert_eq!(inner.id.take().unwrap().as_str(), "U1");
        assert_eq!(inner.scope.take().unwrap().to_string(), "b", "what comes later counts");
    }
}
