//! What becomes of a workspace's installation when the workspace has joined an organization.

use super::merge::{InstallChanges, OtherApp, SupersededCredential, is_same_token};
use crate::{Installation, Slot, ids::UserId, tokens::Credential};

impl Installation {
    /// Moves what another installation of the same workspace holds into this one: of a workspace that has joined an
    /// organization, `older` is what was stored before under the workspace alone.
    ///
    /// A credential moves with its notes if `may_move` allows it and the slot here is free or the same owner's. Of two
    /// credentials of one owner the newer one stays, and the other one is returned as replaced. What does not move stays
    /// in `older`: store this installation first, and then what is left of `older`, or nothing if that
    /// [is empty](Self::is_empty).
    ///
    /// # Errors
    ///
    /// When both name an app, and not the same one. Nothing is changed then.
    pub fn take_over(
        &mut self,
        older: &mut Self,
        may_move: impl Fn(Slot) -> bool,
    ) -> Result<InstallChanges, OtherApp> {
        OtherApp::check(self.app_id.as_ref(), older.app_id.as_ref())?;
        let mut changes = InstallChanges::default();
        for slot in [Slot::Bot, Slot::User, Slot::Unknown] {
            if may_move(slot) {
                self.take_over_slot(older, slot, &mut changes);
            }
        }
        self.app_id = self.app_id.take().or_else(|| older.app_id.clone());
        move_if_free(&mut self.app_data, &mut older.app_data, |a, b| a.as_ref() == b.as_ref());
        move_if_free(&mut self.incoming_webhook, &mut older.incoming_webhook, |a, b| {
            a.url.expose() == b.url.expose()
        });
        Ok(changes)
    }

    /// Returns whether nothing is kept here: no credential, no webhook and no data of the application.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.has_credential() && self.incoming_webhook.is_none() && self.app_data.is_none()
    }

    fn take_over_slot(&mut self, older: &mut Self, slot: Slot, changes: &mut InstallChanges) {
        let (mut nobody, mut no_one) = (None, None);
        let (held, held_id) = self.slot_mut(slot, &mut nobody);
        let (offered, offered_id) = older.slot_mut(slot, &mut no_one);
        let Some(old) = offered.as_ref() else { return };
        let (is_same, moves) = match held.as_ref() {
            None => (false, true),
            Some(held) if is_same_token(held, old) => (true, false),
            Some(held) => (false, held.is_older_than(old)),
        };
        let is_same_owner =
            is_same || slot == Slot::Bot || held_id.is_some() && held_id == offered_id;
        if held.is_some() && (!is_same_owner || slot == Slot::Unknown && !is_same) {
            return;
        }
        let (mut superseded, mut user_id) = (offered.take(), offered_id.take());
        if moves {
            std::mem::swap(held, &mut superseded);
            std::mem::swap(held_id, &mut user_id);
        }
        let state = std::mem::take(older.slot_state_mut(slot));
        if moves {
            *self.slot_state_mut(slot) = state;
        }
        let superseded = superseded.filter(|_| !is_same);
        let superseded =
            superseded.map(|credential| SupersededCredential { slot, user_id, credential });
        changes.replaced.extend(superseded);
    }

    /// Returns a credential and its owner, who is nobody if the slot has none.
    fn slot_mut<'a>(
        &'a mut self,
        slot: Slot,
        nobody: &'a mut Option<UserId>,
    ) -> (&'a mut Option<Credential>, &'a mut Option<UserId>) {
        match slot {
            Slot::Bot => (&mut self.bot, &mut self.bot_user_id),
            Slot::User => (&mut self.user, &mut self.user_id),
            Slot::Unknown | Slot::Configuration => (&mut self.unplaced, nobody),
        }
    }
}

