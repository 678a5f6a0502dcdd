//! Why a callback gives no method to send.

use std::{error::Error, fmt};

use super::{AuthorizationErrorResponse, CodeExchange, PendingAuthorization};
use crate::Recovery;

/// Why a callback gives no method to send.
#[non_exhaustive]
pub enum CallbackError<M: CodeExchange> {
    /// The callback has no state. Installs that start on Slack's own pages have none: send the person to your own
    /// start page, or see [`Callback::without_state`](super::Callback::without_state).
    StateMissing(Box<PendingAuthorization<M>>),
    /// The state is another: the callback belongs to another browser, or is forged.
    StateMismatch(Box<PendingAuthorization<M>>),
    /// Slack, or somebody else, says no, and nothing ties it to this authorization.
    RefusedWithoutState(AuthorizationErrorResponse, Box<PendingAuthorization<M>>),
    /// Slack says no.
    Refused(AuthorizationErrorResponse),
    /// The browser came back too late.
    Expired,
}

impl<M: CodeExchange> CallbackError<M> {
    /// Returns the authorization error response, if Slack sent one.
    #[must_use]
    pub fn error_response(&self) -> Option<&AuthorizationErrorResponse> {
        match self {
            Self::RefusedWithoutState(refused, _) | Self::Refused(refused) => Some(refused),
            _ => None,
        }
    }

    /// Returns the pending authorization, if the callback did not belong to it. It is still valid and can be stored
    /// again.
    #[must_use]
    pub fn into_pending(self) -> Option<PendingAuthorization<M>> {
        match self {
            Self::StateMissing(pending)
            | Self::StateMismatch(pending)
            | Self::RefusedWithoutState(_, pending) => Some(*pending),
            Self::Refused(_) | Self::Expired => None,
        }
    }

    /// Returns what the program should do next.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        self.error_response().map_or(Recovery::AuthorizeAgain, AuthorizationErrorResponse::recovery)
    }
}

impl<M: CodeExchange> fmt::Display for CallbackError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StateMissing(_) => {
                f.write_str("the callback has no state; start again at your own start page")
            }
            Self::StateMismatch(_) => f.write_str(
                "the callback's state is not the one of this browser; start again in one browser",
            ),
            Self::RefusedWithoutState(refused, _) => {
                write!(f, "{refused} (no state: perhaps not about this request)")
            }
            Self::Refused(refused) => refused.fmt(f),
            Self::Expired => f.write_str("the browser came back too late; start again"),
        }
    }
}

impl<M: CodeExchange> fmt::Debug for CallbackError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StateMissing(pending) => f.debug_tuple("StateMissing").field(pending).finish(),
            Self::StateMismatch(pending) => f.debug_tuple("StateMismatch").field(pending).finish(),
            Self::RefusedWithoutState(refused, pending) => {
                f.debug_tuple("RefusedWithoutState").field(refused).field(pending).finish()
            }
            Self::Refused(refused) => {
                f.debug_tuple("AuthorizationErrorResponse").field(refused).finish()
            }
            Self::Expired => f.write_str("Expired"),
        }
    }
}

impl<M: CodeExchange> Error for CallbackError<M> {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        ClientId, Endpoint, Timestamp,
        methods::OauthV2Access,
        oauth::{AuthorizationRequest, Callback, InstallScopes, RandomBytes},
    };

    #[test]
    fn every_error_says_what_to_do() {
        let now = Timestamp::from_unix(1_795_219_200);
        let pending = || {
            let scopes = InstallScopes::bot("commands");
            AuthorizationRequest::<OauthV2Access>::new(ClientId::new("1.2").unwrap(), scopes, None)
                .unwrap()
                .begin(&Endpoint::slack(), &RandomBytes::new([7; 96]), now)
                .1
        };
        let state = pending().state().expose().to_owned();
        let denied = "the authorization was refused: access_denied (the person pressed cancel, or may not approve the \
                      app); authorize again in a browser";
        for (text, shown, recovery, waits) in [
            (
                "code=c",
                "the callback has no state; start again at your own start page",
                Recovery::AuthorizeAgain,
                true,
            ),
            (
                "code=c&state=x",
                "the callback's state is not the one of this browser; start again in one browser",
                Recovery::AuthorizeAgain,
                true,
            ),
            (
                &format!("error=access_denied&state={state}"),
                denied,
                Recovery::AuthorizeAgain,
                false,
            ),
            (
                "error=access_denied",
                &format!("{denied} (no state: perhaps not about this request)"),
                Recovery::AuthorizeAgain,
                true,
            ),
            (
                &format!("code=c&state={state}"),
                "the browser came back too late; start again",
                Recovery::AuthorizeAgain,
                false,
            ),
        ] {
            let callback = Callback::parse(text).unwrap();
            let late = now + Duration::from_secs(601);
            let error = pending().finish(callback, late).unwrap_err();
            assert_eq!((error.to_string().as_str(), error.recovery()), (shown, recovery));
            assert_eq!(error.error_response().is_some(), text.starts_with("error"));
            let debug = format!("{error:?}");
            assert_eq!(debug.contains("PendingAuthorization { method: "), waits, "{debug}");
            assert_eq!(debug.contains("AccessDenied"), error.error_response().is_some(), "{debug}");
            assert_eq!(error.into_pending().is_some(), waits, "{text}");
        }
    }

    #[test]
    fn a_late_callback_shows_nothing_of_the_request() {
        assert_eq!(format!("{:?}", CallbackError::<OauthV2Access>::Expired), "Expired");
    }
}
