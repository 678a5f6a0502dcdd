//! Names of the keys in the server.

use slack_store::{EntryKey, StoreError, StoreErrorKind, StoredVersion};

/// What all keys begin with, and the names of the indexes.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    prefix: String,
    /// Of all, of those that are due, of those that need a person, of those that seem to be stale.
    pub(crate) indexes: [String; 4],
}

pub(crate) const ALL: usize = 0;
pub(crate) const DUE: usize = 1;
pub(crate) const ATTENTION: usize = 2;

impl Names {
    pub(crate) fn new(prefix: &str) -> Result<Self, StoreError> {
        let good = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'{' | b'}');
        if prefix.is_empty() || prefix.len() > 100 || !prefix.bytes().all(good) {
            return Err(StoreError::new(
                StoreErrorKind::Refused,
                "the prefix must be 1 to 100 printable ASCII characters without blanks and braces",
            ));
        }
        // All in one hash slot, as the braces ask for.
        let indexes = ["all", "due", "attention", "stale"]
            .map(|index| format!("{prefix}:index:{{{prefix}}}:{index}"));
        Ok(Self { prefix: prefix.to_owned(), indexes })
    }

    /// Returns the name of an entry. It and its leases are in one hash slot.
    pub(crate) fn entry(&self, key: &str) -> String {
        format!("{}:entry:{{{key}}}", self.prefix)
    }

    pub(crate) fn lease(&self, key: &EntryKey, part: &str) -> String {
        format!("{}:lease:{{{}}}:{part}", self.prefix, key.as_str())
    }

    pub(crate) fn release_number(&self) -> String {
        format!("{}:release", self.prefix)
    }

    pub(crate) fn all_indexes(&self) -> impl Iterator<Item = &str> {
        self.indexes.iter().map(String::as_str)
    }
}

/// Returns the member that stands for a version of an entry in the indexes.
///
/// Members are in the order of their keys, since no key has a zero.
pub(crate) fn member(key: &str, version: StoredVersion) -> String {
    format!("{key}\0{}", version.as_i64())
}

/// Reads a member; `None` if it is none of the store's.
pub(crate) fn parse_member(member: &[u8]) -> Option<(&str, StoredVersion)> {
    let (key, version) = std::str::from_utf8(member).ok()?.split_once('\0')?;
    Some((key, StoredVersion::from_i64(version.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_in_the_order_of_their_keys() {
        let keys = ["a", "a!", "a/b", "ab", "b"];
        let members = keys.map(|key| member(key, StoredVersion::from_i64(-7)));
        assert!(members.is_sorted(), "{members:?}");
        for (key, member) in keys.iter().zip(&members) {
            let (read, version) = parse_member(member.as_bytes()).unwrap();
            assert_eq!((read, version.as_i64()), (*key, -7));
        }
        for bad in ["", "a", "a\0", "a\0b", "a\x001\x002"] {
            assert!(parse_member(bad.as_bytes()).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_prefix_has_no_braces_and_is_not_empty() {
        for bad in ["", "a b", "a{", "a}", "\u{e9}", &"a".repeat(101)] {
            assert!(Names::new(bad).is_err(), "{bad}");
        }
        let names = Names::new("slack-auth").unwrap();
        assert_eq!(names.entry("team/T1"), "slack-auth:entry:{team/T1}");
        assert_eq!(names.indexes[DUE], "slack-auth:index:{slack-auth}:due");
    }
}