fn move_if_free<T>(here: &mut Option<T>, there: &mut Option<T>, is_same: fn(&T, &T) -> bool) {
    match (here.as_ref(), there.as_ref()) {
        (None, _) => *here = there.take(),
        (Some(here), Some(known)) if is_same(here, known) => *there = None,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AccessToken, Timestamp,
        tokens::{AppData, InstallationKey, NeedsAuthorization},
    };

    fn credential(token: &str, at: u64) -> Credential {
        let mut credential =
            Credential::new(AccessToken::new(token).unwrap(), Timestamp::from_unix(at));
        credential.server_date = Some(credential.issued_at);
        credential
    }

    fn row(bot: Option<(&str, u64)>, user: Option<(&str, &str, u64)>) -> Installation {
        let mut row = Installation::new(InstallationKey::Workspace("T1".into()));
        row.bot = bot.map(|(token, at)| credential(token, at));
        if let Some((id, token, at)) = user {
            row.user = Some(credential(token, at));
            row.user_id = Some(id.into());
        }
        row
    }

    fn tokens(row: &Installation) -> [Option<&str>; 2] {
        [&row.bot, &row.user].map(|it| it.as_ref().map(|it| it.access_token.expose()))
    }

    fn replaced(changes: &InstallChanges) -> Vec<&str> {
        assert!(changes.displaced.is_empty(), "none of them is to be revoked");
        changes.replaced.iter().map(|it| it.credential.access_token.expose()).collect()
    }

    #[test]
    fn all_that_was_stored_before_moves_to_a_free_place() {
        let mut older = row(Some(("xoxb-1", 5)), Some(("U1", "xoxp-1", 5)));
        older.app_data = Some(AppData::new("plan=pro").unwrap());
        let bot = older.any_credential(Slot::Bot).unwrap();
        let note = NeedsAuthorization::new(Timestamp::from_unix(6), "refused", &bot);
        older.set_needs_authorization(Slot::Bot, Some(note));
        let mut new = row(None, None);
        let changes = new.take_over(&mut older, |_| true).unwrap();
        assert_eq!(tokens(&new), [Some("xoxb-1"), Some("xoxp-1")]);
        assert_eq!(new.user_id, Some("U1".into()));
        assert!(new.app_data.is_some() && new.needs_authorization(Slot::Bot).is_some());
        assert!(older.is_empty() && older.user_id.is_none());
        assert!(replaced(&changes).is_empty());
    }

    #[test]
    fn what_may_not_move_or_is_anothers_stays() {
        let mut older = row(Some(("xoxb-1", 5)), Some(("U1", "xoxp-1", 5)));
        let mut new = row(None, Some(("U2", "xoxp-2", 4)));
        new.take_over(&mut older, |slot| slot != Slot::Bot).unwrap();
        assert_eq!(tokens(&older), [Some("xoxb-1"), Some("xoxp-1")]);
        assert_eq!(older.user_id, Some("U1".into()));
        assert_eq!(tokens(&new), [None, Some("xoxp-2")]);
        // A person who is not known is not the same one as another who is not known.
        for row in [&mut older, &mut new] {
            row.user_id = None;
        }
        new.take_over(&mut older, |_| true).unwrap();
        assert_eq!(tokens(&older), [None, Some("xoxp-1")]);
        assert_eq!(tokens(&new), [Some("xoxb-1"), Some("xoxp-2")]);
    }

    #[test]
    fn of_two_of_one_owner_the_newer_one_stays_and_the_other_one_is_told() {
        for (at, kept, gone) in [(4, "xoxb-1", "xoxb-2"), (6, "xoxb-2", "xoxb-1")] {
            let mut older = row(Some(("xoxb-1", 5)), None);
            let mut new = row(Some(("xoxb-2", at)), None);
            let changes = new.take_over(&mut older, |_| true).unwrap();
            assert_eq!(tokens(&new)[0], Some(kept));
            assert_eq!(replaced(&changes), [gone]);
            assert!(older.is_empty());
        }
    }

    #[test]
    fn the_same_token_and_the_same_data_in_both_are_left_once() {
        let mut older = row(Some(("xoxb-1", 5)), Some(("U1", "xoxp-1", 5)));
        older.app_data = Some(AppData::new("plan=pro").unwrap());
        let mut new = older.clone();
        let changes = new.take_over(&mut older, |_| true).unwrap();
        assert!(older.is_empty() && replaced(&changes).is_empty());
        assert_eq!(tokens(&new), [Some("xoxb-1"), Some("xoxp-1")]);
        // Other data is nobody's to throw away.
        older.app_data = Some(AppData::new("plan=free").unwrap());
        new.take_over(&mut older, |_| true).unwrap();
        assert!(!older.is_empty());
        assert_eq!(new.app_data.unwrap().as_ref(), b"plan=pro");
    }

    #[test]
    fn another_apps_installation_stays_as_it_is() {
        let mut older = row(Some(("xoxb-1", 5)), None);
        let mut new = row(None, None);
        (older.app_id, new.app_id) = (Some("A1".into()), Some("A2".into()));
        assert!(new.take_over(&mut older, |_| true).is_err());
        assert_eq!((tokens(&older)[0], tokens(&new)[0]), (Some("xoxb-1"), None));
    }
}
