//! The members that every reply can have, taken out on the way to the payload.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::de::{
    DeserializeSeed, IntoDeserializer, MapAccess, Visitor,
    value::{BorrowedStrDeserializer, MapAccessDeserializer, StringDeserializer},
};

use super::{
    fields::Nested,
    key::KeySeed,
    notes::Notes,
    object::{Object, object},
    payload::Payload,
    value::{Got, Lenient, Value},
};
use crate::{ForeignText, Scopes, reply::Details};

/// What the members `ok` of a body say together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ok {
    #[default]
    Missing,
    NotBoolean,
    True,
    False,
    Conflicting,
}

/// The envelope of a reply.
#[derive(Debug, Default)]
pub(crate) struct Envelope<'de> {
    pub(crate) ok: Ok,
    pub(crate) members: Members<'de>,
    pub(crate) notes: Notes,
}

#[derive(Debug, Default)]
pub(crate) struct Members<'de> {
    pub(crate) error: super::object::Member<Cow<'de, str>>,
    rest: Rest,
}

object! {
    struct Rest {
        warning: Scopes = "warning",
        needed: Scopes = "needed",
        provided: Scopes = "provided",
        errors: Vec<ForeignText> = "errors",
        metadata: Nested<Metadata> = "response_metadata",
    }
}

object! {
    struct Metadata {
        messages: Vec<ForeignText> = "messages",
        warnings: Vec<ForeignText> = "warnings",
        next_cursor: ForeignText = "next_cursor",
    }
}

impl<'de> Envelope<'de> {
    pub(crate) fn for_text(text: &str) -> Self {
        Self { notes: Notes::for_text(text), ..Self::default() }
    }

    /// Takes the value behind `key` if it belongs to the envelope; tells whether it did.
    fn member<A: MapAccess<'de>>(
        &mut self,
        key: &Cow<'de, str>,
        map: &mut A,
    ) -> Result<bool, A::Error> {
        match &**key {
            "ok" => {
                let ok = map.next_value_seed(Lenient::<OkValue>::new(&mut Notes::default()))?;
                self.see_ok(ok.map_or(Ok::NotBoolean, |OkValue(ok)| ok));
            }
            "error" => self.members.error.read("error", key, map, &mut self.notes)?,
            _ => return self.members.rest.member(key, map, &mut self.notes),
        }
        Ok(true)
    }

    fn see_ok(&mut self, seen: Ok) {
        self.ok = match self.ok {
            Ok::Missing => seen,
            before if before == seen => {
                self.notes.odd_at("ok", "repeated");
                seen
            }
            _ => Ok::Conflicting,
        };
    }

    /// Gives what the envelope tells beside its verdict; nothing costs nothing.
    pub(crate) fn into_details(self, payload_notes: Notes) -> Option<Box<Details>> {
        let Rest { warning, needed, provided, errors, metadata } = self.members.rest;
        let mut oddities = self.notes.into_oddities();
        oddities.extend(payload_notes.into_oddities());
        let nothing =
            [warning.was_seen(), needed.was_seen(), provided.was_seen(), errors.was_seen()]
                .iter()
                .chain([&metadata.was_seen()])
                .all(|seen| !seen);
        if nothing && oddities.is_empty() {
            return None;
        }
        let metadata = metadata.take().map(|Nested(metadata)| metadata).unwrap_or_default();
        let mut warnings = metadata.warnings.take().unwrap_or_default();
        for text in warning.take().iter().flat_map(Scopes::iter) {
            if !warnings.iter().any(|known| known.as_str() == text) {
                warnings.push(ForeignText::from(text));
            }
        }
        Some(Box::new(Details {
            warnings,
            messages: metadata.messages.take().unwrap_or_default(),
            errors: errors.take().unwrap_or_default(),
            next_cursor: metadata.next_cursor.take().filter(|cursor| !cursor.as_str().is_empty()),
            needed: needed.take(),
            provided: provided.take(),
            oddities,
            ..Details::default()
        }))
    }
}

/// The value of `ok`, about which there is no leniency.
struct OkValue(Ok);

impl Value<'_> for OkValue {
    const EXPECTED: &'static str = "a boolean";

    fn boolean(value: bool) -> Got<Self> {
        Got::Value(Self(if value { Ok::True } else { Ok::False }))
    }
}

/// Reads a whole reply: the envelope into one place, the rest into the payload.
pub(crate) struct ReplyVisitor<'e, 'de, P> {
    envelope: &'e mut Envelope<'de>,
    notes: &'e mut Notes,
    payload: PhantomData<P>,
}

impl<'e, 'de, P> ReplyVisitor<'e, 'de, P> {
    pub(crate) fn new(envelope: &'e mut Envelope<'de>, notes: &'e mut Notes) -> Self {
        Self { envelope, notes, payload: PhantomData }
    }
}

impl<'de, P: Payload> Visitor<'de> for ReplyVisitor<'_, 'de, P> {
    type Value = Option<P>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let rest = Intercepted { map, envelope: self.envelope };
        P::read(MapAccessDeserializer::new(rest), self.notes)
    }
}

/// A map without the members of the envelope, which go where they belong.
struct Intercepted<'e, 'de, A> {
    map: A,
    envelope: &'e mut Envelope<'de>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Intercepted<'_, 'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.map.next_key_seed(KeySeed)? {
            if self.envelope.member(&key, &mut self.map)? {
                continue;
            }
            return match key {
                Cow::Borrowed(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
                Cow::Owned(name) => {
                    seed.deserialize::<StringDeserializer<A::Error>>(name.into_deserializer())
                }
            }
            .map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

/// Reads the envelope alone.
pub(crate) struct NoPayload;

impl<'de> serde::Deserialize<'de> for NoPayload {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_ignored_any(serde::de::IgnoredAny).map(|_| Self)
    }
}
