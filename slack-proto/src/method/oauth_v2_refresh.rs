//! `oauth.v2.access` with a refresh token: a new pair for a spent one.
//!
//! Source: <https://docs.slack.dev/authentication/using-token-rotation>.

use super::grant::{EnterpriseWire, GrantWire, TeamWire};
use crate::{
    AppId, ClientCredentials, Enterprise, Form, IssuedCredential, Method, OauthV2AccessError,
    Purpose, RefreshToken, Slot, Team, UserId,
    wire::{fields::Nested, notes::Notes, payload::lenient_payload},
};

/// Trades a refresh token for a new pair of tokens.
///
/// A refresh token works once. If no proper answer comes, nobody knows whether it was spent: send the same one again
/// soon, which Slack takes for a short grace time, and
/// [`Recovery::ResendSameRefreshToken`](crate::Recovery::ResendSameRefreshToken) says so. Store the new pair before
/// you use it. Bot and user have a refresh token each, and each needs a call of its own.
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

impl Method for OauthV2Refresh {
    const NAME: &'static str = "oauth.v2.access";
    const PURPOSE: Purpose = Purpose::RefreshGrant;
    type Auth = ClientCredentials;
    type Response = OauthV2RefreshResponse;
    type Error = OauthV2AccessError;

    fn params(&self, form: &mut Form) {
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
    fn from_wire(mut wire: GrantWire, notes: &mut Notes) -> Option<Self> {
        let top = wire.take_top(notes);
        let nested = wire.take_nested(notes);
        if top.is_some() && nested.is_some() {
            notes.odd_at(
                "authed_user.access_token",
                "a second token in a refresh answer; passed over",
            );
        }
        let Some(found) = top.or(nested) else {
            notes.missing("access_token");
            return None;
        };
        if found.credential.refresh_token.is_none() {
            notes.odd_at(
                "refresh_token",
                "missing; the refresh token that was sent is the only one left",
            );
        }
        let nested_id = wire.authed_user.take().and_then(|Nested(user)| user.id.take());
        Some(Self {
            credential: found.credential,
            slot: found.slot,
            app_id: wire.app_id.take(),
            team: TeamWire::finish(wire.team),
            enterprise: EnterpriseWire::finish(wire.enterprise),
            is_enterprise_install: wire.is_enterprise_install.take().unwrap_or_default(),
            user_id: wire.user_id.take().or(nested_id),
            bot_user_id: wire.bot_user_id.take(),
        })
    }
}

lenient_payload!(OauthV2RefreshResponse, holds_token: true, from: GrantWire);
