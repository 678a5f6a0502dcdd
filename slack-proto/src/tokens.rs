//! Tokens and what is kept of them: kinds, credentials, installations, their keys and their stored form.

pub(crate) mod configuration;
pub(crate) mod credential;
pub(crate) mod encoding;
pub(crate) mod external;
pub(crate) mod fingerprint;
pub(crate) mod installation;
pub(crate) mod token;

pub use crate::secret::WebhookUrl;
pub use configuration::{ConfigurationCredential, ConfigurationToken};
pub use credential::{Credential, CredentialLifetime, IssuedCredential, RefreshMethod, Slot};
pub use encoding::EncodedSecrets;
pub use external::{ExternalToken, TokenResponseExtras};
pub use fingerprint::Fingerprint;
pub use installation::{
    AppData, Enterprise, IncomingWebhook, Installation, InstallationKey, NeedsAuthorization,
    RefreshTokenNotFound, StoreKey, Team,
};
pub use token::{AccessToken, RefreshToken, TokenKind};
