//! ID tokens of Sign in with Slack, as they come, and (feature `id-token`) what is proved by them.

#[cfg(feature = "id-token-aws-lc")]
mod aws_lc;
#[cfg(feature = "id-token")]
mod claims;
#[cfg(feature = "id-token")]
mod discovery;
#[cfg(feature = "id-token")]
mod document;
#[cfg(feature = "id-token")]
mod error;
#[cfg(feature = "id-token")]
mod jws;
#[cfg(feature = "id-token")]
mod key_set;
#[cfg(feature = "id-token")]
mod rs256;
#[cfg(feature = "id-token")]
mod unverified;
#[cfg(feature = "id-token")]
mod verified;
#[cfg(feature = "id-token")]
mod verifier;

use zeroize::Zeroizing;

use crate::{
    secret::{secrets, visible_ascii},
    tokens::Fingerprint,
};
#[cfg(feature = "id-token-aws-lc")]
pub use aws_lc::AwsLcRs256;
#[cfg(feature = "id-token")]
pub use {
    discovery::Discovery,
    document::{DocumentError, DocumentFault},
    error::IdTokenError,
    key_set::KeySet,
    rs256::{Rs256, Rs256Key},
    unverified::UnverifiedClaims,
    verified::VerifiedIdToken,
    verifier::IdTokenVerifier,
};

secrets! {
    /// A signed statement about who signed in (OpenID Connect Core section 2), **unverified**: until signature, issuer,
    /// audience, times and nonce were checked, it proves nothing.
    IdToken, "ID token", visible_ascii;
}

impl IdToken {
    /// Wraps the token of a reply. The caller has checked that it is not empty.
    pub(crate) fn from_reply(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Returns the fingerprint of the token, which is safe to log.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.expose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_has_a_name_for_logs() {
        let token = IdToken::new("e30.e30.e30").unwrap();
        assert_eq!(token.fingerprint(), Fingerprint::of("e30.e30.e30"));
        assert_ne!(token.fingerprint(), Fingerprint::of("e30.e30.e31"));
    }
}
