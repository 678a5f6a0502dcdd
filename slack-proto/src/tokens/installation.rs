//! Where an app is installed, and the credentials that it holds there.

mod app_data;
mod key;
mod place;
mod slot_state;
mod store_key;

use std::{error::Error, fmt};

pub use app_data::AppData;
pub use key::InstallationKey;
pub use place::{Enterprise, IncomingWebhook, Team};
pub use slot_state::NeedsAuthorization;
pub(crate) use slot_state::SlotState;
pub use store_key::StoreKey;

use crate::{
    Slot, Timestamp,
    ids::{AppId, UserId},
    methods::OauthV2AccessResponse,
    tokens::{
        ConfigurationCredential, Credential, IssuedCredential, RefreshToken,
        encoding::UnknownMembers,
    },
};

/// An installation as a store keeps it: a slot for the bot's credential and one for the person's, each with its own
/// token, scopes, refresh token and expiry.
///
/// # Examples
///
/// ```
/// use slack_proto::{AccessToken, Installation, Timestamp, tokens::{Credential, InstallationKey}};
///
/// let mut installation = Installation::new(InstallationKey::Workspace("T0FAKE00001".into()));
/// let token = AccessToken::new("xoxb-not-a-real-token")?;
/// installation.bot = Some(Credential::new(token, Timestamp::from_unix(1_795_219_200)));
/// assert_eq!(installation.key().unwrap().to_string(), "T0FAKE00001");
/// # Ok::<(), slack_proto::error::InvalidValue>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Installation {
    /// The app.
    pub app_id: Option<AppId>,
    /// The workspace; usually `None` for an org-wide install.
    pub team: Option<Team>,
    /// The organization, if there is one.
    pub enterprise: Option<Enterprise>,
    /// Whether the app is installed for the whole organization. This member decides it, not whether `team` is set.
    pub is_enterprise_install: bool,
    /// The bot's credential.
    pub bot: Option<Credential>,
    /// The bot's user.
    pub bot_user_id: Option<UserId>,
    /// The credential of the person who installed the app.
    pub user: Option<Credential>,
    /// The person who installed the app.
    pub user_id: Option<UserId>,
    /// A credential whose owner is unknown: never seen, and never thrown away.
    pub unplaced: Option<Credential>,
    /// The app configuration token of the person: it belongs to the person and the workspace, and to no app.
    pub configuration: Option<ConfigurationCredential>,
    /// The webhook, if there is one.
    pub incoming_webhook: Option<IncomingWebhook>,
    /// What the application keeps beside the installation.
    pub app_data: Option<AppData>,
    pub(crate) bot_state: SlotState,
    pub(crate) user_state: SlotState,
    pub(crate) unplaced_state: SlotState,
    pub(crate) configuration_state: SlotState,
    pub(crate) unknown: UnknownMembers,
}

impl Installation {
    /// Begins an installation at a known place, without credentials.
    #[must_use]
    pub fn new(key: InstallationKey) -> Self {
        let (team, enterprise, is_enterprise_install) = match key {
            InstallationKey::Workspace(team) => (Some(Team::new(team)), None, false),
            InstallationKey::GridWorkspace { enterprise, team } => {
                (Some(Team::new(team)), Some(Enterprise::new(enterprise)), false)
            }
            InstallationKey::Organization(enterprise) => {
                (None, Some(Enterprise::new(enterprise)), true)
            }
        };
        Self { team, enterprise, is_enterprise_install, ..Self::default() }
    }

    /// Returns the key under which to store the installation; `None` if it names neither workspace nor organization.
    #[must_use]
    pub fn key(&self) -> Option<InstallationKey> {
        let team = self.team.as_ref().map(|team| &team.id);
        let enterprise = self.enterprise.as_ref().map(|enterprise| &enterprise.id);
        InstallationKey::of(team, enterprise, self.is_enterprise_install)
    }

    /// Returns the credential of a slot; `None` for [`Slot::Configuration`], which holds another type of credential.
    #[must_use]
    pub fn credential(&self, slot: Slot) -> Option<&Credential> {
        match slot {
            Slot::Bot => self.bot.as_ref(),
            Slot::User => self.user.as_ref(),
            Slot::Unknown => self.unplaced.as_ref(),
            Slot::Configuration => None,
        }
    }

