//! Why there is no token.

use std::{error::Error, fmt, sync::Arc};

use slack_proto::{Recovery, error::ErrorClass, rotation::Problem};

/// Why [`TokenRotator`](crate::TokenRotator) has no token to give.
#[derive(Clone, Debug)]
pub struct TokenError {
    what: What,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

#[derive(Clone, Debug)]
enum What {
    /// Something stands in the way.
    Problem(Problem),
    /// The refresh takes longer than the caller waits.
    TooLate(Option<Problem>),
    /// No token of this app lives as long as the caller needs it.
    TooBrief,
    /// It is a token of another kind.
    OtherKind,
    /// The app has no client secret.
    NoSecret,
}

impl TokenError {
    pub(super) fn new(problem: Problem, cause: Option<Arc<dyn Error + Send + Sync>>) -> Self {
        Self { what: What::Problem(problem), cause }
    }

    pub(super) fn too_late(
        problem: Option<Problem>,
        cause: Option<Arc<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { what: What::TooLate(problem), cause }
    }

    pub(super) fn too_brief() -> Self {
        Self { what: What::TooBrief, cause: None }
    }

    pub(super) fn other_kind() -> Self {
        Self { what: What::OtherKind, cause: None }
    }

    pub(super) fn no_secret() -> Self {
        Self { what: What::NoSecret, cause: None }
    }

    /// Tells what stands in the way, if it is known.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match &self.what {
            What::Problem(problem) => Some(problem),
            What::TooLate(problem) => problem.as_ref(),
            What::TooBrief | What::OtherKind | What::NoSecret => None,
        }
    }

    /// Tells what to do next.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self.problem() {
            Some(Problem::ReauthorizationNeeded(_)) => Recovery::AuthorizeAgain,
            Some(Problem::Refused { class: ErrorClass::Config, .. }) => Recovery::FixConfiguration,
            Some(Problem::Refused { class: ErrorClass::Denied, .. }) => Recovery::AskAdmin,
            Some(Problem::Refused { class: ErrorClass::CallerBug, .. }) => Recovery::FixCall,
            Some(Problem::Refused { .. }) => Recovery::Unknown,
            None if !matches!(self.what, What::TooLate(_)) => Recovery::FixCall,
            _ => Recovery::RetryLater { after: None },
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Problem(problem) => write!(f, "no token: {problem}"),
            What::TooLate(Some(problem)) => write!(f, "no token in time: {problem}"),
            What::TooLate(None) => f.write_str("no token in time: its refresh is under way"),
            What::TooBrief => f.write_str(
                "no token of this app lives as long as was asked for; ask for a shorter time",
            ),
            What::NoSecret => f.write_str("a token is exchanged by an app that has a client secret"),
            What::OtherKind => f.write_str(
                "the slot holds another kind of token; `configuration_token` gives app configuration tokens, and \
                 `access_token` all others",
            ),
        }
    }
}

impl Error for TokenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

/// Why a rotator cannot be made: the times contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRotator {
    pub(super) rule: String,
}

impl fmt::Display for InvalidRotator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rule)
    }
}

impl Error for InvalidRotator {}
