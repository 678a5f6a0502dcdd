//! What an ID token proves.

use super::{claims::IdClaims, verifier::Times};
use crate::{
    Timestamp,
    methods::ParseWarning,
    openid::{IdTokenError, UserClaims},
};

/// What an ID token proves, now that it was verified.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VerifiedIdToken {
    /// Who signed in; [`UserClaims::identity`] is what to file the person under.
    pub user: UserClaims,
    /// `iat`: when the token was issued.
    pub issued_at: Timestamp,
    /// `exp`: until when it could be used; this says nothing of how long a session may last.
    pub expires_at: Timestamp,
    /// `auth_time`: when the person proved who they are.
    pub authenticated_at: Option<Timestamp>,
    parse_warnings: Vec<ParseWarning>,
}

impl VerifiedIdToken {
    pub(super) fn new(
        claims: IdClaims,
        times: Times,
        mut parse_warnings: Vec<ParseWarning>,
    ) -> Result<Self, IdTokenError> {
        let IdClaims { token, person } = claims;
        // `https://slack.com/user_id` does not stand in here: the standard demands `sub`.
        if !person.has_sub() {
            return Err(IdTokenError::MissingClaim("sub"));
        }
        let user = UserClaims::with_oddities(person, &mut parse_warnings);
        Ok(Self {
            user: user.ok_or(IdTokenError::MissingClaim("sub"))?,
            issued_at: times.issued_at,
            expires_at: times.expires_at,
            authenticated_at: token.auth_time.take(),
            parse_warnings,
        })
    }

    /// Returns warnings about claims that were unexpected. None of them is a claim that was verified.
    #[must_use]
    pub fn parse_warnings(&self) -> &[ParseWarning] {
        &self.parse_warnings
    }
}
