//! What an ID token says, true or not.

use super::{
    claims::IdClaims,
    jws::{Header, Jws},
};
use crate::{
    Timestamp,
    methods::UntrustedText,
    openid::{IdToken, IdTokenError, UserClaims},
};

/// What an ID token says, true or not: **anybody could have written it**.
///
/// For a log, or to look at a token that was refused. Nobody is signed in by this.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UnverifiedClaims {
    /// `alg` of the header.
    pub algorithm: Option<UntrustedText>,
    /// `kid` of the header.
    pub key_id: Option<UntrustedText>,
    /// `iss`.
    pub issuer: Option<UntrustedText>,
    /// `aud`: one client id, or the first 64 of several.
    pub audience: Vec<UntrustedText>,
    /// `iat`.
    pub issued_at: Option<Timestamp>,
    /// `exp`.
    pub expires_at: Option<Timestamp>,
    /// Who signed in, if the token is true.
    pub user: Option<UserClaims>,
}

impl IdToken {
    /// Reads what the token says **without any check**: signature, issuer, audience, times and nonce may all be wrong.
    ///
    /// # Errors
    ///
    /// [`IdTokenError::Malformed`] and [`IdTokenError::UnreadableClaims`].
    pub fn decode_without_verifying(&self) -> Result<UnverifiedClaims, IdTokenError> {
        let jws = Jws::split(self)?;
        let header = Header::read(&jws.header)?;
        let (claims, mut parse_warnings) =
            IdClaims::read(&jws.claims()?).ok_or(IdTokenError::UnreadableClaims)?;
        let IdClaims { token, person } = claims;
        Ok(UnverifiedClaims {
            algorithm: header.alg.as_ref().map(|alg| UntrustedText::from(&**alg)),
            key_id: header.kid.as_ref().map(|kid| UntrustedText::from(&**kid)),
            issuer: token.iss.take(),
            audience: token.aud.take().map(|audience| audience.names).unwrap_or_default(),
            issued_at: token.iat.take(),
            expires_at: token.exp.take(),
            user: UserClaims::with_oddities(person, &mut parse_warnings),
        })
    }
}
