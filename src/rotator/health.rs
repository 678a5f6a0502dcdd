//! The health of installations, from the store and from what this process is doing.

mod state;
mod summary;

use slack_proto::{Slot, StoreKey};
pub use state::{CredentialHealth, HealthState, InstallationHealth};
pub use summary::{HealthPage, HealthSummary, RefreshTokenEnd};

use super::{SLOTS, TokenRotator, row_reader::RowReader, shared::Shared};
use crate::{
    pace,
    store::{Cursor, KeyPage, StoreError, Stored},
};

impl TokenRotator {
    /// Returns the health of an installation's credentials; `None` if nothing is stored under `key`.
    ///
    /// It reads the installation from the store, and for a credential that is due also its lease, so that a refresh by
    /// another process is seen. Nothing is refreshed.
    ///
    /// # Errors
    ///
    /// When the store fails.
    ///
    /// # Examples
    ///
    /// ```
    /// # use slack_auth::{StoreKey, TokenRotator, store::StoreError};
    /// # async fn example(rotator: TokenRotator, key: StoreKey) -> Result<(), StoreError> {
    /// if let Some(health) = rotator.health(&key).await? {
    ///     for credential in &health.credentials {
    ///         println!("{} {}: {}", key, credential.slot.as_str(), credential.state);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn health(&self, key: &StoreKey) -> Result<Option<InstallationHealth>, StoreError> {
        let Some(stored) = self.shared.calls().load(key).await? else { return Ok(None) };
        of_installation(&self.shared, key, &stored).await.map(Some)
    }

    /// Returns a page of all installations, in the order of their keys, each with its health.
    ///
    /// # Errors
    ///
    /// When the store fails. A row that cannot be read is part of the page.
    pub async fn health_page(
        &self,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<HealthPage, StoreError> {
        let page = self.shared.calls().keys(after, limit).await?;
        read_page(&self.shared, page).await
    }

    /// Returns a page of the installations that need a person, each with its health.
    ///
    /// The store has an index of them: the cost is that of the page, however many installations there are.
    ///
    /// # Errors
    ///
    /// When the store fails. A row that cannot be read is part of the page.
    pub async fn health_needing_person(
        &self,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<HealthPage, StoreError> {
        let page = self.shared.calls().needing_attention(after, limit).await?;
        read_page(&self.shared, page).await
    }
}

async fn read_page(shared: &Shared, page: KeyPage) -> Result<HealthPage, StoreError> {
    let mut all =
        HealthPage { installations: Vec::new(), unreadable: page.unreadable, next: page.next };
    let mut reader = RowReader::new(shared);
    for found in page.keys {
        match reader.read(&found.key).await? {
            Ok(Some(stored)) => {
                all.installations.push(of_installation(shared, &found.key, &stored).await?);
            }
            // It was removed meanwhile.
            Ok(None) => {}
            Err(unreadable) => all.unreadable.push(unreadable),
        }
    }
    Ok(all)
}

async fn of_installation(
    shared: &Shared,
    key: &StoreKey,
    stored: &Stored,
) -> Result<InstallationHealth, StoreError> {
    let mut credentials = Vec::new();
    for slot in SLOTS {
        credentials.extend(of_slot(shared, key, slot, stored).await?);
    }
    Ok(InstallationHealth { key: key.clone(), credentials })
}

async fn of_slot(
    shared: &Shared,
    key: &StoreKey,
    slot: Slot,
    stored: &Stored,
) -> Result<Option<CredentialHealth>, StoreError> {
    let Some(credential) = stored.installation.any_credential(slot) else { return Ok(None) };
    let note = stored.installation.needs_authorization(slot);
    let now = shared.runtime.now();
    let due_at = shared.policy.due_at(&credential, pace::phase(key, slot));
    let activity = shared.entries.get(key, slot).map(|entry| entry.activity(shared));
    let mut state = HealthState::of(&credential, note, due_at, activity, now);
    if state == HealthState::Due && shared.calls().lease(key, slot).await?.is_some() {
        state = HealthState::Refreshing;
    }
    Ok(Some(CredentialHealth {
        slot,
        token: credential.fingerprint(),
        state,
        rotates: credential.refresh_token().is_some(),
        issued_at: credential.issued_at(),
        expires_at: credential.expires_at(),
        due_at,
        refresh_token_ends_at: shared.policy.refresh_token_ends(&credential),
    }))
}
