//! Sign in with Slack: ID tokens, nonces, the claims about a person, and (feature `id-token`) verification.

#[cfg(feature = "id-token-aws-lc")]
pub use slack_proto::openid::AwsLcRs256;
#[cfg(feature = "id-token")]
pub use slack_proto::openid::{
    Discovery, DocumentError, DocumentFault, IdTokenError, IdTokenVerifier, KeySet, Rs256,
    Rs256Key, UnverifiedClaims, VerifiedIdToken,
};
pub use slack_proto::openid::{ExpectedIdToken, IdToken, IdentityKey, Nonce, UserClaims};

#[cfg(feature = "id-token")]
pub use crate::id_token_keys::{
    FetchKeysError, FetchKeysErrorKind, IdTokenKeys, VerifyIdTokenError,
};
