//! The members that the token methods' answers share, and which credential they make.

pub(super) use super::grant_wire::{
    AuthedUserWire, EnterpriseWire, GrantWire, TeamWire, TokenType, WebhookWire,
};
use crate::{
    AccessToken, Slot,
    ids::{AppId, UserId},
    oauth::Scopes,
    tokens::{Enterprise, IncomingWebhook, IssuedCredential, RefreshMethod, RefreshToken, Team},
    wire::{fields::Nested, notes::Notes, object::Member},
};

/// One credential of an answer, before it has found its slot.
pub(super) struct Found {
    pub(super) credential: IssuedCredential,
    pub(super) slot: Slot,
}

/// All that an answer hands out.
pub(super) struct Grants {
    /// The credential at the top level.
    pub(super) top: Option<Found>,
    /// Another one under `authed_user`.
    pub(super) nested: Option<Found>,
    /// Refresh tokens that stood without an access token of their own: never seen, and never thrown away.
    pub(super) spare: Vec<RefreshToken>,
}

impl GrantWire {
    /// Collects every credential of the response; `None` if it holds no access token.
    ///
    /// Members without a token of their own are added to the only token, unless one belongs to a bot and the other to
    /// a user.
    pub(super) fn take_grants(&mut self, notes: &mut Notes) -> Option<Grants> {
        let says_bot = self.bot_user_id.as_ref().is_some()
            || matches!(self.token_type.as_ref(), Some(TokenType(Some(Slot::Bot))));
        let (top, left_at_top) = self.take_top(notes);
        let (nested, left_in_nested) = self.take_nested(notes);
        let mut spare = Vec::new();
        let (top, nested) = match (top, nested) {
            (None, None) => {
                notes.missing("access_token");
                return None;
            }
            (Some(mut found), None) => {
                spare.extend(left_in_nested.into_found(&mut found, Slot::User));
                (Some(found), None)
            }
            (None, Some(mut found)) => {
                let whose = if says_bot { Slot::Bot } else { found.slot };
                spare.extend(left_at_top.into_found(&mut found, whose));
                (None, Some(found))
            }
            (Some(mut found), Some(same)) if found.credential.is_same_token(&same.credential) => {
                spare.extend(found.credential.fill(same.credential));
                (Some(found), None)
            }
            both => both,
        };
        if !spare.is_empty() {
            notes.odd_at(
                "refresh_token",
                "one that belongs to no access token; handed over as a spare",
            );
        }
        Some(Grants { top, nested, spare })
    }

    fn take_top(&mut self, notes: &mut Notes) -> (Option<Found>, Beside) {
        let beside = Beside {
            refresh_token: std::mem::take(&mut self.refresh_token).take(),
            scopes: std::mem::take(&mut self.scope).take().unwrap_or_default(),
            expires_in: std::mem::take(&mut self.expires_in).take(),
        };
        let Some(access_token) = std::mem::take(&mut self.access_token).take() else {
            return (None, beside);
        };
        let ids = match (self.bot_user_id.as_ref(), self.user_id.as_ref()) {
            (Some(_), _) => Some(Slot::Bot),
            (None, Some(_)) => Some(Slot::User),
            (None, None) => None,
        };
        let slot = slot_of(&access_token, &self.token_type, ids, "token_type", notes);
        (Some(Found { credential: beside.of(access_token), slot }), Beside::default())
    }

    fn take_nested(&mut self, notes: &mut Notes) -> (Option<Found>, Beside) {
        let Some(Nested(nested)) = self.authed_user.as_mut() else {
            return (None, Beside::default());
        };
        let beside = Beside {
            refresh_token: std::mem::take(&mut nested.refresh_token).take(),
            scopes: std::mem::take(&mut nested.scope).take().unwrap_or_default(),
            expires_in: std::mem::take(&mut nested.expires_in).take(),
        };
        let Some(access_token) = std::mem::take(&mut nested.access_token).take() else {
            return (None, beside);
        };
        let place = Some(Slot::User);
        let slot =
            slot_of(&access_token, &nested.token_type, place, "authed_user.token_type", notes);
        (Some(Found { credential: beside.of(access_token), slot }), Beside::default())
    }
}

