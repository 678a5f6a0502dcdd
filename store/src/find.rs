//! Finding entries, page by page.

use std::time::Duration;

use slack_proto::methods::UntrustedText;

use crate::{EntryKey, StoreError, StoreErrorKind};

/// What to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a backend must answer every query, and a new one would be a new contract"
)]
pub enum Query {
    /// Keys with a prefix, in the order of their bytes. The empty prefix finds all.
    Keys {
        /// The prefix.
        prefix: String,
    },
    /// Entries that are due within this duration from now, by the store's clock, the soonest first; those that are due at the same
    /// time in the order of their keys.
    DueWithin(Duration),
    /// Entries that need a person ([`Write::attention`](crate::Write::attention)), in the order of their keys.
    Attention,
}

/// Where a page ended: a later one begins behind it, even if the entry has gone meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cursor {
    /// The key of the last entry: what stands in the store there, even if that is no key.
    pub key: EntryKey,
    /// A number of the backend's own, for instance the time when the entry was due, by its clock.
    pub position: u64,
}

impl Cursor {
    /// Creates a cursor behind this entry.
    #[must_use]
    pub const fn new(key: EntryKey, position: u64) -> Self {
        Self { key, position }
    }
}

/// A page of what was found.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Page {
    /// What was found, in the order of the query.
    pub items: Vec<Item>,
    /// Entries between them that cannot be read. They count towards the limit as well.
    pub unreadable: Vec<Unreadable>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Cursor>,
}

impl Page {
    /// Creates a page.
    #[must_use]
    pub const fn new(items: Vec<Item>, next: Option<Cursor>) -> Self {
        Self { items, unreadable: Vec::new(), next }
    }

    /// Creates a page of at most `limit` of what was found, in the order of the query, each with its
    /// [position](Cursor::position). If there is one more another page follows. It begins behind the last one, also if that
    /// cannot be read: its [name](Unreadable::name) must be what the backend orders by.
    #[must_use]
    pub fn collect(
        found: impl IntoIterator<Item = (Result<Item, Unreadable>, u64)>,
        limit: usize,
    ) -> Self {
        let (mut page, mut last) = (Self::default(), None);
        for (count, (found, position)) in found.into_iter().enumerate() {
            if count == limit {
                page.next = last;
                break;
            }
            let key = match found {
                Ok(item) => {
                    let key = item.key.clone();
                    page.items.push(item);
                    key
                }
                Err(unreadable) => {
                    let key = EntryKey::unreadable(unreadable.name.as_str());
                    page.unreadable.push(unreadable);
                    key
                }
            };
            last = Some(Cursor::new(key, position));
        }
        page
    }
}

/// An entry that was found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Item {
    /// Its key.
    pub key: EntryKey,
    /// How long from now it is due, zero if it is overdue; `None` if it never is. Only [`Query::DueWithin`] needs it.
    pub due_in: Option<Duration>,
}

impl Item {
    /// Creates an item from what was read.
    #[must_use]
    pub const fn new(key: EntryKey, due_in: Option<Duration>) -> Self {
        Self { key, due_in }
    }

    /// Creates an item from the text of a key that was read.
    ///
    /// # Errors
    ///
    /// When the text is not a key: then somebody else has written it.
    pub fn from_row(key: &str, due_in: Option<Duration>) -> Result<Self, Unreadable> {
        match EntryKey::from_text(key) {
            Some(key) => Ok(Self::new(key, due_in)),
            None => Err(Unreadable::new(
                key,
                StoreError::new(
                    StoreErrorKind::Foreign,
                    "the store holds an entry without a key; remove it",
                ),
            )),
        }
    }
}

/// Something in a store that cannot be read: it stops nobody from finding the rest, and is left alone.
#[derive(Debug)]
#[non_exhaustive]
pub struct Unreadable {
    /// Its name in the store, for instance that of a file, so that a person can find it.
    pub name: UntrustedText,
    /// What is wrong with it.
    pub error: StoreError,
}

impl Unreadable {
    /// Creates the report of an entry that cannot be read.
    #[must_use]
    pub fn new(name: &str, error: StoreError) -> Self {
        Self { name: name.into(), error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_cannot_be_read_is_not_the_last() {
        let rows = ["no key", "no key either", "team/T1", "~ ~"];
        let (mut seen, mut after) = (Vec::new(), None::<Cursor>);
        for pages in 1..=4 {
            let last = after.take().map(|after| after.key.as_str().to_owned());
            let found = rows
                .into_iter()
                .filter(|row| last.as_deref().is_none_or(|last| *row > last))
                .map(|row| (Item::from_row(row, None), 7));
            let page = Page::collect(found, 1);
            seen.extend(page.unreadable.iter().map(|it| it.name.as_str().to_owned()));
            seen.extend(page.items.iter().map(|item| item.key.as_str().to_owned()));
            assert_eq!(page.next.is_some(), pages < 4, "{seen:?}");
            after = page.next;
            assert!(after.as_ref().is_none_or(|after| after.position == 7));
        }
        assert_eq!(seen, rows);
    }
}
