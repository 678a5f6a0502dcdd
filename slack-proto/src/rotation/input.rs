//! What a rotation is told.

use std::time::Duration;

use super::{AnyCredential, Issued, RefreshFailure};
use crate::tokens::Fingerprint;

/// What happened: the outcome of the [`Action`](crate::rotation::Action) that was asked for, or news from outside.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Input {
    /// Nothing in particular: time has passed, or somebody asks for a token.
    Tick,
    /// A call with this access token was refused by Slack.
    Rejected {
        /// The access token that the call was made with, by its name.
        token: Fingerprint,
        /// What Slack said.
        rejection: Rejection,
    },
    /// Somebody needs a token that lives longer than this one does: it is refreshed before it is due.
    Refresh,
    /// Somebody wants the token that lives for ever exchanged for a pair.
    Exchange,
    /// The store holds this, or nothing.
    Read(Option<AnyCredential>),
    /// The store could not be read.
    ReadFailed,
    /// The lease was granted, for as long as the policy says from now on.
    Leased,
    /// Another process has the lease.
    LeaseHeld {
        /// How long it can still have it.
        remaining: Duration,
    },
    /// The store could not say who has the lease.
    LeaseFailed,
    /// The lease was given back, or not: it ends by itself.
    Released,
    /// A new pair came.
    Issued(Issued),
    /// No new pair came.
    Failed(RefreshFailure),
    /// The pair is stored durably.
    Written,
    /// The store held something else than what was to be replaced; it was left as it is.
    Conflict,
    /// The pair is not stored, or nobody knows.
    WriteFailed,
    /// The wait is over.
    Waited,
    /// Whatever was asked for last was cut off, and nobody knows how far it came.
    Aborted,
}

/// What Slack said of an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// `token_expired`: a refresh cures it.
    Expired,
    /// `invalid_auth`, `token_revoked` and their kin: another process may have stored a newer token, so the store is
    /// worth a look. Nothing is thrown away on it.
    Doubtful,
}

impl Rejection {
    /// Returns a stable name in `snake_case`, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Doubtful => "doubtful",
        }
    }
}
