//! What a person is asked to consent to.

use std::{convert::Infallible, fmt, marker::PhantomData, time::Duration};

use super::{
    AuthorizationUrl, CodeExchange, OauthState, PendingAuthorization, RedirectUri, RequestedScopes,
    authorization_url::Query, requested_scopes,
};
use crate::{
    ClientId, Endpoint, Timestamp,
    error::InvalidValue,
    ids::TeamId,
    methods::{OauthV2UserAccess, OpenidConnectToken},
    oauth::{
        CodeChallenge, CodeVerifier, RandomBytes, client_authentication::ClientAuthentication,
    },
    openid::Nonce,
};

/// A request for a person's consent. The browser comes back with a code for the method `M`.
///
/// `M` decides which page of Slack's it is, and what proves the exchange: `OauthV2Access` needs the client's secret,
/// `OauthV2Access<CodeVerifier>` is a public client's and uses PKCE (RFC 7636). [`begin`](Self::begin) gives the URL to
/// send the browser to, and what must be kept until it comes back; a server that keeps nothing makes a
/// [`SignedStateFlow`](crate::oauth::SignedStateFlow) of it.
///
/// # Examples
///
/// ```
/// use slack_proto::{
///     ClientId, Endpoint, Timestamp,
///     methods::OauthV2Access,
///     oauth::{AuthorizationRequest, InstallScopes, RandomBytes, RedirectUri},
/// };
///
/// let request = AuthorizationRequest::<OauthV2Access>::new(
///     ClientId::new("1000000001.2000000002")?,
///     InstallScopes::bot("chat:write,commands"),
///     RedirectUri::new("https://app.example.com/cb")?,
/// )?;
/// # let entropy = RandomBytes::new([7; 96]);
/// # let now = Timestamp::from_unix(1_795_219_200);
/// let (url, pending) = request.begin(&Endpoint::slack(), &entropy, now);
/// assert!(url.expose().starts_with("https://slack.com/oauth/v2/authorize?client_id=1000000001.2000000002&scope="));
/// # Ok::<(), slack_proto::error::InvalidValue>(())
/// ```
///
/// Sign in with Slack, with a nonce that the ID token must repeat:
///
/// ```
/// # use slack_proto::{
/// #     ClientId, Endpoint, Timestamp,
/// #     methods::OpenidConnectToken,
/// #     oauth::{AuthorizationRequest, RandomBytes, RedirectUri, SignInScopes},
/// # };
/// let request = AuthorizationRequest::<OpenidConnectToken>::new(
///     ClientId::new("1000000001.2000000002")?,
///     SignInScopes::openid().email().profile(),
///     RedirectUri::new("https://app.example.com/cb")?,
/// )?;
/// # let (entropy, now) = (RandomBytes::new([7; 96]), Timestamp::from_unix(1_795_219_200));
/// let (url, _) = request.begin(&Endpoint::slack(), &entropy, now);
/// assert!(url.expose().contains("/openid/connect/authorize?response_type=code&"));
/// assert!(url.expose().contains("&scope=openid%20email%20profile&"));
/// # Ok::<(), slack_proto::error::InvalidValue>(())
/// ```
#[must_use = "a request does nothing until the browser is sent to its URL"]
pub struct AuthorizationRequest<M: CodeExchange> {
    pub(super) client_id: ClientId,
    pub(super) scopes: M::Scopes,
    pub(super) redirect_uri: Option<RedirectUri>,
    pub(super) lifetime: Duration,
    team: Option<TeamId>,
    requires_team: bool,
    user_scope_parameter: bool,
    method: PhantomData<fn() -> M>,
}

impl<M: CodeExchange> AuthorizationRequest<M> {
    /// The default lifetime of an authorization: ten minutes, as long as a code is valid.
    pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

