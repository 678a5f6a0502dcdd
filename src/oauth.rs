//! OAuth 2.0 as Slack speaks it: authorization requests, callbacks, PKCE, scopes, and the clients that authenticate.

pub use slack_proto::oauth::{
    AuthorizationCode, AuthorizationErrorResponse, AuthorizationRequest, AuthorizationUrl,
    AuthorizeError, Callback, CallbackError, ClientAuthentication, ClientCredentials, ClientId,
    ClientSecret, CodeChallenge, CodeExchange, CodeVerifier, ConfidentialClient, InstallScopes,
    InvalidCallback, InvalidPendingAuthorization, MissingScopes, OauthClient, OauthState,
    PendingAuthorization, PublicClient, RandomBytes, RedirectUri, RequestedScopes, Scopes,
    SecretAndPkce, SecretAuthentication, SessionBinding, SignInScopes, SignedStateError,
    SignedStateFlow, StateSigningKey, StateSigningKeys, VerifiedCallback, WithoutStateError,
};

pub use crate::random::random_bytes;
