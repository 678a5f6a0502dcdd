//! Why the authorize page sent the browser back without a code.

use std::{error::Error, fmt};

use crate::{
    Recovery,
    error::{ErrorCode, MethodError},
    methods::{Purpose, UntrustedText},
};

crate::error_codes! {
    /// What Slack can put into the callback's `error`.
    pub enum AuthorizeError {
        /// the person pressed cancel, or may not approve the app
        AccessDenied = "access_denied", Denied;
        /// the redirect URI is not one of the app's
        BadRedirectUri = "bad_redirect_uri", Config;
        /// no scope was asked for
        BlankScope = "blank_scope", CallerBug;
        /// a scope is unknown, or scopes were mixed that cannot be asked for together
        InvalidScope = "invalid_scope", CallerBug;
        /// the app is not distributed, and the person chose a workspace that is not its home
        InvalidTeamForNonDistributedApp = "invalid_team_for_non_distributed_app", Config;
        /// a scope cannot be granted for a whole organization
        ScopeNotAllowedOnEnterprise = "scope_not_allowed_on_enterprise", Denied;
        /// an admin has not approved a scope
        UnapprovedScope = "unapproved_scope", Denied;
    }
}

/// The authorization was refused: an error response of RFC 6749 section 4.1.2.1.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthorizationErrorResponse {
    /// The error code.
    pub code: ErrorCode<AuthorizeError>,
    /// What Slack says about it for people. After Cancel there is one; if the person may not install the app there is
    /// none, as users report.
    pub error_description: Option<UntrustedText>,
    /// A page about the error.
    pub error_uri: Option<UntrustedText>,
}

impl AuthorizationErrorResponse {
    pub(crate) fn new(code: &str) -> Self {
        // The common codes belong to the API, not to this page.
        let own = AuthorizeError::from_code(code).map(ErrorCode::Method);
        Self {
            code: own.unwrap_or_else(|| ErrorCode::Unknown(UntrustedText::from(code))),
            error_description: None,
            error_uri: None,
        }
    }

    /// Returns what to do next.
    ///
    /// After `access_denied` that is to begin again: whoever pressed Cancel may change their mind, and whoever may not
    /// install the app is offered by Slack's page to ask an admin.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        if self.code == ErrorCode::Method(AuthorizeError::AccessDenied) {
            return Recovery::AuthorizeAgain;
        }
        Recovery::of_class(self.code.class(), Purpose::Call, None)
    }
}

impl fmt::Display for AuthorizationErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the authorization was refused: {}", self.code)?;
        if let Some(description) = &self.error_description {
            write!(f, ": {description}")?;
        }
        write!(f, "; {}", self.recovery())
    }
}

impl Error for AuthorizationErrorResponse {}

#[cfg(test)]
mod tests {
    use crate::{Recovery, oauth::Callback};

    fn refused(query: &str) -> String {
        let callback = Callback::parse(query).unwrap();
        let response = callback.error_response().unwrap();
        assert_eq!(response.recovery(), Recovery::AuthorizeAgain);
        response.to_string()
    }

    #[test]
    fn the_description_tells_cancel_from_a_person_who_may_not_install() {
        assert_eq!(
            refused("error=access_denied&state=s"),
            "the authorization was refused: access_denied (the person pressed cancel, or may not approve the app); \
             authorize again in a browser"
        );
        let cancelled = "error=access_denied&error_description=The+user+has+denied+access&state=s";
        assert_eq!(
            refused(cancelled),
            "the authorization was refused: access_denied (the person pressed cancel, or may not approve the app): The \
             user has denied access; authorize again in a browser"
        );
    }

    #[test]
    fn description_and_page_are_kept_and_shown_with_care() {
        let query = "error=access_denied&error_description=xoxb-1&error_uri=https%3A%2F%2Fa.example&error_description=b";
        let callback = Callback::parse(query).unwrap();
        let response = callback.error_response().unwrap();
        assert_eq!(response.error_description.as_ref().unwrap().as_str(), "xoxb-1");
        assert_eq!(response.error_uri.as_ref().unwrap().as_str(), "https://a.example");
        assert!(!response.to_string().contains("xoxb"), "{response}");
        let bare = Callback::parse("error=invalid_scope").unwrap();
        let bare = bare.error_response().unwrap();
        assert!(bare.error_description.is_none() && bare.error_uri.is_none());
        assert_eq!(bare.recovery(), Recovery::FixCall);
    }
}
