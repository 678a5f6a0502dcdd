//! Slack's OAuth, OpenID Connect and token rotation as values: `http` requests out, typed results in.
//!
//! The crate opens no socket, reads no clock, draws no randomness and spawns nothing: it runs under any runtime, and
//! every answer of Slack's can be tested without a network. A [`ApiMethod`] value turns itself into an
//! [`http::Request`], given where Slack is (an [`Endpoint`]) and who is calling (its [`Auth`]), and turns the
//! [`http::Response`] into a [`Reply`] or a [`ResponseError`].
//!
//! ```
//! use slack_proto::{AccessToken, AuthTest, Endpoint, ApiMethod};
//!
//! let token = AccessToken::new("xoxb-not-a-real-token")?;
//! let request = AuthTest.to_request(&Endpoint::slack(), &token);
//! assert_eq!(request.uri(), "https://slack.com/api/auth.test");
//! // Send it by whatever means, and hand over what comes back.
//! let response = http::Response::new(r#"{"ok":true,"team_id":"T0FAKE00001"}"#);
//! let reply = AuthTest::parse_response(&response)?;
//! assert_eq!(reply.value.team_id.unwrap().as_str(), "T0FAKE00001");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it promises
//!
//! * **A token is never lost.** If a reply says `ok: true` and holds a token where the method's token belongs, the
//!   token comes out, whatever else stands there. What was odd is told in [`ReplyMeta::parse_warnings`].
//! * **A failure is never a success**, and an error code is never lost: [`ErrorCode`] keeps Slack's spelling.
//! * **A secret is never shown**: not by `Debug`, not by `Display`, not in an error. `expose()` shows one on purpose.
//! * **Wrong calls do not compile**: each method names the credential it takes.
//! * **A person is signed in by a verified token only** (feature `id-token`): `IdTokenVerifier` checks the signature
//!   before it believes a claim.
//! * **A reply is read in one pass.** The body is neither kept nor copied; what is held beside the result is a small
//!   multiple of its size.
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `events` | `events`: the check of Slack's request signatures and the Events API; no crate |
//! | `id-token` | discovery, key sets and `IdTokenVerifier`; no crate, and no cryptography: you bring an `Rs256` |
//! | `id-token-aws-lc` | `AwsLcRs256`, an `Rs256` over aws-lc-rs; needs a C compiler, unless reqwest's or curl's TLS has it built already |

mod auth;
mod authorize;
mod body;
mod claims;
mod client;
mod configuration;
mod credential;
mod encoding;
mod endpoint;
mod entropy;
mod error;
#[cfg(feature = "events")]
pub mod events;
mod expected_id_token;
mod external;
mod fingerprint;
mod form;
mod http_date;
mod id;
mod id_token;
mod identity;
mod installation;
mod invalid;
pub mod lifecycle;
mod method;
mod nonce;
mod oddity;
mod pkce;
mod proof;
mod reply;
pub mod rotation;
mod scopes;
mod secret;
mod text;
mod timestamp;
mod token;
mod verdict;
mod wire;

pub use auth::Auth;
pub use authorize::{
    AuthorizationErrorResponse, AuthorizationRequest, AuthorizationUrl, AuthorizeError, Callback,
    CallbackError, CodeExchange, InstallScopes, InvalidCallback, InvalidPendingAuthorization,
    MissingScopes, OauthState, PendingAuthorization, RedirectUri, RequestedScopes, SessionBinding,
    SignInScopes, SignedStateError, SignedStateFlow, StateSigningKey, VerifiedCallback,
    WithoutStateError,
};
pub use body::RequestBody;
pub use claims::UserClaims;
pub use client::{ClientCredentials, ClientId, ConfidentialClient, PublicClient};
pub use configuration::{ConfigurationCredential, ConfigurationToken};
pub use credential::{Credential, IssuedCredential, RefreshMethod, Slot};
pub use encoding::{EncodedSecrets, InvalidEncoding};
pub use endpoint::Endpoint;
pub use entropy::RandomBytes;
pub use error::{
    ApiError, CommonError, DecodeError, ErrorClass, ErrorCode, HttpError, MethodError, NoError,
    RateLimited, Recovery, ResponseError,
};
pub use expected_id_token::ExpectedIdToken;
pub use external::{ExternalToken, TokenResponseExtras};
pub use fingerprint::Fingerprint;
pub use form::FormFields;
pub use id::{AppId, BotId, ChannelId, EnterpriseId, ExternalTokenId, ProviderKey, TeamId, UserId};
#[cfg(feature = "id-token-aws-lc")]
pub use id_token::AwsLcRs256;
pub use id_token::IdToken;
#[cfg(feature = "id-token")]
pub use id_token::{
    Discovery, DocumentError, DocumentFault, IdTokenError, IdTokenVerifier, KeySet, Rs256,
    Rs256Key, UnverifiedClaims, VerifiedIdToken,
};
pub use identity::IdentityKey;
pub use installation::{
    AppData, Enterprise, IncomingWebhook, Installation, InstallationKey, NeedsAuthorization,
    RefreshTokenNotFound, StoreKey, Team,
};
pub use invalid::InvalidValue;
pub use method::{
    ApiMethod, AppsAuthExternalDelete, AppsAuthExternalDeleteError, AppsAuthExternalDeleteResponse,
    AppsAuthExternalGet, AppsAuthExternalGetError, AppsAuthExternalGetResponse, AppsUninstall,
    AppsUninstallError, AppsUninstallResponse, AuthRevoke, AuthRevokeError, AuthRevokeResponse,
    AuthTeamsList, AuthTeamsListError, AuthTeamsListResponse, AuthTest, AuthTestResponse,
    ListedTeam, OauthV2Access, OauthV2AccessError, OauthV2AccessResponse, OauthV2Exchange,
    OauthV2ExchangeError, OauthV2ExchangeResponse, OauthV2Refresh, OauthV2RefreshResponse,
    OauthV2UserAccess, OauthV2UserAccessError, OauthV2UserAccessResponse, OauthV2UserRefresh,
    OauthV2UserRefreshResponse, OpenidConnectRefresh, OpenidConnectRefreshResponse,
    OpenidConnectToken, OpenidConnectTokenError, OpenidConnectTokenResponse, OpenidConnectUserInfo,
    TeamIcon, ToolingTokensRotate, ToolingTokensRotateError, ToolingTokensRotateResponse,
};
pub use nonce::Nonce;
pub use oddity::ParseWarning;
pub use pkce::{CodeChallenge, CodeVerifier};
pub use proof::{ClientAuthentication, SecretAndPkce, SecretAuthentication};
pub use reply::{Reply, ReplyMeta};
pub use rotation::{AnyCredential, Rotation, RotationPolicy};
pub use scopes::Scopes;
pub use secret::{AuthorizationCode, ClientSecret, WebhookUrl};
pub use text::UntrustedText;
pub use timestamp::Timestamp;
pub use token::{AccessToken, RefreshToken, TokenKind};
pub use verdict::Purpose;
pub use wire::payload::Payload;

mod sealed {
    #[expect(unnameable_types, reason = "that is what seals a trait")]
    /// Keeps a trait's implementations in this crate.
    pub trait Sealed {}
}
