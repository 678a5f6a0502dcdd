//! What a rotation asks for.

use std::time::Duration;

use super::{AnyCredential, Death, Trade};
use crate::{Credential, Fingerprint, Installation, Slot, Timestamp};

/// What the driver of a [`Rotation`](crate::Rotation) has to do next, and by which [`Event`](crate::rotation::Event) to tell the
/// outcome.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Action {
    /// Nothing is to be done before this time, or ever: the token is good. Then [`Look`](crate::rotation::Event::Look).
    Rest {
        /// From when on the token is due.
        due_at: Option<Timestamp>,
    },
    /// What was asked for before is still to be done; no second time.
    Await,
    /// Read the store: [`Read`](crate::rotation::Event::Read) or [`ReadFailed`](crate::rotation::Event::ReadFailed).
    Read,
    /// Take the lease, or prolong it if it is held already: [`Leased`](crate::rotation::Event::Leased),
    /// [`LeaseHeld`](crate::rotation::Event::LeaseHeld) or [`LeaseFailed`](crate::rotation::Event::LeaseFailed).
    TakeLease,
    /// Give the lease back: [`Released`](crate::rotation::Event::Released).
    Release,
    /// Send this call, once: [`Issued`](crate::rotation::Event::Issued) or [`Failed`](crate::rotation::Event::Failed).
    Send(Trade),
    /// Store this pair: [`Written`](crate::rotation::Event::Written), [`Conflict`](crate::rotation::Event::Conflict) or
    /// [`WriteFailed`](crate::rotation::Event::WriteFailed).
    Write(Write),
    /// Wait so long: [`Waited`](crate::rotation::Event::Waited).
    Wait(Duration),
    /// A person must authorize the app again, and here is why. The next [`Look`](crate::rotation::Event::Look) reads the store
    /// once more, in case somebody has.
    Stop(Death),
}

/// A compare-and-swap: store this pair if the store still holds the one it replaces.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Write {
    /// What the store must hold for it, by its [mark](AnyCredential::mark).
    pub replaces: Fingerprint,
    /// What to store.
    pub credential: AnyCredential,
    /// A second token that came along: store it as the installation's unplaced credential.
    pub unplaced: Option<Credential>,
}

impl Write {
    /// Puts the pair into a slot of an installation as it was just read, and touches no other slot, unless a second
    /// token came along and the place for it is free. Tells whether it did: else something else is there now, and
    /// [`Event::Conflict`](crate::rotation::Event::Conflict) says so to the rotation.
    ///
    /// The installation must then be stored only if it has not changed meanwhile.
    #[must_use]
    pub fn apply(&self, installation: &mut Installation, slot: Slot) -> bool {
        let held = installation.any_credential(slot);
        if held.is_none_or(|held| held.mark() != self.replaces) {
            return false;
        }
        match (&self.credential, slot) {
            (AnyCredential::Configuration(new), Slot::Configuration) => {
                installation.configuration = Some(new.clone());
            }
            (AnyCredential::Credential(new), Slot::Bot) => installation.bot = Some(new.clone()),
            (AnyCredential::Credential(new), Slot::User) => installation.user = Some(new.clone()),
            (AnyCredential::Credential(new), Slot::Unknown) => {
                installation.unplaced = Some(new.clone());
            }
            _ => return false,
        }
        if installation.unplaced.is_none() {
            installation.unplaced.clone_from(&self.unplaced);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AccessToken, ConfigurationCredential, ConfigurationToken, InstallationKey, RefreshToken,
    };

    const AT: Timestamp = Timestamp::from_unix(1_000);

    fn credential(token: &str) -> Credential {
        Credential::new(AccessToken::new(token).unwrap(), AT)
    }

    fn configuration(token: &str) -> ConfigurationCredential {
        let refresh_token = RefreshToken::new(format!("{token}-next")).unwrap();
        ConfigurationCredential::new(ConfigurationToken::new(token).unwrap(), refresh_token, AT)
    }

    fn full() -> Installation {
        let mut installation = Installation::new(InstallationKey::Workspace("T1".into()));
        installation.bot = Some(credential("bot-1"));
        installation.user = Some(credential("user-1"));
        installation.unplaced = Some(credential("unplaced-1"));
        installation.configuration = Some(configuration("configuration-1"));
        installation
    }

    fn tokens(it: &Installation) -> [&str; 4] {
        let [bot, user, unplaced] = [&it.bot, &it.user, &it.unplaced]
            .map(|it| it.as_ref().map_or("", |it| it.access_token.expose()));
        [bot, user, unplaced, it.configuration.as_ref().map_or("", |it| it.token.expose())]
    }

    fn write(slot: Slot, credential: impl Into<AnyCredential>) -> Write {
        let replaces = full().any_credential(slot).unwrap().mark();
        Write { replaces, credential: credential.into(), unplaced: None }
    }

    #[test]
    fn a_pair_goes_into_its_slot_and_no_other() {
        for (slot, place) in [(Slot::Bot, 0), (Slot::User, 1), (Slot::Unknown, 2)] {
            let mut installation = full();
            assert!(write(slot, credential("new")).apply(&mut installation, slot));
            let mut expected = ["bot-1", "user-1", "unplaced-1", "configuration-1"];
            expected[place] = "new";
            assert_eq!(tokens(&installation), expected);
        }
        let mut installation = full();
        let write = write(Slot::Configuration, configuration("new"));
        assert!(write.apply(&mut installation, Slot::Configuration));
        assert_eq!(tokens(&installation), ["bot-1", "user-1", "unplaced-1", "new"]);
    }

    #[test]
    fn nothing_changes_where_another_pair_is_held_or_none() {
        let write = write(Slot::Bot, credential("new"));
        let mut other = full();
        other.bot = Some(credential("bot-2"));
        assert!(!write.apply(&mut other, Slot::Bot));
        assert_eq!(tokens(&other), ["bot-2", "user-1", "unplaced-1", "configuration-1"]);
        let mut none = full();
        none.bot = None;
        assert!(!write.apply(&mut none, Slot::Bot));
        assert_eq!(tokens(&none), ["", "user-1", "unplaced-1", "configuration-1"]);
    }

    #[test]
    fn a_slot_takes_its_own_kind_alone() {
        let mut installation = full();
        assert!(!write(Slot::Bot, configuration("new")).apply(&mut installation, Slot::Bot));
        let write = write(Slot::Configuration, credential("new"));
        assert!(!write.apply(&mut installation, Slot::Configuration));
        assert_eq!(tokens(&installation), tokens(&full()));
    }

    #[test]
    fn a_second_token_takes_a_free_place_only() {
        let write =
            Write { unplaced: Some(credential("second")), ..write(Slot::Bot, credential("new")) };
        let mut full = full();
        assert!(write.apply(&mut full, Slot::Bot));
        assert_eq!(tokens(&full), ["new", "user-1", "unplaced-1", "configuration-1"]);
        full.bot = Some(credential("bot-1"));
        full.unplaced = None;
        assert!(write.apply(&mut full, Slot::Bot));
        assert_eq!(tokens(&full), ["new", "user-1", "second", "configuration-1"]);
    }
}
