//! Answers that cannot be read.

use std::{error::Error, fmt};

use crate::{
    Recovery,
    methods::{Purpose, ReplyMeta, UntrustedText},
};

/// The response is not what Slack's API sends, for instance a proxy's page, a truncated body, or a success without
/// its token.
///
/// The error has the position of the fault, and nothing of the body.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DecodeError {
    /// Status, request id and what was odd.
    pub meta: ReplyMeta,
    pub(crate) fault: Fault,
    pub(crate) position: Option<(usize, usize)>,
    pub(crate) code: Option<UntrustedText>,
    pub(crate) purpose: Purpose,
}

/// What was wrong with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Empty,
    Html,
    NotAnObject,
    Syntax,
    Shape,
    OkMissing,
    OkNotBoolean,
    OkConflicts,
    Missing(&'static str),
}

impl DecodeError {
    /// Returns the member that was missing or malformed, if there is one.
    #[must_use]
    pub fn member(&self) -> Option<&'static str> {
        match self.fault {
            Fault::OkMissing | Fault::OkNotBoolean | Fault::OkConflicts => Some("ok"),
            Fault::Missing(member) => Some(member),
            _ => None,
        }
    }

    /// Returns the line of the error, counted from 1, if it is known.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.position.map(|(line, _)| line)
    }

    /// Returns the column of the error in bytes, counted from 1, if it is known.
    #[must_use]
    pub fn column(&self) -> Option<usize> {
        self.position.map(|(_, column)| column)
    }

    /// Returns the error code, if the body held one outside of Slack's envelope.
    #[must_use]
    pub fn code(&self) -> Option<&UntrustedText> {
        self.code.as_ref()
    }

    /// Returns what the program should do next. The outcome of the call is unknown.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        Recovery::of_unknown_outcome(self.purpose, self.meta.retry_after())
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unreadable answer: ")?;
        match self.fault {
            Fault::Empty => f.write_str("the body is empty"),
            Fault::Html => f.write_str("a web page instead of JSON, perhaps from a proxy"),
            Fault::NotAnObject => f.write_str("not a JSON object"),
            Fault::Syntax => f.write_str("broken JSON"),
            Fault::Shape => f.write_str("JSON that does not fit the method's response type"),
            Fault::OkMissing => f.write_str("member `ok` is missing"),
            Fault::OkNotBoolean => f.write_str("member `ok` is not a boolean"),
            Fault::OkConflicts => f.write_str("members `ok` contradict each other"),
            Fault::Missing(member) => write!(f, "a success without a usable `{member}`"),
        }?;
        if let Some((line, column)) = self.position {
            write!(f, " at line {line}, column {column}")?;
        }
        write!(f, "; {}", self.recovery())
    }
}

impl Error for DecodeError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(fault: Fault) -> DecodeError {
        let (meta, purpose) = (ReplyMeta::default(), Purpose::Call);
        DecodeError { meta, fault, position: None, code: None, purpose }
    }

    #[test]
    fn the_member_at_fault_is_named() {
        for (fault, member, shown) in [
            (Fault::Empty, None, "the body is empty"),
            (Fault::Html, None, "a web page instead of JSON, perhaps from a proxy"),
            (Fault::NotAnObject, None, "not a JSON object"),
            (Fault::Syntax, None, "broken JSON"),
            (Fault::Shape, None, "JSON that does not fit the method's response type"),
            (Fault::OkMissing, Some("ok"), "member `ok` is missing"),
            (Fault::OkNotBoolean, Some("ok"), "member `ok` is not a boolean"),
            (Fault::OkConflicts, Some("ok"), "members `ok` contradict each other"),
            (Fault::Missing("token"), Some("token"), "a success without a usable `token`"),
        ] {
            let error = error(fault);
            assert_eq!(error.member(), member);
            assert_eq!(error.to_string(), format!("unreadable answer: {shown}; call again later"));
        }
    }
}
