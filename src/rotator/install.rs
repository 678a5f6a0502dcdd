//! The one way into the store: an install, laid over what is stored.

use std::{error::Error, fmt};

use slack_proto::{
    Installation, Recovery, StoreKey,
    lifecycle::{InstallChanges, OtherApp, SupersededCredential},
    tokens::InstallationKey,
};

use super::{RevokeError, TokenRotator, move_in::MoveIn, revoke::revoke_credential};
use crate::store::StoreError;

impl TokenRotator {
    /// Stores an install: the first one of a place or any later one.
    ///
    /// It takes the installation of any answer (`into_installation` of the responses of `oauth.v2.access`,
    /// `oauth.v2.user.access` and `oauth.v2.exchange`), or one made from a token in hand. The answer is laid over what is
    /// stored by [`Installation::merge`], so that a slot that the answer does not hold stays; a user credential of another
    /// person goes under [`StoreKey::person`]. The write is a compare-and-swap, and is tried again if another process was
    /// faster. The next caller of this rotator gets the new token.
    ///
    /// A workspace that has joined an organization since its first install has a row under the workspace alone. An install
    /// moves what it holds under the new key ([`Installation::take_over`]), so that no two rows refresh one token. What
    /// another process is refreshing for longer than five seconds stays where it is, and look-up finds it there.
    ///
    /// Of two credentials the one that was issued later counts. So install a token in hand **once**, and not at every start
    /// of a program: the copy, dated anew, would replace the pair that a refresh has brought since, and its own refresh
    /// token is spent. A program that brings its first token along calls
    /// [`InstallationStore::put`](crate::InstallationStore::put) with [`Precondition::Absent`](crate::store::Precondition),
    /// and takes a conflict for "it is there".
    ///
    /// ```
    /// # use std::{error::Error, sync::Arc};
    /// # use slack_auth::{TokenRotator, methods::{OauthV2AccessResponse, Reply}};
    /// # async fn example(rotator: TokenRotator, reply: Reply<OauthV2AccessResponse>, requested_at: slack_auth::Timestamp)
    /// # -> Result<(), Box<dyn Error>> {
    /// let installed = rotator.install(reply.value.into_installation(requested_at)).await?;
    /// rotator.revoke_displaced(&installed).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the answer names no place, when another app's installation is stored there, and when the store fails. The
    /// call can be repeated: what was stored already is found so.
    pub async fn install(
        &self,
        installation: Installation,
    ) -> Result<InstallOutcome, InstallError> {
        let place = installation.key().ok_or(InstallError::NoPlace)?;
        let mut outcome = InstallOutcome { rows: Vec::new() };
        let mut move_in = MoveIn::new(&self.shared);
        let done = &mut outcome.rows;
        let result = Box::pin(self.lay_over(&place, installation, done, &mut move_in)).await;
        move_in.release().await;
        for row in &outcome.rows {
            self.invalidate(&row.key);
            row.moved_from.iter().for_each(|key| self.invalidate(key));
        }
        result.map(|()| outcome)
    }

    /// Revokes at Slack what an install has displaced: a bot or a person's token that is stored no longer, or was not stored.
    /// A token that is revoked already counts as revoked.
    ///
    /// Do it after an install, unless the program keeps such credentials elsewhere: nobody refreshes them, and a person
    /// sees them as alive at Slack. What an install has [replaced](InstallChanges::replaced) must not be revoked.
    ///
    /// # Errors
    ///
    /// When Slack does not revoke a token, or does not answer. The call can be repeated.
    pub async fn revoke_displaced(&self, outcome: &InstallOutcome) -> Result<(), RevokeError> {
        for old in outcome.displaced() {
            revoke_credential(&self.shared, &old.credential.clone().into()).await?;
        }
        Ok(())
    }

    async fn lay_over(
        &self,
        place: &InstallationKey,
        mut answer: Installation,
        done: &mut Vec<InstalledRow>,
        move_in: &mut MoveIn<'_>,
    ) -> Result<(), InstallError> {
        let key = StoreKey::from(place.clone());
        for _ in 0..ROUNDS {
            let row = move_in.read(&key, &answer).await?;
            let own = match (&answer.user, &answer.user_id) {
                (Some(_), Some(person)) => {
                    let key = StoreKey::person(place.clone(), person.clone());
                    move_in.peek(&key).await?
                }
                _ => None,
            };
            let at_place = Some(&row.installation);
            if let Some((key, persons)) = answer.take_persons_own(place, at_place, own.as_ref()) {
                done.push(self.lay_over_row(key, &persons, move_in).await?);
                if !answer.has_credential() {
                    return Ok(());
                }
            }
            if let Some(installed) = move_in.write(key.clone(), row, answer.clone()).await? {
                done.push(installed);
                return Ok(());
            }
        }
        Err(InstallError::Busy)
    }

    async fn lay_over_row(
        &self,
        key: StoreKey,
        answer: &Installation,
        move_in: &mut MoveIn<'_>,
    ) -> Result<InstalledRow, InstallError> {
        for _ in 0..ROUNDS {
            let row = move_in.read(&key, answer).await?;
            if let Some(installed) = move_in.write(key.clone(), row, answer.clone()).await? {
                return Ok(installed);
            }
        }
        Err(InstallError::Busy)
    }
}

/// What an install changed in the store.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InstallOutcome {
    /// The rows that were written: the place's, a person's own, or both.
    pub rows: Vec<InstalledRow>,
}

/// What an install changed under one key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InstalledRow {
    /// The key.
    pub key: StoreKey,
    /// What was added, replaced, kept and displaced there.
    pub changes: InstallChanges,
    /// The row that the same workspace had before it joined an organization, if its credentials were moved here.
    pub moved_from: Option<StoreKey>,
}

impl InstallOutcome {
    /// Returns the credentials that are stored no longer, or were not stored, although Slack may honour them: revoke them,
    /// or keep them elsewhere.
    pub fn displaced(&self) -> impl Iterator<Item = &SupersededCredential> {
        self.rows.iter().flat_map(|row| &row.changes.displaced)
    }
}

/// Why an install was not stored, or not all of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum InstallError {
    /// The answer names neither a workspace nor an organization.
    NoPlace,
    /// The installation that is stored there is of another app.
    OtherApp(OtherApp),
    /// The store failed.
    Store(StoreError),
    /// Other processes wrote to the installation all the time.
    Busy,
}

impl InstallError {
    /// Returns what to do next.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::NoPlace => Recovery::Unknown,
            Self::OtherApp(_) => Recovery::FixConfiguration,
            Self::Store(_) | Self::Busy => Recovery::RetryLater { after: None },
        }
    }
}

impl From<StoreError> for InstallError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<OtherApp> for InstallError {
    fn from(error: OtherApp) -> Self {
        Self::OtherApp(error)
    }
}

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPlace => {
                "the install names neither a workspace nor an organization; set `team` or `enterprise`"
            }
            Self::OtherApp(_) => "the install was not stored, since the store holds another app's; use a store for each app",
            Self::Store(_) => "the install was not stored, since the store failed; call install again with the same value",
            Self::Busy => {
                "the install was not stored, since other processes changed the installation at each try; call install again"
            }
        })
    }
}

impl Error for InstallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::OtherApp(error) => Some(error),
            Self::Store(error) => Some(error),
            Self::NoPlace | Self::Busy => None,
        }
    }
}

/// How often others may write while an install is stored.
const ROUNDS: usize = 8;
