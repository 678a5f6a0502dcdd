//! Errors that Slack, or something before it, answered with.

use std::{error::Error, fmt, time::Duration};

use crate::{
    Recovery,
    error::{ErrorCode, MethodError},
    methods::{Purpose, ReplyMeta, UntrustedText},
    oauth::Scopes,
};

/// Slack rejected the call with an error code.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ApiError<E> {
    /// The code that Slack gave.
    pub code: ErrorCode<E>,
    /// Status, request id, warnings, messages and what was odd.
    pub meta: ReplyMeta,
    pub(crate) purpose: Purpose,
}

impl<E: MethodError> ApiError<E> {
    /// Returns the scopes that the call needs, after `missing_scope`.
    #[must_use]
    pub fn needed(&self) -> Option<&Scopes> {
        self.meta.needed()
    }

    /// Returns the scopes that the token has, after `missing_scope`.
    #[must_use]
    pub fn provided(&self) -> Option<&Scopes> {
        self.meta.provided()
    }

    /// Returns what the program should do next.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        use crate::error::CommonError::TokenRevoked;
        if self.purpose == Purpose::Revocation
            && matches!(self.code, ErrorCode::Common(TokenRevoked))
        {
            return Recovery::AlreadyDone;
        }
        match &self.code {
            // Slack's answer holds no code, or an unknown one: the status is all there is.
            ErrorCode::Unknown(_) if self.meta.status() >= 500 => {
                Recovery::of_status(self.meta.status(), self.purpose, self.meta.retry_after())
            }
            code => Recovery::of_class(code.class(), self.purpose, self.meta.retry_after()),
        }
    }
}

impl<E: MethodError> fmt::Display for ApiError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slack refused the call: {}", self.code)?;
        if let Some(needed) = self.needed() {
            write!(f, ", needed scopes: {needed}")?;
        }
        let texts = || self.meta.messages().iter().chain(self.meta.errors());
        for message in texts().take(SHOWN) {
            write!(f, ", {message}")?;
        }
        let more = texts().count().saturating_sub(SHOWN);
        if more > 0 {
            write!(f, ", and {more} more")?;
        }
        write!(f, "; {}", self.recovery())
    }
}

impl<E: MethodError> Error for ApiError<E> {}

/// How many messages an error's text shows; all of them are in its `meta`.
const SHOWN: usize = 4;

/// Slack limits the rate of calls. The same call may be sent again later; no token was spent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RateLimited {
    /// The code of the body, if it had one: `ratelimited` as a rule.
    pub code: Option<UntrustedText>,
    /// Status, request id, and how long to wait.
    pub meta: ReplyMeta,
}

impl RateLimited {
    /// Returns how long Slack asked to wait; `None` if it did not say. 30 seconds is a reasonable default.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.meta.retry_after()
    }
}

impl fmt::Display for RateLimited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.retry_after() {
            Some(after) => write!(f, "rate limited by slack; call again in {} s", after.as_secs()),
            None => f.write_str(
                "rate limited by slack, which did not say for how long; call again in about 30 s",
            ),
        }
    }
}

impl Error for RateLimited {}

/// An HTTP error status without Slack's envelope, for instance from a proxy or a wrong host.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HttpError {
    /// The status, and headers worth keeping.
    pub meta: ReplyMeta,
    pub(crate) purpose: Purpose,
}

impl HttpError {
    /// Returns what the program should do next.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        Recovery::of_status(self.meta.status(), self.purpose, self.meta.retry_after())
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "HTTP status {} without an answer from slack's API; {}",
            self.meta.status(),
            self.recovery()
        )
    }
}

impl Error for HttpError {}
