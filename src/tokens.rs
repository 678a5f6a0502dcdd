//! Tokens, the credentials and installations that hold them, the keys to store them under, and their stored form.

pub use slack_proto::tokens::{
    AccessToken, AppData, ConfigurationCredential, ConfigurationToken, Credential,
    CredentialLifetime, EncodedSecrets, Enterprise, ExternalToken, Fingerprint, IncomingWebhook,
    Installation, InstallationKey, IssuedCredential, NeedsAuthorization, RefreshMethod,
    RefreshToken, RefreshTokenNotFound, Slot, StoreKey, Team, TokenKind, TokenResponseExtras,
    WebhookUrl,
};
