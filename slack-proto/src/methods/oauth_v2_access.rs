//! `oauth.v2.access` with an authorization code: the last step of the OAuth flow.
//!
//! Source: <https://docs.slack.dev/reference/methods/oauth.v2.access>.

use super::code_exchange::code_exchange;
use super::grant::{EnterpriseWire, Found, GrantWire, Grants, TeamWire, WebhookWire};
use crate::{
    ApiMethod, Slot,
    ids::{AppId, UserId},
    methods::FormFields,
    oauth::{
        AuthorizationCode, CodeVerifier, RedirectUri,
        client_authentication::{
            ClientAuthentication, CodeGrant, SecretAndPkce, SecretAuthentication,
        },
    },
    tokens::{Enterprise, IncomingWebhook, IssuedCredential, RefreshToken, Team},
    wire::{fields::Nested, notes::Notes, payload::lenient_payload},
};

/// Exchanges an authorization code for the credentials of an installation.
///
/// A code works once. If a response was lost and a second attempt fails with `invalid_code`, the first attempt
/// succeeded, and the flow must begin again in the browser. The type parameter is the client's authentication:
/// [`SecretAuthentication`], or a [`CodeVerifier`] for a public client.
///
/// # Examples
///
/// ```
/// use slack_proto::{
///     ApiMethod, ClientId, ClientSecret, ConfidentialClient, Endpoint,
///     methods::OauthV2Access,
///     oauth::{AuthorizationCode, RedirectUri},
/// };
///
/// let app = ConfidentialClient::new(ClientId::new("1.2")?, ClientSecret::new("hush")?);
/// let request = OauthV2Access::new(AuthorizationCode::new("c0de")?)
///     .redirect_uri(RedirectUri::new("https://app.example.com/cb")?)
///     .to_request(&Endpoint::slack(), &app);
/// assert_eq!(request.uri(), "https://slack.com/api/oauth.v2.access");
///
/// // Of what comes back, the type is asked; the angle brackets choose what it proves by default.
/// let response = http::Response::new(r#"{"ok":true,"token_type":"bot","access_token":"xoxb-1","expires_in":43200}"#);
/// let installed = <OauthV2Access>::parse_response(&response)?.value;
/// assert_eq!(installed.bot.unwrap().expires_in.unwrap().as_secs(), 43_200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a method does nothing until its request is sent"]
pub struct OauthV2Access<P = SecretAuthentication> {
    grant: CodeGrant<P>,
}

code_exchange!(OauthV2Access, "oauth.v2.access", OauthV2AccessResponse, OauthV2AccessError);

/// The response of [`OauthV2Access`]: a bot credential, a user credential, or both.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OauthV2AccessResponse {
    /// The app that was installed.
    pub app_id: Option<AppId>,
    /// The workspace; usually `None` for an org-wide install.
    pub team: Option<Team>,
    /// The organization, if there is one.
    pub enterprise: Option<Enterprise>,
    /// Whether the app was installed for the whole organization. This member decides it, not whether `team` is set.
    pub is_enterprise_install: bool,
    /// The person who installed the app.
    pub authed_user_id: Option<UserId>,
    /// The bot's credential, if bot scopes were granted.
    pub bot: Option<IssuedCredential>,
    /// The bot's user.
    pub bot_user_id: Option<UserId>,
    /// The person's credential, if user scopes were granted.
    pub user: Option<IssuedCredential>,
    /// A credential whose owner is unknown, or a second one for a slot that is taken. Slack has not been seen to send
    /// one; it is kept so that no token is lost.
    pub unplaced: Option<IssuedCredential>,
    /// Refresh tokens without an access token of their own. Slack has not been seen to send any; they are kept so
    /// that no token is lost.
    pub spare_refresh_tokens: Vec<RefreshToken>,
    /// The webhook, if the scope `incoming-webhook` was granted.
    pub incoming_webhook: Option<IncomingWebhook>,
}

