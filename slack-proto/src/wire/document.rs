//! A JSON object that is not a reply: it has no envelope.

use std::{cell::Cell, fmt, marker::PhantomData};

use serde::{
    Deserializer,
    de::{MapAccess, Visitor},
};

use super::{
    notes::Notes,
    object::{Object, read_object},
    text::text_of,
    tolerant::RawObject,
};
use crate::methods::ParseWarning;

/// Reads an object by the hot path, and by the tolerant one if that refuses it; `None` if it is not an object at all.
pub(crate) fn read_document<O: for<'de> Object<'de>>(
    body: &[u8],
) -> Option<(O, Vec<ParseWarning>)> {
    let exact = std::str::from_utf8(body).ok().and_then(read_exact);
    exact.or_else(|| read_tolerantly(body))
}

/// Reads a text that is one object and nothing else.
pub(crate) fn read_exact<'de, O: Object<'de>>(text: &'de str) -> Option<(O, Vec<ParseWarning>)> {
    let mut notes = Notes::for_text(text);
    let mut json = serde_json::Deserializer::from_str(text);
    let object = json.deserialize_map(ObjectVisitor(&mut notes, PhantomData)).ok()?;
    json.end().ok()?;
    Some((object, notes.take_oddities()))
}

#[cold]
fn read_tolerantly<O: for<'de> Object<'de>>(body: &[u8]) -> Option<(O, Vec<ParseWarning>)> {
    let (text, escaped) = text_of(body);
    let object = text.trim_start_matches(|c: char| c == '\u{feff}' || c.is_ascii_whitespace());
    let (members, length) = RawObject::split(object).ok()?;
    let mended = Cell::new(members.odd_name || escaped || std::str::from_utf8(body).is_err());
    let mut notes = Notes::for_text(&text);
    let read = members.visit(ObjectVisitor(&mut notes, PhantomData), &mended).ok()?;
    if mended.get() {
        notes.odd_at("$", "text that is not valid Unicode or JSON was mended");
    }
    if text.starts_with('\u{feff}') || !object[length..].trim_ascii().is_empty() {
        notes.odd_at("$", "text around the object was passed over");
    }
    Some((read, notes.take_oddities()))
}

/// Reads all members of an object.
struct ObjectVisitor<'n, O>(&'n mut Notes, PhantomData<O>);

impl<'de, O: Object<'de>> Visitor<'de> for ObjectVisitor<'_, O> {
    type Value = O;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<O, A::Error> {
        read_object(map, self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{methods::UntrustedText, wire::object::object};

    object! {
        struct Named {
            name: UntrustedText = "name",
        }
    }

    fn read(body: &[u8]) -> Option<(String, usize)> {
        let (named, parse_warnings) = read_document::<Named>(body)?;
        Some((
            named.name.take().map_or_else(String::new, |name| name.as_str().to_owned()),
            parse_warnings.len(),
        ))
    }

    #[test]
    fn what_surrounds_a_member_does_not_hide_it() {
        assert_eq!(read(br#"{"name":"a","x":[1]}"#), Some(("a".to_owned(), 0)));
        assert_eq!(read(br#"{"name":"a","x":1e999}"#), Some(("a".to_owned(), 0)));
        assert_eq!(read(b"\xef\xbb\xbf{\"name\":\"a\"} tail"), Some(("a".to_owned(), 1)));
        assert_eq!(read(b"{\"name\":\"a\",\"x\":\"\xff\"}"), Some(("a".to_owned(), 1)));
        assert_eq!(read(br#"{"name":7}"#), Some((String::new(), 1)));
        assert_eq!(read(b"\xef\xbb\xbf{\"name\":\"a\"}"), Some(("a".to_owned(), 1)));
        assert_eq!(read(br#"{"name":"a"} tail"#), Some(("a".to_owned(), 1)));
        assert_eq!(read(br#"{"name":"a","\ud800":1}"#), Some(("a".to_owned(), 1)));
        assert_eq!(read(b"{\"name\":\"a\tb\"}"), Some(("a\tb".to_owned(), 1)));
        // A name can be escaped as well.
        assert_eq!(read(br#"{"n\u0061me":"a"}"#), Some(("a".to_owned(), 0)));
        assert_eq!(read(br#"{"n\u0061me":"a"} tail"#), Some(("a".to_owned(), 1)));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for body in ["", "[]", "<html>", "null", r#"{"name":"a""#, "7"] {
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
    }
}
