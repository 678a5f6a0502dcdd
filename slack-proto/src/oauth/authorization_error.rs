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
        /// a scope cannot be granted for a whole organisation
        ScopeNotAllowedOnEnterprise = "scope_not_allowed_on_enterprise", Denied;
        /// an admin has not approved a scope
        UnapprovedScope = "unapproved_scope", Denied;
    }
}

/// The error response to an authorization request (RFC 6749 section 4.1.2.1), such as `access_denied`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthorizationErrorResponse {
    /// The error code.
    pub code: ErrorCode<AuthorizeError>,
}

impl AuthorizationErrorResponse {
    pub(crate) fn new(code: &str) -> Self {
        // The common codes belong to the API, not to this page.
        let own = AuthorizeError::from_code(code).map(ErrorCode::Method);
        Self { code: own.unwrap_or_else(|| ErrorCode::Unknown(UntrustedText::from(code))) }
    }

    /// Returns what the program should do next.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        Recovery::of_class(self.code.class(), Purpose::Call, None)
    }
}

impl fmt::Display for AuthorizationErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the authorization was refused: {}; {}", self.code, self.recovery())
    }
}

impl Error for AuthorizationErrorResponse {}
