//! What the browser brings back.

use std::{error::Error, fmt};

use super::{AuthorizationErrorResponse, OauthState};
use crate::{
    methods::{OauthV2Access, UntrustedText},
    oauth::AuthorizationCode,
};

/// The parameters of a request to the redirect URI: a code or a refusal, and the state.
///
/// Nothing in it is trusted before [`PendingAuthorization::finish`](super::PendingAuthorization::finish) has compared
/// the state.
#[derive(Clone, Debug)]
pub struct Callback {
    pub(super) outcome: Result<AuthorizationCode, AuthorizationErrorResponse>,
    pub(super) state: Option<OauthState>,
}

impl Callback {
    /// Parses a callback from a URL, from a path with its query, or from a query alone.
    ///
    /// Other parameters than `code`, `state` and those of an error response (RFC 6749 section 4.1.2.1) are passed over.
    ///
    /// # Errors
    ///
    /// Returns an error if there is neither a code nor an error, or if one of the three parameters is repeated.
    ///
    /// # Examples
    ///
    /// ```
    /// use slack_proto::oauth::{Callback, InvalidCallback};
    ///
    /// assert!(Callback::parse("https://app.example.com/cb?code=c0de&state=st4te").is_ok());
    /// assert_eq!(Callback::parse("/cb?state=st4te").unwrap_err(), InvalidCallback::NoCode);
    /// ```
    pub fn parse(callback: &str) -> Result<Self, InvalidCallback> {
        let (mut code, mut state, mut error) = (None, None, None);
        let (mut description, mut uri) = (None, None);
        for (name, value) in form_urlencoded::parse(query_of(callback).as_bytes()) {
            let (slot, name) = match &*name {
                "code" => (&mut code, "code"),
                "state" => (&mut state, "state"),
                "error" => (&mut error, "error"),
                // For people alone: of several the first is kept, and none is a reason to refuse.
                "error_description" => {
                    description.get_or_insert_with(|| UntrustedText::from(&*value));
                    continue;
                }
                "error_uri" => {
                    uri.get_or_insert_with(|| UntrustedText::from(&*value));
                    continue;
                }
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(InvalidCallback::Repeated(name));
            }
        }
        let outcome =
            match (error, code) {
                (Some(error), _) => Err(AuthorizationErrorResponse {
                    error_description: description,
                    error_uri: uri,
                    ..AuthorizationErrorResponse::new(&error)
                }),
                (None, Some(code)) => Ok(AuthorizationCode::new(code.into_owned())
                    .map_err(|_| InvalidCallback::NoCode)?),
                (None, None) => return Err(InvalidCallback::NoCode),
            };
        // An empty state is none.
        let state = state.and_then(|state| OauthState::new(state.into_owned()).ok());
        Ok(Self { outcome, state })
    }

    /// Returns the state of the callback. Use it to look up the pending authorization.
    #[must_use]
    pub fn state(&self) -> Option<&OauthState> {
        self.state.as_ref()
    }

    /// Returns the authorization error response, if the callback is one.
    #[must_use]
    pub fn error_response(&self) -> Option<&AuthorizationErrorResponse> {
        self.outcome.as_ref().err()
    }

    /// Accepts a callback without a state, and returns the method that exchanges its code.
    ///
    /// Installs that start on Slack's own pages (the app directory, an admin's page) come without a state: nothing shows
    /// whose browser it is, and anybody can plant a code of their own there. So install by it at most; never sign a
    /// person in by it, nor tie what it installs to whoever is signed in. The safe answer is to send the person to your
    /// own start page instead. No redirect URI was sent on such a start, so none is repeated.
    ///
    /// # Errors
    ///
    /// When there is a state after all, which only a pending authorization can check; when Slack refused.
    ///
    /// # Examples
    ///
    /// ```
    /// use slack_proto::oauth::{Callback, WithoutStateError};
    ///
    /// assert!(Callback::parse("code=c0de")?.without_state().is_ok());
    /// let error = Callback::parse("code=c0de&state=st4te")?.without_state().unwrap_err();
    /// assert!(matches!(error, WithoutStateError::HasState(_)));
    /// # Ok::<(), slack_proto::oauth::InvalidCallback>(())
    /// ```
    pub fn without_state(self) -> Result<OauthV2Access, WithoutStateError> {
        if self.state.is_some() {
            return Err(WithoutStateError::HasState(Box::new(self)));
        }
        self.outcome.map(OauthV2Access::new).map_err(WithoutStateError::Refused)
    }

    /// Returns the code, **unverified**. Exchanging it without comparing the state is unsafe: an attacker may have
    /// planted it (RFC 6749 section 10.12).
    #[must_use]
    pub fn unchecked_code(&self) -> Option<&AuthorizationCode> {
        self.outcome.as_ref().ok()
    }
}

/// The request to the redirect URI is not a callback from Slack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidCallback {
    /// Neither a code nor an error.
    NoCode,
    /// The parameter came more than once.
    Repeated(&'static str),
}

impl fmt::Display for InvalidCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCode => f.write_str(
                "the callback has neither a code nor an error; start again at the authorize page",
            ),
            Self::Repeated(name) => {
                write!(
                    f,
                    "the callback has more than one `{name}`; start again at the authorize page"
                )
            }
        }
    }
}

