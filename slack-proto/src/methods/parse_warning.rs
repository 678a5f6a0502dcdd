//! What was odd in a reply that was read all the same.

use std::{borrow::Cow, fmt};

/// A member of a response that differs from Slack's documentation, and how it was handled: a path and a reason, never
/// a value.
///
/// # Examples
///
/// ```
/// use slack_proto::{ApiMethod, methods::AuthTest};
///
/// let reply = AuthTest::parse_response(&http::Response::new(r#"{"ok":true,"user_id":7}"#))?;
/// assert_eq!(reply.meta.parse_warnings()[0].to_string(), "user_id: expected a string, found a number");
/// # Ok::<(), slack_proto::error::ResponseError<slack_proto::error::NoError>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ParseWarning {
    path: Cow<'static, str>,
    reason: Reason,
    /// The offset of the member's name in the body, if it is known.
    pub(crate) offset: Option<usize>,
}

/// Why something was odd, as fixed words: a reply full of parse warnings must not be costly.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reason {
    Fixed(&'static str),
    Type { expected: &'static str, found: &'static str },
}

impl ParseWarning {
    pub(crate) fn new(path: impl Into<Cow<'static, str>>, reason: Reason) -> Self {
        Self { path: path.into(), reason, offset: None }
    }

    /// Puts the path below another one.
    #[cfg(feature = "events")]
    pub(crate) fn inside(self, outer: &str) -> Self {
        let path = match &*self.path {
            "$" => outer.to_owned(),
            path => format!("{outer}.{path}"),
        };
        Self { path: path.into(), ..self }
    }

    /// Returns the path of the member, such as `authed_user.scope`; `$` is the whole body.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns what was unexpected, and how it was read.
    #[must_use]
    pub fn reason(&self) -> Cow<'static, str> {
        match self.reason {
            Reason::Fixed(reason) => Cow::Borrowed(reason),
            Reason::Type { .. } => Cow::Owned(self.reason.to_string()),
        }
    }
}

impl From<&'static str> for Reason {
    fn from(reason: &'static str) -> Self {
        Self::Fixed(reason)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(reason) => f.write_str(reason),
            Self::Type { expected, found } => write!(f, "expected {expected}, found {found}"),
        }
    }
}

impl fmt::Display for ParseWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

impl fmt::Debug for ParseWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParseWarning({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_and_reason_are_told_and_no_value() {
        let oddity =
            ParseWarning::new("a.b", Reason::Type { expected: "a string", found: "a number" });
        assert_eq!(
            (oddity.path(), &*oddity.reason()),
            ("a.b", "expected a string, found a number")
        );
        assert_eq!(oddity.to_string(), "a.b: expected a string, found a number");
        assert_eq!(format!("{oddity:?}"), "ParseWarning(a.b: expected a string, found a number)");
        assert_eq!(ParseWarning::new("$", "repeated".into()).reason(), "repeated");
    }
}
