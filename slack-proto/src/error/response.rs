//! Everything that a reply can be but a success.

use std::{error::Error, fmt, time::Duration};

use crate::{
    Recovery,
    error::{ApiError, DecodeError, ErrorCode, HttpError, MethodError, RateLimited},
    methods::ReplyMeta,
};

/// The error of a call that Slack, or a server in between, did not answer with a success.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ResponseError<E> {
    /// Slack rejected the call with an error code, at any status.
    Api(ApiError<E>),
    /// Too many calls: status 429, or the code `ratelimited` or `rate_limited` at any status.
    RateLimited(RateLimited),
    /// The status is not a success, and the body has no envelope.
    Http(HttpError),
    /// The status is a success, and the body has no readable envelope.
    Decode(DecodeError),
}

impl<E: MethodError> ResponseError<E> {
    /// Returns the metadata of the response: status, request id, warnings and parse warnings.
    #[must_use]
    pub fn meta(&self) -> &ReplyMeta {
        match self {
            Self::Api(error) => &error.meta,
            Self::RateLimited(error) => &error.meta,
            Self::Http(error) => &error.meta,
            Self::Decode(error) => &error.meta,
        }
    }

    /// Returns Slack's error code, if there is one. Codes about rate limits are not included.
    #[must_use]
    pub fn code(&self) -> Option<&ErrorCode<E>> {
        match self {
            Self::Api(error) => Some(&error.code),
            _ => None,
        }
    }

    /// Returns what the program should do next.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Api(error) => error.recovery(),
            Self::RateLimited(error) => Recovery::RetryLater { after: error.retry_after() },
            Self::Http(error) => error.recovery(),
            Self::Decode(error) => error.recovery(),
        }
    }

    /// Returns whether the same call may succeed later without a change.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self.recovery(),
            Recovery::RetryLater { .. } | Recovery::ResendSameRefreshToken { .. }
        )
    }

    /// Returns how long Slack asked to wait before the next call.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.meta().retry_after()
    }
}

impl<E: MethodError> fmt::Display for ResponseError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(error) => error.fmt(f),
            Self::RateLimited(error) => error.fmt(f),
            Self::Http(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
        }
    }
}

impl<E: MethodError> Error for ResponseError<E> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ApiMethod,
        methods::{AuthTest, OauthV2Refresh},
    };

    fn error<M: ApiMethod>(status: u16, code: &str) -> ResponseError<M::Error> {
        let body = format!(r#"{{"ok":false,"error":"{code}"}}"#);
        let response = http::Response::builder().status(status).body(body).unwrap();
        M::parse_response(&response).map(drop).unwrap_err()
    }

    #[test]
    fn only_what_passes_by_itself_is_transient() {
        for (status, code, transient) in [
            (200, "internal_error", true),
            (200, "ratelimited", true),
            (503, "a_new_code", true),
            (200, "a_new_code", false),
            (404, "a_new_code", false),
            (408, "a_new_code", false),
            (200, "invalid_auth", false),
            (200, "token_expired", false),
        ] {
            assert_eq!(
                error::<AuthTest>(status, code).is_transient(),
                transient,
                "{status} {code}"
            );
        }
    }

    #[test]
    fn an_unknown_code_is_judged_by_its_status_only_if_slack_is_in_trouble() {
        let after = None;
        for (status, recovery) in [
            (200, Recovery::Unknown),
            // Slack's envelope came, so this is Slack's API all right.
            (404, Recovery::Unknown),
            (499, Recovery::Unknown),
            (500, Recovery::ResendSameRefreshToken { after }),
        ] {
            assert_eq!(
                error::<OauthV2Refresh>(status, "a_new_code").recovery(),
                recovery,
                "{status}"
            );
        }
    }
}
