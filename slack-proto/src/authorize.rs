//! The browser legs: from a consent screen to an authorization code.

mod callback;
mod error;
mod pending;
mod redirect_uri;
mod request;

pub use callback::{Callback, InvalidCallback};
pub use error::{AuthorizeError, Refused};
pub use pending::{CallbackError, PendingAuthorization, State};
pub use redirect_uri::RedirectUri;
pub use request::{AuthorizationRequest, AuthorizeUrl, CodeExchange, InstallScopes};
