//! What must be kept between the two browser legs.

use std::{error::Error, fmt, marker::PhantomData, time::Duration};

use subtle::ConstantTimeEq;

use super::{Callback, CodeExchange, InstallScopes, RedirectUri, Refused};
use crate::{
    Entropy, Timestamp,
    pkce::base64url,
    secret::{not_empty, secrets},
};

secrets! {
    /// The `state` of an authorization: random text that ties a callback to the browser that began it.
    State, "state", not_empty;
}

impl State {
    /// Takes the state that a reply repeats; the caller has seen that it is not empty.
    pub(crate) fn from_reply(text: String) -> Self {
        Self(zeroize::Zeroizing::new(text))
    }

    /// Compares in constant time.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }
}

/// An authorization whose browser has not come back yet: state, verifier and redirect URI.
///
/// Keep it where only this browser's session reaches it. [`finish`](Self::finish) gives the method to send, with
/// redirect URI and verifier in it, so that neither can be forgotten.
pub struct PendingAuthorization<M: CodeExchange> {
    state: State,
    proof: M::Proof,
    redirect_uri: Option<RedirectUri>,
    scopes: InstallScopes,
    began_at: Timestamp,
    method: PhantomData<fn() -> M>,
}

impl<M: CodeExchange> PendingAuthorization<M> {
    /// How long a callback is waited for: a code lives ten minutes, and so does the wait.
    pub const LIFE: Duration = Duration::from_secs(600);

    pub(super) fn begin(
        entropy: &Entropy,
        proof: M::Proof,
        redirect_uri: Option<RedirectUri>,
        scopes: InstallScopes,
        began_at: Timestamp,
    ) -> Self {
        let state = State(base64url(&entropy.state));
        Self { state, proof, redirect_uri, scopes, began_at, method: PhantomData }
    }

    /// Gives the state, to file the pending authorization under.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Gives the scopes that were asked for: a person may grant fewer.
    #[must_use]
    pub fn scopes(&self) -> &InstallScopes {
        &self.scopes
    }

    /// Gives the redirect URI that was sent along.
    #[must_use]
    pub fn redirect_uri(&self) -> Option<&RedirectUri> {
        self.redirect_uri.as_ref()
    }

    pub(super) fn proof(&self) -> &M::Proof {
        &self.proof
    }

    /// Takes the callback and gives the method that trades its code.
    ///
    /// # Errors
    ///
    /// When the state is missing or another, when the wait was longer than [`LIFE`](Self::LIFE), or when Slack refused.
    /// As long as the state did not match, the error gives the pending authorization back: a forged callback must not
    /// end somebody's sign-in.
    pub fn finish(self, callback: Callback, now: Timestamp) -> Result<M, CallbackError<M>> {
        match (&callback.state, callback.outcome) {
            (None, Ok(_)) => Err(CallbackError::StateMissing(Box::new(self))),
            (None, Err(refused)) => {
                Err(CallbackError::RefusedWithoutState(refused, Box::new(self)))
            }
            (Some(state), _) if !state.same_as(&self.state) => {
                Err(CallbackError::StateMismatch(Box::new(self)))
            }
            (Some(_), Err(refused)) => Err(CallbackError::Refused(refused)),
            (Some(_), Ok(_)) if now.since(self.began_at) > Self::LIFE => {
                Err(CallbackError::Expired)
            }
            (Some(_), Ok(code)) => Ok(M::with_proof(code, self.proof, self.redirect_uri)),
        }
    }
}

impl<M: CodeExchange> fmt::Debug for PendingAuthorization<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingAuthorization")
            .field("method", &M::NAME)
            .field("redirect_uri", &self.redirect_uri)
            .field("scopes", &self.scopes)
            .field("began_at", &self.began_at)
            .finish_non_exhaustive()
    }
}

/// Why a callback gives no method to send.
#[non_exhaustive]
pub enum CallbackError<M: CodeExchange> {
    /// The callback has no state. Installs that start on Slack's own pages have none: send the person to your own
    /// start page.
    StateMissing(Box<PendingAuthorization<M>>),
    /// The state is another: the callback belongs to another browser, or is forged.
    StateMismatch(Box<PendingAuthorization<M>>),
    /// Slack, or somebody else, says no, and nothing ties it to this authorization.
    RefusedWithoutState(Refused, Box<PendingAuthorization<M>>),
    /// Slack says no.
    Refused(Refused),
    /// The browser came back too late.
    Expired,
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
            Self::Refused(refused) => f.debug_tuple("Refused").field(refused).finish(),
            Self::Expired => f.write_str("Expired"),
        }
    }
}

impl<M: CodeExchange> Error for CallbackError<M> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AuthorizationRequest, ClientId, CodeVerifier, Endpoint, Form, Method, OauthV2Access,
    };

    const NOW: Timestamp = Timestamp::from_unix(1_795_219_200);

    fn pending() -> PendingAuthorization<OauthV2Access<CodeVerifier>> {
        let request = AuthorizationRequest::<OauthV2Access<CodeVerifier>>::new(
            ClientId::new("1.2").unwrap(),
            InstallScopes::user("chat:write"),
            RedirectUri::new("fakeapp://oauth/cb").unwrap(),
        );
        request.unwrap().begin(&Endpoint::slack(), &Entropy::new([7; 96]), NOW).1
    }

    fn callback(text: &str) -> Callback {
        Callback::parse(text).unwrap()
    }

    fn good() -> Callback {
        callback(&format!("code=c0de&state={}", pending().state().expose()))
    }

    #[test]
    fn the_method_has_redirect_uri_and_verifier_in_it() {
        let method = pending().finish(good(), NOW).unwrap();
        let mut form = Form::new();
        method.params(&mut form);
        let verifier = CodeVerifier::from_entropy(&Entropy::new([7; 96]));
        let expected = format!(
            "grant_type=authorization_code&code=c0de&code_verifier={}&redirect_uri=fakeapp%3A%2F%2Foauth%2Fcb",
            verifier.expose()
        );
        assert_eq!(form.finish().0.as_ref(), expected.as_bytes());
    }

    #[test]
    fn a_forged_callback_gives_the_pending_authorization_back() {
        let Err(CallbackError::StateMismatch(back)) =
            pending().finish(callback("code=c&state=x"), NOW)
        else {
            panic!("a foreign state was taken")
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
        assert!(pending().finish(good(), NOW + Duration::from_secs(600)).is_ok());
        let late = pending().finish(good(), NOW + Duration::from_secs(601));
        assert!(matches!(late, Err(CallbackError::Expired)));
    }

    #[test]
    fn every_error_says_what_to_do() {
        let state = pending().state().expose().to_owned();
        for (text, shown) in [
            ("code=c", "the callback has no state; start again at your own start page"),
            (
                "code=c&state=x",
                "the callback's state is not the one of this browser; start again in one browser",
            ),
            (
                &*format!("error=access_denied&state={state}"),
                "the authorization was refused: access_denied (the person pressed cancel, or may not approve the app); \
                 ask an admin",
            ),
        ] {
            assert_eq!(pending().finish(callback(text), NOW).unwrap_err().to_string(), shown);
        }
    }
}
