//! Why there is no token.

use std::{error::Error, fmt, time::Duration};

use slack_proto::{Recovery, Slot, StoreKey, Timestamp, rotation::Problem};

use super::{cache::CredentialKey, entry::Cause};

/// Why a [`TokenRotator`](crate::TokenRotator) returned no token: a [`kind`](Self::kind) to decide by, and the credential
/// that it concerns.
#[derive(Clone, Debug)]
pub struct TokenError {
    kind: TokenErrorKind,
    /// Boxed, so that a result is small.
    name: Box<CredentialKey>,
    problem: Option<Problem>,
    nearest: Option<Box<StoreKey>>,
    retry_after: Option<Duration>,
    cause: Cause,
}

/// The reasons why there is no token, as far as a program can act on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenErrorKind {
    /// Nothing is stored under the key: look for the nearest installation, or have a person install the app.
    NotInstalled,
    /// There is no such token under the key, but another installation serves the place: the workspace's of the time before
    /// it joined its organization, or the org-wide one. [`TokenError::nearest`] is its key, and
    /// [`nearest_access_token`](crate::TokenRotator::nearest_access_token) looks for it.
    StoredElsewhere,
    /// An installation is stored under the key, but its slot is empty: the program asks for a token that the app was
    /// not given.
    EmptySlot,
    /// Slack no longer accepts the refresh token, or there is none: a person must authorize the app again.
    NeedsAuthorization,
    /// No new token came; [`TokenError::problem`] says why.
    RefreshFailed,
    /// The token was refreshed a short time ago, and is not refreshed again so soon.
    RefreshedLately,
    /// The caller's wait timeout has passed.
    TimedOut,
    /// No token of this app lives as long as the caller needs it.
    TooShortLived,
    /// The slot holds a token of another type: an app configuration token in place of an access token, or the reverse.
    WrongTokenType,
    /// The call needs a client secret, and the app has none.
    NoClientSecret,
    /// The rotator is being drained and refreshes nothing more.
    Drained,
}

impl TokenErrorKind {
    /// Returns one word for logs and metrics, such as `not_installed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotInstalled => "not_installed",
            Self::StoredElsewhere => "stored_elsewhere",
            Self::EmptySlot => "empty_slot",
            Self::NeedsAuthorization => "needs_authorization",
            Self::RefreshFailed => "refresh_failed",
            Self::RefreshedLately => "refreshed_lately",
            Self::TimedOut => "timed_out",
            Self::TooShortLived => "too_short_lived",
            Self::WrongTokenType => "wrong_token_type",
            Self::NoClientSecret => "no_client_secret",
            Self::Drained => "drained",
        }
    }
}

impl TokenError {
    pub(super) fn new(name: &CredentialKey, kind: TokenErrorKind) -> Self {
        Self {
            kind,
            name: Box::new(name.clone()),
            problem: None,
            nearest: None,
            retry_after: None,
            cause: None,
        }
    }

    pub(super) fn of(key: &StoreKey, slot: Slot, kind: TokenErrorKind) -> Self {
        Self::new(&CredentialKey { key: key.clone(), slot }, kind)
    }

    pub(super) fn with_problem(self, problem: Option<Problem>) -> Self {
        Self { problem, ..self }
    }

    pub(super) fn stored_at(self, nearest: StoreKey) -> Self {
        let (kind, nearest) = (TokenErrorKind::StoredElsewhere, Some(Box::new(nearest)));
        Self { kind, nearest, problem: None, ..self }
    }

    /// Returns whether a caller finds no credential there, or none that works.
    pub(super) fn is_missing(&self) -> bool {
        matches!(
            self.kind,
            TokenErrorKind::NotInstalled
                | TokenErrorKind::EmptySlot
                | TokenErrorKind::NeedsAuthorization
        )
    }

    pub(super) fn because(self, cause: Cause) -> Self {
        Self { cause, ..self }
    }

    pub(super) fn retry_at(self, now: Timestamp, at: Timestamp) -> Self {
        Self { retry_after: Some(at.since(now)), ..self }
    }

    /// Returns the reason, to decide by.
    #[must_use]
    pub fn kind(&self) -> TokenErrorKind {
        self.kind
    }

    /// Returns the key that was asked for.
    #[must_use]
    pub fn key(&self) -> &StoreKey {
        &self.name.key
    }

    /// Returns the slot that was asked for.
    #[must_use]
    pub fn slot(&self) -> Slot {
        self.name.slot
    }

    /// Returns the key of the installation that serves the place, if another one does.
    #[must_use]
    pub fn nearest(&self) -> Option<&StoreKey> {
        self.nearest.as_deref()
    }

