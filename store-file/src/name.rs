//! File names for keys: no path leads out of the folder, and no two keys meet where case does not count.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use slack_store::EntryKey;

/// Returns the file name of a key, without its extension.
pub(crate) fn of(key: &EntryKey) -> String {
    let text = key.as_str();
    let parts: Vec<_> = text.split('/').collect();
    let mut name = String::with_capacity(text.len());
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            name.push('-');
        }
        // The other words that stand there are ids, also those that read `user`.
        let is_word = if index == 0 {
            WORDS.contains(part)
        } else {
            *part == "user" && index > 1 && index + 2 == parts.len()
        };
        for byte in part.bytes() {
            if is_word || byte.is_ascii_uppercase() || byte.is_ascii_digit() {
                name.push(char::from(byte));
            } else {
                let _ = write!(name, "%{byte:02x}");
            }
        }
    }
    if name.len() > LONGEST { format!("{HASHED}{}", hex(&Sha256::digest(text))) } else { name }
}

/// Returns the key of a file name; `None` if the name does not determine it.
pub(crate) fn key(name: &str) -> Option<EntryKey> {
    let mut text = String::with_capacity(name.len());
    for (index, part) in name.split('-').enumerate() {
        if index > 0 {
            text.push('/');
        }
        let mut rest = part;
        while let Some(at) = rest.find('%') {
            text.push_str(&rest[..at]);
            let byte = u8::from_str_radix(rest.get(at + 1..at + 3)?, 16).ok()?;
            text.push(char::from(byte));
            rest = &rest[at + 3..];
        }
        text.push_str(rest);
    }
    // One key, one name: no other spelling of it is taken.
    EntryKey::from_text(&text).filter(|key| of(key) == name)
}

/// Returns whether only the content of the file names its key.
pub(crate) fn is_hashed(name: &str) -> bool {
    name.starts_with(HASHED)
}

/// Returns the first byte of the hash that a hashed name shows.
pub(crate) fn first_hashed_byte(name: &str) -> Option<u8> {
    u8::from_str_radix(name.strip_prefix(HASHED)?.get(..2)?, 16).ok()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// How the name of an entry's file ends.
pub(crate) const ENDING: &str = ".slack";
/// Leaves room for an ending under the 255 bytes that file systems take.
const LONGEST: usize = 200;
/// What a key can begin with; anything else there is escaped like an id.
const WORDS: [&str; 5] = ["team", "grid", "org", "@app", "@sweep"];
const HASHED: &str = "sha256-";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use slack_proto::{StoreKey, tokens::InstallationKey};

    use super::*;

    fn entry(key: impl Into<StoreKey>) -> EntryKey {
        EntryKey::try_from(&key.into()).unwrap()
    }

    fn workspace(team: &str) -> EntryKey {
        entry(InstallationKey::Workspace(team.into()))
    }

    #[test]
    fn real_keys_can_be_read_by_people() {
        let grid = InstallationKey::grid_workspace("E1".into(), "T1".into());
        assert_eq!(of(&workspace("T0FAKE00001")), "team-T0FAKE00001");
        assert_eq!(of(&entry(grid.clone())), "grid-E1-T1");
        assert_eq!(of(&entry(InstallationKey::Organization("E1".into()))), "org-E1");
        assert_eq!(of(&entry(StoreKey::person(grid, "U1".into()))), "grid-E1-T1-user-U1");
        // An id that reads like a word is escaped.
        let grid = InstallationKey::grid_workspace("user".into(), "T1".into());
        assert_eq!(of(&entry(grid)), "grid-%75%73%65%72-T1");
        assert_eq!(of(&workspace("user")), "team-%75%73%65%72");
    }

    #[test]
    fn no_id_leads_out_of_the_folder_or_onto_another_name() {
        let ids = [
            "..",
            "../../etc/passwd",
            "T1",
            "t1",
            "T-1",
            "user",
            "",
            "a\0b",
            "\u{e9}",
            "%2F",
            "CON",
            "T1.slack",
        ];
        let mut names = BTreeSet::new();
        for (team, other) in ids.iter().flat_map(|id| ids.iter().map(move |other| (*id, *other))) {
            for key in [
                workspace(team),
                entry(InstallationKey::grid_workspace(other.into(), team.into())),
                entry(StoreKey::person(InstallationKey::Workspace(team.into()), other.into())),
            ] {
                let name = of(&key);
                assert!(
                    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-%".contains(&byte)),
                    "{name}"
                );
                assert_eq!(super::key(&name), Some(key), "{name}");
                names.insert(name.to_ascii_lowercase());
            }
        }
        assert_eq!(names.len(), 12 + 144 + 144);
    }

    #[test]
    fn a_long_key_is_hashed() {
        let (long, other) = (workspace(&"T".repeat(1_000)), workspace(&"T".repeat(1_001)));
        assert!(is_hashed(&of(&long)) && of(&long).len() < 100);
        assert_ne!(of(&long), of(&other));
        assert_eq!(key(&of(&long)), None);
        assert_eq!(of(&workspace(&"T".repeat(195))).len(), 200);
        assert!(is_hashed(&of(&workspace(&"T".repeat(196)))));
    }

    #[test]
    fn another_name_is_no_key() {
        for name in [
            "",
            "team-t1",
            "team-%",
            "team-%4",
            "team-%54",
            "team-%2F",
            "team-\u{e9}",
            "x-T1",
            "@app-x",
        ] {
            assert_eq!(key(name), None, "{name}");
        }
    }
}
