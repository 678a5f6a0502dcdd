//! The check of an ID token.
//!
//! Source: OpenID Connect Core sections 3.1.3.7 and 3.1.3.8; RFC 8725 section 3.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{
    claims::{IdClaims, Strict, TokenClaims},
    jws::{Header, Jws},
};
use crate::{
    AccessToken, Endpoint, Timestamp,
    methods::UntrustedText,
    openid::{ExpectedIdToken, IdToken, IdTokenError, KeySet, VerifiedIdToken},
};

/// Checks ID tokens of one issuer.
///
/// # Examples
///
/// ```
/// use slack_proto::{
///     ClientId, Endpoint, Timestamp,
///     openid::{ExpectedIdToken, IdToken, IdTokenError, IdTokenVerifier, KeySet},
/// };
/// # use slack_proto::openid::{Rs256, Rs256Key};
/// # struct NoKeys;
/// # impl Rs256 for NoKeys { fn key(&self, _: &[u8], _: &[u8]) -> Option<Box<dyn Rs256Key>> { None } }
/// # let (rs256, now) = (NoKeys, Timestamp::from_unix(1_795_219_200));
///
/// let verifier = IdTokenVerifier::new(&Endpoint::slack());
/// let keys = KeySet::parse_response(&http::Response::new(r#"{"keys":[]}"#), &rs256)?;
/// let expected = ExpectedIdToken::new(ClientId::new("1000000001.2000000002")?);
/// let token = IdToken::new("eyJhbGciOiJub25lIn0.e30.")?; // {"alg":"none"}
/// let refused = verifier.verify(&keys, &token, &expected, None, now).unwrap_err();
/// assert_eq!(refused, IdTokenError::Unsigned);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct IdTokenVerifier {
    issuer: Box<str>,
    leeway: Duration,
    requires_at_hash: bool,
}

impl IdTokenVerifier {
    /// Expects tokens that name the endpoint's origin as their issuer, as Slack's do, and allows for clocks that are a
    /// minute apart.
    pub fn new(endpoint: &Endpoint) -> Self {
        let issuer = endpoint.origin().into();
        Self { issuer, leeway: Duration::from_secs(60), requires_at_hash: false }
    }

    /// Expects another issuer, compared byte for byte. Which one GovSlack has is unconfirmed.
    pub fn issuer(self, issuer: impl Into<Box<str>>) -> Self {
        Self { issuer: issuer.into(), ..self }
    }

    /// Allows for clocks that are so far apart. Slack's tokens live 300 s.
    pub fn leeway(self, leeway: Duration) -> Self {
        Self { leeway, ..self }
    }

    /// Requires the claim `at_hash`, which binds the token to the access token of the same response. Slack's tokens have it;
    /// the standard does not ask for it where a code is exchanged. An ID token without it, or a call without an access
    /// token, is then refused.
    pub fn require_at_hash(self) -> Self {
        Self { requires_at_hash: true, ..self }
    }

    /// Returns the issuer that tokens must have.
    #[must_use]
    pub fn expected_issuer(&self) -> &str {
        &self.issuer
    }

    /// Checks a token: signature, issuer, audience, times, nonce, workspace if one is required, and, if it came with an
    /// access token, that they belong together.
    ///
    /// Give the access token whenever there is one: then `at_hash`, which Slack's tokens have, is compared with it.
    ///
    /// # Errors
    ///
    /// The first check that fails. After [`IdTokenError::UnknownKey`] fetch the keys once more and call again.
    pub fn verify(
        &self,
        keys: &KeySet,
        token: &IdToken,
        expected: &ExpectedIdToken,
        access_token: Option<&AccessToken>,
        now: Timestamp,
    ) -> Result<VerifiedIdToken, IdTokenError> {
        let claims = signed_claims(keys, token)?;
        let (claims, parse_warnings) =
            IdClaims::read(&claims).ok_or(IdTokenError::UnreadableClaims)?;
        self.check_origin(&claims.token, expected)?;
        let times = self.check_times(&claims.token, now)?;
        check_nonce(claims.token.nonce.as_ref(), expected)?;
        self.check_access_token(claims.token.at_hash.as_ref(), access_token)?;
        let verified = VerifiedIdToken::new(claims, times, parse_warnings)?;
        check_team(&verified, expected)?;
        Ok(verified)
    }

