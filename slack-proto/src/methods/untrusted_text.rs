//! Text that came from outside and may be anything.

use std::{borrow::Borrow, fmt};

/// Text from a response or a callback, whose content Slack or an attacker controls. `Debug` and `Display` show it
/// only if that is safe.
///
/// [`as_str`](Self::as_str) gives all of it. `Debug` and `Display` show it only if it is printable ASCII, at most 200
/// bytes long, and holds nothing like a token or a webhook's address; else they show its length.
///
/// # Examples
///
/// ```
/// use slack_proto::methods::UntrustedText;
///
/// assert_eq!(UntrustedText::from("a_new_code").to_string(), "a_new_code");
/// assert_eq!(UntrustedText::from("oh: xoxb-1").to_string(), "[10 bytes not shown]");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UntrustedText(Box<str>);

impl UntrustedText {
    /// Returns the text unchanged, byte for byte. Escape it before you log or show it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<Box<str>>> From<T> for UntrustedText {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

/// Compares, orders and hashes as its text does.
impl Borrow<str> for UntrustedText {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UntrustedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if can_be_shown(&self.0) {
            return f.write_str(&self.0);
        }
        write!(f, "[{} bytes not shown]", self.0.len())
    }
}

impl fmt::Debug for UntrustedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if can_be_shown(&self.0) {
            return fmt::Debug::fmt(&*self.0, f);
        }
        fmt::Display::fmt(self, f)
    }
}

fn can_be_shown(text: &str) -> bool {
    const LIKE_A_SECRET: [&str; 5] = ["xox", "xapp-", "xwfp-", "eyJ", "hooks.slack"];
    text.len() <= 200
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && !LIKE_A_SECRET.iter().any(|hint| text.contains(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_text_is_shown() {
        let text = UntrustedText::from("missing required field: code");
        assert_eq!(text.to_string(), "missing required field: code");
        assert_eq!(format!("{text:?}"), "\"missing required field: code\"");
    }

    #[test]
    fn anything_else_is_counted() {
        for text in [
            "xoxe-1-a",
            "Bearer eyJhbGciOi",
            "xapp-1",
            "xwfp-1",
            "https://hooks.slack.com/services/T1/B1/x",
            "line\nbreak",
            "caf\u{e9}",
            "\u{7f}",
        ] {
            let shown = format!("[{} bytes not shown]", text.len());
            let text = UntrustedText::from(text);
            assert_eq!(text.to_string(), shown);
            assert_eq!(format!("{text:?}"), shown);
        }
        assert!(UntrustedText::from("a".repeat(200)).to_string().starts_with("aaa"));
        assert_eq!(UntrustedText::from("a".repeat(201)).to_string(), "[201 bytes not shown]");
    }

    #[test]
    fn a_map_finds_it_by_its_text() {
        let map =
            std::collections::BTreeMap::from([(UntrustedText::from("b"), 1), ("a".into(), 2)]);
        assert_eq!((map.get("a"), map.get("b"), map.get("c")), (Some(&2), Some(&1), None));
    }
}
