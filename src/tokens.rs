//! Tokens and what is kept of them: kinds, credentials, installations, their keys and their stored form.

pub use slack_proto::tokens::{
    AccessToken, AppData, ConfigurationCredential, ConfigurationToken, Credential, EncodedSecrets,
    Enterprise, ExternalToken, Fingerprint, IncomingWebhook, Installation, InstallationKey,
    IssuedCredential, NeedsAuthorization, RefreshMethod, RefreshToken, RefreshTokenNotFound, Slot,
    StoreKey, Team, TokenKind, TokenResponseExtras, WebhookUrl,
};
