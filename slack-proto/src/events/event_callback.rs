//! The outer envelope of an event.

use std::fmt;

use super::Event;
use crate::{
    Timestamp,
    ids::{AppId, EnterpriseId, TeamId, UserId},
    methods::{ParseWarning, UntrustedText},
    tokens::InstallationKey,
};

/// An event with its outer envelope, `event_callback`.
///
/// It is only parsed from a [`Verified`](super::Verified) body, so it is Slack's word. Slack delivers an event again until
/// the app answers with a 2xx status in time, and not always in order: compare [`event_time`](Self::event_time) with
/// what the event is about.
#[derive(Clone)]
#[non_exhaustive]
pub struct EventCallback {
    /// The workspace of the event; for an org-wide install Slack may put the organization's `E…` here.
    pub team_id: Option<TeamId>,
    /// The organization of the workspace, if there is one.
    pub enterprise_id: Option<EnterpriseId>,
    /// The app.
    pub api_app_id: Option<AppId>,
    /// The event's own id, `Ev…`, the same in each delivery.
    pub event_id: Option<UntrustedText>,
    /// When it happened, by Slack's clock.
    pub event_time: Option<Timestamp>,
    /// For whom Slack delivers the event: one of the installations, not all of them.
    pub authorizations: Vec<EventAuthorization>,
    /// The inner event.
    pub event: Event,
    /// What was odd in the body: path and reason, never a value.
    pub parse_warnings: Vec<ParseWarning>,
    pub(super) json: Box<str>,
}

/// An installation that an event is delivered for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventAuthorization {
    /// The organization, if there is one.
    pub enterprise_id: Option<EnterpriseId>,
    /// The workspace; usually `None` for an org-wide install.
    pub team_id: Option<TeamId>,
    /// The person or the bot user.
    pub user_id: Option<UserId>,
    /// Whether `user_id` is a bot user.
    pub is_bot: bool,
    /// Whether the app is installed for the whole organization.
    pub is_enterprise_install: bool,
}

impl EventCallback {
    /// Returns the place that the event comes from: the workspace, or the organization if the event names no workspace.
    ///
    /// Which installation serves that place is another question:
    /// [`StoreKey::nearest_first`](crate::StoreKey::nearest_first) lists where to look. `None` if the event names no place.
    #[must_use]
    pub fn place(&self) -> Option<InstallationKey> {
        let first = self.authorizations.first();
        let enterprise = self
            .enterprise_id
            .clone()
            .or_else(|| first.and_then(|authorization| authorization.enterprise_id.clone()));
        let team = self
            .team_id
            .clone()
            .or_else(|| first.and_then(|authorization| authorization.team_id.clone()));
        // Slack puts an organization's id in the place of a workspace's if there is no workspace.
        let (team, enterprise) = match team {
            Some(team) if team.as_str().starts_with('E') => {
                (None, enterprise.or_else(|| Some(team.as_str().into())))
            }
            team => (team, enterprise),
        };
        InstallationKey::of(team.as_ref(), enterprise.as_ref(), false)
    }

    /// Returns whether the event was delivered for an org-wide install, as far as it says.
    #[must_use]
    pub fn is_enterprise_install(&self) -> bool {
        self.authorizations.iter().any(|authorization| authorization.is_enterprise_install)
    }

    /// Returns the JSON text of the inner event, for what [`Event`] has no type for; empty if there is none.
    #[must_use]
    pub fn event_json(&self) -> &str {
        &self.json
    }
}

/// Leaves the text of the inner event out, which may be a message.
impl fmt::Debug for EventCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventCallback")
            .field("team_id", &self.team_id)
            .field("enterprise_id", &self.enterprise_id)
            .field("api_app_id", &self.api_app_id)
            .field("event_id", &self.event_id)
            .field("event_time", &self.event_time)
            .field("authorizations", &self.authorizations)
            .field("event", &self.event)
            .field("parse_warnings", &self.parse_warnings)
            .finish_non_exhaustive()
    }
}
