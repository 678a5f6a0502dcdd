//! The shapes that the answers of `oauth.v2.user.access` have, and the credential they make.

use super::grant::{AuthedUserWire, EnterpriseWire, TeamWire};
use crate::{
    AccessToken, Slot,
    ids::{AppId, UserId},
    oauth::Scopes,
    openid::IdToken,
    tokens::{Enterprise, IssuedCredential, RefreshMethod, RefreshToken, Team},
    wire::{
        fields::Nested,
        notes::Notes,
        object::{Member, object},
    },
};

object! {
    pub(super) struct UserGrantWire {
        app_id: AppId = "app_id",
        access_token: AccessToken = "access_token",
        refresh_token: RefreshToken = "refresh_token",
        scope: Scopes = "scope",
        expires_in: std::time::Duration = "expires_in",
        user_id: UserId = "user_id",
        id_token: IdToken = "id_token",
        team: Nested<TeamWire> = "team",
        enterprise: Nested<EnterpriseWire> = "enterprise",
        is_enterprise_install: bool = "is_enterprise_install",
        authed_user: Nested<AuthedUserWire> = "authed_user",
    }
}

/// A person's credential, and what accompanies it.
pub(super) struct UserGrant {
    pub(super) credential: IssuedCredential,
    /// A second token under `authed_user`.
    pub(super) second: Option<IssuedCredential>,
    pub(super) spare: Vec<RefreshToken>,
    pub(super) id_token: Option<IdToken>,
    pub(super) user_id: Option<UserId>,
    pub(super) app_id: Option<AppId>,
    pub(super) team: Option<Team>,
    pub(super) enterprise: Option<Enterprise>,
    pub(super) is_enterprise_install: bool,
}

impl UserGrant {
    /// Reads the token at the top level, or else the one under `authed_user`. If there is only one token, each place
    /// supplies what the other lacks. An empty list of scopes counts as missing.
    pub(super) fn from_wire(wire: UserGrantWire, notes: &mut Notes) -> Option<Self> {
        let Nested(nested) = wire.authed_user.take().unwrap_or(Nested(AuthedUserWire::default()));
        let top = issued(wire.refresh_token, wire.scope, wire.expires_in);
        let beside = issued(nested.refresh_token, nested.scope, nested.expires_in);
        let mut spare = Vec::new();
        let (credential, second) = match (wire.access_token.take(), nested.access_token.take()) {
            (Some(token), Some(other)) if token.expose() != other.expose() => {
                notes.odd_at("authed_user.access_token", "differs from the token at the top level");
                (top(token), Some(beside(other)))
            }
            (Some(token), _) => (filled(top(token), beside, &mut spare), None),
            (None, Some(token)) => (filled(beside(token), top, &mut spare), None),
            (None, None) => {
                notes.missing("access_token");
                return None;
            }
        };
        if !spare.is_empty() {
            notes.odd_at(
                "refresh_token",
                "one that belongs to no access token; handed over as a spare",
            );
        }
        if credential.access_token.kind().slot() == Some(Slot::Bot) {
            notes.odd_at("access_token", "a bot's token by its prefix, where a person's belongs");
        }
        Some(Self {
            credential,
            second,
            spare,
            id_token: wire.id_token.take(),
            user_id: wire.user_id.take().or(nested.id.take()),
            app_id: wire.app_id.take(),
            team: TeamWire::finish(wire.team),
            enterprise: EnterpriseWire::finish(wire.enterprise),
            is_enterprise_install: wire.is_enterprise_install.take().unwrap_or_default(),
        })
    }
}

/// Keeps what accompanies a token until the token is known.
fn issued(
    refresh_token: Member<RefreshToken>,
    scopes: Member<Scopes>,
    expires_in: Member<std::time::Duration>,
) -> impl FnOnce(AccessToken) -> IssuedCredential {
    move |access_token| IssuedCredential {
        access_token,
        refresh_token: refresh_token.take(),
        scopes: scopes.take().unwrap_or_default(),
        expires_in: expires_in.take(),
        refresh_method: RefreshMethod::OauthV2UserAccess,
        server_date: None,
    }
}

fn filled(
    mut credential: IssuedCredential,
    other: impl FnOnce(AccessToken) -> IssuedCredential,
    spare: &mut Vec<RefreshToken>,
) -> IssuedCredential {
    let other = other(credential.access_token.clone());
    spare.extend(credential.fill(other));
    credential
}
