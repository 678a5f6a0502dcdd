//! `oauth.v2.user.access` with a refresh token: a new pair for a person's spent one.
//!
//! Source: <https://docs.slack.dev/reference/methods/oauth.v2.user.access>.

use super::refresh::refresh_method;
use super::user_grant::{UserGrant, UserGrantWire};
use crate::{
    ids::{AppId, UserId},
    methods::OauthV2UserAccessError,
    tokens::{Enterprise, IssuedCredential, RefreshToken, Team},
    wire::{notes::Notes, payload::lenient_payload},
};

refresh_method! {
    /// Exchanges a refresh token from [`OauthV2UserAccess`](crate::methods::OauthV2UserAccess) for a new pair.
    ///
    /// The rules of [`OauthV2Refresh`](crate::methods::OauthV2Refresh) apply here as well.
    ///
    /// # Examples
    ///
    /// ```
    /// use slack_proto::{
    ///     ApiMethod, ClientId, Endpoint, PublicClient,
    ///     methods::OauthV2UserRefresh,
    ///     tokens::RefreshToken,
    /// };
    ///
    /// let app = PublicClient::new(ClientId::new("1.2")?);
    /// let request = OauthV2UserRefresh::new(RefreshToken::new("xoxe-1-FAKE")?).to_request(&Endpoint::slack(), &app);
    /// assert_eq!(request.body().as_ref(), b"client_id=1.2&grant_type=refresh_token&refresh_token=xoxe-1-FAKE");
    /// # Ok::<(), slack_proto::error::InvalidValue>(())
    /// ```
    OauthV2UserRefresh, "oauth.v2.user.access", OauthV2UserRefreshResponse, OauthV2UserAccessError
}

/// The response of [`OauthV2UserRefresh`]. It replaces the credential whose refresh token was sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OauthV2UserRefreshResponse {
    /// The new pair.
    pub credential: IssuedCredential,
    /// A second credential, found under `authed_user`. Slack has not been seen to send one; it is kept so that no
    /// token is lost.
    pub unplaced: Option<IssuedCredential>,
    /// Refresh tokens without an access token of their own. Slack has not been seen to send any; they are kept so
    /// that no token is lost.
    pub spare_refresh_tokens: Vec<RefreshToken>,
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

impl OauthV2UserRefreshResponse {
    fn from_wire(wire: UserGrantWire, notes: &mut Notes) -> Option<Self> {
        let grant = UserGrant::from_wire(wire, notes)?;
        if grant.credential.refresh_token.is_none() {
            notes.odd_at(
                "refresh_token",
                "missing; the refresh token that was sent is the only one left",
            );
        }
        Some(Self {
            credential: grant.credential,
            unplaced: grant.second,
            spare_refresh_tokens: grant.spare,
            user_id: grant.user_id,
            app_id: grant.app_id,
            team: grant.team,
            enterprise: grant.enterprise,
            is_enterprise_install: grant.is_enterprise_install,
        })
    }
}

lenient_payload!(
    OauthV2UserRefreshResponse, holds_token: true, from: UserGrantWire,
    credentials: |it| [&mut it.credential].into_iter().chain(&mut it.unplaced)
);
