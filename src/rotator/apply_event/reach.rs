//! What an event is about: which rows, which slots of them.

use slack_proto::{
    Installation, Slot, StoreKey, Timestamp,
    events::{Event, EventCallback, TokensRevoked},
    ids::UserId,
    lifecycle::IssueOrder,
    tokens::InstallationKey,
};

use super::ApplyEventError;

/// An event that is about credentials, and its place.
pub(super) struct Reach<'e> {
    callback: &'e EventCallback,
    place: InstallationKey,
    /// Whose tokens were revoked; `None` if all were, since the app was uninstalled.
    revoked: Option<&'e TokensRevoked>,
}

impl<'e> Reach<'e> {
    /// Returns `None` for an event that is about no credential.
    pub(super) fn of(callback: &'e EventCallback) -> Result<Option<Self>, ApplyEventError> {
        let revoked = match &callback.event {
            Event::AppUninstalled => None,
            Event::TokensRevoked(revoked) => Some(revoked),
            _ => return Ok(None),
        };
        let place = callback.place().ok_or(ApplyEventError::NoPlace)?;
        Ok(Some(Self { callback, place, revoked }))
    }

    pub(super) fn event_time(&self) -> Option<Timestamp> {
        self.callback.event_time
    }

    /// The places that look-up reaches from the place of the event.
    pub(super) fn places(&self) -> Vec<StoreKey> {
        StoreKey::from(self.place.clone()).nearest_first()
    }

    pub(super) fn concerns_all_people(&self) -> bool {
        self.revoked.is_none()
    }

    /// The own rows, at a place, of the people whose tokens were revoked.
    pub(super) fn people(&self, place: &StoreKey) -> Vec<StoreKey> {
        let people = self.revoked.map_or(&[][..], |revoked| &revoked.oauth);
        people.iter().map(|id| StoreKey::person(place.place().clone(), id.clone())).collect()
    }

    pub(super) fn check_app(&self, installation: &Installation) -> Result<(), ApplyEventError> {
        match (&self.callback.api_app_id, &installation.app_id) {
            (Some(event), Some(stored)) if event != stored => {
                Err(ApplyEventError::OtherApp { event: event.clone(), stored: stored.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Returns whether the credential of a slot was issued before the event; `None` if the event is not about it.
    pub(super) fn order(
        &self,
        key: &StoreKey,
        installation: &Installation,
        slot: Slot,
    ) -> Option<IssueOrder> {
        let is_certain = self.names(key, installation, slot)? && self.is_of_this_install(key);
        let order = installation.credential(slot)?.issue_order(self.event_time());
        match order {
            // What is not certainly meant is not removed by its age.
            IssueOrder::Before if !is_certain => Some(IssueOrder::Unclear),
            order => Some(order),
        }
    }

    /// Returns whether the event certainly names the owner of a slot; `None` if it names others.
    fn names(&self, key: &StoreKey, installation: &Installation, slot: Slot) -> Option<bool> {
        let Some(revoked) = self.revoked else { return Some(true) };
        let among = |ids: &[UserId], owner: Option<&UserId>| match owner {
            _ if ids.is_empty() => None,
            Some(owner) => ids.contains(owner).then_some(true),
            None => Some(false),
        };
        match slot {
            Slot::Bot => among(&revoked.bot, installation.bot_user_id.as_ref()),
            Slot::User => among(&revoked.oauth, key.user().or(installation.user_id.as_ref())),
            _ => Some(false),
        }
    }

    /// Returns whether a row is certainly of the install that the event is about: an event of one workspace may leave the
    /// org-wide install alive, and that of an org-wide install a workspace's own. One that was delivered for both is
    /// certainly about neither.
    fn is_of_this_install(&self, key: &StoreKey) -> bool {
        let is_org_row = matches!(key.place(), InstallationKey::Organization(_));
        let mut kinds = self.callback.authorizations.iter().map(|it| it.is_enterprise_install);
        match kinds.next() {
            Some(first) => kinds.all(|kind| kind == first) && is_org_row == first,
            None => is_org_row == matches!(self.place, InstallationKey::Organization(_)),
        }
    }
}
