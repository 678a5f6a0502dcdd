//! What a rotation asks for.

use std::time::Duration;

use super::{AnyCredential, ReauthorizationReason, RefreshRequest};
use crate::{
    Installation, Slot, Timestamp,
    tokens::{Credential, Fingerprint, NeedsAuthorization},
};

/// What the driver of a [`Rotation`](crate::rotation::Rotation) has to do next. Each variant names the
/// [`Input`](crate::rotation::Input)s that report its outcome.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Action {
    /// Do nothing before this time, or for good if there is none: the token is valid. Then report [`Tick`](crate::rotation::Input::Tick).
    Rest {
        /// When the token is due for a refresh.
        due_at: Option<Timestamp>,
    },
    /// Finish the action that is outstanding; do not begin it a second time.
    Await,
    /// Read the store: [`Read`](crate::rotation::Input::Read) or [`ReadFailed`](crate::rotation::Input::ReadFailed).
    Read,
    /// Take the lease, or prolong it if it is held already: [`Leased`](crate::rotation::Input::Leased),
    /// [`LeaseHeld`](crate::rotation::Input::LeaseHeld) or [`LeaseFailed`](crate::rotation::Input::LeaseFailed).
    TakeLease,
    /// Give the lease back: [`Released`](crate::rotation::Input::Released).
    Release,
    /// Send this call, once: [`Issued`](crate::rotation::Input::Issued) or [`Failed`](crate::rotation::Input::Failed).
    Send(RefreshRequest),
    /// Store this pair: [`Written`](crate::rotation::Input::Written), [`Conflict`](crate::rotation::Input::Conflict) or
    /// [`WriteFailed`](crate::rotation::Input::WriteFailed).
    Write(Write),
    /// Store this beside the credential, if that is the same still: [`Noted`](crate::rotation::Input::Noted), whatever came
    /// of it.
    Note(Note),
    /// Wait for this duration: then report [`Waited`](crate::rotation::Input::Waited).
    Wait(Duration),
    /// A person must authorize the app again, for this reason. The next [`Tick`](crate::rotation::Input::Tick) reads
    /// the store once more, in case that has happened.
    Stop(ReauthorizationReason),
}

/// A compare-and-swap: store this pair if the store still holds the one it replaces.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Write {
    /// The pair that the store must hold, by its [fingerprint](AnyCredential::pair_fingerprint).
    pub replaces: Fingerprint,
    /// The credential to store.
    pub credential: AnyCredential,
    /// A second credential of the response: store it as the installation's unplaced credential.
    pub unplaced: Option<Credential>,
}

impl Write {
    /// Puts the pair into a slot of an installation as it was just read, and touches no other slot, unless a second
    /// token came along and the place for it is free. Tells whether it did: else something else is there now, and
    /// [`Input::Conflict`](crate::rotation::Input::Conflict) says so to the rotation.
    ///
    /// The installation must then be stored only if it has not changed meanwhile.
    #[must_use]
    pub fn apply(&self, installation: &mut Installation, slot: Slot) -> bool {
        let held = installation.any_credential(slot);
        if held.is_none_or(|held| held.pair_fingerprint() != self.replaces) {
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
        // The new pair has proved itself: Slack has given it for the stored one.
        drop(installation.take_fallbacks(slot));
        installation.set_needs_authorization(slot, None);
        true
    }
}

/// A fact about a credential, for other processes and for later.
///
/// It is not called an event: a note is stored with the credential, and an event is only reported.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Note {
    /// The credential that it is about, by its [fingerprint](AnyCredential::pair_fingerprint).
    pub about: Fingerprint,
    /// What is known.
    pub fact: Fact,
}

/// What a [`Note`] says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fact {
    /// Slack issued this pair as well, but another one was stored first: it is kept until that one has proved itself.
    Fallback(AnyCredential),
    /// A person must authorize the app again.
    NeedsAuthorization(ReauthorizationReason),
}

