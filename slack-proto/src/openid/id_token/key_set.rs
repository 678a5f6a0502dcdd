//! The keys that ID tokens are signed by.
//!
//! Source: <https://slack.com/openid/connect/keys>; RFC 7517 section 5, RFC 7518 section 6.3.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::Response;
use serde::de::{IgnoredAny, SeqAccess};

use super::{
    document::{self, DocumentError, DocumentFault},
    rs256::{Rs256, Rs256Key},
};
use crate::{
    methods::{ParseWarning, UntrustedText, parse_warning::Reason},
    wire::{
        fields::Nested,
        notes::{Notes, Place},
        object::object,
        value::{Got, Lenient, Value},
    },
};

/// The public keys that a Slack publishes, read once for any number of tokens.
///
/// A key that is not for `RS256`, too short, or malformed is skipped and reported as a parse warning, so that a set
/// may have no usable key. Of a set with more than 16 keys only the first 16 are used.
pub struct KeySet {
    keys: Vec<(UntrustedText, Box<dyn Rs256Key>)>,
    parse_warnings: Vec<ParseWarning>,
}

impl KeySet {
    /// Reads the answer to [`Discovery::keys_request`](crate::openid::Discovery::keys_request).
    ///
    /// # Errors
    ///
    /// When the answer is not a key set: another status than 200, no JSON object, no list `keys`.
    pub fn parse_response<B: AsRef<[u8]>>(
        response: &Response<B>,
        rs256: &dyn Rs256,
    ) -> Result<Self, DocumentError> {
        let (wire, mut parse_warnings) = document::read::<SetWire>(DOCUMENT, response)?;
        let missing = DocumentError::new(DOCUMENT, DocumentFault::Missing("keys"));
        let mut keys: Vec<(UntrustedText, Box<dyn Rs256Key>)> = Vec::new();
        for (index, wire) in wire.keys.take().ok_or(missing)?.0 {
            match read_key(wire, rs256) {
                Ok((id, _)) if keys.iter().any(|(known, _)| *known == id) => {
                    parse_warnings.push(odd(index, "the `kid` of a key before it; passed over"));
                }
                Ok(key) => keys.push(key),
                Err(reason) => parse_warnings.push(odd(index, reason)),
            }
        }
        Ok(Self { keys, parse_warnings })
    }

    /// Returns the number of usable keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Returns whether no key is usable.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Returns the ids (`kid`) of the usable keys.
    pub fn key_ids(&self) -> impl Iterator<Item = &UntrustedText> {
        self.keys.iter().map(|(id, _)| id)
    }

    /// Returns what was unexpected, such as a key that was skipped.
    #[must_use]
    pub fn parse_warnings(&self) -> &[ParseWarning] {
        &self.parse_warnings
    }

    pub(crate) fn find(&self, id: &str) -> Option<&dyn Rs256Key> {
        let (_, key) = self.keys.iter().find(|(known, _)| known.as_str() == id)?;
        Some(&**key)
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.key_ids().collect();
        f.debug_struct("KeySet")
            .field("key_ids", &ids)
            .field("parse_warnings", &self.parse_warnings)
            .finish_non_exhaustive()
    }
}

/// Reads one key, or tells why it is of no use.
fn read_key(
    wire: KeyWire,
    rs256: &dyn Rs256,
) -> Result<(UntrustedText, Box<dyn Rs256Key>), &'static str> {
    let is =
        |member: Option<&UntrustedText>, wanted| member.is_none_or(|text| text.as_str() == wanted);
    if wire.kty.as_ref().is_none_or(|kty| kty.as_str() != "RSA") {
        return Err("`kty` is not RSA; passed over");
    }
    if !is(wire.alg.as_ref(), "RS256") {
        return Err("`alg` is not RS256; passed over");
    }
    if !is(wire.usage.as_ref(), "sig") {
        return Err("`use` is not sig; passed over");
    }
    let id = wire.kid.take().filter(|id| !id.as_str().is_empty());
    let id = id.ok_or("no usable `kid`; passed over")?;
    let modulus = number(wire.n.take()).ok_or("no usable `n`; passed over")?;
    let exponent = number(wire.e.take()).ok_or("no usable `e`; passed over")?;
    if bits(&modulus) < SHORTEST {
        return Err("fewer than 2,048 bits; passed over");
    }
    if bits(&modulus) > LONGEST {
        return Err("more than 8,192 bits; passed over");
    }
    // 1 would make any signature right, and an even exponent has no inverse.
    if exponent.len() > 4 || exponent == [1] || exponent.last().is_some_and(|byte| byte % 2 == 0) {
        return Err("an exponent that RSA does not allow; passed over");
    }
    let key = rs256.key(&modulus, &exponent);
    Ok((id, key.ok_or("refused by the RSA implementation; passed over")?))
}

/// Reads a `Base64urlUInt` (RFC 7518 section 2), and takes leading zeros off, which some libraries write.
fn number(text: Option<UntrustedText>) -> Option<Vec<u8>> {
    let text = text.filter(|text| text.as_str().len() <= LONGEST_TEXT)?;
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.as_str()).ok()?;
    let first = bytes.iter().position(|&byte| byte != 0)?;
    Some(bytes[first..].to_vec())
}

fn bits(number: &[u8]) -> usize {
    number.len() * 8 - number.first().map_or(0, |first| first.leading_zeros() as usize)
}

fn odd(index: usize, reason: &'static str) -> ParseWarning {
    ParseWarning::new(format!("keys[{index}]"), Reason::Fixed(reason))
}

object! {
    struct SetWire {
        keys: KeyList = "keys",
    }
}

object! {
    struct KeyWire {
        kty: UntrustedText = "kty",
        alg: UntrustedText = "alg",
        usage: UntrustedText = "use",
        kid: UntrustedText = "kid",
        n: UntrustedText = "n",
        e: UntrustedText = "e",
    }
}

/// The objects of a list, each with its place; no more than [`MOST_KEYS`].
#[derive(Debug)]
struct KeyList(Vec<(usize, KeyWire)>);

impl<'de> Value<'de> for KeyList {
    const EXPECTED: &'static str = "a list of keys";

    fn list<A: SeqAccess<'de>>(mut seq: A, notes: &mut Notes) -> Result<Got<Self>, A::Error> {
        let mut list = Vec::new();
        for index in 0..MOST_KEYS {
            notes.at_index(Some(index));
            match seq.next_element_seed(Lenient::<Nested<KeyWire>>::new(notes, Place::ELEMENT))? {
                Some(Some(Nested(key))) => list.push((index, key)),
                Some(None) => {}
                None => {
                    notes.at_index(None);
                    return Ok(Got::Value(Self(list)));
                }
            }
        }
        notes.at_index(None);
        let mut more = false;
        while seq.next_element::<IgnoredAny>()?.is_some() {
            more = true;
        }
        let list = Self(list);
        Ok(if more {
            Got::Odd(list, "more than 16 keys; the first 16 count")
        } else {
            Got::Value(list)
        })
    }
}

const DOCUMENT: &str = "key set";

/// Slack publishes one key, and perhaps two while it changes them.
const MOST_KEYS: usize = 16;

/// NIST SP 800-57: shorter RSA keys are no longer safe.
const SHORTEST: usize = 2048;
const LONGEST: usize = 8192;

/// The base64url of 8,192 bits, and of a leading zero or two.
const LONGEST_TEXT: usize = 1400;

#[cfg(test)]
mod tests;
