//! The one error of every constructor that checks a value.

use std::{error::Error, fmt};

/// A value was rejected by its constructor. The error names the field and the rule, never the value.
///
/// # Examples
///
/// ```
/// let refused = slack_proto::AccessToken::new("").unwrap_err();
/// assert_eq!(refused.to_string(), "access token must not be empty");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InvalidValue {
    field: &'static str,
    rule: &'static str,
}

impl InvalidValue {
    pub(crate) const fn new(field: &'static str, rule: &'static str) -> Self {
        Self { field, rule }
    }

    /// Returns the field that was rejected, such as `access token`.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.field
    }

    /// Returns the rule that the value broke, such as `must not be empty`.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        self.rule
    }
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.rule)
    }
}

impl Error for InvalidValue {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_and_rule_are_told_apart_and_together() {
        let refused = InvalidValue::new("access token", "must not be empty");
        assert_eq!((refused.field(), refused.rule()), ("access token", "must not be empty"));
        assert_eq!(refused.to_string(), "access token must not be empty");
    }
}
