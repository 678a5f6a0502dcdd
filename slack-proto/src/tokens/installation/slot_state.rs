//! What a store keeps beside a credential: pairs to fall back on, and whether a person must authorize the app again.

use super::Installation;
use crate::{
    Slot, Timestamp,
    methods::UntrustedText,
    rotation::AnyCredential,
    tokens::{Fingerprint, RefreshToken},
};

/// What is known of a slot beside its credential.
#[derive(Clone, Debug, Default)]
pub(crate) struct SlotState {
    pub(crate) fallbacks: Vec<AnyCredential>,
    pub(crate) needs_authorization: Option<NeedsAuthorization>,
}

/// A note that Slack refuses a slot's refresh token, so that a person must authorize the app again.
///
/// It counts only for the refresh token that it names: a credential from a new install makes it void.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NeedsAuthorization {
    /// When it was first known.
    pub since: Timestamp,
    /// Why: a word such as `refresh_token_invalid`. A newer release may know others.
    pub reason: UntrustedText,
    /// Slack's error code, if there was one.
    pub code: Option<UntrustedText>,
    /// The fingerprint of the refresh token that was refused, or of the token that calls if there is no refresh token.
    pub refused: Fingerprint,
}

impl NeedsAuthorization {
    /// Creates a note about a credential.
    #[must_use]
    pub fn new(
        since: Timestamp,
        reason: impl Into<UntrustedText>,
        credential: &AnyCredential,
    ) -> Self {
        Self { since, reason: reason.into(), code: None, refused: refused(credential) }
    }
}

impl Installation {
    /// Returns the pairs of a slot to fall back on, the newest last: Slack has issued them, but another pair was stored
    /// first. They are kept until the stored one has proved itself.
    #[must_use]
    pub fn fallbacks(&self, slot: Slot) -> &[AnyCredential] {
        &self.slot_state(slot).fallbacks
    }

    /// Keeps a pair to fall back on beside the credential of a slot. Returns whether the installation has changed: it
    /// has not if the slot or its list holds the pair, or cannot hold a credential of this kind.
    ///
    /// Of more than [`MAX_FALLBACKS`](Self::MAX_FALLBACKS) the one that was issued first is dropped.
    pub fn keep_fallback(&mut self, slot: Slot, pair: AnyCredential) -> bool {
        let is_configuration = matches!(pair, AnyCredential::Configuration(_));
        let held = self.any_credential(slot);
        let state = self.slot_state_mut(slot);
        let is_known = held
            .iter()
            .chain(&state.fallbacks)
            .any(|it| it.pair_fingerprint() == pair.pair_fingerprint());
        if is_known || is_configuration != (slot == Slot::Configuration) {
            return false;
        }
        state.fallbacks.push(pair);
        state.fallbacks.sort_by_key(AnyCredential::issued_at);
        if state.fallbacks.len() > Self::MAX_FALLBACKS {
            state.fallbacks.remove(0);
        }
        true
    }

    /// Removes and returns the pairs of a slot to fall back on.
    pub fn take_fallbacks(&mut self, slot: Slot) -> Vec<AnyCredential> {
        std::mem::take(&mut self.slot_state_mut(slot).fallbacks)
    }

    /// Returns the note that a person must authorize the app again, if it is about the credential that the slot holds.
    #[must_use]
    pub fn needs_authorization(&self, slot: Slot) -> Option<&NeedsAuthorization> {
        let note = self.slot_state(slot).needs_authorization.as_ref()?;
        (refused(&self.any_credential(slot)?) == note.refused).then_some(note)
    }

    /// Sets or clears the note that a person must authorize the app again.
    pub fn set_needs_authorization(&mut self, slot: Slot, note: Option<NeedsAuthorization>) {
        self.slot_state_mut(slot).needs_authorization = note;
    }

    /// How many pairs to fall back on a slot holds at most.
    pub const MAX_FALLBACKS: usize = 4;

    fn slot_state(&self, slot: Slot) -> &SlotState {
        match slot {
            Slot::Bot => &self.bot_state,
            Slot::User => &self.user_state,
            Slot::Unknown => &self.unplaced_state,
            Slot::Configuration => &self.configuration_state,
        }
    }

    pub(crate) fn slot_state_mut(&mut self, slot: Slot) -> &mut SlotState {
        match slot {
            Slot::Bot => &mut self.bot_state,
            Slot::User => &mut self.user_state,
            Slot::Unknown => &mut self.unplaced_state,
            Slot::Configuration => &mut self.configuration_state,
        }
    }
}

fn refused(credential: &AnyCredential) -> Fingerprint {
    credential.refresh_token().map_or_else(|| credential.fingerprint(), RefreshToken::fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AccessToken,
        tokens::{Credential, InstallationKey},
    };

    fn pair(number: u64) -> AnyCredential {
        let token = AccessToken::new(format!("xoxe.xoxb-1-{number}")).unwrap();
        let mut credential = Credential::new(token, Timestamp::from_unix(number));
        credential.refresh_token = Some(RefreshToken::new(format!("xoxe-1-{number}")).unwrap());
        credential.into()
    }

    fn installed(number: u64) -> Installation {
        let mut installation = Installation::new(InstallationKey::Workspace("T1".into()));
        let AnyCredential::Credential(bot) = pair(number) else { panic!() };
        installation.bot = Some(bot);
        installation
    }

    #[test]
    fn a_pair_is_kept_once_and_the_oldest_makes_room() {
        let mut installation = installed(1);
        assert!(!installation.keep_fallback(Slot::Bot, pair(1)), "the slot holds it");
        assert!(!installation.keep_fallback(Slot::Configuration, pair(2)), "another kind");
        for number in [5, 3, 4, 2, 6] {
            assert!(installation.keep_fallback(Slot::Bot, pair(number)));
            assert!(!installation.keep_fallback(Slot::Bot, pair(number)), "it is there");
        }
        let kept: Vec<_> =
            installation.fallbacks(Slot::Bot).iter().map(|it| it.issued_at().as_unix()).collect();
        assert_eq!(kept, [3, 4, 5, 6]);
        assert_eq!(installation.take_fallbacks(Slot::Bot).len(), Installation::MAX_FALLBACKS);
        assert!(installation.fallbacks(Slot::Bot).is_empty());
    }

    #[test]
    fn a_new_install_makes_a_note_void() {
        let mut installation = installed(1);
        let note =
            NeedsAuthorization::new(Timestamp::from_unix(9), "refresh_token_invalid", &pair(1));
        installation.set_needs_authorization(Slot::Bot, Some(note.clone()));
        assert_eq!(installation.needs_authorization(Slot::Bot), Some(&note));
        assert_eq!(installation.needs_authorization(Slot::User), None);
        installation.bot = installed(2).bot;
        assert_eq!(installation.needs_authorization(Slot::Bot), None);
    }
}
