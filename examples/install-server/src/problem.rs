//! The pages for errors: what happened, and what to do.

use axum::http::StatusCode;
use slack_auth::{
    Recovery,
    error::{CallError, MethodError},
    oauth::{AuthorizationErrorResponse, SignedStateError},
    openid::VerifyIdTokenError,
};

/// Which of the two flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Install,
    SignIn,
}

/// Why a page shows no success. None holds anything secret, nor anything that came from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The person pressed cancel, or an admin must approve.
    Denied,
    /// An admin, or Slack's rules for the workspace, are in the way.
    NotAllowed,
    /// The browser came back too late.
    TooLate,
    /// The callback belongs to another browser, or is made up.
    NotYours,
    /// The request is not a callback of a flow that began here.
    NotStartedHere,
    /// The code was used before.
    Used,
    /// Slack's answer to the code did not come, and it is unknown whether the code is spent.
    NoAnswer,
    /// Slack does not answer, or asks to wait.
    SlackIsDown,
    /// The ID token could not be verified.
    NotVerified,
    /// The settings of the app are wrong.
    Misconfigured,
    /// This server failed.
    Ours,
    /// There is no such page.
    NoSuchPage,
}

/// The link that the page offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Begin the flow again.
    StartAgain,
    /// Load the same address once more.
    Reload,
    /// Go to the start page.
    Home,
}

impl Problem {
    /// Returns the problem of a callback that was refused.
    pub(crate) fn of_callback(error: &SignedStateError) -> Self {
        match error {
            SignedStateError::Refused(refused) | SignedStateError::RefusedWithoutState(refused) => {
                Self::of_refusal(refused)
            }
            SignedStateError::Expired => Self::TooLate,
            SignedStateError::StateMissing => Self::NotStartedHere,
            _ => Self::NotYours,
        }
    }

    fn of_refusal(refused: &AuthorizationErrorResponse) -> Self {
        match (refused.code.as_str(), refused.recovery()) {
            ("access_denied", _) => Self::Denied,
            (_, Recovery::AskAdmin) => Self::NotAllowed,
            (_, Recovery::RetryLater { .. }) => Self::SlackIsDown,
            _ => Self::Misconfigured,
        }
    }

    /// Returns the problem of a call that failed.
    pub(crate) fn of_call<E: MethodError>(error: &CallError<E>) -> Self {
        match error.recovery() {
            // Without a code of Slack's the answer is lost, and not the code refused.
            Recovery::AuthorizeAgain if !has_code(error) => Self::NoAnswer,
            Recovery::AuthorizeAgain => Self::Used,
            Recovery::AskAdmin => Self::NotAllowed,
            Recovery::RetryLater { .. } => Self::SlackIsDown,
            Recovery::FixConfiguration | Recovery::FixCall => Self::Misconfigured,
            _ => Self::Ours,
        }
    }

    /// Returns the problem of an ID token that cannot be trusted. The code is spent then: a reload does not help.
    pub(crate) fn of_id_token(error: &VerifyIdTokenError) -> Self {
        match error.recovery() {
            Recovery::FixConfiguration => Self::Misconfigured,
            _ => Self::NotVerified,
        }
    }

    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Denied | Self::NotAllowed | Self::NotYours => StatusCode::FORBIDDEN,
            Self::TooLate | Self::NotStartedHere | Self::Used => StatusCode::BAD_REQUEST,
            Self::SlackIsDown | Self::NoAnswer => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotVerified => StatusCode::BAD_GATEWAY,
            Self::Misconfigured | Self::Ours => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NoSuchPage => StatusCode::NOT_FOUND,
        }
    }

    pub(crate) const fn title(self, flow: Flow) -> &'static str {
        match (self, flow) {
            (Self::Denied, Flow::Install) => "The app was not added",
            (Self::Denied, Flow::SignIn) => "You were not signed in",
            (Self::NotAllowed, _) => "Your workspace does not allow this",
            (Self::TooLate, _) => "That took too long",
            (Self::NotYours, _) => "This did not begin in this browser",
            (Self::NotStartedHere, _) => "Please start on our page",
            (Self::Used, _) => "This has been used already",
            (Self::NoAnswer, _) => "Slack did not answer",
            (Self::SlackIsDown, _) => "Slack does not answer just now",
            (Self::NotVerified, _) => "We could not verify who you are",
            (Self::Misconfigured, _) => "This app is not set up correctly",
            (Self::Ours, _) => "Something went wrong here",
            (Self::NoSuchPage, _) => "There is no such page",
        }
    }

    /// Returns the text of the page: what happened, and what to do.
    pub(crate) const fn advice(self) -> &'static str {
        match self {
            Self::Denied => {
                "You pressed Cancel on Slack's page, so nothing has changed. You may start again."
            }
            Self::NotAllowed => {
                "Ask an admin of your Slack workspace to approve the app. Then start again."
            }
            Self::TooLate => {
                "Slack's page was open for more than ten minutes. Nothing has changed; start again."
            }
            Self::NotYours => {
                "The address you came by belongs to another browser, or was changed on the way. Nothing has changed. \
                 Start again here, stay in one browser, and let it keep cookies."
            }
            Self::NotStartedHere => {
                "You did not come here from a page of ours. Nothing has changed; start with the button."
            }
            Self::Used => {
                "Slack's answer works once. If you have seen that it worked, all is done; if not, start again."
            }
            Self::NoAnswer => {
                "Slack's answer did not reach us. You did nothing wrong, and nothing is lost: please start again."
            }
            Self::SlackIsDown => {
                "Nothing is lost. Wait a minute and load this page again; after ten minutes, start again."
            }
            Self::NotVerified => {
                "You are not signed in. Start again; if it happens again, tell whoever runs this app."
            }
            Self::Misconfigured => {
                "You did nothing wrong, and trying again will not help. Tell whoever runs this app; its log says why."
            }
            Self::Ours => {
                "You did nothing wrong. Start again in a while; if it happens again, tell whoever runs this app."
            }
            Self::NoSuchPage => "Go on from the start page.",
        }
    }

    pub(crate) const fn remedy(self) -> Remedy {
        match self {
            Self::SlackIsDown => Remedy::Reload,
            Self::Misconfigured | Self::NoSuchPage => Remedy::Home,
            _ => Remedy::StartAgain,
        }
    }
}

fn has_code<E: MethodError>(error: &CallError<E>) -> bool {
    error.response().is_some_and(|response| response.code().is_some())
}

impl Flow {
    /// The path of the page that begins it.
    pub(crate) const fn start(self) -> &'static str {
        match self {
            Self::Install => "/slack/install",
            Self::SignIn => "/slack/sign-in",
        }
    }

    /// The path that Slack sends the browser back to.
    pub(crate) const fn callback(self) -> &'static str {
        match self {
            Self::Install => "/slack/install/callback",
            Self::SignIn => "/slack/sign-in/callback",
        }
    }
}
