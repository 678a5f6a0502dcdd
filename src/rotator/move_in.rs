//! An install in a workspace that has joined an organization: what was stored before moves under the new key.
//!
//! The new row is written before the old one goes, so that nothing is lost if the program ends in between. Then both hold the
//! same pairs until the next install; leases keep others from refreshing them while they move.

use std::time::Duration;

use slack_proto::{
    Installation, Slot, StoreKey,
    lifecycle::InstallChanges,
    tokens::{Credential, InstallationKey},
};

use super::{
    guard,
    install::{InstallError, InstalledRow},
    shared::Shared,
};
use crate::store::{LeaseHolder, LeaseOutcome, StoreError, Stored, StoredVersion};

/// The rows of one install, and the leases that are held for it.
pub(super) struct MoveIn<'a> {
    shared: &'a Shared,
    holder: Option<LeaseHolder>,
    leases: Vec<(StoreKey, Slot)>,
}

/// A row as it is to be written, but for the answer.
pub(super) struct Row {
    pub(super) installation: Installation,
    version: Option<StoredVersion>,
    older: Option<Older>,
}

/// What is left of the row before the workspace joined.
struct Older {
    key: StoreKey,
    left: Installation,
    version: StoredVersion,
    changes: InstallChanges,
}

impl<'a> MoveIn<'a> {
    pub(super) fn new(shared: &'a Shared) -> Self {
        Self { shared, holder: None, leases: Vec::new() }
    }

    /// Reads a row, with all that it takes over.
    pub(super) async fn read(
        &mut self,
        key: &StoreKey,
        answer: &Installation,
    ) -> Result<Row, InstallError> {
        let older = self.read_older(key, answer).await?;
        let stored = self.shared.calls().load(key).await?;
        let (mut installation, version) = match stored {
            Some(stored) => (stored.installation, Some(stored.version)),
            None => (Installation::new(key.place().clone()), None),
        };
        let Some((key, stored, stays)) = older else {
            return Ok(Row { installation, version, older: None });
        };
        let mut left = stored.installation;
        let changes = installation.take_over(&mut left, |slot| !stays.contains(&slot))?;
        let older = Some(Older { key, left, version: stored.version, changes });
        Ok(Row { installation, version, older })
    }

    /// Returns what is stored under a key, or was before the workspace joined.
    pub(super) async fn peek(&self, key: &StoreKey) -> Result<Option<Installation>, StoreError> {
        let mut stored = self.shared.calls().load(key).await?;
        if let (None, Some(older)) = (&stored, before_it_joined(key)) {
            stored = self.shared.calls().load(&older).await?;
        }
        Ok(stored.map(|it| it.installation))
    }

    /// Writes a row with an answer laid over it; `None` if others have written meanwhile.
    pub(super) async fn write(
        &self,
        key: StoreKey,
        row: Row,
        answer: Installation,
    ) -> Result<Option<InstalledRow>, InstallError> {
        let Row { mut installation, version, older } = row;
        let mut changes = installation.merge(answer)?;
        if !is_done(self.shared.calls().write(&key, &installation, version).await)? {
            return Ok(None);
        }
        let mut moved_from = None;
        if let Some(older) = older {
            let (rows, read) = (self.shared.calls(), older.version);
            let written = if older.left.is_empty() {
                rows.remove(&older.key, read).await
            } else {
                rows.write(&older.key, &older.left, Some(read)).await
            };
            if !is_done(written)? {
                return Ok(None);
            }
            changes.replaced.extend(older.changes.replaced);
            moved_from = Some(older.key);
        }
        Ok(Some(InstalledRow { key, changes, moved_from }))
    }

    /// A lease that cannot be given back runs out.
    pub(super) async fn release(self) {
        let Some(holder) = self.holder else { return };
        for (key, slot) in &self.leases {
            let _ = self.shared.calls().release(key, *slot, holder).await;
        }
    }

    /// Reads the older row once nobody else refreshes what it holds, and tells which slots must stay there.
    async fn read_older(
        &mut self,
        key: &StoreKey,
        answer: &Installation,
    ) -> Result<Option<(StoreKey, Stored, Vec<Slot>)>, InstallError> {
        let rows = self.shared.calls();
        let Some(older) = before_it_joined(key) else { return Ok(None) };
        let Some(seen) = rows.load(&older).await? else { return Ok(None) };
        let mut stays = Vec::new();
        for slot in SLOTS {
            let held = seen.installation.credential(slot);
            if held.is_some_and(|it| it.refresh_token.is_some()) && !self.hold(&older, slot).await?
            {
                if held.is_some_and(|held| holds(answer, held)) {
                    // Then both rows would refresh it. It is stored, so that nothing is lost.
                    return Err(InstallError::Busy);
                }
                stays.push(slot);
            }
        }
        Ok(rows.load(&older).await?.map(|stored| (older, stored, stays)))
    }

    /// Keeps others from refreshing a credential; returns false if one is refreshing it all the time.
    async fn hold(&mut self, key: &StoreKey, slot: Slot) -> Result<bool, StoreError> {
        let holder = match self.holder {
            Some(holder) => holder,
            None => match LeaseHolder::random() {
                Ok(holder) => holder,
                Err(_) => return Ok(false),
            },
        };
        self.holder = Some(holder);
        let (runtime, length) = (&self.shared.runtime, self.shared.policy.lease_length());
        let give_up = runtime.elapsed() + PATIENCE;
        loop {
            let acquired = self.shared.calls().acquire(key, slot, holder, length).await?;
            if acquired == LeaseOutcome::Granted {
                self.leases.push((key.clone(), slot));
                // A pair in hand that this process could not store yet comes first.
                let entry = self.shared.entries.get(key, slot);
                return Ok(!entry.is_some_and(|entry| entry.has_unsaved()));
            }
            if runtime.elapsed() >= give_up {
                return Ok(false);
            }
            guard::sleep(&**runtime, POLL).await;
        }
    }
}

/// The key of the same workspace, or of the same person there, before it joined an organization.
fn before_it_joined(key: &StoreKey) -> Option<StoreKey> {
    let InstallationKey::GridWorkspace { team, .. } = key.place() else { return None };
    let place = InstallationKey::Workspace(team.clone());
    Some(match key.user() {
        Some(user) => StoreKey::person(place, user.clone()),
        None => place.into(),
    })
}

/// Returns whether an answer brings the refresh token of a stored credential.
fn holds(answer: &Installation, stored: &Credential) -> bool {
    let Some(held) = &stored.refresh_token else { return false };
    let brought = SLOTS.into_iter().filter_map(|slot| answer.credential(slot));
    brought.filter_map(|it| it.refresh_token.as_ref()).any(|it| it.same_as(held))
}

/// Returns false if others have written meanwhile.
fn is_done(written: Result<(), StoreError>) -> Result<bool, StoreError> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.is_conflict() => Ok(false),
        Err(error) => Err(error),
    }
}

const SLOTS: [Slot; 3] = [Slot::Bot, Slot::User, Slot::Unknown];

/// How long a refresh by another process is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

const POLL: Duration = Duration::from_millis(250);
