//! Why a callback is not taken without a session.

use std::{error::Error, fmt};

use crate::{Recovery, oauth::AuthorizationErrorResponse};

/// Why a callback to a [`SignedStateFlow`](super::SignedStateFlow) gives no method to send.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SignedStateError {
    /// The callback has no state. Installs that start on Slack's own pages have none: send the person to your own
    /// start page, or see [`Callback::without_state`](crate::oauth::Callback::without_state).
    StateMissing,
    /// The callback is an authorization error response without a state, so that nothing ties it to this browser.
    RefusedWithoutState(AuthorizationErrorResponse),
    /// The value is not a state of this library, or it was truncated.
    Malformed,
    /// The state has a version that this library does not know.
    UnknownVersion,
    /// The state was not made by this key: it was changed, or made up, or the key is another one now.
    Tampered,
    /// The state belongs to another of Slack's authorize pages.
    OtherFlow,
    /// The state was made for another client id, redirect URI, list of scopes, kind of client, or Slack.
    OtherRequest,
    /// The state belongs to another browser, or this one sent no cookie.
    OtherBrowser,
    /// Slack sent an authorization error response.
    Refused(AuthorizationErrorResponse),
    /// The authorization has expired.
    Expired,
}

impl SignedStateError {
    /// Returns the authorization error response, if Slack sent one.
    #[must_use]
    pub fn error_response(&self) -> Option<&AuthorizationErrorResponse> {
        match self {
            Self::RefusedWithoutState(refused) | Self::Refused(refused) => Some(refused),
            _ => None,
        }
    }

    /// Returns what the program should do next.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        self.error_response().map_or(Recovery::AuthorizeAgain, AuthorizationErrorResponse::recovery)
    }
}

impl fmt::Display for SignedStateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StateMissing => "the callback has no state; start again at your own start page",
            Self::RefusedWithoutState(refused) => {
                return write!(f, "{refused} (no state: perhaps not about this request)");
            }
            Self::Malformed => "the callback's state does not belong to this app, or was cut off; start again",
            Self::UnknownVersion => {
                "the callback's state has a version that this library does not know, or does not belong to this app; start again"
            }
            Self::Tampered => {
                "the callback's state was not made by this key: it is forged, or the key was changed; start again"
            }
            Self::OtherFlow => "the callback's state belongs to another authorize page; start again",
            Self::OtherRequest => {
                "the callback's state was made for another app, redirect URI, list of scopes or Slack; start again"
            }
            Self::OtherBrowser => {
                "the callback's state belongs to another browser, or this one sent no cookie; start again in one browser"
            }
            Self::Refused(refused) => return refused.fmt(f),
            Self::Expired => "the browser came back too late; start again",
        })
    }
}

impl Error for SignedStateError {}
