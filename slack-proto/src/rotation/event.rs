//! What an operator may want to know.

use std::{error::Error, fmt, time::Duration};

use super::{RefreshFailure, refresh_failure::is_client_refusal};
use crate::{
    Recovery, Timestamp,
    error::ErrorClass,
    methods::{Purpose, UntrustedText},
    tokens::{Fingerprint, RefreshToken},
};

/// An event in the life of a credential, for logs and metrics. Tokens appear by their fingerprints.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RotationEvent {
    /// The token is due and will be refreshed.
    Due {
        /// The token.
        token: Fingerprint,
    },
    /// A new pair is stored.
    Refreshed {
        /// The token that was replaced.
        old: Fingerprint,
        /// The new token.
        new: Fingerprint,
        /// When the new token expires.
        expires_at: Option<Timestamp>,
    },
    /// Slack's response had no new refresh token; the one that was sent is kept.
    NoRefreshToken {
        /// The new token.
        token: Fingerprint,
    },
    /// The store holds a newer pair, written by another process.
    Adopted {
        /// The token of that pair.
        token: Fingerprint,
    },
    /// Two processes have each received a pair. The stored one is kept, and refreshed at once.
    Conflict {
        /// The token that is stored.
        kept: Fingerprint,
        /// The token that was received here and is dropped.
        dropped: Fingerprint,
    },
    /// The store holds a pair that is known to be spent, for instance from a backup. The newer pair is written over
    /// it.
    StoreRolledBack {
        /// The token that the store holds.
        stored: Fingerprint,
        /// The token that is written.
        kept: Fingerprint,
    },
    /// The refresh failed and will be retried.
    Retrying {
        /// The token.
        token: Fingerprint,
        /// The reason.
        failure: RefreshFailure,
        /// The delay before the next attempt.
        after: Duration,
    },
    /// The store failed, and will be retried.
    StoreFailed {
        /// The delay before the next attempt.
        after: Duration,
    },
    /// The response had refresh tokens without an access token. Nothing else holds them.
    Spares {
        /// The tokens.
        tokens: Vec<RefreshToken>,
    },
    /// The token expires and has no refresh token: a person must authorize the app again before. It is said once, when the
    /// credential is read.
    EndsWithoutRefresh {
        /// The token.
        token: Fingerprint,
        /// When it ends.
        expires_at: Timestamp,
    },
    /// A person must authorize the app again.
    ReauthorizationNeeded {
        /// The reason.
        reason: ReauthorizationReason,
    },
}

impl RotationEvent {
    /// Returns a stable name in `snake_case`, for logs and metrics.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Due { .. } => "due",
            Self::Refreshed { .. } => "refreshed",
            Self::NoRefreshToken { .. } => "no_refresh_token",
            Self::Adopted { .. } => "adopted",
            Self::Conflict { .. } => "conflict",
            Self::StoreRolledBack { .. } => "store_rolled_back",
            Self::Retrying { .. } => "retrying",
            Self::StoreFailed { .. } => "store_failed",
            Self::Spares { .. } => "spares",
            Self::EndsWithoutRefresh { .. } => "ends_without_refresh",
            Self::ReauthorizationNeeded { .. } => "reauthorization_needed",
        }
    }
}

/// Why a person must authorize the app again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReauthorizationReason {
    /// The store holds no such credential.
    Missing,
    /// The access token has expired, and there is no refresh token.
    NoRefreshToken,
    /// Slack rejects the refresh token, and the store holds no other.
    RefreshTokenInvalid {
        /// Slack's code.
        code: UntrustedText,
    },
    /// Slack rejects the refresh token, and the 30 days of a public client's refresh token have passed.
    RefreshTokenExpired,
    /// The store holds a refresh token that is known to be spent, and the pair that replaced it is lost.
    RefreshTokenSpent,
}

