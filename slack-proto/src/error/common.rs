//! The codes that Slack documents for ten or more of the twelve methods here.

crate::error_codes! {
    /// Why Slack refuses a call, whatever the method.
    ///
    /// The rate-limit codes are not here: they become [`ResponseError::RateLimited`](crate::error::ResponseError).
    pub enum CommonError {
        /// the caller may not reach what it named
        AccessDenied = "access_denied", Denied;
        /// the workspace's network policy blocks the caller's address
        Accesslimited = "accesslimited", Denied;
        /// the user, workspace or installation behind the token is gone
        AccountInactive = "account_inactive", AuthDead;
        /// the endpoint has been retired
        DeprecatedEndpoint = "deprecated_endpoint", CallerBug;
        /// admins have suspended access by Enterprise Key Management
        EkmAccessDenied = "ekm_access_denied", Denied;
        /// the method may not be called for an Enterprise organization
        EnterpriseIsRestricted = "enterprise_is_restricted", Denied;
        /// Slack crashed over the call; part of the work may have been done
        FatalError = "fatal_error", Transient;
        /// Slack had a fault of its own; part of the work may have been done
        InternalError = "internal_error", Transient;
        /// an argument's name is malformed
        InvalidArgName = "invalid_arg_name", CallerBug;
        /// the arguments were refused; the messages may say why
        InvalidArguments = "invalid_arguments", CallerBug;
        /// an argument was sent as a list where a string is needed
        InvalidArrayArg = "invalid_array_arg", CallerBug;
        /// the credential is not valid, or its app does not allow the caller's address
        InvalidAuth = "invalid_auth", AuthDead;
        /// the charset is neither utf-8 nor iso-8859-1
        InvalidCharset = "invalid_charset", CallerBug;
        /// the form is missing or cannot be parsed
        InvalidFormData = "invalid_form_data", CallerBug;
        /// the content type is none that Slack takes
        InvalidPostType = "invalid_post_type", CallerBug;
        /// bots of the old kind may not call the method
        IsBot = "is_bot", CallerBug;
        /// the method has been retired
        MethodDeprecated = "method_deprecated", CallerBug;
        /// the body came without a content type
        MissingPostType = "missing_post_type", CallerBug;
        /// the token lacks a scope; `needed` and `provided` tell which
        MissingScope = "missing_scope", AuthDead;
        /// the token lacks a permission
        NoPermission = "no_permission", Denied;
        /// the method does not take this kind of token
        NotAllowedTokenType = "not_allowed_token_type", CallerBug;
        /// no token reached Slack
        NotAuthed = "not_authed", CallerBug;
        /// the workspace is moving into an Enterprise organization and cannot be used until that ends
        OrgLoginRequired = "org_login_required", Transient;
        /// the request was cut short on its way
        RequestTimeout = "request_timeout", Transient;
        /// Slack is down for the moment
        ServiceUnavailable = "service_unavailable", Transient;
        /// the organization's token has not been granted this workspace
        TeamAccessNotGranted = "team_access_not_granted", Denied;
        /// the workspace is moving into an Enterprise organization, and calls fail off and on
        TeamAddedToOrg = "team_added_to_org", Transient;
        /// the access token ran past its life
        TokenExpired = "token_expired", Expired;
        /// the token was revoked, or what it stood for is gone
        TokenRevoked = "token_revoked", AuthDead;
        /// the user must set up two-factor login first
        TwoFactorSetupRequired = "two_factor_setup_required", Denied;
        /// Slack has no such method here
        UnknownMethod = "unknown_method", CallerBug;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{ErrorClass, MethodError};

    #[test]
    fn the_meaning_is_one_clause() {
        let error = CommonError::TokenExpired;
        assert_eq!(error.meaning(), "the access token ran past its life");
        assert_eq!(error.as_str(), "token_expired");
        assert_eq!(error.class(), ErrorClass::Expired);
        assert_eq!(CommonError::from_code("Token_expired"), None);
    }
}
