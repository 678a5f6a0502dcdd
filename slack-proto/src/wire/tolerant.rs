//! The cold path: a reader that nothing inside a JSON object stops.
//!
//! Broken bytes were replaced before; here members are split as raw text, which needs brackets and quotes to match and
//! no more, so that a number out of range or a lone surrogate spoils only itself.

use std::{borrow::Cow, cell::Cell, fmt};

use serde::{
    Deserializer,
    de::{
        DeserializeSeed, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::{BorrowedStrDeserializer, StringDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::value::RawValue;

/// How deep a value is followed: deeper ones are refused before the stack could end.
const DEPTH: u8 = 100;

/// The members of an object as raw text, in their order.
#[derive(Debug)]
pub(crate) struct RawObject<'de> {
    members: Vec<(Cow<'de, str>, &'de str)>,
    /// A name held a lone surrogate or worse.
    pub(crate) odd_name: bool,
}

impl<'de> RawObject<'de> {
    /// Splits the object at the beginning of `text`, and returns how many bytes it had.
    pub(crate) fn split(text: &'de str) -> Result<(Self, usize), serde_json::Error> {
        let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Self>();
        match stream.next() {
            Some(object) => object.map(|object| (object, stream.byte_offset())),
            None => Err(serde_json::Error::custom("")),
        }
    }

    /// Passes the object to a visitor. `replaced` is set if a string had to be repaired.
    pub(crate) fn visit<V: Visitor<'de>>(
        self,
        visitor: V,
        replaced: &Cell<bool>,
    ) -> Result<V::Value, Refused> {
        visitor.visit_map(Members {
            left: self.members.into_iter(),
            value: None,
            depth: DEPTH,
            replaced,
        })
    }
}

impl<'de> serde::Deserialize<'de> for RawObject<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SplitVisitor)
    }
}

struct SplitVisitor;

impl<'de> Visitor<'de> for SplitVisitor {
    type Value = RawObject<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = RawObject { members: Vec::new(), odd_name: false };
        while let Some(name) = map.next_key_seed(BytesSeed)? {
            let name = match name {
                Cow::Borrowed(name) => String::from_utf8_lossy(name),
                Cow::Owned(name) => Cow::Owned(String::from_utf8_lossy(&name).into_owned()),
            };
            object.odd_name |= name.contains(char::REPLACEMENT_CHARACTER);
            object.members.push((name, map.next_value::<&RawValue>()?.get()));
        }
        Ok(object)
    }
}

/// Reads a JSON string as bytes, the way `serde_json` reads one without asking for valid Unicode.
struct BytesSeed;

impl<'de> DeserializeSeed<'de> for BytesSeed {
    type Value = Cow<'de, [u8]>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl<'de> Visitor<'de> for BytesSeed {
    type Value = Cow<'de, [u8]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(bytes))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(Cow::Owned(bytes.to_owned()))
    }
}

/// One raw value.
#[derive(Clone, Copy)]
struct Raw<'de, 'c> {
    text: &'de str,
    depth: u8,
    replaced: &'c Cell<bool>,
}

impl<'de> Raw<'de, '_> {
    fn string(self) -> Result<Cow<'de, str>, Refused> {
        let bytes = BytesSeed.deserialize(&mut serde_json::Deserializer::from_str(self.text))?;
        let valid = std::str::from_utf8(&bytes).is_ok();
        self.replaced.set(self.replaced.get() || !valid);
        Ok(match bytes {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        })
    }

    fn deeper(self) -> Result<u8, Refused> {
        self.depth.checked_sub(1).ok_or(Refused)
    }
}