impl ReauthorizationReason {
    /// Returns a stable name in `snake_case`, for logs and metrics.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NoRefreshToken => "no_refresh_token",
            Self::RefreshTokenInvalid { .. } => "refresh_token_invalid",
            Self::RefreshTokenExpired => "refresh_token_expired",
            Self::RefreshTokenSpent => "refresh_token_spent",
        }
    }

    /// Returns Slack's error code, if there was one.
    #[must_use]
    pub fn code(&self) -> Option<&UntrustedText> {
        match self {
            Self::RefreshTokenInvalid { code } => Some(code),
            _ => None,
        }
    }

    /// Returns the reason that a word and a code of a stored note mean. A word that this release does not know
    /// counts as a refusal by Slack.
    #[must_use]
    pub fn from_note(word: &UntrustedText, code: Option<&UntrustedText>) -> Self {
        match word.as_str() {
            "no_refresh_token" => Self::NoRefreshToken,
            "refresh_token_expired" => Self::RefreshTokenExpired,
            "refresh_token_spent" => Self::RefreshTokenSpent,
            _ => Self::RefreshTokenInvalid { code: code.unwrap_or(word).clone() },
        }
    }
}

impl fmt::Display for ReauthorizationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the store holds no such credential"),
            Self::NoRefreshToken => {
                f.write_str("the token has expired and there is no refresh token")
            }
            Self::RefreshTokenInvalid { code } => {
                write!(f, "slack takes the refresh token no more ({code})")
            }
            Self::RefreshTokenExpired => {
                f.write_str("the refresh token of a public client ended after its 30 days")
            }
            Self::RefreshTokenSpent => f.write_str(
                "the store holds a refresh token that is spent, and what it gave is gone",
            ),
        }?;
        f.write_str("; a person must authorize the app again")
    }
}

impl Error for ReauthorizationReason {}

/// What prevents a refresh at the moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Problem {
    /// A person must authorize the app again.
    ReauthorizationNeeded(ReauthorizationReason),
    /// Slack rejects the refresh; an operator must act. The tokens are kept, and the refresh is retried.
    Refused {
        /// Slack's code.
        code: UntrustedText,
        /// The class of the code.
        class: ErrorClass,
    },
    /// Slack refuses the app's client on behalf of another credential; nothing was sent for this one.
    ClientRefused,
    /// Slack cannot be reached, or its response is unusable.
    NoAnswer,
    /// Slack limits the rate of calls.
    RateLimited,
    /// The store fails.
    Store,
    /// Another process holds the lease.
    Elsewhere,
}

impl Problem {
    /// Returns a stable name in `snake_case`, for logs and metrics.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ReauthorizationNeeded(_) => "reauthorization_needed",
            Self::Refused { .. } => "refused",
            Self::ClientRefused => "client_refused",
            Self::NoAnswer => "no_answer",
            Self::RateLimited => "rate_limited",
            Self::Store => "store",
            Self::Elsewhere => "elsewhere",
        }
    }

    /// Returns what to do next: for an answer of Slack's the same as [`ResponseError::recovery`](crate::error::ResponseError::recovery).
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::ReauthorizationNeeded(_) => Recovery::AuthorizeAgain,
            Self::Refused { class, .. } => Recovery::of_class(*class, Purpose::RefreshGrant, None),
            Self::ClientRefused => Recovery::FixConfiguration,
            Self::NoAnswer | Self::RateLimited | Self::Store | Self::Elsewhere => {
                Recovery::RetryLater { after: None }
            }
        }
    }

    /// Returns whether Slack refuses the app's client.
    #[must_use]
    pub fn refuses_client(&self) -> bool {
        match self {
            Self::Refused { code, .. } => is_client_refusal(code),
            Self::ClientRefused => true,
            _ => false,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReauthorizationNeeded(reason) => reason.fmt(f),
            Self::Refused { code, class } => {
                let remedy = match class {
                    ErrorClass::Config => "correct the app's settings or credentials",
                    ErrorClass::CallerBug => "correct the program",
                    ErrorClass::Denied => "ask an admin",
                    ErrorClass::AuthDead | ErrorClass::Expired => {
                        "a person must authorize the app again, unless an admin lifts the refusal"
                    }
                    _ => "look at the code",
                };
                write!(f, "slack refuses the refresh ({code}); {remedy}")
            }
            Self::ClientRefused => f.write_str(
                "slack refuses the app's client; correct the app's settings or credentials",
            ),
            Self::NoAnswer => f.write_str("slack does not answer as it should"),
            Self::RateLimited => f.write_str("slack wants fewer calls"),
            Self::Store => f.write_str("the store fails"),
            Self::Elsewhere => f.write_str("another process is about to refresh the token"),
        }
    }
}