    /// Who issued it, and for whom.
    fn check_origin(
        &self,
        claims: &TokenClaims,
        expected: &ExpectedIdToken,
    ) -> Result<(), IdTokenError> {
        let client_id = expected.client_id().as_str();
        let issuer = claims.iss.as_ref().ok_or(IdTokenError::MissingClaim("iss"))?;
        if issuer.as_str() != &*self.issuer {
            return Err(IdTokenError::WrongIssuer(issuer.clone()));
        }
        let audience = claims.aud.as_ref().ok_or(IdTokenError::MissingClaim("aud"))?;
        if !audience.contains(client_id) {
            return Err(IdTokenError::WrongAudience);
        }
        match claims.azp.as_ref() {
            None if audience.count == 1 => Ok(()),
            Some(party) if party.text() == Some(client_id) => Ok(()),
            _ => Err(IdTokenError::WrongAuthorizedParty),
        }
    }

    /// Compares the left half of the access token's SHA-256, in constant time.
    fn check_access_token(
        &self,
        claim: Option<&Strict>,
        access_token: Option<&AccessToken>,
    ) -> Result<(), IdTokenError> {
        let (claim, token) = match (claim, access_token) {
            (Some(claim), Some(token)) => (claim, token),
            _ if !self.requires_at_hash => return Ok(()),
            (None, _) => return Err(IdTokenError::MissingClaim("at_hash")),
            (_, None) => return Err(IdTokenError::NoAccessToken),
        };
        let mut hash = [0; 22];
        // 16 bytes are 22 characters, so it cannot fail; if it did, nothing would be equal to the zeros.
        let _ =
            BASE64_URL_SAFE_NO_PAD.encode_slice(&Sha256::digest(token.expose())[..16], &mut hash);
        let same = claim.text().is_some_and(|claim| claim.as_bytes().ct_eq(&hash).into());
        if same { Ok(()) } else { Err(IdTokenError::WrongAccessToken) }
    }

    fn check_times(&self, claims: &TokenClaims, now: Timestamp) -> Result<Times, IdTokenError> {
        let expires_at = *claims.exp.as_ref().ok_or(IdTokenError::MissingClaim("exp"))?;
        let issued_at = *claims.iat.as_ref().ok_or(IdTokenError::MissingClaim("iat"))?;
        if now >= expires_at + self.leeway {
            return Err(IdTokenError::Expired(expires_at));
        }
        let latest = now + self.leeway;
        if issued_at > latest {
            return Err(IdTokenError::IssuedInFuture(issued_at));
        }
        match claims.nbf.as_ref() {
            Some(&begin) if begin > latest => Err(IdTokenError::NotYetValid(begin)),
            _ => Ok(Times { issued_at, expires_at }),
        }
    }
}

/// When a token was issued, and until when it is good.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

/// Checks the signature, and gives the claims, which are now Slack's words.
fn signed_claims(keys: &KeySet, token: &IdToken) -> Result<Vec<u8>, IdTokenError> {
    let jws = Jws::split(token)?;
    let header = Header::read(&jws.header)?;
    match header.alg.as_ref().map(|alg| &**alg) {
        Some("RS256") => {}
        Some(alg) if !alg.eq_ignore_ascii_case("none") => {
            return Err(IdTokenError::WrongAlgorithm(UntrustedText::from(alg)));
        }
        _ => return Err(IdTokenError::Unsigned),
    }
    if header.has_crit {
        return Err(IdTokenError::CriticalHeader);
    }
    let key_id = header.kid.as_ref().ok_or(IdTokenError::NoKeyId)?;
    let unknown = || IdTokenError::UnknownKey(UntrustedText::from(&**key_id));
    let key = keys.find(key_id).ok_or_else(unknown)?;
    if !key.verifies(jws.signed.as_bytes(), &jws.signature) {
        return Err(IdTokenError::WrongSignature);
    }
    jws.claims()
}

/// Slack's tokens have an empty nonce when none was sent.
fn check_nonce(claim: Option<&Strict>, expected: &ExpectedIdToken) -> Result<(), IdTokenError> {
    match (expected.sent_nonce(), claim.map(Strict::text)) {
        (None, None | Some(Some(""))) => Ok(()),
        (None, Some(_)) => Err(IdTokenError::UnexpectedNonce),
        (Some(_), None | Some(Some(""))) => Err(IdTokenError::MissingNonce),
        (Some(nonce), Some(Some(claim))) if nonce.matches(claim) => Ok(()),
        (Some(_), Some(_)) => Err(IdTokenError::WrongNonce),
    }
}

/// Slack lets a person through who is not a member of the workspace that was proposed.
fn check_team(verified: &VerifiedIdToken, expected: &ExpectedIdToken) -> Result<(), IdTokenError> {
    match (expected.required_team(), &verified.user.team_id) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(IdTokenError::MissingClaim("https://slack.com/team_id")),
        (Some(required), Some(team)) if required == team => Ok(()),
        (Some(_), Some(team)) => Err(IdTokenError::WrongTeam(team.clone())),
    }
}

#[cfg(test)]
mod tests;
