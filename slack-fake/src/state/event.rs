//! Events: when they occur, and what they say.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::credential::Target;
use super::memory::State;
use crate::CredentialKind;

/// An event that Slack sends to the request URL of an app.
///
/// The time of the event stays the same however late or often it is delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SlackEvent {
    /// The id (`Ev...`), the same for every delivery.
    pub id: String,
    /// The client id of the app.
    pub client_id: String,
    /// The workspace; none for an org-wide install.
    pub team_id: Option<String>,
    /// The organization, if there is one.
    pub enterprise_id: Option<String>,
    /// When it happened, in Unix seconds.
    pub time: u64,
    /// What happened.
    pub kind: EventKind,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// The app was removed from a workspace or an organization.
    AppUninstalled,
    /// Tokens were revoked, each named by the user it belongs to.
    #[non_exhaustive]
    TokensRevoked {
        /// The people whose user tokens were revoked.
        oauth: Vec<String>,
        /// The users of the bots whose tokens were revoked.
        bot: Vec<String>,
    },
}

impl EventKind {
    /// Returns the type of the event, for instance `app_uninstalled`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::AppUninstalled => "app_uninstalled",
            Self::TokensRevoked { .. } => "tokens_revoked",
        }
    }
}

impl SlackEvent {
    /// Creates an event that did not occur in the fake, with an id of the caller's choice.
    ///
    /// Its places can be set afterwards: the default is an org-wide install of no organization.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        client_id: impl Into<String>,
        kind: EventKind,
        time: u64,
    ) -> Self {
        let (id, client_id) = (id.into(), client_id.into());
        Self { id, client_id, team_id: None, enterprise_id: None, time, kind }
    }

    /// Returns the body of its deliveries.
    pub(crate) fn body(&self, app_id: &str) -> Value {
        let mut event = Map::new();
        event.insert("type".into(), self.kind.name().into());
        if let EventKind::TokensRevoked { oauth, bot } = &self.kind {
            event.insert("tokens".into(), json!({"oauth": oauth, "bot": bot}));
        }
        event.insert("event_ts".into(), format!("{}.000000", self.time).into());
        json!({
            "token": "fakeverificationtoken000",
            "team_id": self.team_id.as_ref().or(self.enterprise_id.as_ref()),
            "enterprise_id": self.enterprise_id,
            "api_app_id": app_id,
            "event": event,
            "type": "event_callback",
            "event_id": self.id,
            "event_time": self.time,
            "authorizations": [{
                "enterprise_id": self.enterprise_id,
                "team_id": self.team_id,
                "user_id": null,
                "is_bot": false,
                "is_enterprise_install": self.team_id.is_none(),
            }],
            "is_ext_shared_channel": false,
        })
    }
}

impl State {
    /// Ends an installation and notes its events; returns how many credentials ended.
    pub(crate) fn uninstall(&mut self, client_id: &str, place: &str, now: u64) -> usize {
        let ended = self.end_installation(client_id, place);
        if let Some(first) = ended.first() {
            let target = self.credentials[*first].target.clone();
            self.tokens_revoked(&ended, now);
            self.note_event(client_id, &target, EventKind::AppUninstalled, now);
        }
        ended.len()
    }

    /// Notes that tokens of these credentials of one app in one place were revoked.
    pub(crate) fn tokens_revoked(&mut self, credentials: &[usize], now: u64) {
        let Some(first) = credentials.first().map(|index| self.credentials[*index].clone()) else {
            return;
        };
        let of = |wanted: &[CredentialKind]| -> Vec<String> {
            let known = credentials.iter().map(|index| &self.credentials[*index]);
            let users = known.filter(|c| wanted.contains(&c.kind)).map(|c| c.user_id.to_string());
            users.collect::<BTreeSet<_>>().into_iter().collect()
        };
        let kind = EventKind::TokensRevoked {
            oauth: of(&[CredentialKind::User, CredentialKind::SignIn]),
            bot: of(&[CredentialKind::Bot]),
        };
        self.note_event(&first.client_id, &first.target, kind, now);
    }

    fn note_event(&mut self, client_id: &str, target: &Target, kind: EventKind, now: u64) {
        if self.app(client_id).is_none_or(|app| app.signing_secret.is_none()) {
            return;
        }
        if self.events.len() == MOST_EVENTS {
            self.events.pop_front();
        }
        let event = SlackEvent {
            id: self.mint(|mint| mint.id('E')).replacen("E0", "Ev0", 1),
            client_id: client_id.to_owned(),
            team_id: target.team.as_deref().map(str::to_owned),
            enterprise_id: target.enterprise.as_deref().map(str::to_owned),
            time: now,
            kind,
        };
        self.events.push_back(event);
    }
}

/// How many events wait to be collected at most.
const MOST_EVENTS: usize = 10_000;