    /// Puts the answer of a refresh into the slot whose refresh token was sent, and touches no other; returns which slot
    /// it was. The answer's own idea of its slot does not count.
    ///
    /// What the answer left out stays: without a new refresh token the one that was sent is the only chance left, and
    /// scopes that are not listed have not changed.
    ///
    /// # Errors
    ///
    /// When no slot holds the refresh token that was sent, for instance because another process has stored a newer
    /// pair. The new credential comes back in the error.
    pub fn refreshed(
        &mut self,
        sent: &RefreshToken,
        new: Credential,
    ) -> Result<Slot, RefreshTokenNotFound> {
        let holds = |credential: &Option<Credential>| {
            let held = credential.as_ref().and_then(|credential| credential.refresh_token.as_ref());
            held.is_some_and(|held| held.same_as(sent))
        };
        let slot = match (holds(&self.bot), holds(&self.user), holds(&self.unplaced)) {
            // A store that mixed up its tokens: the prefix of the new one tells whose it is.
            (true, true, _) => new.access_token.kind().slot().unwrap_or(Slot::Bot),
            (true, false, _) => Slot::Bot,
            (false, true, _) => Slot::User,
            (false, false, true) => Slot::Unknown,
            (false, false, false) => {
                return Err(RefreshTokenNotFound { credential: Box::new(new) });
            }
        };
        let place = match slot {
            Slot::Bot => &mut self.bot,
            Slot::User => &mut self.user,
            Slot::Unknown | Slot::Configuration => &mut self.unplaced,
        };
        if let Some(old) = place {
            old.succeed(new);
        }
        Ok(slot)
    }
}

impl OauthV2AccessResponse {
    /// Converts the response to the installation that a store keeps. `requested_at` is the time when the request was
    /// **sent**; expiry counts from it.
    #[must_use]
    pub fn into_installation(self, requested_at: Timestamp) -> Installation {
        let issued = |credential: Option<IssuedCredential>| {
            credential.map(|it| it.into_credential(requested_at))
        };
        Installation {
            app_id: self.app_id,
            team: self.team,
            enterprise: self.enterprise,
            is_enterprise_install: self.is_enterprise_install,
            bot: issued(self.bot),
            bot_user_id: self.bot_user_id,
            user: issued(self.user),
            user_id: self.authed_user_id,
            unplaced: issued(self.unplaced),
            incoming_webhook: self.incoming_webhook,
            ..Installation::default()
        }
    }
}

/// An installation does not hold the refresh token that was sent; nothing was changed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RefreshTokenNotFound {
    /// The credential that the refresh gave.
    pub credential: Box<Credential>,
}

impl fmt::Display for RefreshTokenNotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "no slot of the installation holds the refresh token that was sent; read the stored installation once more",
        )
    }
}

