//! The claims of an ID token on the wire.
//!
//! Source: OpenID Connect Core section 2; RFC 7519 section 4.1.

use std::borrow::Cow;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::{
    Timestamp,
    methods::{ParseWarning, UntrustedText},
    openid::user_claims::ClaimsWire,
    wire::{
        document::read_document,
        notes::{Notes, Place},
        object::{Object, object},
        value::{Got, Lenient, Value},
    },
};

/// The claims about the token, and those about the person.
#[derive(Debug, Default)]
pub(super) struct IdClaims {
    pub(super) token: TokenClaims,
    pub(super) person: ClaimsWire,
}

impl IdClaims {
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, Vec<ParseWarning>)> {
        read_document(bytes)
    }
}

impl<'de> Object<'de> for IdClaims {
    fn member<A: MapAccess<'de>>(
        &mut self,
        key: &Cow<'de, str>,
        map: &mut A,
        notes: &mut Notes,
    ) -> Result<bool, A::Error> {
        Ok(self.token.member(key, map, notes)? || self.person.member(key, map, notes)?)
    }

    fn unknown<A: MapAccess<'de>>(
        &mut self,
        key: &Cow<'de, str>,
        map: &mut A,
        notes: &mut Notes,
    ) -> Result<(), A::Error> {
        self.person.unknown(key, map, notes)
    }
}

object! {
    pub(super) struct TokenClaims {
        iss: UntrustedText = "iss",
        aud: Audience = "aud",
        azp: Strict = "azp",
        exp: Timestamp = "exp",
        iat: Timestamp = "iat",
        nbf: Timestamp = "nbf",
        auth_time: Timestamp = "auth_time",
        nonce: Strict = "nonce",
        at_hash: Strict = "at_hash",
    }
}

/// A claim that may be absent, but is text if it is there: any other type fails its check instead of being passed over.
#[derive(Debug)]
pub(super) struct Strict(Option<Box<str>>);

impl Strict {
    /// Returns the text; `None` if the value is not a string.
    pub(super) fn text(&self) -> Option<&str> {
        self.0.as_deref()
    }

    const OTHER: Got<Self> = Got::Odd(Self(None), "expected a string; equal to none");
}

impl<'de> Value<'de> for Strict {
    const EXPECTED: &'static str = "a string";

    fn text(text: &str) -> Got<Self> {
        Got::Value(Self(Some(text.into())))
    }

    fn boolean(_: bool) -> Got<Self> {
        Self::OTHER
    }

    fn integer(_: u64) -> Got<Self> {
        Self::OTHER
    }

    fn float(_: f64) -> Got<Self> {
        Self::OTHER
    }

    fn object<A: MapAccess<'de>>(map: A, _: &mut Notes) -> Result<Got<Self>, A::Error> {
        IgnoredAny.visit_map(map)?;
        Ok(Self::OTHER)
    }

    fn list<A: SeqAccess<'de>>(seq: A, _: &mut Notes) -> Result<Got<Self>, A::Error> {
        IgnoredAny.visit_seq(seq)?;
        Ok(Self::OTHER)
    }
}

/// Whom the token is for: one app, or a list.
#[derive(Debug)]
pub(super) struct Audience {
    /// The first of them; nobody reads more.
    pub(super) names: Vec<UntrustedText>,
    /// How many there are, those of a wrong type included.
    pub(super) count: usize,
}

impl Audience {
    pub(super) fn contains(&self, client_id: &str) -> bool {
        self.names.iter().any(|name| name.as_str() == client_id)
    }
}

impl<'de> Value<'de> for Audience {
    const EXPECTED: &'static str = "a string or a list of strings";

    fn text(text: &str) -> Got<Self> {
        Got::Value(Self { names: vec![UntrustedText::from(text)], count: 1 })
    }

    fn list<A: SeqAccess<'de>>(mut seq: A, notes: &mut Notes) -> Result<Got<Self>, A::Error> {
        const MOST: usize = 64;
        let (mut names, mut count) = (Vec::new(), 0);
        loop {
            notes.at_index(Some(count));
            let seed = Lenient::<UntrustedText>::new(notes, Place::ELEMENT);
            let Some(name) = seq.next_element_seed(seed)? else { break };
            names.extend(name.filter(|_| count < MOST));
            count += 1;
        }
        notes.at_index(None);
        Ok(Got::Value(Self { names, count }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_audience_the_first_sixty_four_count() {
        let contains = |before: usize| {
            let others = "\"9.9\",".repeat(before);
            let claims = format!(r#"{{"aud":[{others}"1.2"]}}"#);
            let (claims, _) = IdClaims::read(claims.as_bytes()).unwrap();
            let audience = claims.token.aud.take().unwrap();
            assert_eq!(audience.count, before + 1);
            audience.contains("1.2")
        };
        assert!(contains(0) && contains(63));
        assert!(!contains(64));
    }
}
