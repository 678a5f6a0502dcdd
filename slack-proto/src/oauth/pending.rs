//! What must be kept between the two browser legs.

use std::{fmt, time::Duration};

use super::{Callback, CallbackError, CodeExchange, OauthState, RedirectUri, VerifiedCallback};
use crate::{
    ClientId, Endpoint, Timestamp,
    ids::TeamId,
    openid::{ExpectedIdToken, Nonce},
};

/// An authorization whose browser has not come back yet: which Slack it went to, state, verifier, nonce, redirect URI, and
/// when it began.
///
/// Keep it where only this browser's session reaches it. [`finish`](Self::finish) gives the method to send, with
/// redirect URI and verifier in it, so that neither can be forgotten. To outlive this process, or to come back on
/// another machine, it becomes text by [`encode_exposing_secrets`](Self::encode_exposing_secrets), for a session on the
/// server's side or a sealed cookie, and is read again by [`decode`](Self::decode).
pub struct PendingAuthorization<M: CodeExchange> {
    pub(super) endpoint: Endpoint,
    pub(super) required_team: Option<TeamId>,
    pub(super) client_id: ClientId,
    pub(super) state: OauthState,
    pub(super) proof: M::Authentication,
    pub(super) nonce: Option<Nonce>,
    pub(super) redirect_uri: Option<RedirectUri>,
    pub(super) scopes: M::Scopes,
    pub(super) began_at: Timestamp,
    pub(super) lifetime: Duration,
}

impl<M: CodeExchange> PendingAuthorization<M> {
    /// Returns the Slack that the browser was sent to. A program that serves more than one looks here where the code
    /// belongs (RFC 9700 section 4.4); [`VerifiedCallback::endpoint`] has it as well.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Returns the state. A store can use it as the key of the pending authorization.
    #[must_use]
    pub fn state(&self) -> &OauthState {
        &self.state
    }

    /// Returns the requested scopes. The person may grant fewer.
    #[must_use]
    pub fn scopes(&self) -> &M::Scopes {
        &self.scopes
    }

    /// Returns the redirect URI of the request, if it had one.
    #[must_use]
    pub fn redirect_uri(&self) -> Option<&RedirectUri> {
        self.redirect_uri.as_ref()
    }

    /// Returns the time at which the authorization expires. After it a store may drop the pending authorization.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.began_at + self.lifetime
    }

    /// Returns whether the authorization has expired. One that began further in the future than its lifetime counts
    /// as expired too: clocks that differ by that much would keep it alive.
    pub(super) fn is_expired(&self, now: Timestamp) -> bool {
        now.since(self.began_at) > self.lifetime || self.began_at.since(now) > self.lifetime
    }

    /// Verifies a callback, and returns the method that exchanges its code.
    ///
    /// The state is compared first, in constant time.
    ///
    /// # Errors
    ///
    /// When the state is missing or another, when the wait was longer than its lifetime, or when Slack refused. As long as
    /// the state did not match, the error gives the pending authorization back: a forged callback must not end
    /// somebody's sign-in. After a matching state it is spent.
    pub fn finish(
        self,
        callback: Callback,
        now: Timestamp,
    ) -> Result<VerifiedCallback<M>, CallbackError<M>> {
        match (&callback.state, callback.outcome) {
            (None, Ok(_)) => Err(CallbackError::StateMissing(Box::new(self))),
            (None, Err(refused)) => {
                Err(CallbackError::RefusedWithoutState(refused, Box::new(self)))
            }
            (Some(state), _) if !state.same_as(&self.state) => {
                Err(CallbackError::StateMismatch(Box::new(self)))
            }
            (Some(_), Err(refused)) => Err(CallbackError::Refused(refused)),
            (Some(_), Ok(_)) if self.is_expired(now) => Err(CallbackError::Expired),
            (Some(_), Ok(code)) => Ok(VerifiedCallback {
                exchange: M::with_proof(code, self.proof, self.redirect_uri),
                asked: self.scopes,
                endpoint: self.endpoint,
                expected_id_token: ExpectedIdToken::of_request(
                    self.client_id,
                    self.nonce,
                    self.required_team,
                ),
            }),
        }
    }
}

