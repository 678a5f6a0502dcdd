//! Finding entries by the names of files, and what those name.

use std::{
    collections::BTreeSet,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use slack_store::{Cursor, EntryKey, Item, Page, Query, StoreError, StoreErrorKind, Unreadable};
use zeroize::Zeroizing;

use crate::{
    disk::{self, read_whole},
    entry::{self, Head},
    folder::{Folder, millis, now},
    index::Index,
    layout::unavailable,
    name::{self, ENDING},
};

impl Folder {
    pub(crate) fn find(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        match query {
            Query::Keys { prefix } => self.keys(prefix, after, limit),
            Query::Attention => self.attention(after, limit),
            Query::DueWithin(length) => self.due_within(*length, after, limit),
        }
    }

    /// Lists the keys that the names of files tell; of an entry with a long key the first line is read.
    fn keys(&self, prefix: &str, after: Option<&Cursor>, limit: usize) -> Result<Page, StoreError> {
        let failed = |error| {
            unavailable("the folder cannot be read; check its permissions and its disk", error)
        };
        let (mut first, mut unreadable) = (BTreeSet::new(), Vec::new());
        for entry in disk::list(&self.entries).map_err(failed)? {
            let file_name = entry.map_err(failed)?.file_name();
            let shown = file_name.to_string_lossy();
            if shown.ends_with(".new") {
                continue;
            }
            let name = file_name.to_str().and_then(|name| name.strip_suffix(ENDING));
            match name.ok_or_else(stray).and_then(|name| self.key(name)) {
                Ok(Some(key)) => {
                    let is_later = after.is_none_or(|after| key > after.key);
                    if is_later && key.as_str().starts_with(prefix) {
                        first.insert(key);
                    }
                    if first.len() > limit.saturating_add(1) {
                        first.pop_last();
                    }
                }
                Ok(None) => {}
                Err(error) => unreadable.push(Unreadable::new(&shown, error)),
            }
        }
        let found = first.into_iter().map(|key| (Ok(Item::new(key, None)), 0));
        let mut page = Page::collect(found, limit);
        if after.is_none() {
            page.unreadable = unreadable;
        }
        Ok(page)
    }

    fn attention(&self, after: Option<&Cursor>, limit: usize) -> Result<Page, StoreError> {
        let failed = |error| {
            unavailable("the index cannot be read; remove the folder `index`, and restart", error)
        };
        let names = self.index.attention().map_err(failed)?.into_iter();
        let marks = names.map(|name| (0, self.index.attention_mark(&name), name)).collect();
        let mut filling = Filling::new(after, limit);
        self.fill(&mut filling, marks, |head| head.attention.then_some(None));
        Ok(filling.page)
    }

    fn due_within(
        &self,
        length: Duration,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let failed = |error| {
            unavailable("the index cannot be read; remove the folder `index`, and restart", error)
        };
        let (now, from) = (now(), after.map_or(0, |after| after.position));
        let end = now.saturating_add(millis(length));
        let mut filling = Filling::new(after, limit);
        for minute in self.index.minutes(from, end).map_err(failed)? {
            if filling.page.next.is_some() {
                break;
            }
            let mut due = self.index.due_in_minute(minute).map_err(failed)?;
            due.retain(|(due_at, _)| (from..=end).contains(due_at));
            let mark =
                |(due_at, name): (u64, String)| (due_at, self.index.due_mark(&name, due_at), name);
            self.fill(&mut filling, due.into_iter().map(mark).collect(), |head| {
                let left = head.due_at?.saturating_sub(now);
                Some(Some(Duration::from_millis(left)))
            });
        }
        Ok(filling.page)
    }

    /// Reads the entries that marks name, in the order of the page, until it is full.
    fn fill(
        &self,
        filling: &mut Filling<'_>,
        marks: Vec<(u64, PathBuf, String)>,
        due_in: impl Fn(&Head) -> Option<Option<Duration>>,
    ) {
        let mut found = Vec::new();
        for (position, mark, name) in marks {
            match self.key(&name) {
                Ok(Some(key)) if filling.is_later(position, &key) => {
                    found.push((position, key, mark, name));
                }
                // Its place among its equals is not known: it belongs to the first page that comes as far.
                Err(error) if filling.begins(position) => {
                    filling.page.unreadable.push(Unreadable::new(&name, error));
                }
                Ok(None) => self.clear_away(&mark, &name),
                Ok(Some(_)) | Err(_) => {}
            }
        }
        found.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        for (position, key, mark, name) in found {
            let read = self.read(&key).map(|read| {
                let head = read.map(|(head, _)| head);
                head.filter(|head| self.index.marks(&name, head).contains(&mark))
            });
            let found = match read {
                Ok(Some(head)) => due_in(&head).map(|due_in| Ok(Item::new(key.clone(), due_in))),
                Ok(None) => {
                    self.put_right(&key, &mark);
                    None
                }
                Err(error) => Some(Err(Unreadable::new(&(name + ENDING), error))),
            };
            if found.is_some_and(|found| filling.is_full_with(found, position, key)) {
                break;
            }
        }
    }

    /// Corrects a mark that does not fit its entry: a process was killed while it wrote, is about to write, or did not
    /// know of the index.
    fn put_right(&self, key: &EntryKey, mark: &Path) {
        // Whoever writes the entry sees to it.
        let Ok(_lock) = self.lock(key, Duration::ZERO) else { return };
        let Ok(found) = self.read(key) else { return };
        let marks =
            found.map(|(head, _)| self.index.marks(&name::of(key), &head)).unwrap_or_default();
        if Index::add(&marks).is_ok() && !marks.iter().any(|it| it == mark) {
            self.index.remove(mark);
        }
    }

    /// Removes a mark whose entry has gone, and its key with it: the name shows a hash alone.
    fn clear_away(&self, mark: &Path, name: &str) {
        let Some(hash) = name::first_hashed_byte(name) else { return };
        // Whoever is about to write the entry has the lock.
        let Ok(_lock) = self.lock_stripe(hash, Duration::ZERO) else { return };
        if matches!(self.key(name), Ok(None)) {
            self.index.remove(mark);
        }
    }

    /// Returns the key of a name; `None` if the entry that would tell it has gone.
    fn key(&self, name: &str) -> Result<Option<EntryKey>, StoreError> {
        if name::is_hashed(name) {
            let bytes = read_entry(&self.entries.join(name.to_owned() + ENDING))?;
            return bytes.map(|bytes| entry::key_of(&bytes)).transpose();
        }
        name::key(name).map(Some).ok_or_else(stray)
    }
}

/// A page that is being filled.
struct Filling<'a> {
    page: Page,
    last: Option<Cursor>,
    after: Option<&'a Cursor>,
    count: usize,
    limit: usize,
}

