//! All installations of an app, in a few numbers.

use std::time::Duration;

use slack_proto::{Slot, StoreKey, Timestamp};

use super::{InstallationHealth, of_installation};
use crate::{
    TokenRotator,
    rotator::row_reader::RowReader,
    store::{Cursor, KeyPage, StoreError, Unreadable},
};

/// A page of installations with their health.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct HealthPage {
    /// The installations.
    pub installations: Vec<InstallationHealth>,
    /// Rows that cannot be read: a person must look at them.
    pub unreadable: Vec<Unreadable>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Cursor>,
}

/// All installations of an app, in a few numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HealthSummary {
    /// How many installations the store holds.
    pub installations: usize,
    /// How many of them are due, or being refreshed.
    pub due: usize,
    /// How many of them need a person.
    pub needing_person: usize,
    /// The number of entries that are no installations, or could not be read.
    pub unreadable: usize,
    /// How many credentials this process is refreshing.
    pub refreshing: usize,
    /// How many refreshes of this process wait until they are tried again.
    pub retrying: usize,
    /// The refresh tokens that expire first, the soonest at the top; only those of a public client expire.
    pub soonest_ends: Vec<RefreshTokenEnd>,
}

/// The end of a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefreshTokenEnd {
    /// The key of the installation in the store.
    pub key: StoreKey,
    /// The slot of the credential.
    pub slot: Slot,
    /// When its refresh token expires. Without a refresh until then, a person must authorize the app again.
    pub ends_at: Timestamp,
}

impl TokenRotator {
    /// Returns the health of all installations in a few numbers, with at most `ends` of the refresh tokens that expire first.
    ///
    /// The numbers come from the store's indices: the keys of all installations are listed once, and none is read but for
    /// the ends. The order of the ends is that in which the tokens are due, so two that were issued within half a day may
    /// miss the list for one another.
    ///
    /// # Examples
    ///
    /// ```
    /// use slack_auth::{TokenRotator, store::StoreError};
    ///
    /// async fn print(rotator: &TokenRotator) -> Result<(), StoreError> {
    ///     let health = rotator.health_summary(3).await?;
    ///     println!("{} of {} installations need a person", health.needing_person, health.installations);
    ///     for end in health.soonest_ends {
    ///         println!("{} ({}) must be refreshed before {}", end.key, end.slot.as_str(), end.ends_at);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn health_summary(&self, ends: usize) -> Result<HealthSummary, StoreError> {
        let (installations, unreadable) = self.count(List::Keys).await?;
        let mut summary = HealthSummary { installations, unreadable, ..HealthSummary::default() };
        summary.due = self.count(List::Due).await?.0;
        summary.needing_person = self.count(List::NeedingPerson).await?.0;
        let now = self.shared.runtime.now();
        for entry in self.shared.entries.all() {
            let activity = entry.activity(&self.shared);
            let waits = activity.held_up.is_some_and(|(until, _)| until > now);
            summary.refreshing += usize::from(activity.running && !waits);
            summary.retrying += usize::from(activity.running && waits);
        }
        summary.soonest_ends = self.soonest_ends(ends).await?;
        Ok(summary)
    }

    /// Counts what an index of the store lists, and what cannot be read between.
    async fn count(&self, list: List) -> Result<(usize, usize), StoreError> {
        let calls = self.shared.calls();
        let (mut keys, mut unreadable, mut after) = (0, 0, None);
        loop {
            let page = match list {
                List::Keys => calls.keys(after.as_ref(), PAGE).await?,
                List::Due => calls.due_within(Duration::ZERO, after.as_ref(), PAGE).await?,
                List::NeedingPerson => calls.needing_attention(after.as_ref(), PAGE).await?,
            };
            keys += page.keys.len();
            unreadable += page.unreadable.len();
            after = page.next;
            if after.is_none() {
                return Ok((keys, unreadable));
            }
        }
    }

    async fn soonest_ends(&self, most: usize) -> Result<Vec<RefreshTokenEnd>, StoreError> {
        if most == 0 || !self.shared.policy.refresh_tokens_end() {
            return Ok(Vec::new());
        }
        let KeyPage { keys, .. } = self.shared.calls().due_within(ANY_TIME, None, most).await?;
        let (mut ends, mut reader) = (Vec::new(), RowReader::new(&self.shared));
        for found in keys {
            let Ok(Some(stored)) = reader.read(&found.key).await? else { continue };
            let health = of_installation(&self.shared, &found.key, &stored).await?;
            ends.extend(health.credentials.iter().filter_map(|credential| {
                let ends_at = credential.refresh_token_ends_at?;
                let (key, slot) = (found.key.clone(), credential.slot);
                (!credential.needs_person()).then_some(RefreshTokenEnd { key, slot, ends_at })
            }));
        }
        ends.sort_by_key(|end| end.ends_at);
        ends.truncate(most);
        Ok(ends)
    }
}

#[derive(Clone, Copy)]
enum List {
    Keys,
    Due,
    NeedingPerson,
}

/// How many keys are listed at once.
const PAGE: usize = 1000;

/// Longer than any token lives.
const ANY_TIME: Duration = Duration::from_secs(400 * 86_400);
