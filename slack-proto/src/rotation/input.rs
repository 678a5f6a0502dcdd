//! The inputs of a rotation.

use std::time::Duration;

use super::{AnyCredential, Issued, RefreshFailure};
use crate::tokens::Fingerprint;

/// What happened: the outcome of the last [`Action`](crate::rotation::Action), or news from elsewhere.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Input {
    /// Time has passed, or a token was requested.
    Tick,
    /// Slack rejected a call with this access token.
    Rejected {
        /// The fingerprint of the access token of that call.
        token: Fingerprint,
        /// What the rejection means.
        rejection: Rejection,
    },
    /// A token with a longer remaining validity is needed: refresh before the token is due.
    Refresh,
    /// The long-lived token is to be exchanged for a rotating pair.
    Exchange,
    /// The store was read: it holds this credential, or none.
    Read(Option<AnyCredential>),
    /// The store could not be read.
    ReadFailed,
    /// The lease was granted, for as long as the policy says from now on.
    Leased,
    /// Another process has the lease.
    LeaseHeld {
        /// For how long the other process holds it at most.
        remaining: Duration,
    },
    /// The lease could not be acquired or checked.
    LeaseFailed,
    /// The lease was released, or the attempt failed. It ends by itself.
    Released,
    /// Slack issued a new pair.
    Issued(Issued),
    /// Slack issued no new pair.
    Failed(RefreshFailure),
    /// The pair is stored durably.
    Written,
    /// The store held another credential than the one to replace, and was not changed.
    Conflict,
    /// The pair is not stored, or the outcome is unknown.
    WriteFailed,
    /// The note is stored, or not: what it says is found out again.
    Noted,
    /// The wait is over.
    Waited,
    /// The last action was interrupted; its outcome is unknown.
    Aborted,
}

/// How Slack rejected an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// `token_expired`: a refresh helps.
    Expired,
    /// `invalid_auth`, `token_revoked` and similar codes. Another process may have stored a newer token, so the store
    /// is read again; nothing is discarded.
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