    /// Creates a request. Without a redirect URI, Slack uses the first one of the app's settings.
    ///
    /// # Errors
    ///
    /// When Slack would refuse it:
    ///
    /// * no scope is asked for, or `openid`, `email` or `profile` beside another scope or for a bot;
    /// * the redirect URI is of a desktop app (loopback http or a scheme of its own), and the flow has no PKCE or asks
    ///   for bot scopes;
    /// * a sign-in has no redirect URI, which OpenID Connect Core section 3.1.2.1 requires.
    pub fn new(
        client_id: ClientId,
        scopes: impl Into<M::Scopes>,
        redirect_uri: impl Into<Option<RedirectUri>>,
    ) -> Result<Self, InvalidValue> {
        let (scopes, redirect_uri) = (scopes.into(), redirect_uri.into());
        let refused = |rule| InvalidValue::new("authorization request", rule);
        requested_scopes::check(&scopes).map_err(refused)?;
        check_redirect::<M>(&scopes, redirect_uri.as_ref()).map_err(refused)?;
        Ok(Self {
            client_id,
            scopes,
            redirect_uri,
            lifetime: Self::DEFAULT_LIFETIME,
            team: None,
            requires_team: false,
            user_scope_parameter: false,
            method: PhantomData,
        })
    }

    /// Sets the workspace to preselect. It is a proposal: a person who is not signed in there, or who chooses another
    /// workspace, comes back from that one. A sign-in can [require](AuthorizationRequest::require_team) the workspace; after
    /// an install compare the place of the answer.
    pub fn team(self, team: TeamId) -> Self {
        Self { team: Some(team), requires_team: false, ..self }
    }

    /// Returns the workspace that a sign-in is refused outside of.
    pub(super) fn required_team(&self) -> Option<&TeamId> {
        self.team.as_ref().filter(|_| self.requires_team)
    }

    /// Sets how long the authorization is valid, in whole seconds. The default is
    /// [`DEFAULT_LIFETIME`](Self::DEFAULT_LIFETIME).
    pub fn lifetime(self, lifetime: Duration) -> Self {
        Self { lifetime: Duration::from_secs(lifetime.as_secs()), ..self }
    }

    /// Returns the URL to redirect the browser to, and the pending authorization to keep until the callback. Keep the
    /// pending authorization secret, and bind it to this browser (for instance in its session).
    ///
    /// Never use `entropy` twice: draw new bytes for each authorization.
    #[must_use]
    pub fn begin(
        self,
        endpoint: &Endpoint,
        entropy: &RandomBytes,
        now: Timestamp,
    ) -> (AuthorizationUrl, PendingAuthorization<M>) {
        let state = OauthState::from_random_bytes(entropy);
        let Ok(proof) = M::Authentication::make(|| {
            Ok::<_, Infallible>(CodeVerifier::from_random_bytes(entropy))
        });
        let nonce = M::SIGNS_IN.then(|| Nonce::from_random_bytes(entropy));
        let url = self.url(endpoint, &state, &proof, nonce.as_ref());
        let pending = PendingAuthorization {
            endpoint: endpoint.clone(),
            required_team: self.required_team().cloned(),
            client_id: self.client_id,
            state,
            proof,
            nonce,
            redirect_uri: self.redirect_uri,
            scopes: self.scopes,
            began_at: now,
            lifetime: self.lifetime,
        };
        (url, pending)
    }

    pub(super) fn url(
        &self,
        endpoint: &Endpoint,
        state: &OauthState,
        proof: &M::Authentication,
        nonce: Option<&Nonce>,
    ) -> AuthorizationUrl {
        let mut url = Query::new(endpoint, M::PAGE);
        url.push(self.client_id.as_str());
        let person = self.scopes.for_person();
        let separator = M::Scopes::SEPARATOR;
        if let Some(bot) = self.scopes.for_bot() {
            url.scopes("&scope=", bot, separator);
            if !person.is_empty() {
                url.scopes("&user_scope=", person, separator);
            }
        } else {
            let name = if self.user_scope_parameter { "&user_scope=" } else { "&scope=" };
            url.scopes(name, person, separator);
        }
        url.maybe("&redirect_uri=", self.redirect_uri.as_ref().map(RedirectUri::as_str));
        url.maybe("&state=", Some(state.expose()));
        url.maybe("&nonce=", nonce.map(Nonce::expose));
        if let Some(challenge) = proof.verifier().map(CodeVerifier::challenge) {
            url.maybe("&code_challenge=", Some(challenge.as_str()));
            url.maybe("&code_challenge_method=", Some(CodeChallenge::METHOD));
        }
        url.maybe("&team=", self.team.as_ref().map(TeamId::as_str));
        url.finish()
    }
}

