//! `oauth.v2.access` with a refresh token: a new pair for a spent one.
//!
//! Source: <https://docs.slack.dev/authentication/using-token-rotation>.

use super::grant::{GrantWire, Single};
use crate::{
    ApiMethod, Slot,
    ids::{AppId, UserId},
    methods::{FormFields, OauthV2AccessError, Purpose},
    oauth::ClientCredentials,
    tokens::{Enterprise, IssuedCredential, RefreshToken, Team},
    wire::{notes::Notes, payload::lenient_payload},
};

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
///     oauth::ClientCredentials,
///     tokens::RefreshToken,
/// };
///
/// let app = ClientCredentials::from(PublicClient::new(ClientId::new("1.2")?));
/// let request = OauthV2Refresh::new(RefreshToken::new("xoxe-1-FAKE")?).to_request(&Endpoint::slack(), &app);
/// assert_eq!(request.body().as_ref(), b"client_id=1.2&grant_type=refresh_token&refresh_token=xoxe-1-FAKE");
/// # Ok::<(), slack_proto::error::InvalidValue>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a method does nothing until its request is sent"]
pub struct OauthV2Refresh {
    refresh_token: RefreshToken,
}

impl OauthV2Refresh {
    /// Takes the refresh token that the store holds.
    pub fn new(refresh_token: RefreshToken) -> Self {
        Self { refresh_token }
    }
}

impl ApiMethod for OauthV2Refresh {
    const NAME: &'static str = "oauth.v2.access";
    const PURPOSE: Purpose = Purpose::RefreshGrant;
    type Auth = ClientCredentials;
    type Response = OauthV2RefreshResponse;
    type Error = OauthV2AccessError;

    fn params(&self, form: &mut FormFields) {
        form.field("grant_type", "refresh_token");
        form.field("refresh_token", self.refresh_token.expose());
    }
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

impl OauthV2RefreshResponse {
    fn from_wire(wire: GrantWire, notes: &mut Notes) -> Option<Self> {
        let single = Single::from_wire(
            wire,
            "missing; the refresh token that was sent is the only one left",
            notes,
        )?;
        Some(Self {
            credential: single.found.credential,
            slot: single.found.slot,
            unplaced: single.second,
            spare_refresh_tokens: single.spare,
            app_id: single.app_id,
            team: single.team,
            enterprise: single.enterprise,
            is_enterprise_install: single.is_enterprise_install,
            user_id: single.user_id,
            bot_user_id: single.bot_user_id,
        })
    }
}

lenient_payload!(
    OauthV2RefreshResponse, holds_token: true, from: GrantWire,
    credentials: |it| [&mut it.credential].into_iter().chain(&mut it.unplaced)
);