/// The members that can accompany an access token.
#[derive(Default)]
struct Beside {
    refresh_token: Option<RefreshToken>,
    scopes: Scopes,
    expires_in: Option<std::time::Duration>,
}

impl Beside {
    fn of(self, access_token: AccessToken) -> IssuedCredential {
        let Self { refresh_token, scopes, expires_in } = self;
        IssuedCredential {
            access_token,
            refresh_token,
            scopes,
            expires_in,
            refresh_method: RefreshMethod::OauthV2Access,
            server_date: None,
        }
    }

    /// Fills the gaps of `found`, if both are of the same slot; gives back a refresh token that has no place.
    fn into_found(self, found: &mut Found, whose: Slot) -> Option<RefreshToken> {
        if found.slot != Slot::Unknown && found.slot != whose {
            return self.refresh_token;
        }
        let token = found.credential.access_token.clone();
        found.credential.fill(self.of(token))
    }
}

/// The one credential of a response, and what accompanies it.
pub(super) struct Single {
    pub(super) found: Found,
    /// Another token under `authed_user`: never seen, and never thrown away.
    pub(super) second: Option<IssuedCredential>,
    pub(super) spare: Vec<RefreshToken>,
    pub(super) app_id: Option<AppId>,
    pub(super) team: Option<Team>,
    pub(super) enterprise: Option<Enterprise>,
    pub(super) is_enterprise_install: bool,
    pub(super) user_id: Option<UserId>,
    pub(super) bot_user_id: Option<UserId>,
}