impl<M: CodeExchange> fmt::Debug for PendingAuthorization<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingAuthorization")
            .field("method", &M::NAME)
            .field("endpoint", &self.endpoint)
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .field("scopes", &self.scopes)
            .field("began_at", &self.began_at)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ApiMethod,
        methods::{FormFields, OauthV2Access, OpenidConnectToken},
        oauth::{AuthorizationRequest, CodeVerifier, InstallScopes, RandomBytes, SignInScopes},
    };

    const NOW: Timestamp = Timestamp::from_unix(1_795_219_200);

    fn pending() -> PendingAuthorization<OauthV2Access<CodeVerifier>> {
        let request = AuthorizationRequest::<OauthV2Access<CodeVerifier>>::new(
            ClientId::new("1.2").unwrap(),
            InstallScopes::user_only("chat:write"),
            RedirectUri::new("fakeapp://oauth/cb").unwrap(),
        );
        request.unwrap().begin(&Endpoint::slack(), &RandomBytes::new([7; 96]), NOW).1
    }

    fn callback(text: &str) -> Callback {
        Callback::parse(text).unwrap()
    }

    fn good() -> Callback {
        callback(&format!("code=c0de&state={}", pending().state().expose()))
    }

    #[test]
    fn the_method_has_redirect_uri_and_verifier_in_it() {
        let authorized = pending().finish(good(), NOW).unwrap();
        let mut form = FormFields::new();
        authorized.exchange.params(&mut form);
        let verifier = CodeVerifier::from_random_bytes(&RandomBytes::new([7; 96]));
        let expected = format!(
            "grant_type=authorization_code&code=c0de&code_verifier={}&redirect_uri=fakeapp%3A%2F%2Foauth%2Fcb",
            verifier.expose()
        );
        assert_eq!(form.finish().0.as_ref(), expected.as_bytes());
        assert_eq!(authorized.asked, InstallScopes::user_only("chat:write"));
    }

    #[test]
    fn a_sign_in_tells_what_its_id_token_must_say() {
        let request = AuthorizationRequest::<OpenidConnectToken>::new(
            ClientId::new("1.2").unwrap(),
            SignInScopes::openid(),
            RedirectUri::new("https://app.example.com/cb").unwrap(),
        );
        let entropy = RandomBytes::new(std::array::from_fn(|index| u8::try_from(index).unwrap()));
        let (url, pending) = request.unwrap().begin(&Endpoint::slack(), &entropy, NOW);
        let back = callback(&format!("code=c&state={}", pending.state().expose()));
        let authorized = pending.finish(back, NOW).unwrap();
        let expected = authorized.expected_id_token();
        assert_eq!(expected.client_id().as_str(), "1.2");
        let nonce = expected.sent_nonce().unwrap();
        assert!(url.expose().contains(&format!("&nonce={}", nonce.expose())));
        assert!(nonce.same_as(&Nonce::from_random_bytes(&entropy)));
    }

    #[test]
    fn a_forged_callback_gives_the_pending_authorization_back() {
        let Err(CallbackError::StateMismatch(back)) =
            pending().finish(callback("code=c&state=x"), NOW)
        else {
            panic!("a foreign state was taken")
        };
        let foreign = back.finish(callback("error=access_denied&state=x"), NOW);
        let Err(CallbackError::StateMismatch(back)) = foreign else {
            panic!("a foreign refusal was taken")
        };
        let Err(CallbackError::StateMissing(back)) = back.finish(callback("code=c"), NOW) else {
            panic!("a missing state was taken")
        };
        let denied = back.finish(callback("error=access_denied"), NOW);
        let Err(CallbackError::RefusedWithoutState(_, back)) = denied else {
            panic!("tied to no request")
        };
        assert!(back.finish(good(), NOW).is_ok());
    }

    #[test]
    fn a_prefix_of_the_state_is_another_state() {
        let state = pending().state().expose().to_owned();
        for other in [&state[..42], &format!("{state}x"), &state.to_uppercase()] {
            let result = pending().finish(callback(&format!("code=c&state={other}")), NOW);
            assert!(matches!(result, Err(CallbackError::StateMismatch(_))), "{other}");
        }
    }

    #[test]
    fn the_wait_ends() {
        assert_eq!(pending().expires_at(), NOW + Duration::from_secs(600));
        assert!(pending().finish(good(), NOW + Duration::from_secs(600)).is_ok());
        let late = pending().finish(good(), NOW + Duration::from_secs(601));
        assert!(matches!(late, Err(CallbackError::Expired)));
        // Another machine's clock may lie behind, but not for long enough to wait for ever.
        assert!(pending().finish(good(), NOW - Duration::from_secs(600)).is_ok());
        let early = pending().finish(good(), NOW - Duration::from_secs(601));
        assert!(matches!(early, Err(CallbackError::Expired)));
    }

    #[test]
    fn the_caller_sets_how_long_it_waits() {
        let request = AuthorizationRequest::<OauthV2Access>::new(
            ClientId::new("1.2").unwrap(),
            InstallScopes::bot("chat:write"),
            None,
        );
        let request = request.unwrap().lifetime(Duration::from_secs(30));
        let late = |seconds| {
            let (_, pending) =
                request.clone().begin(&Endpoint::slack(), &RandomBytes::new([7; 96]), NOW);
            pending.finish(good(), NOW + Duration::from_secs(seconds)).err()
        };
        assert!(late(30).is_none());
        assert!(matches!(late(31), Some(CallbackError::Expired)));
    }

    #[test]
    fn debug_shows_all_but_the_secrets() {
        let shown = format!("{:?}", pending());
        assert_eq!(
            shown,
            "PendingAuthorization { method: \"oauth.v2.access\", endpoint: Endpoint(https://slack.com), \
             client_id: ClientId(\"1.2\"), redirect_uri: Some(RedirectUri(fakeapp://oauth/cb)), scopes: InstallScopes { bot: [], \
             user: [\"chat:write\"] }, began_at: Timestamp(1795219200), lifetime: 600s, .. }"
        );
    }
}
