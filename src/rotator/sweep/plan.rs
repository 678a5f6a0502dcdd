//! What a sweep would do.

use std::time::Duration;

use slack_proto::{Slot, StoreKey, Timestamp, tokens::Fingerprint};

use super::super::{SLOTS, TokenRotator, row_reader::RowReader, shared::Shared};
use crate::{
    pace,
    store::{Cursor, StoreError, Stored, Unreadable},
};

/// A page of what a sweep would refresh.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct SweepPlan {
    /// What would be refreshed, the installation that is due first at the top.
    pub refreshes: Vec<PlannedRefresh>,
    /// Rows that cannot be read: a person must look at them.
    pub unreadable: Vec<Unreadable>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Cursor>,
}

/// A credential that a sweep would refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedRefresh {
    /// The key of the installation in the store.
    pub key: StoreKey,
    /// The slot of the credential.
    pub slot: Slot,
    /// The token that would be replaced.
    pub token: Fingerprint,
    /// Since when, or from when on, it is due.
    pub due_at: Timestamp,
    /// When the refresh token expires; `None` if it does not, or if it is unknown.
    pub refresh_token_ends_at: Option<Timestamp>,
}

impl TokenRotator {
    /// Returns what a sweep would refresh within this duration from now, as far as it is known: a dry run. Nothing is sent, and
    /// nothing is written.
    ///
    /// `within` is zero for what a sweep would refresh at once. `limit` is how many rows are read for one page.
    ///
    /// # Errors
    ///
    /// When the store fails. A row that cannot be read is part of the page.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use slack_auth::{TokenRotator, store::StoreError};
    /// # async fn example(rotator: TokenRotator) -> Result<(), StoreError> {
    /// let mut after = None;
    /// loop {
    ///     let plan = rotator.sweep_plan(Duration::from_secs(3600), after.as_ref(), 100).await?;
    ///     for refresh in &plan.refreshes {
    ///         println!("{} {:?} is due at {}", refresh.key, refresh.slot, refresh.due_at);
    ///     }
    ///     after = plan.next;
    ///     if after.is_none() {
    ///         return Ok(());
    ///     }
    /// }
    /// # }
    /// ```
    pub async fn sweep_plan(
        &self,
        within: Duration,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<SweepPlan, StoreError> {
        let shared = &self.shared;
        let page = shared.calls().due_within(within, after, limit).await?;
        let mut plan =
            SweepPlan { refreshes: Vec::new(), unreadable: page.unreadable, next: page.next };
        let mut reader = RowReader::new(shared);
        for found in page.keys {
            match reader.read(&found.key).await? {
                Ok(Some(stored)) => {
                    let until = shared.runtime.now() + within;
                    plan.refreshes.extend(due(shared, &found.key, &stored, until));
                }
                Ok(None) => {}
                Err(unreadable) => plan.unreadable.push(unreadable),
            }
        }
        Ok(plan)
    }
}

/// Returns which credentials of an installation are due by this time, and need no person.
pub(super) fn due(
    shared: &Shared,
    key: &StoreKey,
    stored: &Stored,
    until: Timestamp,
) -> Vec<PlannedRefresh> {
    let planned = |slot| {
        let credential = stored.installation.any_credential(slot)?;
        let due_at = shared.policy.due_at(&credential, pace::phase(key, slot))?;
        let needs_person = stored.installation.needs_authorization(slot).is_some();
        (due_at <= until && !needs_person).then(|| PlannedRefresh {
            key: key.clone(),
            slot,
            token: credential.fingerprint(),
            due_at,
            refresh_token_ends_at: shared.policy.refresh_token_ends(&credential),
        })
    };
    SLOTS.into_iter().filter_map(planned).collect()
}
