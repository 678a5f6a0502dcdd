//! `openid.connect.token` with an authorization code: the last step of Sign in with Slack.
//!
//! Source: <https://docs.slack.dev/reference/methods/openid.connect.token>.

use std::time::Duration;

use super::code_exchange::code_exchange;
use crate::{
    AccessToken, ApiMethod,
    methods::FormFields,
    oauth::{
        AuthorizationCode, CodeVerifier, OauthState, RedirectUri, Scopes,
        client_authentication::{
            ClientAuthentication, CodeGrant, SecretAndPkce, SecretAuthentication,
        },
    },
    openid::IdToken,
    tokens::{IssuedCredential, RefreshMethod, RefreshToken},
    wire::{notes::Notes, object::object, payload::lenient_payload},
};

/// Exchanges the authorization code of a sign-in for a person's credential and an ID token.
///
/// A code works once. After a timeout, begin again in the browser; do not send the code a second time.
///
/// # Examples
///
/// ```
/// use slack_proto::{
///     ApiMethod, ClientId, ClientSecret, ConfidentialClient, Endpoint,
///     methods::OpenidConnectToken,
///     oauth::AuthorizationCode,
/// };
///
/// let app = ConfidentialClient::new(ClientId::new("1.2")?, ClientSecret::new("hush")?);
/// let request = OpenidConnectToken::new(AuthorizationCode::new("c0de")?).to_request(&Endpoint::slack(), &app);
/// assert_eq!(request.uri(), "https://slack.com/api/openid.connect.token");
/// # Ok::<(), slack_proto::error::InvalidValue>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a method does nothing until its request is sent"]
pub struct OpenidConnectToken<P = SecretAuthentication> {
    grant: CodeGrant<P>,
}

code_exchange!(
    OpenidConnectToken,
    "openid.connect.token",
    OpenidConnectTokenResponse,
    OpenidConnectTokenError
);

/// The response of [`OpenidConnectToken`]. The ID token says who signed in, once it is verified.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenidConnectTokenResponse {
    /// The person's credential, for [`OpenidConnectUserInfo`](crate::methods::OpenidConnectUserInfo).
    pub credential: IssuedCredential,
    /// The ID token, **unverified**.
    pub id_token: Option<IdToken>,
    /// The state of the authorization request, which Slack sometimes repeats. Compare the state of the callback, not
    /// this one.
    pub state: Option<OauthState>,
}

impl OpenidConnectTokenResponse {
    fn from_wire(mut wire: OpenidWire, notes: &mut Notes) -> Option<Self> {
        Some(Self {
            credential: wire.take_credential(notes)?,
            id_token: wire.id_token.take(),
            state: wire.state.take(),
        })
    }
}

lenient_payload!(
    OpenidConnectTokenResponse, holds_token: true, from: OpenidWire,
    credentials: |it| [&mut it.credential]
);

object! {
    pub(super) struct OpenidWire {
        access_token: AccessToken = "access_token",
        refresh_token: RefreshToken = "refresh_token",
        scope: Scopes = "scope",
        expires_in: Duration = "expires_in",
        id_token: IdToken = "id_token",
        state: OauthState = "state",
    }
}

impl OpenidWire {
    pub(super) fn take_credential(&mut self, notes: &mut Notes) -> Option<IssuedCredential> {
        let Some(access_token) = std::mem::take(&mut self.access_token).take() else {
            notes.missing("access_token");
            return None;
        };
        Some(IssuedCredential {
            access_token,
            refresh_token: std::mem::take(&mut self.refresh_token).take(),
            scopes: std::mem::take(&mut self.scope).take().unwrap_or_default(),
            expires_in: std::mem::take(&mut self.expires_in).take(),
            refresh_method: RefreshMethod::OpenidConnectToken,
            server_date: None,
        })
    }
}

crate::error_codes! {
    /// Why Slack refuses `openid.connect.token`, beside the common reasons: in its own words, or in those of RFC 6749
    /// section 5.2.
    pub enum OpenidConnectTokenError {
        /// the client secret is wrong for this client id, was replaced more than a day ago, or was sent by HTTP Basic where Slack reads the body alone (`ConfidentialClient::in_body`)
        BadClientSecret = "bad_client_secret", Config;
        /// the redirect URI is not the one of the authorize page, or was left out here
        BadRedirectUri = "bad_redirect_uri", Config;
        /// the app is installed org-wide, so no single workspace can install it
        CannotInstallAnOrgInstalledApp = "cannot_install_an_org_installed_app", Denied;
        /// the client id is unknown, or the secret is wrong
        InvalidClient = "invalid_client", Config;
        /// the client id is unknown, or did not reach Slack
        InvalidClientId = "invalid_client_id", Config;
        /// the code is wrong, older than ten minutes, or was used before
        InvalidCode = "invalid_code", AuthDead;
        /// the code or refresh token is wrong, expired or revoked, or the verifier does not match
        InvalidGrant = "invalid_grant", AuthDead;
        /// the grant type is not taken
        InvalidGrantType = "invalid_grant_type", CallerBug;
        /// the refresh token is unknown, spent beyond its grace time, revoked or expired
        InvalidRefreshToken = "invalid_refresh_token", AuthDead;
        /// a parameter is missing or has a bad value
        InvalidRequest = "invalid_request", CallerBug;
        /// the code came from another authorize page
        OauthAuthorizationUrlMismatch = "oauth_authorization_url_mismatch", CallerBug;
        /// the feature is not switched on for this workspace
        PreviewFeatureNotAvailable = "preview_feature_not_available", Denied;
        /// Slack does not know the grant type
        UnsupportedGrantType = "unsupported_grant_type", CallerBug;
    }
}