impl OauthV2AccessResponse {
    fn from_wire(mut wire: GrantWire, notes: &mut Notes) -> Option<Self> {
        let Grants { top, nested, spare } = wire.take_grants(notes)?;
        let (mut bot, mut user, mut unplaced) = (None, None, None);
        for found in [top, nested].into_iter().flatten() {
            let Found { mut credential, slot } = found;
            let place = match slot {
                Slot::Bot => &mut bot,
                Slot::User => &mut user,
                Slot::Unknown | Slot::Configuration => &mut unplaced,
            };
            let Some(taken) = place else {
                *place = Some(credential);
                continue;
            };
            notes.odd_at(
                "access_token",
                "a second credential for a slot that is taken; handed over unplaced",
            );
            // The bot's own place is the top level, a person's is `authed_user`, which comes last here.
            if slot == Slot::User {
                std::mem::swap(taken, &mut credential);
            }
            unplaced = Some(credential);
        }
        let authed_user = wire.authed_user.take().and_then(|Nested(user)| user.id.take());
        Some(Self {
            app_id: wire.app_id.take(),
            team: TeamWire::finish(wire.team),
            enterprise: EnterpriseWire::finish(wire.enterprise),
            is_enterprise_install: wire.is_enterprise_install.take().unwrap_or_default(),
            authed_user_id: authed_user.or(wire.user_id.take()),
            bot,
            bot_user_id: wire.bot_user_id.take(),
            user,
            unplaced,
            spare_refresh_tokens: spare,
            incoming_webhook: WebhookWire::finish(wire.incoming_webhook),
        })
    }
}

lenient_payload!(
    OauthV2AccessResponse, holds_token: true, from: GrantWire,
    credentials: |it| [&mut it.bot, &mut it.user, &mut it.unplaced].into_iter().flatten()
);

crate::error_codes! {
    /// The errors of `oauth.v2.access`, in addition to the common ones.
    pub enum OauthV2AccessError {
        /// the client secret is wrong for this client id, was replaced more than a day ago, or was sent by HTTP Basic where Slack reads the body alone (`ConfidentialClient::in_body`)
        BadClientSecret = "bad_client_secret", Config;
        /// the redirect URI is not the one of the authorize page, or was left out here
        BadRedirectUri = "bad_redirect_uri", Config;
        /// the app is installed org-wide, so no single workspace can install it
        CannotInstallAnOrgInstalledApp = "cannot_install_an_org_installed_app", Denied;
        /// the code was used before
        CodeAlreadyUsed = "code_already_used", AuthDead;
        /// the client id is unknown, or did not reach Slack
        InvalidClientId = "invalid_client_id", Config;
        /// the code is wrong, older than ten minutes, or was used before
        InvalidCode = "invalid_code", AuthDead;
        /// the verifier does not hash to the challenge of the authorize page
        InvalidCodeVerifier = "invalid_code_verifier", CallerBug;
        /// the grant type is not taken
        InvalidGrantType = "invalid_grant_type", CallerBug;
        /// the refresh token is unknown, spent beyond its grace time, revoked or expired
        InvalidRefreshToken = "invalid_refresh_token", AuthDead;
        /// the authorize page was asked for no scope
        NoScopes = "no_scopes", CallerBug;
        /// the code came from another authorize page
        OauthAuthorizationUrlMismatch = "oauth_authorization_url_mismatch", CallerBug;
        /// PKCE is switched off in the app's settings
        PkceNotAllowed = "pkce_not_allowed", Config;
        /// the feature is not switched on for this workspace
        PreviewFeatureNotAvailable = "preview_feature_not_available", Denied;
        /// the refresh token has expired
        RefreshTokenExpired = "refresh_token_expired", AuthDead;
        /// the person has not verified an e-mail address
        UserEmailUnverified = "user_email_unverified", Denied;
    }
}
