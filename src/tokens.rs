//! Tokens, the credentials and installations that hold them, the keys to store them under, and their stored form.
//!
//! A [`Credential`] is an access token with its refresh token, scopes and end. An [`Installation`] holds what one place has
//! granted to the app: the credential of the bot, of a person, or both, each in its [`Slot`]. A [`StoreKey`] names a row of
//! the store: a workspace, an organization, or one person there. A [`Fingerprint`] names a token where it must not be shown.

pub use slack_proto::tokens::{
    AccessToken, AppData, ConfigurationCredential, ConfigurationToken, Credential,
    CredentialLifetime, EncodedSecrets, Enterprise, ExternalToken, Fingerprint, IncomingWebhook,
    Installation, InstallationKey, IssuedCredential, NeedsAuthorization, RefreshMethod,
    RefreshToken, RefreshTokenNotFound, Slot, StoreKey, Team, TokenKind, TokenResponseExtras,
    WebhookUrl,
};
