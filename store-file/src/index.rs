//! Which entries are due when, and which need a person, by the names of empty files: to find them no entry is read.
//!
//! A mark is made before its entry is written, and removed after the entry has changed. A crash between leaves a mark too
//! many, and never an entry without one. Whoever finds a mark compares it with the entry.

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use slack_store::StoreError;

use crate::{
    disk::{self, Flush, flush_folder},
    entry::{self, Head},
    find::read_entry,
    layout::{ENTRIES, INDEX, unavailable},
    name::{self, ENDING},
};

#[derive(Clone)]
pub(crate) struct Index {
    due: PathBuf,
    attention: PathBuf,
}

impl Index {
    pub(crate) fn at(folder: &Path) -> Self {
        Self { due: folder.join(DUE), attention: folder.join(ATTENTION) }
    }

    /// Returns the marks that an entry of this name has.
    pub(crate) fn marks(&self, name: &str, head: &Head) -> Vec<PathBuf> {
        let due = head.due_at.map(|due_at| self.due_mark(name, due_at));
        due.into_iter().chain(head.attention.then(|| self.attention.join(name))).collect()
    }

    /// Creates marks; returns once they are on the disk.
    pub(crate) fn add(marks: &[PathBuf]) -> io::Result<()> {
        for mark in marks {
            make(mark)?;
            for folder in mark.ancestors().skip(1).take(2) {
                flush_folder(folder)?;
            }
        }
        Ok(())
    }

    /// Removes a mark, and the folder of its minute if nothing else is due then. One that stays does no harm.
    pub(crate) fn remove(&self, mark: &Path) {
        let _ = disk::remove(mark);
        if let Some(minute) = mark.parent().filter(|it| it.parent() == Some(&self.due)) {
            let _ = fs::remove_dir(minute);
        }
    }

    /// Returns the minutes since 1970 in which something may be due, in order.
    pub(crate) fn minutes(&self, from: u64, until: u64) -> io::Result<Vec<u64>> {
        let minutes = names(&self.due)?.into_iter().filter_map(|name| number(&name));
        let within = minute_of(from)..=minute_of(until);
        let mut minutes: Vec<_> = minutes.filter(|minute| within.contains(minute)).collect();
        minutes.sort_unstable();
        Ok(minutes)
    }

    /// Returns what may be due in a minute: when, and the entry's name.
    pub(crate) fn due_in_minute(&self, minute: u64) -> io::Result<Vec<(u64, String)>> {
        let names = match names(&self.due.join(minute.to_string())) {
            // It was empty, and has gone, or is a stray file.
            Err(error)
                if [ErrorKind::NotFound, ErrorKind::NotADirectory].contains(&error.kind()) =>
            {
                Vec::new()
            }
            names => names?,
        };
        let mark = |text: String| {
            let (due_at, name) = text.split_once('-')?;
            let due_at = number(due_at).filter(|due_at| minute_of(*due_at) == minute)?;
            Some((due_at, name.to_owned()))
        };
        Ok(names.into_iter().filter_map(mark).collect())
    }

    /// Returns the names of the entries that may need a person.
    pub(crate) fn attention(&self) -> io::Result<Vec<String>> {
        names(&self.attention)
    }

    pub(crate) fn due_mark(&self, name: &str, due_at: u64) -> PathBuf {
        self.due.join(minute_of(due_at).to_string()).join(format!("{due_at}-{name}"))
    }

    pub(crate) fn attention_mark(&self, name: &str) -> PathBuf {
        self.attention.join(name)
    }
}

/// Creates the index of the entries that are there, unless there is one. It has its name only once it is whole: killed
/// before that, it is made anew.
pub(crate) fn build(folder: &Path) -> Result<(), StoreError> {
    let failed =
        |error| unavailable("the index cannot be created; check permissions and free space", error);
    let (built, new) = (folder.join(INDEX), folder.join(NEW_INDEX));
    if built.exists() {
        return Ok(());
    }
    let index = Index { due: new.join("due"), attention: new.join("attention") };
    for folder in [&index.due, &index.attention] {
        disk::make_folder(folder).map_err(failed)?;
    }
    for entry in fs::read_dir(folder.join(ENTRIES)).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let file_name = entry.file_name();
        let Some(name) = file_name.to_str().and_then(|name| name.strip_suffix(ENDING)) else {
            continue;
        };
        if name::key(name).is_none() && !name::is_hashed(name) {
            continue;
        }
        let read = read_entry(&entry.path());
        let marks = match read.and_then(|bytes| bytes.map(|it| entry::head_of(&it)).transpose()) {
            Ok(head) => head.map(|head| index.marks(name, &head)).unwrap_or_default(),
            // It is found, and reported, until a person has looked.
            Err(_) => vec![index.due_mark(name, 0)],
        };
        for mark in marks {
            make(&mark).map_err(failed)?;
        }
    }
    for minute in index.minutes(0, u64::MAX).map_err(failed)? {
        flush_folder(&index.due.join(minute.to_string())).map_err(failed)?;
    }
    for folder in [&index.due, &index.attention, &new] {
        flush_folder(folder).map_err(failed)?;
    }
    fs::rename(&new, &built).and_then(|()| flush_folder(folder)).map_err(failed)
}

fn make(mark: &Path) -> io::Result<()> {
    let mut tries = 0;
    loop {
        if let Some(folder) = mark.parent() {
            disk::make_one_folder(folder)?;
        }
        match disk::write(mark, &[], Flush::No) {
            // Another process has removed the folder, which was empty.
            Err(error) if error.kind() == ErrorKind::NotFound && tries < 100 => tries += 1,
            made => return made,
        }
    }
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let names = disk::list(folder)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
    names.filter_map(io::Result::transpose).collect()
}

/// One number, one spelling.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

fn minute_of(millis: u64) -> u64 {
    millis / 60_000
}

const DUE: &str = "index/due";
const ATTENTION: &str = "index/attention";
const NEW_INDEX: &str = "index.new";