impl Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_stable_and_unique() {
        let code = || UntrustedText::from("code");
        let reasons = [
            ReauthorizationReason::Missing,
            ReauthorizationReason::NoRefreshToken,
            ReauthorizationReason::RefreshTokenInvalid { code: code() },
            ReauthorizationReason::RefreshTokenExpired,
            ReauthorizationReason::RefreshTokenSpent,
        ];
        crate::words::are_stable_and_unique(reasons.each_ref().map(ReauthorizationReason::as_str));
        let problems = [
            Problem::ReauthorizationNeeded(ReauthorizationReason::Missing),
            Problem::Refused { code: code(), class: ErrorClass::Other },
            Problem::NoAnswer,
            Problem::RateLimited,
            Problem::Store,
            Problem::Elsewhere,
        ];
        crate::words::are_stable_and_unique(problems.each_ref().map(Problem::as_str));
        let (token, after) = (Fingerprint::of("a"), Duration::ZERO);
        let events = [
            RotationEvent::Due { token },
            RotationEvent::Refreshed { old: token, new: token, expires_at: None },
            RotationEvent::NoRefreshToken { token },
            RotationEvent::Adopted { token },
            RotationEvent::Conflict { kept: token, dropped: token },
            RotationEvent::StoreRolledBack { stored: token, kept: token },
            RotationEvent::Retrying { token, failure: RefreshFailure::NothingSent, after },
            RotationEvent::StoreFailed { after },
            RotationEvent::Spares { tokens: Vec::new() },
            RotationEvent::EndsWithoutRefresh { token, expires_at: Timestamp::from_unix(1) },
            RotationEvent::ReauthorizationNeeded { reason: ReauthorizationReason::Missing },
        ];
        crate::words::are_stable_and_unique(events.each_ref().map(RotationEvent::as_str));
    }

    #[test]
    fn every_death_says_what_happened_and_who_must_act() {
        let code = "invalid_refresh_token".into();
        for (reason, text) in [
            (ReauthorizationReason::Missing, "the store holds no such credential"),
            (
                ReauthorizationReason::NoRefreshToken,
                "the token has expired and there is no refresh token",
            ),
            (
                ReauthorizationReason::RefreshTokenInvalid { code },
                "slack takes the refresh token no more (invalid_refresh_token)",
            ),
            (
                ReauthorizationReason::RefreshTokenExpired,
                "the refresh token of a public client ended after its 30 days",
            ),
            (
                ReauthorizationReason::RefreshTokenSpent,
                "the store holds a refresh token that is spent, and what it gave is gone",
            ),
        ] {
            let text = format!("{text}; a person must authorize the app again");
            assert_eq!(reason.to_string(), text);
            assert_eq!(Problem::ReauthorizationNeeded(reason).to_string(), text);
        }
    }

    #[test]
    fn every_problem_says_who_can_cure_it() {
        for (class, remedy) in [
            (ErrorClass::Config, "correct the app's settings or credentials"),
            (ErrorClass::CallerBug, "correct the program"),
            (ErrorClass::Denied, "ask an admin"),
            (
                ErrorClass::AuthDead,
                "a person must authorize the app again, unless an admin lifts the refusal",
            ),
            (ErrorClass::Other, "look at the code"),
        ] {
            let problem = Problem::Refused { code: "a_code".into(), class };
            assert_eq!(
                problem.to_string(),
                format!("slack refuses the refresh (a_code); {remedy}")
            );
        }
        for (problem, text) in [
            (Problem::NoAnswer, "slack does not answer as it should"),
            (Problem::RateLimited, "slack wants fewer calls"),
            (Problem::Store, "the store fails"),
            (Problem::Elsewhere, "another process is about to refresh the token"),
        ] {
            assert_eq!(problem.to_string(), text);
        }
    }
}