impl<'a> Filling<'a> {
    fn new(after: Option<&'a Cursor>, limit: usize) -> Self {
        Self { page: Page::default(), last: None, after, count: 0, limit }
    }

    fn is_later(&self, position: u64, key: &EntryKey) -> bool {
        self.after.is_none_or(|after| (position, key) > (after.position, &after.key))
    }

    fn begins(&self, position: u64) -> bool {
        self.after.is_none_or(|after| position > after.position)
    }

    /// Adds what was found, and returns false; returns true if the page is full: then there is another one.
    fn is_full_with(
        &mut self,
        found: Result<Item, Unreadable>,
        position: u64,
        key: EntryKey,
    ) -> bool {
        if self.count == self.limit {
            self.page.next = self.last.take();
            return true;
        }
        self.count += 1;
        self.last = Some(Cursor::new(key, position));
        match found {
            Ok(item) => self.page.items.push(item),
            Err(unreadable) => self.page.unreadable.push(unreadable),
        }
        false
    }
}

pub(crate) fn read_entry(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let foreign = |what| StoreError::new(StoreErrorKind::Foreign, what);
    match read_whole(path, LONGEST) {
        Ok(Some(bytes)) if bytes.len() as u64 > LONGEST => Err(foreign(
            "the file is larger than two mebibytes, and so not one of this store's; move it away",
        )),
        Err(error) if error.kind() == ErrorKind::InvalidInput => {
            Err(foreign("a folder, a link or a pipe is where a file should be; move it away"))
        }
        read => read.map_err(|error| {
            unavailable("the entry cannot be read; check its permissions and its disk", error)
        }),
    }
}

fn stray() -> StoreError {
    StoreError::new(
        StoreErrorKind::Foreign,
        "the folder holds a file whose name is not a key; move it away",
    )
}

/// An entry is some kilobytes: what is larger is not ours.
pub(crate) const LONGEST: u64 = 2 << 20;

#[cfg(test)]
mod tests;
