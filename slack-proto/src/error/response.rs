//! Everything that a reply can be but a success.

use std::{error::Error, fmt, time::Duration};

use crate::{
    ApiError, DecodeError, ErrorCode, HttpError, MethodError, RateLimited, Recovery, ReplyMeta,
};

/// Why a reply is no success.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ResponseError<E> {
    /// Slack refused the call and said why, at whatever status.
    Api(ApiError<E>),
    /// Too many calls: status 429, or the code `ratelimited` or `rate_limited` at any status.
    RateLimited(RateLimited),
    /// A status that is no success, and no envelope.
    Http(HttpError),
    /// A status of success, and no envelope that can be read.
    Decode(DecodeError),
}

impl<E: MethodError> ResponseError<E> {
    /// Gives status, request id, warnings and oddities.
    #[must_use]
    pub fn meta(&self) -> &ReplyMeta {
        match self {
            Self::Api(error) => &error.meta,
            Self::RateLimited(error) => &error.meta,
            Self::Http(error) => &error.meta,
            Self::Decode(error) => &error.meta,
        }
    }

    /// Gives the error code, if Slack gave one and it is not about rate limits.
    #[must_use]
    pub fn code(&self) -> Option<&ErrorCode<E>> {
        match self {
            Self::Api(error) => Some(&error.code),
            _ => None,
        }
    }

    /// Tells what to do next.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Api(error) => error.recovery(),
            Self::RateLimited(error) => Recovery::RetryLater { after: error.retry_after() },
            Self::Http(error) => error.recovery(),
            Self::Decode(error) => error.recovery(),
        }
    }

    /// Tells whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self.recovery(),
            Recovery::RetryLater { .. } | Recovery::ResendSameRefreshToken { .. }
        )
    }

    /// Tells how long Slack asked to wait.
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
    use crate::{AuthTest, Method};

    #[test]
    fn only_what_passes_by_itself_is_transient() {
        let transient = |status, body: &'static str| {
            let mut response = http::Response::new(body);
            *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
            AuthTest::parse_response(&response).unwrap_err().is_transient()
        };
        assert!(transient(429, ""));
        assert!(transient(503, "down"));
        assert!(transient(200, r#"{"ok":false,"error":"internal_error"}"#));
        assert!(!transient(200, r#"{"ok":false,"error":"invalid_auth"}"#));
        assert!(!transient(404, "nowhere"));
    }
}