impl Error for InvalidCallback {}

/// Why [`Callback::without_state`] gives no method to send.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum WithoutStateError {
    /// The callback has a state: [`finish`](super::PendingAuthorization::finish) a pending authorization with it.
    HasState(Box<Callback>),
    /// Slack sent an authorization error response.
    Refused(AuthorizationErrorResponse),
}

impl fmt::Display for WithoutStateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HasState(_) => f.write_str(
                "the callback has a state; finish the pending authorization that it belongs to",
            ),
            Self::Refused(refused) => refused.fmt(f),
        }
    }
}

impl Error for WithoutStateError {}

/// Finds the query of a URL or a path; anything else is a query itself, in which a `?` is like any other character.
fn query_of(callback: &str) -> &str {
    let text = callback.split('#').next().unwrap_or_default();
    let scheme = text.split(['/', '?', '=', '&']).next().is_some_and(|start| start.contains(':'));
    if !scheme && !text.starts_with(['/', '?']) {
        return text;
    }
    text.split_once('?').map_or("", |(_, query)| query)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{error::ErrorCode, oauth::AuthorizeError};

    fn parts(text: &str) -> (Option<String>, Option<String>) {
        let callback = Callback::parse(text).unwrap();
        let code = callback.unchecked_code().map(|code| code.expose().to_owned());
        (code, callback.state().map(|state| state.expose().to_owned()))
    }

    #[test]
    fn url_path_and_query_are_all_taken() {
        let both = (Some("c".to_owned()), Some("s t".to_owned()));
        for text in [
            "https://app.example.com/cb?code=c&state=s+t",
            "fakeapp://oauth/cb?x=1&state=s%20t&code=c#fragment",
            "/cb?code=c&state=s%20t",
            "code=c&state=s+t",
            "?code=c&state=s+t",
            "com.example.app:cb?code=c&state=s+t",
        ] {
            assert_eq!(parts(text), both, "{text}");
        }
        assert_eq!(parts("code=c"), (Some("c".to_owned()), None));
        assert_eq!(parts("code=c&state="), (Some("c".to_owned()), None));
        assert_eq!(parts("code=a?b&x=:"), (Some("a?b".to_owned()), None));
        assert_eq!(parts("/cb?code=a?b"), (Some("a?b".to_owned()), None));
    }

    #[test]
    fn an_error_comes_before_a_code() {
        let callback = Callback::parse("code=c&error=access_denied&state=s").unwrap();
        assert!(callback.unchecked_code().is_none());
        let refused = callback.error_response().unwrap();
        assert_eq!(refused.code, ErrorCode::Method(AuthorizeError::AccessDenied));
        let callback = Callback::parse("error=xoxb-planted").unwrap();
        let shown = callback.error_response().unwrap().to_string();
        assert!(!shown.contains("xox"), "{shown}");
    }

    #[test]
    fn a_missing_state_is_taken_knowingly_only() {
        let parse = |text| Callback::parse(text).unwrap();
        let mut form = crate::methods::FormFields::new();
        crate::ApiMethod::params(&parse("code=c").without_state().unwrap(), &mut form);
        assert_eq!(form.finish().0.as_ref(), b"grant_type=authorization_code&code=c");
        let error = parse("code=c&state=s").without_state().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the callback has a state; finish the pending authorization that it belongs to"
        );
        let WithoutStateError::HasState(callback) = error else { panic!("{error}") };
        assert_eq!(callback.state().unwrap().expose(), "s");
        let error = parse("error=access_denied").without_state().unwrap_err();
        assert!(matches!(error, WithoutStateError::Refused(_)));
        assert!(error.to_string().starts_with("the authorization was refused: access_denied"));
    }

    #[test]
    fn no_code_and_two_codes_are_told_apart() {
        for text in ["", "?", "/cb", "https://app.example.com/cb", "state=s", "code=", "CODE=c"] {
            assert_eq!(Callback::parse(text).unwrap_err(), InvalidCallback::NoCode, "{text}");
        }
        assert_eq!(
            Callback::parse("code=a&code=b").unwrap_err(),
            InvalidCallback::Repeated("code")
        );
        assert_eq!(
            Callback::parse("code=a&state=b&state=b").unwrap_err(),
            InvalidCallback::Repeated("state")
        );
        assert_eq!(
            Callback::parse("error=a&error=b").unwrap_err(),
            InvalidCallback::Repeated("error")
        );
        assert_eq!(
            InvalidCallback::NoCode.to_string(),
            "the callback has neither a code nor an error; start again at the authorize page"
        );
        assert_eq!(
            InvalidCallback::Repeated("code").to_string(),
            "the callback has more than one `code`; start again at the authorize page"
        );
    }

    #[test]
    fn a_callback_of_nothing_says_where_to_begin() {
        let refused = Callback::parse("/cb?x=1").unwrap_err();
        assert_eq!(refused, InvalidCallback::NoCode);
        assert_eq!(
            refused.to_string(),
            "the callback has neither a code nor an error; start again at the authorize page"
        );
    }
}
