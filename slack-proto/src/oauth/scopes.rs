//! Lists of OAuth scopes.

use std::{collections::BTreeSet, fmt, iter::FusedIterator};

use crate::methods::UntrustedText;

/// A list of scopes, such as `chat:write,users:read`.
///
/// Slack writes commas, and spaces here and there; both part. The text is kept as it came, and no scope stands twice
/// in a comparison: two lists are equal if they hold the same scopes.
///
/// # Examples
///
/// ```
/// use slack_proto::oauth::Scopes;
///
/// let granted = Scopes::from("chat:write, users:read");
/// assert!(granted.contains("users:read"));
/// assert_eq!(granted.to_string(), "chat:write,users:read");
/// assert!(Scopes::from("").is_empty());
/// ```
#[derive(Clone, Default)]
pub struct Scopes(Box<str>);

impl Scopes {
    /// Returns an iterator over the scopes in their order, repetitions included.
    #[must_use]
    pub fn iter(&self) -> impl FusedIterator<Item = &str> {
        self.0.split(parts).filter(|scope| !scope.is_empty())
    }

    /// Returns the list as text, unchanged.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether `scope` is in the list.
    #[must_use]
    pub fn contains(&self, scope: &str) -> bool {
        self.iter().any(|has| has == scope)
    }

    /// Returns whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.chars().all(parts)
    }

    /// Returns the scopes of `self` that `granted` lacks, because a person declined them or an admin withheld them.
    #[must_use]
    pub fn missing_from(&self, granted: &Self) -> Self {
        let granted: BTreeSet<_> = granted.iter().collect();
        self.iter().filter(|scope| !granted.contains(scope)).collect()
    }
}

/// Returns whether `c` separates scopes.
fn parts(c: char) -> bool {
    c == ',' || c.is_whitespace()
}

impl From<&str> for Scopes {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Scopes {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl<S: AsRef<str>> FromIterator<S> for Scopes {
    fn from_iter<I: IntoIterator<Item = S>>(scopes: I) -> Self {
        let mut text = String::new();
        for scope in scopes {
            text.push_str(scope.as_ref());
            text.push(',');
        }
        Self(text.into())
    }
}

impl<S: AsRef<str>, const N: usize> From<[S; N]> for Scopes {
    fn from(scopes: [S; N]) -> Self {
        scopes.into_iter().collect()
    }
}

impl PartialEq for Scopes {
    fn eq(&self, other: &Self) -> bool {
        self.iter().collect::<BTreeSet<_>>() == other.iter().collect()
    }
}

impl Eq for Scopes {}

impl fmt::Display for Scopes {
    /// Writes the list with commas; a scope that looks like a token is only counted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            fmt::Display::fmt(&UntrustedText::from(scope), f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(UntrustedText::from)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_white_space_part() {
        let scopes = Scopes::from(" chat:write,\tusers:read  ,, commands\n");
        assert_eq!(scopes.iter().collect::<Vec<_>>(), ["chat:write", "users:read", "commands"]);
        assert_eq!(scopes, Scopes::from(["commands", "chat:write", "users:read"]));
        assert_ne!(scopes, Scopes::from("commands"));
    }

    #[test]
    fn nothing_is_an_empty_list_and_not_an_empty_scope() {
        assert_eq!(Scopes::from(" , ").iter().count(), 0);
        assert_eq!(Scopes::from(" , ").to_string(), "");
    }

    #[test]
    fn what_was_not_granted_is_told() {
        let asked = Scopes::from("a,b,c");
        assert_eq!(asked.missing_from(&Scopes::from("c,a")).to_string(), "b");
    }

    #[test]
    fn debug_hides_what_looks_like_a_token() {
        let scopes = Scopes::from("chat:write,xoxb-1");
        assert_eq!(format!("{scopes:?}"), "[\"chat:write\", [6 bytes not shown]]");
    }
}