impl Error for RefreshTokenNotFound {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AccessToken, ApiMethod,
        methods::{OauthV2Access, OauthV2Refresh},
        oauth::Scopes,
    };

    const SENT: Timestamp = Timestamp::from_unix(1_000);
    const BOTH: &str = r#"{"ok":true,"team":{"id":"T1"},"access_token":"xoxe.xoxb-1-a","scope":"a,b",
        "refresh_token":"xoxe-1-bot","expires_in":50,"authed_user":{"id":"U1","scope":"c",
        "access_token":"xoxe.xoxp-1-a","refresh_token":"xoxe-1-user","expires_in":60}}"#;

    fn installed() -> Installation {
        let reply = OauthV2Access::<crate::oauth::SecretAuthentication>::parse_response(
            &http::Response::new(BOTH),
        );
        reply.unwrap().value.into_installation(SENT)
    }

    fn refresh(installation: &mut Installation, sent: &str, body: &'static str) -> Option<Slot> {
        let reply = <OauthV2Refresh>::parse_response(&http::Response::new(body)).unwrap();
        let new = reply.value.credential.into_credential(SENT + std::time::Duration::from_secs(40));
        installation.refreshed(&RefreshToken::new(sent).unwrap(), new).ok()
    }

    fn tokens(installation: &Installation) -> [&str; 4] {
        let (bot, user) = (installation.bot.as_ref().unwrap(), installation.user.as_ref().unwrap());
        [
            bot.access_token.expose(),
            bot.refresh_token.as_ref().unwrap().expose(),
            user.access_token.expose(),
            user.refresh_token.as_ref().unwrap().expose(),
        ]
    }

    #[test]
    fn an_answer_goes_into_the_slot_whose_refresh_token_was_sent() {
        let user = r#"{"ok":true,"token_type":"user","access_token":"xoxe.xoxp-1-b","refresh_token":"xoxe-1-user2",
            "expires_in":60,"user_id":"U1"}"#;
        let mut installation = installed();
        assert_eq!(refresh(&mut installation, "xoxe-1-user", user), Some(Slot::User));
        let expected = ["xoxe.xoxb-1-a", "xoxe-1-bot", "xoxe.xoxp-1-b", "xoxe-1-user2"];
        assert_eq!(tokens(&installation), expected);
        let user = installation.user.unwrap();
        assert_eq!(user.expires_at, Some(Timestamp::from_unix(1_100)));
        assert_eq!(user.scopes, Scopes::from("c"), "scopes that were not told stay");
        assert_eq!(installation.bot.unwrap().expires_at, Some(Timestamp::from_unix(1_050)));
    }

    #[test]
    fn the_token_sent_decides_and_not_the_type_in_the_answer() {
        let odd = r#"{"ok":true,"token_type":"user","access_token":"new-kind-1","refresh_token":"xoxe-1-bot2"}"#;
        let mut installation = installed();
        assert_eq!(refresh(&mut installation, "xoxe-1-bot", odd), Some(Slot::Bot));
        let expected = ["new-kind-1", "xoxe-1-bot2", "xoxe.xoxp-1-a", "xoxe-1-user"];
        assert_eq!(tokens(&installation), expected);
    }

    #[test]
    fn without_a_new_refresh_token_the_old_one_stays() {
        let lone = r#"{"ok":true,"access_token":"xoxe.xoxb-1-b"}"#;
        let mut installation = installed();
        assert_eq!(refresh(&mut installation, "xoxe-1-bot", lone), Some(Slot::Bot));
        let expected = ["xoxe.xoxb-1-b", "xoxe-1-bot", "xoxe.xoxp-1-a", "xoxe-1-user"];
        assert_eq!(tokens(&installation), expected);
    }

    #[test]
    fn an_unknown_refresh_token_changes_nothing_and_loses_nothing() {
        let mut installation = installed();
        let new = Credential::new(AccessToken::new("xoxe.xoxb-1-b").unwrap(), SENT);
        let refused = installation.refreshed(&RefreshToken::new("xoxe-1-old").unwrap(), new);
        let refused = refused.unwrap_err();
        assert_eq!(refused.credential.access_token.expose(), "xoxe.xoxb-1-b");
        assert!(refused.to_string().ends_with("read the stored installation once more"));
        let expected = ["xoxe.xoxb-1-a", "xoxe-1-bot", "xoxe.xoxp-1-a", "xoxe-1-user"];
        assert_eq!(tokens(&installation), expected);
    }

    #[test]
    fn tokens_that_a_store_mixed_up_are_told_apart_by_their_prefix() {
        let mut installation = installed();
        let same = installation.user.clone().unwrap().refresh_token;
        installation.bot.as_mut().unwrap().refresh_token = same;
        let user = r#"{"ok":true,"access_token":"xoxe.xoxp-1-b","refresh_token":"xoxe-1-c"}"#;
        assert_eq!(refresh(&mut installation, "xoxe-1-user", user), Some(Slot::User));
    }

    #[test]
    fn a_known_place_gives_its_key_back() {
        for key in [
            InstallationKey::Workspace("T1".into()),
            InstallationKey::grid_workspace("E1".into(), "T1".into()),
            InstallationKey::Organization("E1".into()),
        ] {
            assert_eq!(Installation::new(key.clone()).key(), Some(key));
        }
        assert_eq!(installed().key().unwrap().to_string(), "T1");
    }

    #[test]
    fn a_slot_gives_its_own_credential() {
        let mut installation = installed();
        installation.unplaced = Some(Credential::new(AccessToken::new("new-1").unwrap(), SENT));
        let token = |slot| installation.credential(slot).map(|it| it.access_token.expose());
        assert_eq!(token(Slot::Bot), Some("xoxe.xoxb-1-a"));
        assert_eq!(token(Slot::User), Some("xoxe.xoxp-1-a"));
        assert_eq!(token(Slot::Unknown), Some("new-1"));
        assert_eq!(token(Slot::Configuration), None);
    }

    #[test]
    fn a_token_of_nobody_known_is_refreshed_where_it_lies() {
        let mut installation = installed();
        let mut unplaced = Credential::new(AccessToken::new("new-1").unwrap(), SENT);
        unplaced.refresh_token = Some(RefreshToken::new("xoxe-1-unplaced").unwrap());
        installation.unplaced = Some(unplaced);
        let body = r#"{"ok":true,"access_token":"xoxe.xoxb-1-b","refresh_token":"xoxe-1-b"}"#;
        assert_eq!(refresh(&mut installation, "xoxe-1-unplaced", body), Some(Slot::Unknown));
        assert_eq!(installation.unplaced.as_ref().unwrap().access_token.expose(), "xoxe.xoxb-1-b");
        let expected = ["xoxe.xoxb-1-a", "xoxe-1-bot", "xoxe.xoxp-1-a", "xoxe-1-user"];
        assert_eq!(tokens(&installation), expected);
    }
}
