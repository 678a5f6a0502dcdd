//! One member's value, read leniently: reading continues after any value.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::notes::{Notes, Place};
use crate::methods::parse_warning::Reason;

/// What came of reading a value.
pub(crate) enum Got<T> {
    /// The value, as documented.
    Value(T),
    /// A value that could be read although it was odd, and why it was.
    Odd(T, &'static str),
    /// Nothing usable, and why.
    Unusable(&'static str),
    /// Another type than expected; what was found.
    Wrong(&'static str),
}

impl<T> Got<T> {
    pub(crate) fn map<U>(self, make: impl FnOnce(T) -> U) -> Got<U> {
        match self {
            Self::Value(value) => Got::Value(make(value)),
            Self::Odd(value, reason) => Got::Odd(make(value), reason),
            Self::Unusable(reason) => Got::Unusable(reason),
            Self::Wrong(found) => Got::Wrong(found),
        }
    }
}

/// A type that a member can be read into. Each hook is one JSON type; those left out are wrong for it.
pub(crate) trait Value<'de>: Sized {
    /// What is expected here, with its article.
    const EXPECTED: &'static str;

    /// Reads the value. Only a type that wants the text of its value, and not what it means, does it another way.
    fn read<D: Deserializer<'de>>(
        lenient: Lenient<'_, Self>,
        deserializer: D,
    ) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_any(lenient)
    }

    /// Replaces an earlier value of the same member.
    #[must_use]
    fn after(self, _: Self) -> Self {
        self
    }

    fn text(_: &str) -> Got<Self> {
        Got::Wrong("a string")
    }

    fn borrowed(text: &'de str) -> Got<Self> {
        Self::text(text)
    }

    fn boolean(_: bool) -> Got<Self> {
        Got::Wrong("a boolean")
    }

    fn integer(_: u64) -> Got<Self> {
        Got::Wrong("a number")
    }

    fn float(_: f64) -> Got<Self> {
        Got::Wrong("a number")
    }

    fn object<A: MapAccess<'de>>(map: A, _: &mut Notes) -> Result<Got<Self>, A::Error> {
        IgnoredAny.visit_map(map)?;
        Ok(Got::Wrong("an object"))
    }

    fn list<A: SeqAccess<'de>>(seq: A, _: &mut Notes) -> Result<Got<Self>, A::Error> {
        IgnoredAny.visit_seq(seq)?;
        Ok(Got::Wrong("a list"))
    }
}

/// Reads a `T`, noting what is odd; `None` for `null` and for what cannot be used.
pub(crate) struct Lenient<'n, T> {
    notes: &'n mut Notes,
    value: PhantomData<T>,
}

impl<'n, T> Lenient<'n, T> {
    #[inline]
    pub(crate) fn new(notes: &'n mut Notes, place: Place) -> Self {
        notes.at(place);
        Self { notes, value: PhantomData }
    }
}

impl<'de, T: Value<'de>> Lenient<'_, T> {
    #[inline]
    pub(crate) fn take(self, got: Got<T>) -> Option<T> {
        match got {
            Got::Value(value) => Some(value),
            Got::Odd(value, reason) => {
                self.notes.odd_here(reason);
                Some(value)
            }
            Got::Unusable(reason) => {
                self.notes.odd_here(reason);
                None
            }
            Got::Wrong(found) => {
                self.notes.odd_here(Reason::Type { expected: T::EXPECTED, found });
                None
            }
        }
    }
}

impl<'de, T: Value<'de>> DeserializeSeed<'de> for Lenient<'_, T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        T::read(self, deserializer)
    }
}

impl<'de, T: Value<'de>> Visitor<'de> for Lenient<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    #[inline]
    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.take(T::text(text)))
    }

    #[inline]
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(self.take(T::borrowed(text)))
    }

    #[inline]
    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(self.take(T::boolean(value)))
    }

    #[inline]
    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(self.take(T::integer(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a negative integer is odd wherever it stands"
        )]
        let got = u64::try_from(value).map_or_else(|_| T::float(value as f64), T::integer);
        Ok(self.take(got))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(self.take(T::float(value)))
    }

    #[inline]
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        self.notes.enter();
        let got = T::object(map, self.notes)?;
        self.notes.leave();
        Ok(self.take(got))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        self.notes.enter();
        let got = T::list(seq, self.notes)?;
        self.notes.leave();
        Ok(self.take(got))
    }
}
