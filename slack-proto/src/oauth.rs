//! OAuth 2.0 as Slack speaks it: authorization requests, callbacks, PKCE, scopes, and the clients that authenticate.

mod authorization_error;
mod authorization_request;
mod authorization_url;
mod callback;
mod callback_error;
pub(crate) mod client;
pub(crate) mod client_authentication;
mod code_exchange;
mod pending;
mod pending_encoding;
pub(crate) mod pkce;
pub(crate) mod random_bytes;
mod redirect_uri;
mod requested_scopes;
pub(crate) mod scopes;
mod signed_state;
mod state;
mod verified_callback;

pub use crate::secret::{AuthorizationCode, ClientSecret};
pub use authorization_error::{AuthorizationErrorResponse, AuthorizeError};
pub use authorization_request::AuthorizationRequest;
pub use authorization_url::AuthorizationUrl;
pub use callback::{Callback, InvalidCallback, WithoutStateError};
pub use callback_error::CallbackError;
pub use client::{ClientCredentials, ClientId, ConfidentialClient, OauthClient, PublicClient};
pub use client_authentication::{ClientAuthentication, SecretAndPkce, SecretAuthentication};
pub use code_exchange::CodeExchange;
pub use pending::PendingAuthorization;
pub use pending_encoding::InvalidPendingAuthorization;
pub use pkce::{CodeChallenge, CodeVerifier};
pub use random_bytes::RandomBytes;
pub use redirect_uri::RedirectUri;
pub use requested_scopes::{InstallScopes, MissingScopes, RequestedScopes, SignInScopes};
pub use scopes::Scopes;
pub use signed_state::{
    SessionBinding, SignedStateError, SignedStateFlow, StateSigningKey, StateSigningKeys,
};
pub use state::OauthState;
pub use verified_callback::VerifiedCallback;
