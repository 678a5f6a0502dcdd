//! What a callback that was checked leads to.

use super::{CodeExchange, MissingScopes};
use crate::{
    Endpoint,
    methods::{OauthV2UserAccess, OpenidConnectToken},
    oauth::client_authentication::ClientAuthentication,
    openid::ExpectedIdToken,
};

/// A person has consented, and the callback belongs to this browser: the method that trades the code, and what was asked
/// for.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "the code is worth nothing until the exchange is sent"]
pub struct VerifiedCallback<M: CodeExchange> {
    /// The method to send, with code, redirect URI and verifier in it.
    pub exchange: M,
    /// The scopes that were asked for.
    pub asked: M::Scopes,
    pub(super) endpoint: Endpoint,
    pub(super) expected_id_token: ExpectedIdToken,
}

impl<M: CodeExchange> VerifiedCallback<M> {
    /// Returns the Slack that the browser was sent to, and that the code must be sent to.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Returns the requested scopes that the response of the exchange does not grant. A credential without a list of
    /// scopes has all that were requested (RFC 6749 section 5.1); a missing credential has none.
    ///
    /// # Examples
    ///
    /// ```
    /// use slack_proto::{
    ///     ApiMethod, ClientId, Endpoint, Timestamp,
    ///     methods::OauthV2Access,
    ///     oauth::{AuthorizationRequest, Callback, InstallScopes, RandomBytes},
    /// };
    ///
    /// # let entropy = RandomBytes::new([7; 96]);
    /// # let now = Timestamp::from_unix(1_795_219_200);
    /// let scopes = InstallScopes::bot("chat:write,commands");
    /// let request = AuthorizationRequest::<OauthV2Access>::new(ClientId::new("1.2")?, scopes, None)?;
    /// let (_, pending) = request.begin(&Endpoint::slack(), &entropy, now);
    /// let callback = Callback::parse(&format!("code=c0de&state={}", pending.state().expose()))?;
    /// let authorized = pending.finish(callback, now)?;
    ///
    /// // The person declined a scope that the app's settings call optional.
    /// let response = http::Response::new(r#"{"ok":true,"access_token":"xoxb-1","scope":"commands"}"#);
    /// let installed = OauthV2Access::<slack_proto::oauth::SecretAuthentication>::parse_response(&response)?.value;
    /// assert_eq!(authorized.missing_scopes(&installed).bot.to_string(), "chat:write");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn missing_scopes(&self, response: &M::Response) -> MissingScopes {
        let [bot, user] = M::granted(response);
        MissingScopes::of(&self.asked, bot, user)
    }
}

impl<P: ClientAuthentication> VerifiedCallback<OpenidConnectToken<P>> {
    /// Returns what the response's ID token must match: the client id and the nonce of the request, and the workspace if it
    /// was [required](super::AuthorizationRequest::require_team).
    pub fn expected_id_token(&self) -> &ExpectedIdToken {
        &self.expected_id_token
    }
}

impl<P: ClientAuthentication> VerifiedCallback<OauthV2UserAccess<P>> {
    /// Returns what the response's ID token must match, if there is one. This flow has no nonce.
    pub fn expected_id_token(&self) -> &ExpectedIdToken {
        &self.expected_id_token
    }
}
