//! `oauth.v2.user.access` with an authorization code: a credential for a person, and no bot.
//!
//! Source: <https://docs.slack.dev/reference/methods/oauth.v2.user.access>.

use super::code_exchange::code_exchange;
use super::user_grant::{UserGrant, UserGrantWire};
use crate::{
    ApiMethod,
    ids::{AppId, UserId},
    methods::FormFields,
    oauth::{
        AuthorizationCode, CodeVerifier, RedirectUri,
        client_authentication::{
            ClientAuthentication, CodeGrant, SecretAndPkce, SecretAuthentication,
        },
    },
    openid::IdToken,
    tokens::{Enterprise, IssuedCredential, RefreshToken, Team},
    wire::{notes::Notes, payload::lenient_payload},
};

/// Exchanges an authorization code of `/oauth/v2_user/authorize` for a person's credential.
///
/// A code works once. After a timeout, begin again in the browser; do not send the code a second time.
///
/// # Examples
///
/// ```
/// use slack_proto::{
///     ApiMethod, ClientId, Endpoint, PublicClient,
///     methods::OauthV2UserAccess,
///     oauth::{AuthorizationCode, CodeVerifier},
/// };
///
/// let app = PublicClient::new(ClientId::new("1.2")?);
/// let verifier = CodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")?;
/// let request = OauthV2UserAccess::pkce(AuthorizationCode::new("c0de")?, verifier)
///     .to_request(&Endpoint::slack(), &app);
/// assert_eq!(request.uri(), "https://slack.com/api/oauth.v2.user.access");
/// # Ok::<(), slack_proto::error::InvalidValue>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a method does nothing until its request is sent"]
pub struct OauthV2UserAccess<P = SecretAuthentication> {
    grant: CodeGrant<P>,
}

code_exchange!(
    OauthV2UserAccess,
    "oauth.v2.user.access",
    OauthV2UserAccessResponse,
    OauthV2UserAccessError
);

/// The response of [`OauthV2UserAccess`]. The credential is always a user's, whatever `token_type` says.
///
/// Slack's documentation and its actual responses disagree about where token, scopes and user id are. Each is read at
/// the top level or under `authed_user`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OauthV2UserAccessResponse {
    /// The person's credential.
    pub credential: IssuedCredential,
    /// A second credential, found under `authed_user`. Slack has not been seen to send one; it is kept so that no
    /// token is lost.
    pub unplaced: Option<IssuedCredential>,
    /// Refresh tokens without an access token of their own. Slack has not been seen to send any; they are kept so
    /// that no token is lost.
    pub spare_refresh_tokens: Vec<RefreshToken>,
    /// The ID token, **unverified**, if there is one.
    pub id_token: Option<IdToken>,
    /// The person.
    pub user_id: Option<UserId>,
    /// The app.
    pub app_id: Option<AppId>,
    /// The workspace.
    pub team: Option<Team>,
    /// The organization, if there is one.
    pub enterprise: Option<Enterprise>,
    /// Whether the app is installed for the whole organization.
    pub is_enterprise_install: bool,
}

impl OauthV2UserAccessResponse {
    fn from_wire(wire: UserGrantWire, notes: &mut Notes) -> Option<Self> {
        let grant = UserGrant::from_wire(wire, notes)?;
        Some(Self {
            credential: grant.credential,
            unplaced: grant.second,
            spare_refresh_tokens: grant.spare,
            id_token: grant.id_token,
            user_id: grant.user_id,
            app_id: grant.app_id,
            team: grant.team,
            enterprise: grant.enterprise,
            is_enterprise_install: grant.is_enterprise_install,
        })
    }
}

lenient_payload!(
    OauthV2UserAccessResponse, holds_token: true, from: UserGrantWire,
    credentials: |it| [&mut it.credential].into_iter().chain(&mut it.unplaced)
);

crate::error_codes! {
    /// The errors of `oauth.v2.user.access`, in addition to the common ones.
    pub enum OauthV2UserAccessError {
        /// the client secret is wrong for this client id, was replaced more than a day ago, or was sent by HTTP Basic where Slack reads the body alone (`ConfidentialClient::in_body`)
        BadClientSecret = "bad_client_secret", Config;
        /// the redirect URI is not the one of the authorize page, or was left out here
        BadRedirectUri = "bad_redirect_uri", Config;
        /// the app is installed org-wide, so no single workspace can install it
        CannotInstallAnOrgInstalledApp = "cannot_install_an_org_installed_app", Denied;
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
        /// the authorize page was asked for no user scope
        NoUserScopes = "no_user_scopes", CallerBug;
        /// Slack does not offer the method for this case yet
        NotImplemented = "not_implemented", Other;
        /// the code came from another authorize page
        OauthAuthorizationUrlMismatch = "oauth_authorization_url_mismatch", CallerBug;
        /// PKCE is switched off in the app's settings
        PkceNotAllowed = "pkce_not_allowed", Config;
        /// the feature is not switched on for this workspace
        PreviewFeatureNotAvailable = "preview_feature_not_available", Denied;
        /// the person has not verified an e-mail address
        UserEmailUnverified = "user_email_unverified", Denied;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_and_a_verifier_are_both_sent() {
        let verifier = CodeVerifier::new("v".repeat(43)).unwrap();
        let app = crate::ConfidentialClient::new(
            crate::ClientId::new("1.2").unwrap(),
            crate::ClientSecret::new("hush").unwrap(),
        );
        let access =
            OauthV2UserAccess::pkce_with_secret(AuthorizationCode::new("c0de").unwrap(), verifier);
        let request = access.to_request(&crate::Endpoint::slack(), &app);
        assert!(request.headers().get("authorization").is_none(), "Slack reads none there");
        let body = format!(
            "client_id=1.2&client_secret=hush&grant_type=authorization_code&code=c0de&code_verifier={}",
            "v".repeat(43)
        );
        assert_eq!(request.body().as_ref(), body.as_bytes());
    }

    #[test]
    fn a_refresh_token_of_no_token_is_handed_over_as_a_spare() {
        let body = r#"{"ok":true,"access_token":"xoxe.xoxp-1-a","refresh_token":"xoxe-1-a",
            "authed_user":{"id":"U1","refresh_token":"xoxe-1-b"}}"#;
        let reply = OauthV2UserAccess::<crate::oauth::SecretAuthentication>::parse_response(
            &http::Response::new(body),
        );
        let reply = reply.unwrap();
        assert_eq!(reply.value.credential.refresh_token.unwrap().expose(), "xoxe-1-a");
        let spares: Vec<_> = reply
            .value
            .spare_refresh_tokens
            .iter()
            .map(crate::tokens::RefreshToken::expose)
            .collect();
        assert_eq!(spares, ["xoxe-1-b"]);
        let told: Vec<_> = reply.meta.parse_warnings().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            ["refresh_token: one that belongs to no access token; handed over as a spare"]
        );
    }
}
