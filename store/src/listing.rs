//! Finding installations, page by page.

use std::time::Duration;

use slack_proto::{StoreKey, ids::EnterpriseId, tokens::InstallationKey};

use crate::{
    Cursor, InstallationStore, Page, Precondition, Query, StoreError, StoreErrorKind, Unreadable,
};

/// A page of installations' keys.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct KeyPage {
    /// The keys that were found. A page may hold fewer than were asked for, and is not the last for that.
    pub keys: Vec<FoundKey>,
    /// Entries between them that cannot be read: a person must look.
    pub unreadable: Vec<Unreadable>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Cursor>,
}

/// The key of an installation that was found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FoundKey {
    /// The key.
    pub key: StoreKey,
    /// How long from now the installation is due, zero if it is overdue; only
    /// [`due_within`](InstallationStore::due_within) returns it.
    pub due_in: Option<Duration>,
}

impl InstallationStore {
    /// Lists all installations.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or belongs to another app.
    pub async fn keys(&self, after: Option<&Cursor>, limit: usize) -> Result<KeyPage, StoreError> {
        self.find(&Query::Keys { prefix: String::new() }, after, limit).await
    }

    /// Lists the installations at a place: its own, and people's.
    ///
    /// # Errors
    ///
    /// As [`keys`](Self::keys).
    pub async fn keys_at(
        &self,
        place: &InstallationKey,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<KeyPage, StoreError> {
        let place = StoreKey::from(place.clone()).to_text();
        self.ranges(&[Range::One(place.clone()), Range::Under(place)], after, limit).await
    }

    /// Lists the installations of an organization: its own, its workspaces', and people's at all of them.
    ///
    /// A workspace that joined after its install is filed under itself alone, and is not found here.
    ///
    /// # Errors
    ///
    /// As [`keys`](Self::keys).
    pub async fn keys_of_organization(
        &self,
        enterprise: &EnterpriseId,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<KeyPage, StoreError> {
        let org = StoreKey::from(InstallationKey::Organization(enterprise.clone())).to_text();
        let grid = org.replacen("org/", "grid/", 1);
        self.ranges(&[Range::Under(grid), Range::One(org.clone()), Range::Under(org)], after, limit)
            .await
    }

    /// Lists the installations that are due within this duration from now, the soonest first. One that needs a person is not
    /// due.
    ///
    /// # Errors
    ///
    /// As [`keys`](Self::keys).
    pub async fn due_within(
        &self,
        length: Duration,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<KeyPage, StoreError> {
        self.find(&Query::DueWithin(length), after, limit).await
    }

    /// Lists the installations of which a credential needs a person who authorizes the app again.
    ///
    /// # Errors
    ///
    /// As [`keys`](Self::keys).
    pub async fn needing_attention(
        &self,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<KeyPage, StoreError> {
        self.find(&Query::Attention, after, limit).await
    }

    /// Writes a page of installations once more as they are, for instance to seal them with a new key, or to tell the
    /// store anew when they are due.
    ///
    /// One that cannot be read or written is left as it is and reported; the others are written.
    ///
    /// # Errors
    ///
    /// As [`keys`](Self::keys).
    pub async fn rewrite(
        &self,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<KeyPage, StoreError> {
        let mut page = self.keys(after, limit).await?;
        let mut written = Vec::new();
        for found in std::mem::take(&mut page.keys) {
            match self.rewrite_one(&found.key).await {
                Ok(true) => written.push(found),
                Ok(false) => {}
                Err(error) => {
                    page.unreadable.push(Unreadable::new(&found.key.to_text(), error));
                }
            }
        }
        page.keys = written;
        Ok(page)
    }

    /// Returns whether there was anything to write.
    async fn rewrite_one(&self, key: &StoreKey) -> Result<bool, StoreError> {
        // One that was removed since needs no writing, and one that was replaced is written.
        while let Some(stored) = self.load(key).await? {
            let precondition = Precondition::Version(stored.version);
            match self.put(key, &stored.installation, precondition).await {
                Err(error) if error.is_conflict() => {}
                written => return written.map(|_| true),
            }
        }
        Ok(false)
    }

    async fn find(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<KeyPage, StoreError> {
        let page = self.backend().await?.find(query, after, limit.max(1)).await?;
        Ok(KeyPage::of(page))
    }

    /// Lists what several ranges hold, which are in the order of their keys.
    async fn ranges(
        &self,
        ranges: &[Range],
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<KeyPage, StoreError> {
        let limit = limit.max(1);
        let (mut all, mut last) = (KeyPage::default(), None);
        for range in ranges {
            // Entries without a key may fill a page; what comes after them is found all the same.
            let left = limit.saturating_sub(all.len()).max(1);
            let (prefix, most) = match range {
                // The key itself is the first of all that begin with it.
                Range::One(key) => (key.clone(), 1),
                Range::Under(key) => (format!("{key}/"), left),
            };
            let query = Query::Keys { prefix };
            let mut page = self.backend().await?.find(&query, after, most).await?;
            if let Range::One(key) = range {
                page.items.retain(|item| item.key.as_str() == key);
                page.next = None;
            }
            last = page.items.last().map(|item| Cursor::new(item.key.clone(), 0)).or(last);
            let page = KeyPage::of(page);
            all.keys.extend(page.keys);
            all.unreadable.extend(page.unreadable);
            all.next = page.next;
            if all.next.is_none() && all.len() >= limit {
                // Whether there is more the next page tells.
                all.next.clone_from(&last);
            }
            if all.next.is_some() {
                break;
            }
        }
        Ok(all)
    }
}

enum Range {
    /// The key alone.
    One(String),
    /// What is stored under the key, without the key.
    Under(String),
}

impl KeyPage {
    /// Returns how much of a limit it takes up.
    fn len(&self) -> usize {
        self.keys.len() + self.unreadable.len()
    }

    fn of(page: Page) -> Self {
        let mut all = Self { keys: Vec::new(), unreadable: page.unreadable, next: page.next };
        for item in page.items.into_iter().filter(|item| !item.key.is_reserved()) {
            match item.key.store_key() {
                Some(key) => all.keys.push(FoundKey { key, due_in: item.due_in }),
                None => all.unreadable.push(Unreadable::new(
                    item.key.as_str(),
                    StoreError::new(
                        StoreErrorKind::Foreign,
                        "the store holds an entry whose key is not that of an installation; move it away",
                    ),
                )),
            }
        }
        all
    }
}