impl<P: ClientAuthentication> AuthorizationRequest<OauthV2UserAccess<P>> {
    /// Sends the scopes as `user_scope` instead of `scope`.
    ///
    /// Slack's pages put them into `scope`; one report says that only `user_scope` has effect. Neither is confirmed.
    pub fn user_scope_parameter(self) -> Self {
        Self { user_scope_parameter: true, ..self }
    }
}

impl<P: ClientAuthentication> AuthorizationRequest<OpenidConnectToken<P>> {
    /// Sets the workspace to preselect, and requires that the person signs in there: the ID token of another workspace is
    /// then refused as [`IdTokenError::WrongTeam`](crate::openid::IdTokenError::WrongTeam).
    ///
    /// Slack lets a person through who is a member of another workspace only, so [`team`](Self::team) alone keeps nobody
    /// out.
    pub fn require_team(self, team: TeamId) -> Self {
        Self { team: Some(team), requires_team: true, ..self }
    }
}

/// Applies Slack's rules about who may be redirected where.
fn check_redirect<M: CodeExchange>(
    scopes: &M::Scopes,
    redirect_uri: Option<&RedirectUri>,
) -> Result<(), &'static str> {
    if M::SIGNS_IN && redirect_uri.is_none() {
        return Err(
            "must have a redirect URI for a sign-in (OpenID Connect Core section 3.1.2.1 requires it)",
        );
    }
    if !redirect_uri.is_some_and(RedirectUri::is_desktop) {
        return Ok(());
    }
    if !M::Authentication::PKCE {
        return Err(
            "must use PKCE for a redirect URI on loopback or with a scheme of the app's own; tests may use RedirectUri::insecure_for_tests",
        );
    }
    if scopes.for_bot().is_some_and(|bot| !bot.is_empty()) {
        return Err("must ask for user scopes only: a desktop redirect URI gets no bot token");
    }
    Ok(())
}

impl<M: CodeExchange> Clone for AuthorizationRequest<M> {
    fn clone(&self) -> Self {
        Self {
            client_id: self.client_id.clone(),
            scopes: self.scopes.clone(),
            redirect_uri: self.redirect_uri.clone(),
            lifetime: self.lifetime,
            team: self.team.clone(),
            requires_team: self.requires_team,
            user_scope_parameter: self.user_scope_parameter,
            method: PhantomData,
        }
    }
}

impl<M: CodeExchange> fmt::Debug for AuthorizationRequest<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("method", &M::NAME)
            .field("client_id", &self.client_id)
            .field("scopes", &self.scopes)
            .field("redirect_uri", &self.redirect_uri)
            .field("lifetime", &self.lifetime)
            .field("team", &self.team)
            .field("requires_team", &self.requires_team)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{methods::OauthV2Access, oauth::InstallScopes};

    #[test]
    fn debug_tells_one_request_from_another() {
        let id = ClientId::new("1.2").unwrap();
        let request =
            AuthorizationRequest::<OauthV2Access>::new(id, InstallScopes::bot("commands"), None);
        let shown = format!("{:?}", request.unwrap().team("T1".into()));
        assert_eq!(
            shown,
            "AuthorizationRequest { method: \"oauth.v2.access\", client_id: ClientId(\"1.2\"), scopes: \
             InstallScopes { bot: [\"commands\"], user: [] }, redirect_uri: None, lifetime: 600s, team: \
             Some(\"T1\"), requires_team: false, .. }"
        );
    }
}
