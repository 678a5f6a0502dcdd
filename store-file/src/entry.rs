//! The bytes of an entry's file.

use sha2::{Digest, Sha256};
use slack_store::{Entry, EntryKey, StoreError, StoreErrorKind, StoredVersion, Write};
use zeroize::Zeroizing;

use crate::name::hex;

/// What a file says of its entry beside the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) version: StoredVersion,
    /// Milliseconds since 1970 by the machine's clock.
    pub(crate) due_at: Option<u64>,
    pub(crate) attention: bool,
}

impl Head {
    pub(crate) fn new(write: &Write, now: u64) -> Self {
        let due_in = |due_in: std::time::Duration| u64::try_from(due_in.as_millis());
        let due_at = write.due_in.map(|it| now.saturating_add(due_in(it).unwrap_or(u64::MAX)));
        Self { version: write.version, due_at, attention: write.attention }
    }
}

/// Writes a file: one line, and the value.
pub(crate) fn write(key: &EntryKey, head: &Head, value: &[u8]) -> Zeroizing<Vec<u8>> {
    let due = head.due_at.map_or_else(|| NEVER.to_owned(), |due_at| due_at.to_string());
    let attention = if head.attention { ATTENTION } else { NEVER };
    let version = head.version.as_u64();
    let line = format!("{MAGIC}{version:016x} {} {due} {attention} ", key.as_str());
    let check = checksum(&line, value);
    let mut bytes = Zeroizing::new(Vec::with_capacity(line.len() + check.len() + 1 + value.len()));
    bytes.extend_from_slice(line.as_bytes());
    bytes.extend_from_slice(check.as_bytes());
    bytes.push(b'\n');
    bytes.extend_from_slice(value);
    bytes
}

/// Reads a file, and whether it is whole.
pub(crate) fn read(bytes: &[u8], key: &EntryKey) -> Result<(Head, Entry), StoreError> {
    let file = File::split(bytes)?;
    if file.key != key.as_str() {
        return Err(foreign("the file holds the entry of another key; give it back its own name"));
    }
    let value = match file.form {
        // What was sealed as a whole is opened as a whole; its check names a sealing key.
        Form::FirstSealed => bytes,
        Form::FirstPlain | Form::Current => {
            if checksum(file.line, file.value) != file.check {
                return Err(damaged());
            }
            file.value
        }
    };
    let entry = Entry::new(file.head.version, value.to_vec());
    Ok((file.head, entry))
}

/// Returns the key that a file names; the file need not be whole.
pub(crate) fn key_of(bytes: &[u8]) -> Result<EntryKey, StoreError> {
    let file = File::split(bytes)?;
    EntryKey::from_text(file.key).ok_or_else(|| foreign("the file names no key; move it away"))
}

/// Returns what the first line tells; the value need not be whole.
pub(crate) fn head_of(bytes: &[u8]) -> Result<Head, StoreError> {
    File::split(bytes).map(|file| file.head)
}

struct File<'a> {
    form: Form,
    /// The line as far as the check, with the blank before it.
    line: &'a str,
    head: Head,
    key: &'a str,
    check: &'a str,
    value: &'a [u8],
}

enum Form {
    Current,
    FirstPlain,
    FirstSealed,
}