impl Note {
    /// Notes the fact in an installation as it was just read. Returns whether that has changed it: not if it holds
    /// another credential, or the same note already.
    #[must_use]
    pub fn apply(&self, installation: &mut Installation, slot: Slot, now: Timestamp) -> bool {
        let Some(held) = installation.any_credential(slot) else { return false };
        if held.pair_fingerprint() != self.about {
            return false;
        }
        match &self.fact {
            Fact::Fallback(pair) => installation.keep_fallback(slot, pair.clone()),
            Fact::NeedsAuthorization(reason) => {
                if installation.needs_authorization(slot).is_some() {
                    return false;
                }
                let mut note = NeedsAuthorization::new(now, reason.as_str(), &held);
                note.code = reason.code().cloned();
                installation.set_needs_authorization(slot, Some(note));
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AccessToken,
        tokens::{ConfigurationCredential, ConfigurationToken, InstallationKey, RefreshToken},
    };

    const SLOTS: [Slot; 4] = [Slot::Bot, Slot::User, Slot::Unknown, Slot::Configuration];

    fn credential(token: &str) -> Credential {
        Credential::new(AccessToken::new(token).unwrap(), Timestamp::from_unix(1_000))
    }

    /// What the slot can hold.
    fn any(slot: Slot, token: &str) -> AnyCredential {
        if slot != Slot::Configuration {
            return credential(token).into();
        }
        let refresh_token = RefreshToken::new("xoxe-1").unwrap();
        let token = ConfigurationToken::new(token).unwrap();
        ConfigurationCredential::new(token, refresh_token, Timestamp::from_unix(1_000)).into()
    }

    /// An installation in which no slot is free.
    fn full() -> Installation {
        let mut full = Installation::new(InstallationKey::Workspace("T1".into()));
        full.bot = Some(credential("bot"));
        full.user = Some(credential("user"));
        full.unplaced = Some(credential("unknown"));
        let AnyCredential::Configuration(configuration) = any(Slot::Configuration, "configuration")
        else {
            panic!()
        };
        full.configuration = Some(configuration);
        full
    }

    fn tokens(installation: &Installation) -> [Option<String>; 4] {
        SLOTS.map(|slot| {
            let any = installation.any_credential(slot)?;
            let configuration = any.configuration_token().map(ConfigurationToken::expose);
            any.access_token().map(AccessToken::expose).or(configuration).map(str::to_owned)
        })
    }

    fn write(replaces: &AnyCredential, credential: AnyCredential) -> Write {
        Write { replaces: replaces.pair_fingerprint(), credential, unplaced: None }
    }

    #[test]
    fn a_pair_goes_into_its_slot_and_touches_no_other() {
        for (index, slot) in SLOTS.into_iter().enumerate() {
            let mut installation = full();
            let held = installation.any_credential(slot).unwrap();
            assert!(write(&held, any(slot, "new")).apply(&mut installation, slot), "{slot:?}");
            let mut expected = ["bot", "user", "unknown", "configuration"];
            expected[index] = "new";
            assert_eq!(tokens(&installation), expected.map(|token| Some(token.to_owned())));
        }
    }

    #[test]
    fn nothing_changes_where_something_else_is_stored() {
        let mut installation = full();
        let before = tokens(&installation);
        let bot = installation.any_credential(Slot::Bot).unwrap();
        let user = installation.any_credential(Slot::User).unwrap();
        let apply = |write: Write, installation: &mut _| write.apply(installation, Slot::Bot);
        assert!(!apply(write(&user, any(Slot::Bot, "new")), &mut installation), "another pair");
        assert!(
            !apply(write(&bot, any(Slot::Configuration, "new")), &mut installation),
            "a kind that the slot cannot hold"
        );
        assert_eq!(tokens(&installation), before);
        installation.bot = None;
        assert!(!apply(write(&bot, any(Slot::Bot, "new")), &mut installation), "nothing");
        assert_eq!(tokens(&installation)[0], None);
    }

    #[test]
    fn a_second_token_takes_only_a_place_that_is_free() {
        let mut installation = full();
        let bot = installation.any_credential(Slot::Bot).unwrap();
        let with_second =
            Write { unplaced: Some(credential("second")), ..write(&bot, any(Slot::Bot, "bot")) };
        assert!(with_second.apply(&mut installation, Slot::Bot));
        assert_eq!(tokens(&installation)[2].as_deref(), Some("unknown"));
        installation.unplaced = None;
        assert!(with_second.apply(&mut installation, Slot::Bot));
        assert_eq!(tokens(&installation)[2].as_deref(), Some("second"));
    }
}
