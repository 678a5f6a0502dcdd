//! Sign in with Slack: ID tokens, nonces, the claims about a person, and (feature `id-token`) verification.

pub(crate) mod expected_id_token;
pub(crate) mod id_token;
pub(crate) mod identity_key;
pub(crate) mod nonce;
pub(crate) mod user_claims;

pub use expected_id_token::ExpectedIdToken;
#[cfg(feature = "id-token-aws-lc")]
pub use id_token::AwsLcRs256;
pub use id_token::IdToken;
#[cfg(feature = "id-token")]
pub use id_token::{
    Discovery, DocumentError, DocumentFault, IdTokenError, IdTokenVerifier, KeySet, Rs256,
    Rs256Key, UnverifiedClaims, VerifiedIdToken,
};
pub use identity_key::IdentityKey;
pub use nonce::Nonce;
pub use user_claims::UserClaims;
