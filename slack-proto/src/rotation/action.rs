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
