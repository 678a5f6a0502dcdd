//! What a program must do after an error.

use std::{fmt, time::Duration};

use crate::{error::ErrorClass, methods::Purpose};

/// What a program should do after an error. It depends on method, grant and error code.
///
/// It is not a flag for "retryable": a repeated code exchange never succeeds, and a lost refresh must be repeated in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Recovery {
    /// Refresh the access token, then call once more.
    Refresh,
    /// Send a person through the browser again. After a refused token, read the token store once more before that, since
    /// another process may have rotated the token.
    AuthorizeAgain,
    /// Correct the app's settings or credentials; keep the tokens.
    FixConfiguration,
    /// Correct the program.
    FixCall,
    /// Call again after the delay that Slack asked for, or after about 30 seconds.
    RetryLater {
        /// The delay of the header `Retry-After`, if there was one.
        after: Option<Duration>,
    },
    /// Send the same refresh token again soon. It may have been spent, and Slack accepts a spent one for a short
    /// grace period only.
    ResendSameRefreshToken {
        /// The delay of the header `Retry-After`, if there was one.
        after: Option<Duration>,
    },
    /// Ask an administrator of the workspace.
    AskAdmin,
    /// Do nothing: the requested state exists already.
    AlreadyDone,
    /// Inspect the error: no rule applies.
    Unknown,
}

impl Recovery {
    /// Returns a stable name in `snake_case` for logs and metrics, such as `retry_later`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Refresh => "refresh",
            Self::AuthorizeAgain => "authorize_again",
            Self::FixConfiguration => "fix_configuration",
            Self::FixCall => "fix_call",
            Self::RetryLater { .. } => "retry_later",
            Self::ResendSameRefreshToken { .. } => "resend_same_refresh_token",
            Self::AskAdmin => "ask_admin",
            Self::AlreadyDone => "already_done",
            Self::Unknown => "unknown",
        }
    }

    pub(crate) fn of_class(class: ErrorClass, purpose: Purpose, after: Option<Duration>) -> Self {
        match class {
            ErrorClass::Expired => Self::Refresh,
            ErrorClass::AuthDead => Self::AuthorizeAgain,
            ErrorClass::Config => Self::FixConfiguration,
            ErrorClass::CallerBug => Self::FixCall,
            // Slack says that it did not carry the exchange out: the code may still do.
            ErrorClass::Transient if purpose == Purpose::CodeGrant => Self::RetryLater { after },
            ErrorClass::Transient => Self::of_unknown_outcome(purpose, after),
            ErrorClass::Denied => Self::AskAdmin,
            ErrorClass::Done => Self::AlreadyDone,
            ErrorClass::Other => Self::Unknown,
        }
    }

    /// The call may have been carried out although no proper answer came.
    pub(crate) fn of_unknown_outcome(purpose: Purpose, after: Option<Duration>) -> Self {
        match purpose {
            Purpose::RefreshGrant => Self::ResendSameRefreshToken { after },
            // The code may be spent, and a server may end what a code gave that comes twice (RFC 6749 section 4.1.2).
            Purpose::CodeGrant => Self::AuthorizeAgain,
            _ => Self::RetryLater { after },
        }
    }

    /// Slack answered with a status and no envelope.
    pub(crate) fn of_status(status: u16, purpose: Purpose, after: Option<Duration>) -> Self {
        match status {
            408 | 500..=599 => Self::of_unknown_outcome(purpose, after),
            // Another host or path is meant: nothing there is Slack's API.
            300..=399 | 404 | 405 | 410 => Self::FixConfiguration,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, after) = match self {
            Self::Refresh => ("refresh the token and call again", None),
            Self::AuthorizeAgain => ("authorize again in a browser", None),
            Self::FixConfiguration => ("correct the app's settings or credentials", None),
            Self::FixCall => ("correct the program", None),
            Self::RetryLater { after } => ("call again later", *after),
            Self::ResendSameRefreshToken { after } => {
                ("send the same refresh token again soon", *after)
            }
            Self::AskAdmin => ("ask an admin", None),
            Self::AlreadyDone => ("nothing to do", None),
            Self::Unknown => ("no known remedy", None),
        };
        f.write_str(text)?;
        match after {
            Some(after) => write!(f, ", in {} s", after.as_secs()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_remedy_has_a_word_and_a_sentence() {
        let after = Some(Duration::from_secs(7));
        for (recovery, word, sentence) in [
            (Recovery::Refresh, "refresh", "refresh the token and call again"),
            (Recovery::AuthorizeAgain, "authorize_again", "authorize again in a browser"),
            (
                Recovery::FixConfiguration,
                "fix_configuration",
                "correct the app's settings or credentials",
            ),
            (Recovery::FixCall, "fix_call", "correct the program"),
            (Recovery::RetryLater { after: None }, "retry_later", "call again later"),
            (Recovery::RetryLater { after }, "retry_later", "call again later, in 7 s"),
            (
                Recovery::ResendSameRefreshToken { after },
                "resend_same_refresh_token",
                "send the same refresh token again soon, in 7 s",
            ),
            (Recovery::AskAdmin, "ask_admin", "ask an admin"),
            (Recovery::AlreadyDone, "already_done", "nothing to do"),
            (Recovery::Unknown, "unknown", "no known remedy"),
        ] {
            assert_eq!(recovery.as_str(), word);
            assert_eq!(recovery.to_string(), sentence);
        }
    }
}
