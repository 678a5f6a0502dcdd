//! The members that every reply can have, taken out on the way to the payload.

use std::borrow::Cow;

use serde::de::{
    DeserializeSeed, IntoDeserializer, MapAccess,
    value::{BorrowedStrDeserializer, StringDeserializer},
};

use super::{
    fields::{MOST_TEXTS, Nested},
    key::KeySeed,
    notes::{Notes, Place},
    object::{Member, Object, object},
    value::{Got, Lenient, Value},
};
use crate::{
    methods::{UntrustedText, reply::Details},
    oauth::Scopes,
};

/// What the members `ok` of a body say together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OkState {
    #[default]
    Missing,
    NotBoolean,
    True,
    False,
    Conflicting,
}

/// The envelope of a reply, and what was odd in it or in the payload.
#[derive(Debug, Default)]
#[expect(unnameable_types, reason = "it appears in a hidden method of `Payload` only")]
pub struct Envelope<'de> {
    pub(crate) ok: OkState,
    pub(crate) error: Member<Cow<'de, str>>,
    pub(crate) notes: Notes,
    /// Only few replies have any of these.
    rest: Option<Box<Rest>>,
}

object! {
    struct Rest {
        warning: Scopes = "warning",
        needed: Scopes = "needed",
        provided: Scopes = "provided",
        errors: Vec<UntrustedText> = "errors",
        metadata: Nested<Metadata> = "response_metadata",
    }
}

object! {
    struct Metadata {
        messages: Vec<UntrustedText> = "messages",
        warnings: Vec<UntrustedText> = "warnings",
        next_cursor: UntrustedText = "next_cursor",
    }
}

impl<'de> Envelope<'de> {
    pub(crate) fn for_text(text: &str) -> Self {
        Self { notes: Notes::for_text(text), ..Self::default() }
    }

    /// Returns whether what has been read so far is a success.
    pub(crate) fn is_success(&self) -> bool {
        self.ok == OkState::True
    }

    /// Reads all members of a reply: those that the object knows into it, those of the envelope here.
    ///
    /// The object is made for the first member that is not `ok` or `error`, and most errors have none.
    pub(crate) fn read_around<O: Object<'de>, A: MapAccess<'de>>(
        &mut self,
        object: &mut Option<O>,
        mut map: A,
    ) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(KeySeed)? {
            if self.verdict(&key, &mut map)? {
                continue;
            }
            let object = object.get_or_insert_default();
            if !object.member(&key, &mut map, &mut self.notes)? && !self.rest(&key, &mut map)? {
                object.unknown(&key, &mut map, &mut self.notes)?;
            }
        }
        Ok(())
    }

    /// Reads the value of `key` if it belongs to the envelope. Returns whether it did.
    fn member<A: MapAccess<'de>>(
        &mut self,
        key: &Cow<'de, str>,
        map: &mut A,
    ) -> Result<bool, A::Error> {
        Ok(self.verdict(key, map)? || self.rest(key, map)?)
    }

    /// Reads the value of `key` if it is one of the two that tell success from failure. Returns whether it was.
    fn verdict<A: MapAccess<'de>>(
        &mut self,
        key: &Cow<'de, str>,
        map: &mut A,
    ) -> Result<bool, A::Error> {
        match &**key {
            "ok" => {
                let seed = Lenient::<OkValue>::new(&mut self.notes, Place::member("ok", key));
                let ok = map.next_value_seed(seed)?;
                self.see_ok(ok.map_or(OkState::NotBoolean, |OkValue(ok)| ok));
            }
            "error" => self.error.read("error", key, map, &mut self.notes)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Reads the value of `key` if it is another one of the envelope's. Returns whether it was.
    fn rest<A: MapAccess<'de>>(
        &mut self,
        key: &Cow<'de, str>,
        map: &mut A,
    ) -> Result<bool, A::Error> {
        match &**key {
            "warning" | "needed" | "provided" | "errors" | "response_metadata" => {
                let rest = self.rest.get_or_insert_default();
                rest.member(key, map, &mut self.notes)
            }
            _ => Ok(false),
        }
    }

    fn see_ok(&mut self, seen: OkState) {
        self.ok = match self.ok {
            OkState::Missing => seen,
            before if before == seen => {
                self.notes.odd_at("ok", "repeated");
                seen
            }
            _ => OkState::Conflicting,
        };
    }

    /// Returns the rest of the envelope; nothing is allocated if there is nothing.
    pub(crate) fn take_details(&mut self) -> Option<Box<Details>> {
        let Some(rest) = self.rest.take() else {
            let odd = self.notes.has_oddities().then(|| self.notes.take_oddities());
            return odd
                .map(|parse_warnings| Box::new(Details { parse_warnings, ..Details::default() }));
        };
        let parse_warnings = self.notes.take_oddities();
        let Rest { warning, needed, provided, errors, metadata } = *rest;
        let metadata = metadata.take().map(|Nested(metadata)| metadata).unwrap_or_default();
        let mut warnings = metadata.warnings.take().unwrap_or_default();
        for text in warning.take().iter().flat_map(Scopes::iter) {
            if warnings.len() == MOST_TEXTS {
                break;
            }
            if !warnings.iter().any(|known| known.as_str() == text) {
                warnings.push(UntrustedText::from(text));
            }
        }
        Some(Box::new(Details {
            warnings,
            messages: metadata.messages.take().unwrap_or_default(),
            errors: errors.take().unwrap_or_default(),
            next_cursor: metadata.next_cursor.take().filter(|cursor| !cursor.as_str().is_empty()),
            needed: needed.take(),
            provided: provided.take(),
            parse_warnings,
            ..Details::default()
        }))
    }
}

/// The value of `ok`, about which there is no leniency.
struct OkValue(OkState);

impl Value<'_> for OkValue {
    const EXPECTED: &'static str = "a boolean";

    fn boolean(value: bool) -> Got<Self> {
        Got::Value(Self(if value { OkState::True } else { OkState::False }))
    }
}

/// A map without the members of the envelope, which go where they belong.
pub(crate) struct Intercepted<'e, 'de, A> {
    map: A,
    envelope: &'e mut Envelope<'de>,
}

impl<'e, 'de, A> Intercepted<'e, 'de, A> {
    pub(crate) fn new(map: A, envelope: &'e mut Envelope<'de>) -> Self {
        Self { map, envelope }
    }
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