    /// Returns the problem that prevents a refresh, if one is known.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// Returns what to do next: for an answer of Slack's the same as
    /// [`ResponseError::recovery`](crate::error::ResponseError::recovery).
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        let after = self.retry_after;
        match self.kind {
            TokenErrorKind::NotInstalled | TokenErrorKind::NeedsAuthorization => {
                Recovery::AuthorizeAgain
            }
            TokenErrorKind::EmptySlot
            | TokenErrorKind::StoredElsewhere
            | TokenErrorKind::TooShortLived
            | TokenErrorKind::WrongTokenType
            | TokenErrorKind::NoClientSecret => Recovery::FixCall,
            TokenErrorKind::RefreshedLately | TokenErrorKind::Drained => {
                Recovery::RetryLater { after }
            }
            TokenErrorKind::RefreshFailed | TokenErrorKind::TimedOut => {
                match self.problem.as_ref().map(Problem::recovery) {
                    None | Some(Recovery::RetryLater { .. }) => Recovery::RetryLater { after },
                    Some(recovery) => recovery,
                }
            }
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, slot) = (&self.name.key, slot_name(self.name.slot));
        match (self.kind, &self.problem) {
            (TokenErrorKind::NotInstalled, _) => write!(
                f,
                "no {slot} token for {key}: nothing is stored under that key; look for the nearest installation, or \
                 install the app there"
            ),
            (TokenErrorKind::StoredElsewhere, _) => {
                write!(f, "no {slot} token for {key}: ")?;
                if let Some(nearest) = &self.nearest {
                    write!(f, "the installation that serves it is stored under {nearest}; ")?;
                }
                f.write_str("ask for that key, or by `nearest_access_token`")
            }
            (TokenErrorKind::EmptySlot, _) => write!(
                f,
                "no {slot} token for {key}: the installation has none; ask for another slot, or request scopes for it"
            ),
            (TokenErrorKind::RefreshedLately, _) => write!(
                f,
                "no other {slot} token for {key}: it was refreshed a moment ago; try again later"
            ),
            (TokenErrorKind::TimedOut, Some(problem)) => {
                write!(f, "no {slot} token for {key} in time: {problem}")
            }
            (TokenErrorKind::TimedOut, None) => {
                write!(f, "no {slot} token for {key} in time: its refresh is under way")
            }
            (TokenErrorKind::TooShortLived, _) => write!(
                f,
                "no {slot} token for {key} is valid for as long as requested; request a shorter validity"
            ),
            (TokenErrorKind::NoClientSecret, _) => {
                f.write_str("only an app with a client secret can exchange a token")
            }
            (TokenErrorKind::WrongTokenType, _) => write!(
                f,
                "the {slot} slot of {key} holds a token of another type; `configuration_token` returns app \
                 configuration tokens, and `access_token` all others"
            ),
            (TokenErrorKind::Drained, _) => {
                write!(f, "no {slot} token for {key}: the rotator has been drained")
            }
            (_, Some(problem)) => write!(f, "no {slot} token for {key}: {problem}"),
            (_, None) => write!(f, "no {slot} token for {key}; try again"),
        }
    }
}

impl Error for TokenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

pub(super) fn slot_name(slot: Slot) -> &'static str {
    match slot {
        Slot::Bot => "bot",
        Slot::User => "user",
        Slot::Configuration => "configuration",
        _ => "unplaced",
    }
}

/// Why [`TokenRotatorBuilder::build`](crate::rotation::TokenRotatorBuilder::build) refuses its settings: a [`kind`](Self::kind) to
/// decide by, and a text that names the settings and their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRotator {
    pub(super) kind: InvalidRotatorKind,
    pub(super) rule: String,
}

/// Which rule the settings of a rotator break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidRotatorKind {
    /// The store holds the installations of another app than the client is.
    OtherApp,
    /// No runtime was set, and there is no default without the feature `thread-runtime`.
    NoRuntime,
    /// The lease is too short for a request and a write: another process would send the same refresh token meanwhile.
    LeaseTooShort,
    /// The lease is not shorter than the grace time: if a process dies, no other one could send the token again in time.
    LeaseTooLong,
}

impl InvalidRotatorKind {
    /// Returns one word for logs and metrics, such as `lease_too_short`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OtherApp => "other_app",
            Self::NoRuntime => "no_runtime",
            Self::LeaseTooShort => "lease_too_short",
            Self::LeaseTooLong => "lease_too_long",
        }
    }
}

impl InvalidRotator {
    /// Returns which rule is broken.
    #[must_use]
    pub fn kind(&self) -> InvalidRotatorKind {
        self.kind
    }
}

impl fmt::Display for InvalidRotator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rule)
    }
}

impl Error for InvalidRotator {}
