//! Whose row a person's credential belongs into.

use crate::{Installation, StoreKey, tokens::InstallationKey};

impl Installation {
    /// Removes the user credential from a response if it belongs under the user's own key. Returns that key with an
    /// installation that holds nothing else.
    ///
    /// `stored` is what the store holds under the place. The credential belongs under the place if the user slot there is
    /// free or the same person's, and under [`StoreKey::person`] if it is another person's: so no person's install puts an
    /// end to another's. An answer that names no person stays whole.
    pub fn take_persons_own(
        &mut self,
        place: &InstallationKey,
        stored: &Self,
    ) -> Option<(StoreKey, Self)> {
        let person = self.user_id.clone().filter(|_| self.user.is_some())?;
        if stored.user.is_none() || stored.user_id.as_ref() == Some(&person) {
            return None;
        }
        let mut own = Self::new(place.clone());
        own.app_id.clone_from(&self.app_id);
        own.team.clone_from(&self.team);
        own.enterprise.clone_from(&self.enterprise);
        own.user = self.user.take();
        own.user_id = self.user_id.take();
        Some((StoreKey::person(place.clone(), person), own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccessToken, Timestamp, tokens::Credential};

    fn place() -> InstallationKey {
        InstallationKey::Workspace("T1".into())
    }

    fn with_user(id: Option<&str>) -> Installation {
        let mut installation = Installation::new(place());
        let token = AccessToken::new("xoxp-1").unwrap();
        installation.user = Some(Credential::new(token, Timestamp::from_unix(1)));
        installation.user_id = id.map(Into::into);
        installation
    }

    #[test]
    fn another_persons_credential_goes_under_that_persons_key() {
        let mut answer = with_user(Some("U2"));
        let (key, own) = answer.take_persons_own(&place(), &with_user(Some("U1"))).unwrap();
        assert_eq!(key.to_text(), "team/T1/user/U2");
        assert_eq!((own.user_id, own.user.is_some()), (Some("U2".into()), true));
        assert_eq!((answer.user_id, answer.user.is_none()), (None, true));
        // Whose the stored one is, nobody knows: it may be another's.
        assert!(with_user(Some("U2")).take_persons_own(&place(), &with_user(None)).is_some());
    }

    #[test]
    fn a_free_slot_and_the_same_person_stay_with_the_place() {
        let free = Installation::new(place());
        assert!(with_user(Some("U2")).take_persons_own(&place(), &free).is_none());
        let same = with_user(Some("U2"));
        assert!(with_user(Some("U2")).take_persons_own(&place(), &same).is_none());
        let stored = with_user(Some("U1"));
        assert!(with_user(None).take_persons_own(&place(), &stored).is_none());
        // Who installs the bot alone brings no credential of a person.
        let mut answer = Installation::new(place());
        answer.user_id = Some("U2".into());
        assert!(answer.take_persons_own(&place(), &stored).is_none());
    }
}
