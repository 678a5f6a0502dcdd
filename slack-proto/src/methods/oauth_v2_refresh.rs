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
    /// Trades a refresh token for a new pair of tokens.
    ///
    /// A refresh token works once. If no proper answer comes, nobody knows whether it was spent: send the same one again
    /// soon, which Slack takes for a short grace time, and
    /// [`Recovery::ResendSameRefreshToken`](crate::Recovery::ResendSameRefreshToken) says so. Store the new pair before
    /// you use it. Bot and user have a refresh token each, and each needs a call of its own.
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

/// The one credential that [`OauthV2Refresh`] gives. It replaces the credential whose refresh token was sent, and no
/// other.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OauthV2RefreshResponse {
    /// The new pair.
    pub credential: IssuedCredential,
    /// The slot that the answer shows; the slot whose refresh token was sent is the one to write to.
    pub slot: Slot,
    /// A second token that stood under `authed_user`: never seen, and never thrown away.
    pub unplaced: Option<IssuedCredential>,
    /// Refresh tokens that belong to no access token of the answer: never seen, and never thrown away.
    pub spare_refresh_tokens: Vec<RefreshToken>,
    /// The app.
    pub app_id: Option<AppId>,
    /// The workspace; `None` for an org-wide install as a rule.
    pub team: Option<Team>,
    /// The organisation, if there is one.
    pub enterprise: Option<Enterprise>,
    /// Whether the app is installed for the whole organisation.
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
