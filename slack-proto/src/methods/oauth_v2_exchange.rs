//! `oauth.v2.exchange`: a rotating pair for a token that lives for ever.
//!
//! Source: <https://docs.slack.dev/reference/methods/oauth.v2.exchange>.

use super::single_grant::single_grant;
use crate::{
    AccessToken, ApiMethod, ConfidentialClient, Slot,
    ids::{AppId, UserId},
    methods::FormFields,
    tokens::{Enterprise, IssuedCredential, RefreshToken, Team},
};

/// Exchanges a long-lived token of a bot or a user for a rotating pair, after token rotation was switched on.
///
/// This works once for each token. The old token stays valid until the new pair is refreshed for the first time. Do
/// not revoke it: that removes the whole authorization. The client's id and secret are always sent in the form, since
/// it is unconfirmed whether Slack accepts HTTP Basic here.
///
/// # Examples
///
/// ```
/// use slack_proto::{
///     AccessToken, ApiMethod, ClientId, ClientSecret, ConfidentialClient, Endpoint,
///     methods::OauthV2Exchange,
/// };
///
/// let app = ConfidentialClient::new(ClientId::new("1.2")?, ClientSecret::new("hush")?);
/// let request = OauthV2Exchange::new(AccessToken::new("xoxb-FAKE")?).to_request(&Endpoint::slack(), &app);
/// assert_eq!(request.body().as_ref(), b"client_id=1.2&client_secret=hush&token=xoxb-FAKE");
/// # Ok::<(), slack_proto::error::InvalidValue>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a method does nothing until its request is sent"]
pub struct OauthV2Exchange {
    token: AccessToken,
}

impl OauthV2Exchange {
    /// Creates the exchange of a long-lived token.
    pub fn new(token: AccessToken) -> Self {
        Self { token }
    }
}

impl ApiMethod for OauthV2Exchange {
    const NAME: &'static str = "oauth.v2.exchange";
    type Auth = ConfidentialClient;
    type Response = OauthV2ExchangeResponse;
    type Error = OauthV2ExchangeError;

    fn params(&self, form: &mut FormFields) {
        form.field("token", self.token.expose());
    }

    fn authenticate(&self, client: &ConfidentialClient, form: &mut FormFields) {
        client.apply_in_body(form);
    }
}

/// The response of [`OauthV2Exchange`]: a rotating credential in place of the token that was sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OauthV2ExchangeResponse {
    /// The new pair. If it is lost, it cannot be requested again.
    pub credential: IssuedCredential,
    /// The slot that the response indicates. Write to the slot of the token that was sent, whatever this says.
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

single_grant!(OauthV2ExchangeResponse, "missing; the new token cannot be refreshed");

crate::error_codes! {
    /// The errors of `oauth.v2.exchange`, in addition to the common ones.
    pub enum OauthV2ExchangeError {
        /// the installation behind the token was revoked or is not valid
        AuthorizationNotFound = "authorization_not_found", AuthDead;
        /// the client secret is wrong for this client id, or was replaced more than a day ago
        BadClientSecret = "bad_client_secret", Config;
        /// the client id is unknown, or did not reach Slack
        InvalidClientId = "invalid_client_id", Config;
        /// the token is of the wrong kind, rotates already, or is another app's
        InvalidToken = "invalid_token", Other;
        /// the token was exchanged before; the pair that was handed out then is the one to use
        TokenAlreadyExchanged = "token_already_exchanged", Other;
        /// token rotation is switched off in the app's settings
        TokenRotationNotEnabled = "token_rotation_not_enabled", Config;
    }
}