impl<'de> Deserializer<'de> for Raw<'de, '_> {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        match self.text.as_bytes().first() {
            Some(b'"') => match self.string()? {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            Some(b'{') => {
                let left = RawObject::split(self.text)?.0.members.into_iter();
                visitor.visit_map(Members {
                    left,
                    value: None,
                    depth: self.deeper()?,
                    replaced: self.replaced,
                })
            }
            Some(b'[') => {
                let elements: Vec<&'de RawValue> = serde_json::from_str(self.text)?;
                let left = elements.into_iter();
                visitor.visit_seq(Elements { left, depth: self.deeper()?, replaced: self.replaced })
            }
            Some(b't') => visitor.visit_bool(true),
            Some(b'f') => visitor.visit_bool(false),
            Some(b'n') => visitor.visit_unit(),
            _ => match (self.text.parse::<u64>(), self.text.parse::<i64>()) {
                (Ok(number), _) => visitor.visit_u64(number),
                (_, Ok(number)) => visitor.visit_i64(number),
                // A number out of range parses as infinity, which no visitor here takes for a value.
                _ => visitor.visit_f64(self.text.parse().map_err(|_| Refused)?),
            },
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        if self.text == "null" { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        // A `RawValue` asks for the text itself, which only `serde_json` can hand over; a test notices a new name.
        if name.starts_with("$serde_json::private::") {
            let mut json = serde_json::Deserializer::from_str(self.text);
            return Ok(json.deserialize_newtype_struct(name, visitor)?);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        Ok(serde_json::Deserializer::from_str(self.text)
            .deserialize_enum(name, variants, visitor)?)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier
    }
}

struct Members<'de, 'c> {
    left: std::vec::IntoIter<(Cow<'de, str>, &'de str)>,
    value: Option<&'de str>,
    depth: u8,
    replaced: &'c Cell<bool>,
}

impl<'de> MapAccess<'de> for Members<'de, '_> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refused> {
        let Some((name, value)) = self.left.next() else { return Ok(None) };
        self.value = Some(value);
        match name {
            Cow::Borrowed(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
            Cow::Owned(name) => {
                seed.deserialize::<StringDeserializer<Refused>>(name.into_deserializer())
            }
        }
        .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        let text = self.value.take().ok_or(Refused)?;
        seed.deserialize(Raw { text, depth: self.depth, replaced: self.replaced })
    }
}

struct Elements<'de, 'c> {
    left: std::vec::IntoIter<&'de RawValue>,
    depth: u8,
    replaced: &'c Cell<bool>,
}

impl<'de> SeqAccess<'de> for Elements<'de, '_> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refused> {
        let Some(raw) = self.left.next() else { return Ok(None) };
        seed.deserialize(Raw { text: raw.get(), depth: self.depth, replaced: self.replaced })
            .map(Some)
    }
}

/// The tolerant reader gave up; it keeps no text, which might quote the body.
#[derive(Debug)]
pub(crate) struct Refused;

impl From<serde_json::Error> for Refused {
    fn from(_: serde_json::Error) -> Self {
        Self
    }
}

impl Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unreadable")
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_had_to_be_mended_is_told_wherever_it_stands() {
        let odd = |text| RawObject::split(text).unwrap().0.odd_name;
        assert!(odd(r#"{"\ud800":1,"a":2}"#));
        assert!(odd(r#"{"a":2,"\ud800":1}"#));
        assert!(!odd(r#"{"a":"\ud800"}"#));
    }

    /// Reads the values of an object, whatever they are called.
    struct Options;
    impl<'de> Visitor<'de> for Options {
        type Value = Vec<Option<i64>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of numbers")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut list = Vec::new();
            while map.next_key::<String>()?.is_some() {
                list.push(map.next_value()?);
            }
            Ok(list)
        }
    }

    #[test]
    fn absent_values_are_told_from_those_that_are_there() {
        let read = |text| {
            let (object, _) = RawObject::split(text).unwrap();
            let replaced = Cell::new(false);
            object.visit(Options, &replaced).unwrap()
        };
        assert_eq!(read(r#"{"a":null,"b":7,"c":-7}"#), [None, Some(7), Some(-7)]);
    }
}
