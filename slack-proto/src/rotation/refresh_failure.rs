//! Why no new pair came, and what that means for the token that was sent.

use std::time::Duration;

use crate::{
    Recovery,
    error::{ErrorClass, MethodError, ResponseError},
    methods::UntrustedText,
};

/// Why a [`RefreshRequest`](crate::rotation::RefreshRequest) returned no new pair. The variants say what happened to
/// the refresh token that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefreshFailure {
    /// The request was not sent; the refresh token was not spent.
    NothingSent,
    /// Slack limits the rate of calls; the refresh token was not spent.
    RateLimited {
        /// The delay of the header `Retry-After`, if there was one.
        after: Option<Duration>,
    },
    /// The outcome is unknown: there was no response, or an unreadable one, or a fault of Slack's. The refresh token
    /// may have been spent.
    Unknown {
        /// The delay of the header `Retry-After`, if there was one.
        after: Option<Duration>,
    },
    /// The refresh token is unknown, revoked, expired, or spent and past its grace period.
    Spent {
        /// Slack's code.
        code: UntrustedText,
    },
    /// Slack rejected the refresh for another reason; the refresh token may still be valid.
    Refused {
        /// Slack's code.
        code: UntrustedText,
        /// The class of the code.
        class: ErrorClass,
    },
}

impl RefreshFailure {
    /// Returns a stable name in `snake_case`, for logs and metrics.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NothingSent => "nothing_sent",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unknown { .. } => "unknown",
            Self::Spent { .. } => "spent",
            Self::Refused { .. } => "refused",
        }
    }

    /// Sorts an answer that is not a success.
    #[must_use]
    pub fn of<E: MethodError>(error: &ResponseError<E>) -> Self {
        let after = error.retry_after();
        let api = match error {
            ResponseError::RateLimited(_) => return Self::RateLimited { after },
            ResponseError::Http(_) | ResponseError::Decode(_) => return Self::Unknown { after },
            ResponseError::Api(api) => api,
        };
        let code = UntrustedText::from(api.code.as_str());
        match (api.code.as_str(), api.recovery()) {
            // The second has been seen once, the third is RFC 6749's. The last two say that the installation behind the
            // token is gone: no later request with it can succeed.
            (
                "invalid_refresh_token"
                | "refresh_token_expired"
                | "invalid_grant"
                | "token_revoked"
                | "account_inactive",
                _,
            ) => Self::Spent { code },
            (_, Recovery::ResendSameRefreshToken { .. } | Recovery::RetryLater { .. }) => {
                Self::Unknown { after }
            }
            _ => Self::Refused { code, class: api.code.class() },
        }
    }
}

impl RefreshFailure {
    /// Returns whether Slack refuses the app's client, so that each refresh of the app fails alike.
    #[must_use]
    pub fn refuses_client(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if is_client_refusal(code))
    }
}

pub(super) fn is_client_refusal(code: &UntrustedText) -> bool {
    matches!(code.as_str(), "bad_client_secret" | "invalid_client_id" | "invalid_client")
}

#[cfg(test)]
mod tests {
    use http::Response;

    use super::*;
    use crate::{
        ApiMethod,
        methods::{OauthV2Exchange, OauthV2Refresh, ToolingTokensRotate},
    };

    fn of<M: ApiMethod>(status: u16, body: &'static str) -> RefreshFailure {
        let response =
            Response::builder().status(status).header("retry-after", "7").body(body).unwrap();
        RefreshFailure::of(&M::parse_response(&response).map(drop).unwrap_err())
    }

    #[test]
    fn failures_have_names_of_their_own() {
        let code = || UntrustedText::from("code");
        let all = [
            RefreshFailure::NothingSent,
            RefreshFailure::RateLimited { after: None },
            RefreshFailure::Unknown { after: None },
            RefreshFailure::Spent { code: code() },
            RefreshFailure::Refused { code: code(), class: ErrorClass::Other },
        ];
        crate::words::are_stable_and_unique(all.each_ref().map(RefreshFailure::as_str));
    }

    #[test]
    fn what_became_of_the_token_decides() {
        let after = Some(Duration::from_secs(7));
        let unknown = RefreshFailure::Unknown { after };
        for (status, body) in [
            (200, r#"{"ok":false,"error":"internal_error"}"#),
            (200, r#"{"ok":false,"error":"fatal_error"}"#),
            (503, r#"{"ok":false,"error":"a_new_one"}"#),
            (500, "<html>"),
            (404, "<html>"),
            (200, "<html>"),
            (200, r#"{"ok":true}"#),
        ] {
            assert_eq!(of::<OauthV2Refresh>(status, body), unknown, "{status} {body}");
        }
        let limited = RefreshFailure::RateLimited { after };
        assert_eq!(of::<OauthV2Refresh>(429, "slow down"), limited);
        assert_eq!(of::<OauthV2Refresh>(200, r#"{"ok":false,"error":"ratelimited"}"#), limited);
        let transient = r#"{"ok":false,"error":"service_unavailable"}"#;
        assert_eq!(of::<OauthV2Exchange>(200, transient), unknown);
    }

    #[test]
    fn only_five_codes_end_a_refresh_token() {
        for code in [
            "invalid_refresh_token",
            "refresh_token_expired",
            "invalid_grant",
            "token_revoked",
            "account_inactive",
        ] {
            let body = format!(r#"{{"ok":false,"error":"{code}"}}"#);
            let body: &'static str = Box::leak(body.into_boxed_str());
            assert_eq!(
                of::<OauthV2Refresh>(200, body),
                RefreshFailure::Spent { code: code.into() }
            );
            assert_eq!(
                of::<ToolingTokensRotate>(200, body),
                RefreshFailure::Spent { code: code.into() }
            );
        }
        for (code, class) in [
            ("invalid_auth", ErrorClass::AuthDead),
            ("bad_client_secret", ErrorClass::Config),
            ("invalid_arguments", ErrorClass::CallerBug),
            ("access_denied", ErrorClass::Denied),
            ("never_seen", ErrorClass::Other),
        ] {
            let body = format!(r#"{{"ok":false,"error":"{code}"}}"#);
            let body: &'static str = Box::leak(body.into_boxed_str());
            assert_eq!(
                of::<OauthV2Refresh>(200, body),
                RefreshFailure::Refused { code: code.into(), class }
            );
        }
    }
}
