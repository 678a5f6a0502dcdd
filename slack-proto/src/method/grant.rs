//! The members that the token methods' answers share, and which credential they make.

use crate::{
    AccessToken, AppId, ChannelId, Enterprise, EnterpriseId, ForeignText, IncomingWebhook,
    IssuedCredential, RefreshToken, Scopes, Slot, Team, TeamId, UserId, WebhookUrl,
    wire::{
        fields::Nested,
        notes::Notes,
        object::{Member, object},
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
        name: ForeignText = "name",
    }
}

object! {
    pub(super) struct EnterpriseWire {
        id: EnterpriseId = "id",
        name: ForeignText = "name",
    }
}

object! {
    pub(super) struct WebhookWire {
        url: WebhookUrl = "url",
        channel: ForeignText = "channel",
        channel_id: ChannelId = "channel_id",
        configuration_url: ForeignText = "configuration_url",
    }
}

/// `token_type`: tells the slot, unless it is `Bearer` or anything else.
#[derive(Clone, Copy, Debug)]
pub(super) struct TokenType(Option<Slot>);

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

/// One credential of an answer, before it has found its slot.
pub(super) struct Found {
    pub(super) credential: IssuedCredential,
    pub(super) slot: Slot,
}

impl GrantWire {
    /// Takes the credential at the top level. `ids` tells whether the ids beside it may tell its slot.
    pub(super) fn take_top(&mut self, notes: &mut Notes) -> Option<Found> {
        let ids = match (self.bot_user_id.as_ref(), self.user_id.as_ref()) {
            (Some(_), _) => Some(Slot::Bot),
            (None, Some(_)) => Some(Slot::User),
            (None, None) => None,
        };
        let access_token = std::mem::take(&mut self.access_token).take()?;
        let slot = slot_of(&access_token, &self.token_type, ids, "token_type", notes);
        let credential = IssuedCredential {
            access_token,
            refresh_token: std::mem::take(&mut self.refresh_token).take(),
            scopes: std::mem::take(&mut self.scope).take().unwrap_or_default(),
            expires_in: std::mem::take(&mut self.expires_in).take(),
        };
        Some(Found { credential, slot })
    }

    /// Takes the credential under `authed_user`. What it lacks and the top level has to spare is its own: call it
    /// after [`take_top`](Self::take_top).
    pub(super) fn take_nested(&mut self, notes: &mut Notes) -> Option<Found> {
        let Nested(nested) = self.authed_user.as_mut()?;
        let access_token = std::mem::take(&mut nested.access_token).take()?;
        let place = Some(Slot::User);
        let slot =
            slot_of(&access_token, &nested.token_type, place, "authed_user.token_type", notes);
        let top = std::mem::take(&mut self.refresh_token).take();
        let refresh_token = std::mem::take(&mut nested.refresh_token).take().or_else(|| {
            let spare = top?;
            notes.odd_at(
                "refresh_token",
                "without an access token beside it; taken for that of `authed_user`",
            );
            Some(spare)
        });
        let scopes = std::mem::take(&mut nested.scope).take().filter(|scopes| !scopes.is_empty());
        let credential = IssuedCredential {
            access_token,
            refresh_token,
            scopes: scopes.or(std::mem::take(&mut self.scope).take()).unwrap_or_default(),
            expires_in: std::mem::take(&mut nested.expires_in)
                .take()
                .or(std::mem::take(&mut self.expires_in).take()),
        };
        Some(Found { credential, slot })
    }
}

/// The one credential of an answer, and what stands beside it.
pub(super) struct Single {
    pub(super) found: Found,
    /// Another token under `authed_user`: never seen, and never thrown away.
    pub(super) second: Option<IssuedCredential>,
    pub(super) app_id: Option<AppId>,
    pub(super) team: Option<Team>,
    pub(super) enterprise: Option<Enterprise>,
    pub(super) is_enterprise_install: bool,
    pub(super) user_id: Option<UserId>,
    pub(super) bot_user_id: Option<UserId>,
}

impl Single {
    /// Takes the one credential of a refresh or an exchange: at the top level, or else under `authed_user`.
    /// `no_refresh_token` says what a missing refresh token means.
    pub(super) fn from_wire(
        mut wire: GrantWire,
        no_refresh_token: &'static str,
        notes: &mut Notes,
    ) -> Option<Self> {
        let top = wire.take_top(notes);
        let nested = wire.take_nested(notes);
        let (mut found, second) = match (top, nested) {
            (Some(found), second) => (found, second.map(|second| second.credential)),
            (None, Some(found)) => (found, None),
            (None, None) => {
                notes.missing("access_token");
                return None;
            }
        };
        let second = second.and_then(|second| {
            if second.is_same_token(&found.credential) {
                found.credential.fill(second);
                return None;
            }
            notes.odd_at("authed_user.access_token", "a second token; handed over unplaced");
            Some(second)
        });
        if found.credential.refresh_token.is_none() {
            notes.odd_at("refresh_token", no_refresh_token);
        }
        let nested_id = wire.authed_user.take().and_then(|Nested(user)| user.id.take());
        Some(Self {
            found,
            second,
            app_id: wire.app_id.take(),
            team: TeamWire::finish(wire.team),
            enterprise: EnterpriseWire::finish(wire.enterprise),
            is_enterprise_install: wire.is_enterprise_install.take().unwrap_or_default(),
            user_id: wire.user_id.take().or(nested_id),
            bot_user_id: wire.bot_user_id.take(),
        })
    }
}

/// Finds the slot: by prefix, else by `token_type`, else by the hint of place or ids. A conflict is noted.
fn slot_of(
    token: &AccessToken,
    token_type: &Member<TokenType>,
    hint: Option<Slot>,
    path: &'static str,
    notes: &mut Notes,
) -> Slot {
    let by_type = token_type.as_ref().and_then(|TokenType(slot)| *slot);
    let by_prefix = token.kind().slot();
    if let (Some(prefix), Some(other)) = (by_prefix, by_type.or(hint)) {
        if prefix != other {
            notes.odd_at(path, "contradicts the token's prefix, which counts");
        }
    }
    by_prefix.or(by_type).or(hint).unwrap_or(Slot::Unknown)
}

impl TeamWire {
    pub(super) fn finish(wire: Member<Nested<Self>>) -> Option<Team> {
        let Nested(wire) = wire.take()?;
        Some(Team { id: wire.id.take()?, name: wire.name.take() })
    }
}

impl EnterpriseWire {
    pub(super) fn finish(wire: Member<Nested<Self>>) -> Option<Enterprise> {
        let Nested(wire) = wire.take()?;
        Some(Enterprise { id: wire.id.take()?, name: wire.name.take() })
    }
}

impl WebhookWire {
    pub(super) fn finish(wire: Member<Nested<Self>>) -> Option<IncomingWebhook> {
        let Nested(wire) = wire.take()?;
        Some(IncomingWebhook {
            url: wire.url.take()?,
            channel: wire.channel.take(),
            channel_id: wire.channel_id.take(),
            configuration_url: wire.configuration_url.take(),
        })
    }
}
