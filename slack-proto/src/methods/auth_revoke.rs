//! `auth.revoke`: the end of a token.
//!
//! Source: <https://docs.slack.dev/reference/methods/auth.revoke>.

use std::marker::PhantomData;

use crate::{
    AccessToken, ApiMethod,
    methods::{Auth, FormFields, Purpose},
    tokens::RefreshToken,
    wire::{notes::Notes, object::object, payload::lenient_payload},
};

/// Revokes the token that calls.
///
/// Of an app with token rotation it ends this one token, so revoke the access token and then the refresh token. Of any
/// other app it ends the whole authorization behind the token. A token that is revoked already is not a failure:
/// [`Recovery::AlreadyDone`](crate::Recovery::AlreadyDone) says so.
///
/// # Examples
///
/// ```
/// use slack_proto::{AccessToken, ApiMethod, Endpoint, methods::AuthRevoke, tokens::RefreshToken};
///
/// let slack = Endpoint::slack();
/// let request = AuthRevoke::new().to_request(&slack, &AccessToken::new("xoxb-FAKE")?);
/// assert_eq!(request.headers()["authorization"], "Bearer xoxb-FAKE");
/// let request = AuthRevoke::refresh_token().to_request(&slack, &RefreshToken::new("xoxe-1-FAKE")?);
/// assert_eq!(request.headers()["authorization"], "Bearer xoxe-1-FAKE");
/// # Ok::<(), slack_proto::error::InvalidValue>(())
/// ```
#[derive(Debug)]
#[must_use = "a method does nothing until its request is sent"]
pub struct AuthRevoke<T = AccessToken> {
    mode: Mode,
    token: PhantomData<fn(T)>,
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    Revoke,
    Test,
}

impl AuthRevoke {
    /// Creates the call that revokes the access token it is sent with.
    #[expect(clippy::new_without_default, reason = "what ends a token is written out")]
    pub fn new() -> Self {
        Self { mode: Mode::Revoke, token: PhantomData }
    }
}

impl AuthRevoke<RefreshToken> {
    /// Creates the call that revokes the refresh token it is sent with.
    pub fn refresh_token() -> Self {
        Self { mode: Mode::Revoke, token: PhantomData }
    }
}

impl<T> AuthRevoke<T> {
    /// Sets that Slack only says whether it would work, and revokes nothing.
    pub fn test_only(self) -> Self {
        Self { mode: Mode::Test, ..self }
    }
}

impl<T> Clone for AuthRevoke<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for AuthRevoke<T> {}

impl<T: Auth> ApiMethod for AuthRevoke<T> {
    const NAME: &'static str = "auth.revoke";
    const PURPOSE: Purpose = Purpose::Revocation;
    type Auth = T;
    type Response = AuthRevokeResponse;
    type Error = AuthRevokeError;

    fn params(&self, form: &mut FormFields) {
        if let Mode::Test = self.mode {
            form.field("test", "true");
        }
    }
}

/// The response to [`AuthRevoke`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthRevokeResponse {
    /// Whether the token was revoked: false after a test, as far as is known; `None` if Slack did not say.
    pub revoked: Option<bool>,
}

impl AuthRevokeResponse {
    #[expect(clippy::unnecessary_wraps, reason = "the shape that every payload has")]
    fn from_wire(wire: RevokeWire, _: &mut Notes) -> Option<Self> {
        Some(Self { revoked: wire.revoked.take() })
    }
}

object! {
    struct RevokeWire {
        revoked: bool = "revoked",
    }
}

lenient_payload!(AuthRevokeResponse, holds_token: false, from: RevokeWire);

crate::error_codes! {
    /// The errors of `auth.revoke`, in addition to the common ones.
    pub enum AuthRevokeError {
        /// the token's login is over already
        AlreadyLoggedOut = "already_logged_out", Done;
        /// a token of this kind cannot be revoked this way
        NotBearerToken = "not_bearer_token", CallerBug;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Endpoint;

    #[test]
    fn the_token_that_calls_is_the_one_that_ends() {
        let (slack, refresh_token) = (Endpoint::slack(), RefreshToken::new("xoxe-1-FAKE").unwrap());
        let request = AuthRevoke::refresh_token().to_request(&slack, &refresh_token);
        assert_eq!(request.headers()["authorization"], "Bearer xoxe-1-FAKE");
        assert_eq!(request.body().as_ref(), b"");
    }

    #[test]
    fn a_copy_asks_for_the_same() {
        #[expect(clippy::clone_on_copy, reason = "it is the clone that is tried")]
        let test = AuthRevoke::new().test_only().clone();
        let request = test.to_request(&Endpoint::slack(), &AccessToken::new("xoxb-FAKE").unwrap());
        assert_eq!(request.body().as_ref(), b"test=true");
    }

    #[test]
    fn what_slack_says_itself_is_told() {
        let revoked = |body: &'static str| {
            let reply = AuthRevoke::<AccessToken>::parse_response(&http::Response::new(body));
            reply.unwrap().value.revoked
        };
        assert_eq!(revoked(r#"{"ok":true,"revoked":true}"#), Some(true));
        assert_eq!(revoked(r#"{"ok":true,"revoked":false}"#), Some(false));
        assert_eq!(revoked(r#"{"ok":true}"#), None);
    }
}
