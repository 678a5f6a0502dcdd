//! `oauth.v2.access` with a refresh token: a new pair for a spent one.
//!
//! Source: <https://docs.slack.dev/authentication/using-token-rotation>.

use super::refresh::refresh_method;
use super::single_grant::single_grant;
use crate::{
    Slot,
    ids::{AppId, UserId},
    methods::OauthV2AccessError,
    tokens::{Enterprise, IssuedCredential, RefreshToken, Team},
};

refresh_method! {
    /// Exchanges a refresh token for a new pair of tokens.
    ///
    /// A refresh token works once. If the outcome of the call is unknown, send the same token again soon: Slack
    /// accepts a spent token for a short grace period, and the error's recovery is then
    /// [`Recovery::ResendSameRefreshToken`](crate::Recovery::ResendSameRefreshToken). Store the new pair before you
    /// use it. Bot and user have a refresh token each, and each needs its own call.
    ///
    /// # Examples
    ///
    /// ```
    /// use slack_proto::{
    ///     ApiMethod, ClientId, Endpoint, PublicClient,
    ///     methods::OauthV2Refresh,
    ///     tokens::RefreshToken,
    /// };
    ///
    /// let app = PublicClient::new(ClientId::new("1.2")?);
    /// let request = OauthV2Refresh::new(RefreshToken::new("xoxe-1-FAKE")?).to_request(&Endpoint::slack(), &app);
    /// assert_eq!(request.body().as_ref(), b"client_id=1.2&grant_type=refresh_token&refresh_token=xoxe-1-FAKE");
    /// # Ok::<(), slack_proto::error::InvalidValue>(())
    /// ```
    OauthV2Refresh, "oauth.v2.access", OauthV2RefreshResponse, OauthV2AccessError
}

/// The response of [`OauthV2Refresh`]. It replaces the credential whose refresh token was sent, and no other.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OauthV2RefreshResponse {
    /// The new pair.
    pub credential: IssuedCredential,
    /// The slot that the response indicates. Write to the slot whose refresh token was sent, whatever this says.
    pub slot: Slot,
    /// A second credential, found under `authed_user`. Slack has not been seen to send one; it is kept so that no
    /// token is lost.
    pub unplaced: Option<IssuedCredential>,
    /// Refresh tokens without an access token of their own. Slack has not been seen to send any; they are kept so
    /// that no token is lost.
    pub spare_refresh_tokens: Vec<RefreshToken>,
    /// The app.
    pub app_id: Option<AppId>,
    /// The workspace; usually `None` for an org-wide install.
    pub team: Option<Team>,
    /// The organization, if there is one.
    pub enterprise: Option<Enterprise>,
    /// Whether the app is installed for the whole organization.
    pub is_enterprise_install: bool,
    /// The person, if the credential is a person's.
    pub user_id: Option<UserId>,
    /// The bot's user, if the credential is the bot's.
    pub bot_user_id: Option<UserId>,
}

single_grant!(
    OauthV2RefreshResponse,
    "missing; the refresh token that was sent is the only one left"
);
