//! The browser legs of a server that keeps nothing in between.

mod error;
mod sealed_state;
mod session_binding;
mod signing_key;
mod signing_keys;

use std::{convert::Infallible, fmt};

pub use error::SignedStateError;
use sealed_state::{Header, SealedState};
pub use session_binding::SessionBinding;
pub use signing_key::StateSigningKey;
pub use signing_keys::StateSigningKeys;

use super::{
    AuthorizationRequest, AuthorizationUrl, Callback, CodeExchange, OauthState, RedirectUri,
    RequestedScopes, VerifiedCallback,
};
use crate::{
    Endpoint, Timestamp,
    oauth::{CodeVerifier, RandomBytes, Scopes, client_authentication::ClientAuthentication},
    openid::{ExpectedIdToken, Nonce},
};

/// The browser legs for servers that keep no session: what must be known at the callback is in the state, or is
/// derived from it.
///
/// One value serves all browsers, and any server with the same key and the same request can finish what another began.
/// The state holds a version, the flow, its end and a random id, with an HMAC-SHA256 by the [`StateSigningKey`] over these, over
/// everything that the request says (client id, scopes, redirect URI, which Slack, a required team; only a proposed team
/// does not count), and over the browser. PKCE verifier and nonce are derived from key and state, and are
/// never in the URL.
///
/// **The browser binding is mandatory**: a state alone can be had by anybody who visits the start page, and planted in
/// somebody else's browser together with a code, who then acts in an account that is not theirs (login CSRF). So the
/// browser that begins gets a cookie, and only the one that sends it back can finish.
///
/// **It is not single use.** Nothing is kept, so the same state is taken until it expires, from the same browser.
/// A replayed callback fails at Slack, whose codes work once (`invalid_code`). Who must end an authorization at its
/// first callback keeps a [`PendingAuthorization`](super::PendingAuthorization) instead.
///
/// # The cookie
///
/// ```
/// use slack_proto::{
///     ClientId, Endpoint, Timestamp,
///     methods::OauthV2Access,
///     oauth::{AuthorizationRequest, Callback, CodeVerifier, InstallScopes, RandomBytes, RedirectUri, SessionBinding, SignedStateError, SignedStateFlow, StateSigningKey},
/// };
///
/// # let key_from_your_secret_store = [7; 32];
/// # let (entropy, more_entropy) = (RandomBytes::new([7; 96]), RandomBytes::new([8; 96]));
/// # let now = Timestamp::from_unix(1_795_219_200);
/// // At the start of the program, the same on every server.
/// let request = AuthorizationRequest::<OauthV2Access>::new(
///     ClientId::new("1000000001.2000000002")?,
///     InstallScopes::bot("chat:write"),
///     RedirectUri::new("https://app.example.com/slack/callback")?,
/// )?;
/// let key = StateSigningKey::new(key_from_your_secret_store)?;
/// let install = SignedStateFlow::new(request, Endpoint::slack(), key);
///
/// // The start page: the browser gets a cookie, unless it sent one already, and goes to Slack. `SameSite=Lax`, since it
/// // comes back from another site; `__Host-` and `Secure`, so that no other host can set it.
/// let browser = SessionBinding::from_random_bytes(&entropy);
/// let set_cookie =
///     format!("__Host-slack={}; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax", browser.expose());
/// let url = install.begin(&browser, &more_entropy, now);
///
/// // The callback page, perhaps on another server: `Cookie: theme=dark; __Host-slack=...`.
/// # let cookie = format!("theme=dark; {}", set_cookie.split(';').next().unwrap());
/// # let state = url.expose().split("&state=").nth(1).unwrap();
/// # let callback = || Callback::parse(&format!("/slack/callback?code=c0de&state={state}"));
/// let browser = cookie.split("; ").find_map(|pair| pair.strip_prefix("__Host-slack="));
/// let browser = browser.map(SessionBinding::new).transpose()?;
/// let authorized = install.finish(browser.as_ref(), callback()?, now)?;
///
/// // In a browser without that cookie, the same callback is worth nothing.
/// assert!(matches!(install.finish(None, callback()?, now), Err(SignedStateError::OtherBrowser)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SignedStateFlow<M: CodeExchange> {
    request: AuthorizationRequest<M>,
    endpoint: Endpoint,
    signer: Signer,
    /// Those whose states are taken still.
    old: Vec<Signer>,
}