impl Single {
    /// Reads the one credential of a refresh or an exchange, at the top level or else under `authed_user`.
    /// `no_refresh_token` is the warning if it has no refresh token.
    pub(super) fn from_wire(
        mut wire: GrantWire,
        no_refresh_token: &'static str,
        notes: &mut Notes,
    ) -> Option<Self> {
        let Grants { top, nested, spare } = wire.take_grants(notes)?;
        let (found, second) = match top {
            Some(found) => (found, nested),
            None => (nested?, None),
        };
        if second.is_some() {
            notes.odd_at("authed_user.access_token", "a second token; handed over unplaced");
        }
        let second = second.map(|second| second.credential);
        if found.credential.refresh_token.is_none() {
            notes.odd_at("refresh_token", no_refresh_token);
        }
        let nested_id = wire.authed_user.take().and_then(|Nested(user)| user.id.take());
        Some(Self {
            found,
            second,
            spare,
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
    if let (None, Some(by_type), Some(hint)) = (by_prefix, by_type, hint) {
        if by_type != hint {
            notes.odd_at(path, "contradicts the ids or the place of the token; the type counts");
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

#[cfg(test)]
mod tests {
    use crate::{
        ApiMethod, Slot,
        methods::{OauthV2Access, OauthV2Refresh},
        oauth::SecretAuthentication,
        tokens::RefreshToken,
    };

    fn installed(body: &'static str) -> (crate::methods::OauthV2AccessResponse, Vec<String>) {
        let reply =
            OauthV2Access::<SecretAuthentication>::parse_response(&http::Response::new(body))
                .unwrap();
        let odd = reply.meta.parse_warnings().iter().map(ToString::to_string).collect();
        (reply.value, odd)
    }

    fn spare(tokens: &[RefreshToken]) -> Vec<&str> {
        tokens.iter().map(RefreshToken::expose).collect()
    }

    #[test]
    fn the_type_tells_the_slot_of_a_token_without_a_known_prefix() {
        for (token_type, ids, slot, odd) in [
            ("bot", "", Slot::Bot, None),
            ("granular_bot", "", Slot::Bot, None),
            ("user", "", Slot::User, None),
            ("Bearer", "", Slot::Unknown, None),
            ("bot", r#","bot_user_id":"U1""#, Slot::Bot, None),
            ("user", r#","user_id":"U1""#, Slot::User, None),
            (
                "user",
                r#","bot_user_id":"U1""#,
                Slot::User,
                Some("token_type: contradicts the ids or the place of the token; the type counts"),
            ),
        ] {
            let body = format!(
                r#"{{"ok":true,"access_token":"new-1","refresh_token":"r","token_type":"{token_type}"{ids}}}"#
            );
            let reply = <OauthV2Refresh>::parse_response(&http::Response::new(body)).unwrap();
            assert_eq!(reply.value.slot, slot, "{token_type} {ids}");
            let told: Vec<_> =
                reply.meta.parse_warnings().iter().map(ToString::to_string).collect();
            assert_eq!(told, odd.as_slice(), "{token_type} {ids}");
        }
    }

    #[test]
    fn a_refresh_token_goes_to_the_only_token_unless_that_is_anothers() {
        const SPARE: &str =
            "refresh_token: one that belongs to no access token; handed over as a spare";
        // At the top level, beside a person's token under `authed_user`.
        let (grant, odd) =
            installed(r#"{"ok":true,"refresh_token":"r","authed_user":{"access_token":"xoxp-1"}}"#);
        assert_eq!(grant.user.unwrap().refresh_token.unwrap().expose(), "r");
        assert!(odd.is_empty() && grant.spare_refresh_tokens.is_empty());
        for body in [
            r#"{"ok":true,"refresh_token":"r","bot_user_id":"U1","authed_user":{"access_token":"xoxp-1"}}"#,
            r#"{"ok":true,"refresh_token":"r","token_type":"bot","authed_user":{"access_token":"xoxp-1"}}"#,
        ] {
            let (grant, odd) = installed(body);
            assert!(grant.user.unwrap().refresh_token.is_none(), "it is the bot's: {body}");
            assert_eq!(spare(&grant.spare_refresh_tokens), ["r"]);
            assert_eq!(odd, [SPARE]);
        }
        // Under `authed_user`, beside a token at the top level.
        let (grant, odd) =
            installed(r#"{"ok":true,"access_token":"xoxp-1","authed_user":{"refresh_token":"r"}}"#);
        assert_eq!(grant.user.unwrap().refresh_token.unwrap().expose(), "r");
        assert!(odd.is_empty());
        let (grant, _) =
            installed(r#"{"ok":true,"access_token":"new-1","authed_user":{"refresh_token":"r"}}"#);
        assert_eq!(grant.unplaced.unwrap().refresh_token.unwrap().expose(), "r");
        let (grant, odd) =
            installed(r#"{"ok":true,"access_token":"xoxb-1","authed_user":{"refresh_token":"r"}}"#);
        assert!(grant.bot.unwrap().refresh_token.is_none(), "it is the person's");
        assert_eq!((spare(&grant.spare_refresh_tokens), odd), (vec!["r"], vec![SPARE.to_owned()]));
    }

    #[test]
    fn the_same_token_at_both_places_is_one_credential() {
        for (nested, left) in [("a", vec![]), ("b", vec!["b"])] {
            let body = format!(
                r#"{{"ok":true,"access_token":"xoxp-1","refresh_token":"a","authed_user":{{"access_token":"xoxp-1",
                "refresh_token":"{nested}","scope":"chat:write"}}}}"#
            );
            let (grant, _) = installed(Box::leak(body.into_boxed_str()));
            let user = grant.user.unwrap();
            assert!(grant.unplaced.is_none());
            assert_eq!(user.refresh_token.unwrap().expose(), "a");
            assert_eq!(user.scopes.to_string(), "chat:write", "the gap is filled");
            assert_eq!(spare(&grant.spare_refresh_tokens), left);
        }
    }

    #[test]
    fn of_two_tokens_for_one_slot_the_one_in_its_own_place_stays() {
        let (grant, _) = installed(
            r#"{"ok":true,"access_token":"xoxp-1","authed_user":{"access_token":"xoxp-2"}}"#,
        );
        assert_eq!(grant.user.unwrap().access_token.expose(), "xoxp-2");
        assert_eq!(grant.unplaced.unwrap().access_token.expose(), "xoxp-1");
        let (grant, _) = installed(
            r#"{"ok":true,"access_token":"xoxb-1","authed_user":{"access_token":"xoxb-2"}}"#,
        );
        assert_eq!(grant.bot.unwrap().access_token.expose(), "xoxb-1");
        assert_eq!(grant.unplaced.unwrap().access_token.expose(), "xoxb-2");
    }
}
