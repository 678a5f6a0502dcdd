//! Small public choices.

use serde::{Deserialize, Serialize};

/// How the authorize page decides.
///
/// A request can decide for itself by a parameter `fake_decision` of `allow` or `deny`, in the
/// address or in the form that is posted back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Consent {
    /// Shows a page with the buttons Allow and Cancel.
    Ask,
    /// Redirects to the app with a code at once.
    Allow,
    /// Redirects to the app with `access_denied` at once.
    Deny,
    /// Redirects to the app with this error at once, for instance `unapproved_scope`.
    Fail(String),
}

/// Which pair stays valid when one refresh token was exchanged several times within its grace time.
///
/// At Slack the others are revoked later; when exactly is unconfirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Siblings {
    /// The one that is refreshed first; the others end at that moment.
    FirstUsedWins,
    /// The one that was issued last; the others end with the grace time.
    NewestWins,
}

/// The shape of the answer of `oauth.v2.user.access` to a code grant; sources disagree on it.
///
/// Refreshes are answered in the schema's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UserAccessShape {
    /// The method's schema: all at the top level, with `user_id`.
    Schema,
    /// As the schema, but `token_type` is `Bearer` (seen by MCP clients).
    Bearer,
    /// The documented example: id and scopes under `authed_user`, no `app_id`, no `enterprise`.
    DocsExample,
    /// An empty `scope` at the top, the real one and the token once more under `authed_user`.
    ScopesInAuthedUser,
    /// All of the credential under `authed_user`, as `oauth.v2.access` has it.
    Nested,
}

/// Where `oauth.v2.user.access` accepts client id and secret.
///
/// One live report says that it refuses HTTP Basic; the method's page recommends it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UserAccessAuth {
    /// In an HTTP Basic header or in the body.
    #[default]
    BasicOrBody,
    /// In the body alone; Basic is answered with `bad_client_secret`.
    BodyOnly,
}

/// The style of the errors of `openid.connect.token`; both styles are documented for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OpenIdErrors {
    /// Slack's own codes, for instance `invalid_code`, with status 200.
    Slack,
    /// The codes of RFC 6749, for instance `invalid_grant`, with status 200.
    Rfc,
    /// The codes of RFC 6749 with status 400 or 401; whether Slack ever does so is unconfirmed.
    RfcWithStatus,
}

/// The fault of an ID token, scripted by `FakeSlack::script_id_token`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IdTokenFault {
    /// `iss` is another host that looks like Slack's.
    WrongIssuer,
    /// `iat` lies a day ahead.
    IssuedInFuture,
    /// `exp` is long past.
    Expired,
    /// `aud` is another app.
    WrongAudience,
    /// `aud` lists this app and another one, and `azp` is the other one.
    WrongAuthorizedParty,
    /// `nonce` is another one.
    WrongNonce,
    /// `nonce` is missing.
    NoNonce,
    /// `at_hash` belongs to another access token.
    WrongAccessTokenHash,
    /// The claims were changed after signing.
    TamperedClaims,
    /// One bit of the signature was changed.
    TamperedSignature,
    /// Signed by a key that is not published, and says so.
    UnknownKey,
    /// Signed by a key that is not published under the name of one that is.
    SignedByAnotherKey,
    /// The header names no key.
    NoKeyId,
    /// The header says `alg: none`, and there is no signature.
    AlgorithmNone,
    /// The header says `alg: HS256`, signed with the public key as the secret.
    AlgorithmHs256,
    /// The header has a `crit` entry that nobody understands.
    CriticalHeader,
}

/// On whose behalf an app acts with a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CredentialKind {
    /// The app's bot.
    Bot,
    /// A person.
    User,
    /// A person who signed in (`openid.connect.token`).
    SignIn,
    /// A person who edits app configurations (`tooling.tokens.rotate`).
    Config,
}
