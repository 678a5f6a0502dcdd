//! The browser legs: from a consent screen to an authorization code.

mod asked;
mod authorized;
mod callback;
mod callback_error;
mod encoding;
mod error;
mod flow;
mod pending;
mod redirect_uri;
mod request;
mod state;
mod stateless;
mod url;

pub use asked::{InstallScopes, MissingScopes, RequestedScopes, SignInScopes};
pub use authorized::VerifiedCallback;
pub use callback::{Callback, InvalidCallback, WithoutStateError};
pub use callback_error::CallbackError;
pub use encoding::InvalidPendingAuthorization;
pub use error::{AuthorizationErrorResponse, AuthorizeError};
pub use flow::CodeExchange;
pub use pending::PendingAuthorization;
pub use redirect_uri::RedirectUri;
pub use request::AuthorizationRequest;
pub use state::OauthState;
pub use stateless::{SessionBinding, SignedStateError, SignedStateFlow, StateSigningKey};
pub use url::AuthorizationUrl;