/// A key, and its tag of the request.
#[derive(Clone)]
struct Signer {
    key: StateSigningKey,
    /// What ties a state to the request.
    request_tag: [u8; 16],
}

impl<M: CodeExchange> SignedStateFlow<M> {
    /// Creates a flow from the request, Slack's endpoint, and the key that all servers share, or
    /// [`StateSigningKeys`] while it changes.
    #[must_use]
    pub fn new(
        request: AuthorizationRequest<M>,
        endpoint: Endpoint,
        keys: impl Into<StateSigningKeys>,
    ) -> Self {
        let StateSigningKeys { key, old } = keys.into();
        let signer = |key: StateSigningKey| {
            let request_tag = request_tag(&request, &endpoint, &key);
            Signer { key, request_tag }
        };
        let (signer, old) = (signer(key), old.into_iter().map(signer).collect());
        Self { request, endpoint, signer, old }
    }

    /// Returns the URL to redirect this browser to. If the browser already has the cookie, pass its value again;
    /// otherwise a second tab ends the first tab's authorization.
    ///
    /// Never use `entropy` for a second authorization. The browser's cookie may come from the same bytes.
    #[must_use]
    pub fn begin(
        &self,
        browser: &SessionBinding,
        entropy: &RandomBytes,
        now: Timestamp,
    ) -> AuthorizationUrl {
        let header = Header::new(M::FLOW, now + self.request.lifetime, entropy);
        let Signer { key, request_tag } = &self.signer;
        let browser_tag = browser_tag(key, &header, browser);
        let state = SealedState::seal(header, *request_tag, browser_tag, key);
        let (proof, nonce) = (proof::<M>(key, &state), nonce::<M>(key, &state));
        self.request.url(&self.endpoint, &state.to_state(), &proof, nonce.as_ref())
    }

    /// Verifies a callback, and returns the method that exchanges its code. `browser` is the value of the cookie that
    /// came with the callback.
    ///
    /// # Errors
    ///
    /// When the state is missing, malformed, forged, of another flow, request or browser, or expired; when Slack
    /// refused. They are distinguished, after the HMAC has shown that the state was made by this key.
    pub fn finish(
        &self,
        browser: Option<&SessionBinding>,
        callback: Callback,
        now: Timestamp,
    ) -> Result<VerifiedCallback<M>, SignedStateError> {
        let outcome = callback.outcome;
        let Some(state) = callback.state else {
            return Err(match outcome {
                Ok(_) => SignedStateError::StateMissing,
                Err(refused) => SignedStateError::RefusedWithoutState(refused),
            });
        };
        let (Signer { key, request_tag }, state) = self.open(&state)?;
        if state.header.flow() != M::FLOW {
            return Err(SignedStateError::OtherFlow);
        }
        if !state.is_of_request(*request_tag) {
            return Err(SignedStateError::OtherRequest);
        }
        let browser_tag = browser.map(|browser| browser_tag(key, &state.header, browser));
        if !browser_tag.is_some_and(|tag| state.is_of_browser(tag)) {
            return Err(SignedStateError::OtherBrowser);
        }
        let code = outcome.map_err(SignedStateError::Refused)?;
        if now > state.header.expires_at() {
            return Err(SignedStateError::Expired);
        }
        Ok(VerifiedCallback {
            exchange: M::with_proof(
                code,
                proof::<M>(key, &state),
                self.request.redirect_uri.clone(),
            ),
            asked: self.request.scopes.clone(),
            endpoint: self.endpoint.clone(),
            expected_id_token: ExpectedIdToken::of_request(
                self.request.client_id.clone(),
                nonce::<M>(key, &state),
                self.request.required_team().cloned(),
            ),
        })
    }

