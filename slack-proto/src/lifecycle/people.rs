//! Whose row a person's credential belongs into.

use crate::{Installation, StoreKey, tokens::InstallationKey};

impl Installation {
    /// Removes the user credential from a response if it belongs under the user's own key. Returns that key with an
    /// installation that holds nothing else.
    ///
    /// `stored` is what the store holds under the place, and `own` what it holds under the person's own key. The
    /// credential belongs under the place if the user slot there is the same person's, or free; it belongs under
    /// [`StoreKey::person`] if the slot is another person's, or if the person has a credential there already. So no
    /// person's install puts an end to another's. An answer that names no person stays whole.
    pub fn take_persons_own(
        &mut self,
        place: &InstallationKey,
        stored: Option<&Self>,
        own: Option<&Self>,
    ) -> Option<(StoreKey, Self)> {
        let person = self.user_id.clone().filter(|_| self.user.is_some())?;
        let holder = stored.filter(|stored| stored.user.is_some());
        let stays = match holder {
            Some(stored) => stored.user_id.as_ref() == Some(&person),
            None => own.is_none_or(|own| own.user.is_none()),
        };
        if stays {
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

    fn goes_to(
        answer: Option<&str>,
        stored: Option<&Installation>,
        own: Option<&Installation>,
    ) -> Option<String> {
        let mut answer = with_user(answer);
        let taken = answer.take_persons_own(&place(), stored, own);
        assert_eq!(answer.user.is_some(), taken.is_none(), "it is in one of the two");
        taken.map(|(key, own)| {
            assert!(own.user.is_some() && own.user_id == key.user().cloned());
            key.to_text()
        })
    }

    #[test]
    fn another_persons_credential_goes_under_that_persons_key() {
        let own = Some("team/T1/user/U2".to_owned());
        assert_eq!(goes_to(Some("U2"), Some(&with_user(Some("U1"))), None), own);
        // The owner of the stored one is unknown: it may be another person.
        assert_eq!(goes_to(Some("U2"), Some(&with_user(None)), None), own);
        // Where the person's credential is already, the next one belongs.
        assert_eq!(goes_to(Some("U2"), None, Some(&with_user(Some("U2")))), own);
    }

    #[test]
    fn a_free_slot_and_the_same_person_stay_with_the_place() {
        let (free, same) = (Installation::new(place()), with_user(Some("U2")));
        assert_eq!(goes_to(Some("U2"), None, None), None);
        assert_eq!(goes_to(Some("U2"), Some(&free), Some(&free)), None);
        assert_eq!(goes_to(Some("U2"), Some(&same), Some(&same)), None);
        assert_eq!(goes_to(None, Some(&with_user(Some("U1"))), None), None);
        // Who installs the bot alone brings no credential of a person.
        let mut answer = Installation::new(place());
        answer.user_id = Some("U2".into());
        assert!(answer.take_persons_own(&place(), Some(&with_user(Some("U1"))), None).is_none());
    }
}
