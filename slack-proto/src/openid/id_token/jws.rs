//! The three parts of a signed token.
//!
//! Source: RFC 7515 sections 3.1, 4.1 and 7.1.

use std::borrow::Cow;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::de::{IgnoredAny, MapAccess};

use crate::{
    openid::{IdToken, IdTokenError},
    wire::{
        document::read_exact,
        notes::Notes,
        object::{Member, Object},
    },
};

/// A token taken apart. Nothing in it is to be believed before the signature was checked.
pub(super) struct Jws<'t> {
    /// What the signature is of: header and claims as they came.
    pub(super) signed: &'t str,
    pub(super) header: Vec<u8>,
    pub(super) signature: Vec<u8>,
    claims: &'t str,
}

impl<'t> Jws<'t> {
    pub(super) fn split(token: &'t IdToken) -> Result<Self, IdTokenError> {
        let token = token.expose();
        if token.len() > LONGEST {
            return Err(IdTokenError::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(IdTokenError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(IdTokenError::Malformed)?;
        if claims.contains('.') {
            return Err(IdTokenError::Malformed);
        }
        Ok(Self { signed, header: decode(header)?, signature: decode(signature)?, claims })
    }

    pub(super) fn claims(&self) -> Result<Vec<u8>, IdTokenError> {
        decode(self.claims)
    }
}

/// Decodes base64url without padding. Each value has one accepted spelling, so that no other text is the same token.
fn decode(part: &str) -> Result<Vec<u8>, IdTokenError> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| IdTokenError::Malformed)
}

/// What of the header matters. Keys that it may bring along (`jwk`, `jku`, `x5c`) do not.
#[derive(Default)]
pub(super) struct Header<'t> {
    pub(super) alg: Member<Cow<'t, str>>,
    pub(super) kid: Member<Cow<'t, str>>,
    /// `crit` is there, whatever it lists: no extension is understood here.
    pub(super) has_crit: bool,
}

impl<'t> Header<'t> {
    pub(super) fn read(bytes: &'t [u8]) -> Result<Self, IdTokenError> {
        let text = std::str::from_utf8(bytes).map_err(|_| IdTokenError::Malformed)?;
        read_exact(text).map(|(header, _)| header).ok_or(IdTokenError::Malformed)
    }
}

impl<'t> Object<'t> for Header<'t> {
    fn member<A: MapAccess<'t>>(
        &mut self,
        key: &Cow<'t, str>,
        map: &mut A,
        notes: &mut Notes,
    ) -> Result<bool, A::Error> {
        match &**key {
            "alg" => self.alg.read("alg", key, map, notes)?,
            "kid" => self.kid.read("kid", key, map, notes)?,
            "crit" => {
                map.next_value::<IgnoredAny>()?;
                self.has_crit = true;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// Slack's tokens have about 1.5 KB; a header of 64 KB holds no more.
const LONGEST: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_64_kib_is_read_and_a_longer_one_is_not() {
        let split = |length: usize| {
            let token = IdToken::new(format!("AA.{}.AA", "A".repeat(length - 6))).unwrap();
            Jws::split(&token).map(drop)
        };
        assert_eq!(split(65_536), Ok(()));
        assert_eq!(split(65_537), Err(IdTokenError::Malformed));
        assert_eq!(split(100_000), Err(IdTokenError::Malformed));
    }
}