    /// Opens a state by the key that made it.
    fn open(&self, state: &OauthState) -> Result<(&Signer, SealedState), SignedStateError> {
        let mut opened = SealedState::open(state, &self.signer.key);
        let mut signer = &self.signer;
        for old in &self.old {
            if !matches!(opened, Err(SignedStateError::Tampered)) {
                break;
            }
            (signer, opened) = (old, SealedState::open(state, &old.key));
        }
        Ok((signer, opened?))
    }
}

fn request_tag<M: CodeExchange>(
    request: &AuthorizationRequest<M>,
    endpoint: &Endpoint,
    key: &StateSigningKey,
) -> [u8; 16] {
    let scopes = |scopes: &Scopes| scopes.iter().collect::<Vec<_>>().join(",");
    let (origin, bot) = (endpoint.origin(), request.scopes.for_bot().map(scopes));
    let (bot, person) = (bot.unwrap_or_default(), scopes(request.scopes.for_person()));
    let mut parts = vec![
        M::NAME.as_bytes(),
        M::Authentication::KIND.as_bytes(),
        origin.as_bytes(),
        request.client_id.as_str().as_bytes(),
        request.redirect_uri.as_ref().map_or("", RedirectUri::as_str).as_bytes(),
        bot.as_bytes(),
        person.as_bytes(),
    ];
    parts.extend(request.required_team().map(|team| team.as_str().as_bytes()));
    key.tag("request", &parts)
}

fn browser_tag(key: &StateSigningKey, header: &Header, browser: &SessionBinding) -> [u8; 16] {
    key.tag("browser", &[header.as_bytes(), browser.expose().as_bytes()])
}

fn proof<M: CodeExchange>(key: &StateSigningKey, state: &SealedState) -> M::Authentication {
    let verifier = || CodeVerifier::from_bytes(&key.mac("verifier", &[&state.signed()]));
    let Ok(proof) = M::Authentication::make(|| Ok::<_, Infallible>(verifier()));
    proof
}

fn nonce<M: CodeExchange>(key: &StateSigningKey, state: &SealedState) -> Option<Nonce> {
    M::SIGNS_IN.then(|| Nonce::from_bytes(&key.mac("nonce", &[&state.signed()])))
}

impl<M: CodeExchange> Clone for SignedStateFlow<M> {
    fn clone(&self) -> Self {
        Self {
            request: self.request.clone(),
            endpoint: self.endpoint.clone(),
            signer: self.signer.clone(),
            old: self.old.clone(),
        }
    }
}

impl<M: CodeExchange> fmt::Debug for SignedStateFlow<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedStateFlow")
            .field("request", &self.request)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientId, methods::OauthV2Access, oauth::InstallScopes};

    fn flow() -> SignedStateFlow<OauthV2Access> {
        let id = ClientId::new("1.2").unwrap();
        let request = AuthorizationRequest::new(id, InstallScopes::bot("commands"), None).unwrap();
        SignedStateFlow::new(request, Endpoint::slack(), StateSigningKey::new([7; 32]).unwrap())
    }

    #[test]
    fn debug_shows_no_key() {
        let shown = format!("{:?}", flow());
        assert!(
            shown.starts_with("SignedStateFlow { request: AuthorizationRequest { method: "),
            "{shown}"
        );
        assert!(shown.ends_with(", endpoint: Endpoint(https://slack.com), .. }"), "{shown}");
    }

    #[test]
    fn a_browser_looks_different_in_each_of_its_states() {
        let browser = SessionBinding::new("a-session-id-of-this-browser").unwrap();
        let now = Timestamp::from_unix(1_795_219_200);
        let tag = |entropy: u8| {
            let header = Header::new(1, now, &RandomBytes::new([entropy; 96]));
            browser_tag(&flow().signer.key, &header, &browser)
        };
        assert_eq!(tag(1), tag(1));
        assert_ne!(tag(1), tag(2), "nobody can tell that two states are one browser's");
    }
}
