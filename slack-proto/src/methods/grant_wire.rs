//! The members that the answers of the token methods have.

use crate::{
    AccessToken, Slot,
    ids::{AppId, ChannelId, EnterpriseId, TeamId, UserId},
    methods::UntrustedText,
    oauth::Scopes,
    tokens::{RefreshToken, WebhookUrl},
    wire::{
        fields::Nested,
        object::object,
        value::{Got, Value},
    },
};

object! {
    pub(super) struct GrantWire {
        app_id: AppId = "app_id",
        access_token: AccessToken = "access_token",
        refresh_token: RefreshToken = "refresh_token",
        token_type: TokenType = "token_type",
        scope: Scopes = "scope",
        expires_in: std::time::Duration = "expires_in",
        bot_user_id: UserId = "bot_user_id",
        user_id: UserId = "user_id",
        team: Nested<TeamWire> = "team",
        enterprise: Nested<EnterpriseWire> = "enterprise",
        is_enterprise_install: bool = "is_enterprise_install",
        authed_user: Nested<AuthedUserWire> = "authed_user",
        incoming_webhook: Nested<WebhookWire> = "incoming_webhook",
    }
}

object! {
    pub(super) struct AuthedUserWire {
        id: UserId = "id",
        access_token: AccessToken = "access_token",
        refresh_token: RefreshToken = "refresh_token",
        token_type: TokenType = "token_type",
        scope: Scopes = "scope",
        expires_in: std::time::Duration = "expires_in",
    }
}

object! {
    pub(super) struct TeamWire {
        id: TeamId = "id",
        name: UntrustedText = "name",
    }
}

object! {
    pub(super) struct EnterpriseWire {
        id: EnterpriseId = "id",
        name: UntrustedText = "name",
    }
}

object! {
    pub(super) struct WebhookWire {
        url: WebhookUrl = "url",
        channel: UntrustedText = "channel",
        channel_id: ChannelId = "channel_id",
        configuration_url: UntrustedText = "configuration_url",
    }
}

/// `token_type`: tells the slot, unless it is `Bearer` or anything else.
#[derive(Clone, Copy, Debug)]
pub(super) struct TokenType(pub(super) Option<Slot>);

impl Value<'_> for TokenType {
    const EXPECTED: &'static str = "a string";

    fn text(text: &str) -> Got<Self> {
        Got::Value(Self(match text {
            "bot" | "granular_bot" => Some(Slot::Bot),
            "user" => Some(Slot::User),
            _ => None,
        }))
    }
}