impl<'a> File<'a> {
    fn split(bytes: &'a [u8]) -> Result<Self, StoreError> {
        if ![MAGIC, FIRST].iter().any(|magic| bytes.starts_with(magic.as_bytes())) {
            return Err(refusal(bytes));
        }
        let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
        let (line, value) = (&bytes[..end], &bytes[end + 1..]);
        let line = std::str::from_utf8(line).map_err(|_| damaged())?;
        let parts: Vec<_> = line.split(' ').collect();
        let (form, version, key, due, attention, check) = match parts[..] {
            [_, "entry", _, version, key, due, attention, check] => {
                (Form::Current, version, key, due, attention, check)
            }
            [_, "installation", _, "plain", version, key, check] => {
                (Form::FirstPlain, version, key, NEVER, NEVER, check)
            }
            [_, "installation", _, "sealed", version, key, check] => {
                (Form::FirstSealed, version, key, NEVER, NEVER, check)
            }
            [_, "installation", _, _, _, _, _] => {
                return Err(foreign(
                    "the file has a form that this release does not know; upgrade",
                ));
            }
            _ => return Err(damaged()),
        };
        let number = u64::from_str_radix(version, 16).map_err(|_| damaged())?;
        let due_at = match (&form, due) {
            (Form::FirstPlain | Form::FirstSealed, _) => Some(long_ago(key)),
            (Form::Current, NEVER) => None,
            (Form::Current, due) => Some(due.parse::<u64>().map_err(|_| damaged())?),
        };
        // One state, one spelling.
        let is_spelled_so = version == format!("{number:016x}")
            && (due == NEVER || due_at.is_some_and(|due_at| due == due_at.to_string()))
            && [ATTENTION, NEVER].contains(&attention);
        if !is_spelled_so {
            return Err(damaged());
        }
        let head =
            Head { version: StoredVersion::new(number), due_at, attention: attention == ATTENTION };
        let line = &line[..line.len() - check.len()];
        Ok(Self { form, line, head, key, check, value })
    }
}

/// When an entry of the first format is due, which does not say so: overdue, until the next write says it. Keys are spread
/// over 1,024 minutes, so that those who look for them need not look at all.
fn long_ago(key: &str) -> u64 {
    let digest = Sha256::digest(key);
    u64::from(u16::from_be_bytes([digest[0], digest[1]]) % 1024) * 60_000
}

/// Says what is wrong with a file that does not begin as ours do.
fn refusal(bytes: &[u8]) -> StoreError {
    // Whatever was cut off, or never reached the disk, begins as ours do, or with zeros.
    let is_cut = |magic: &&str| magic.as_bytes().starts_with(bytes);
    if [MAGIC, FIRST].iter().any(is_cut) || bytes.iter().all(|byte| *byte == 0) {
        return damaged();
    }
    if ANY_VERSION.iter().any(|magic| bytes.starts_with(magic.as_bytes())) {
        return foreign("the file was written by a newer release; upgrade");
    }
    foreign("the file is not one of this store's; move it away")
}

fn checksum(line: &str, value: &[u8]) -> String {
    hex(&Sha256::new().chain_update(line).chain_update(value).finalize())
}

fn damaged() -> StoreError {
    StoreError::new(
        StoreErrorKind::Damaged,
        "the file is cut off or damaged; restore it from a copy, or remove it and install again",
    )
}

fn foreign(what: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Foreign, what)
}

const ANY_VERSION: [&str; 2] = ["slack-auth entry ", "slack-auth installation "];
const MAGIC: &str = "slack-auth entry 2 ";
/// The first format, which is read still.
const FIRST: &str = "slack-auth installation 1 ";
const NEVER: &str = "-";
const ATTENTION: &str = "!";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_state_has_one_spelling() {
        let key = EntryKey::from_text("team/T1").unwrap();
        let read = |state: &str| {
            let line = format!("{MAGIC}{state} ");
            let file = format!("{line}{}\nvalue", checksum(&line, b"value"));
            read(file.as_bytes(), &key).map(|(head, _)| head.due_at).map_err(|error| error.kind())
        };
        assert_eq!(read("00000000000000ff team/T1 - -"), Ok(None));
        assert_eq!(read("00000000000000ff team/T1 7 !"), Ok(Some(7)));
        for other in [
            "00000000000000FF team/T1 - -",
            "ff team/T1 - -",
            "00000000000000ff team/T1 07 -",
            "00000000000000ff team/T1 +7 -",
            "00000000000000ff team/T1 7 ?",
        ] {
            assert_eq!(read(other), Err(StoreErrorKind::Damaged), "{other}");
        }
    }

    /// The names of files in the index depend on it: the numbers are fixed for good.
    #[test]
    fn entries_of_the_first_format_are_spread_over_minutes() {
        assert_eq!([long_ago("team/T1"), long_ago("team/T2")], [44_340_000, 34_500_000]);
    }
}
