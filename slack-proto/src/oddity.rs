//! What was odd in a reply that was read all the same.

use std::fmt;

/// A member of a reply that was not as Slack documents it, and what was done about it: a path and a reason, never a
/// value.
///
/// ```
/// use slack_proto::{AuthTest, Method};
///
/// let reply = AuthTest::parse_response(&http::Response::new(r#"{"ok":true,"user_id":7}"#))?;
/// assert_eq!(reply.meta.oddities()[0].to_string(), "user_id: expected a string, found a number");
/// # Ok::<(), slack_proto::ResponseError<slack_proto::NoError>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Oddity {
    path: Box<str>,
    reason: Box<str>,
    /// Where the member's name stands in the body, if that is known.
    pub(crate) offset: Option<usize>,
}

impl Oddity {
    pub(crate) fn new(path: impl Into<Box<str>>, reason: impl Into<Box<str>>) -> Self {
        Self { path: path.into(), reason: reason.into(), offset: None }
    }

    /// Names the member, such as `authed_user.scope`; `$` is the whole body.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Tells what was odd.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

impl fmt::Debug for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oddity({self})")
    }
}
