//! The address of a consent screen.

use std::{fmt, marker::PhantomData};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::{PendingAuthorization, RedirectUri};
use crate::{
    AuthorizationCode, ClientId, CodeChallenge, CodeVerifier, Endpoint, Entropy, InvalidValue,
    Method, OauthV2Access, Scopes, TeamId, Timestamp,
    proof::{CodeGrant, Proof},
    sealed::Sealed,
};

/// Asks a person for consent, so that the browser comes back with a code for the method `M`.
///
/// [`begin`](Self::begin) gives the URL to send the browser to, and what must be kept until it comes back.
///
/// ```
/// use slack_proto::{
///     AuthorizationRequest, ClientId, Endpoint, Entropy, InstallScopes, OauthV2Access, RedirectUri, Timestamp,
/// };
///
/// let request = AuthorizationRequest::<OauthV2Access>::new(
///     ClientId::new("1000000001.2000000002")?,
///     InstallScopes::bot("chat:write,commands"),
///     RedirectUri::new("https://app.example.com/cb")?,
/// )?;
/// # let entropy = Entropy::new([7; 96]);
/// # let now = Timestamp::from_unix(1_795_219_200);
/// let (url, pending) = request.begin(&Endpoint::slack(), &entropy, now);
/// assert!(url.expose().starts_with("https://slack.com/oauth/v2/authorize?client_id=1000000001.2000000002&scope="));
/// # Ok::<(), slack_proto::InvalidValue>(())
/// ```
#[must_use = "a request does nothing until the browser is sent to its URL"]
pub struct AuthorizationRequest<M> {
    client_id: ClientId,
    scopes: InstallScopes,
    redirect_uri: Option<RedirectUri>,
    team: Option<TeamId>,
    method: PhantomData<fn() -> M>,
}

/// The scopes that an installation asks for: the bot's, the person's, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstallScopes {
    /// What the app's bot may do.
    pub bot: Scopes,
    /// What the app may do in the person's name.
    pub user: Scopes,
}

impl InstallScopes {
    /// Asks for bot scopes alone.
    #[must_use]
    pub fn bot(scopes: impl Into<Scopes>) -> Self {
        Self { bot: scopes.into(), user: Scopes::default() }
    }

    /// Asks for user scopes alone.
    #[must_use]
    pub fn user(scopes: impl Into<Scopes>) -> Self {
        Self { bot: Scopes::default(), user: scopes.into() }
    }

    /// Asks for user scopes as well.
    #[must_use]
    pub fn and_user(self, scopes: impl Into<Scopes>) -> Self {
        Self { user: scopes.into(), ..self }
    }
}

/// A method that trades a code for credentials, and so can end a flow that began on an authorize page.
pub trait CodeExchange: Method + Sealed {
    /// What the exchange proves.
    #[doc(hidden)]
    type Proof: Proof;

    #[doc(hidden)]
    fn with_proof(
        code: AuthorizationCode,
        proof: Self::Proof,
        redirect_uri: Option<RedirectUri>,
    ) -> Self;
}

impl<P> Sealed for OauthV2Access<P> {}

impl<P: Proof> CodeExchange for OauthV2Access<P> {
    type Proof = P;

    fn with_proof(code: AuthorizationCode, proof: P, redirect_uri: Option<RedirectUri>) -> Self {
        Self::from_grant(CodeGrant::new(code, proof, redirect_uri))
    }
}

impl<P: Proof> AuthorizationRequest<OauthV2Access<P>> {
    /// Asks for an installation. Without a redirect URI, Slack takes the first of the app's settings.
    ///
    /// # Errors
    ///
    /// When no scope is asked for, or when the redirect URI is of a desktop app (loopback http or a scheme of its own)
    /// and the flow has no PKCE or asks for bot scopes, which Slack refuses.
    pub fn new(
        client_id: ClientId,
        scopes: InstallScopes,
        redirect_uri: impl Into<Option<RedirectUri>>,
    ) -> Result<Self, InvalidValue> {
        let redirect_uri = redirect_uri.into();
        let refused = |rule| Err(InvalidValue::new("authorization request", rule));
        if scopes.bot.is_empty() && scopes.user.is_empty() {
            return refused("must ask for at least one scope");
        }
        if redirect_uri.as_ref().is_some_and(RedirectUri::is_desktop) {
            if !P::PKCE {
                return refused(
                    "must use PKCE for a redirect URI on loopback or with a scheme of the app's own",
                );
            }
            if !scopes.bot.is_empty() {
                return refused(
                    "must ask for user scopes only: a desktop redirect URI gets no bot token",
                );
            }
        }
        Ok(Self { client_id, scopes, redirect_uri, team: None, method: PhantomData })
    }

    /// Proposes a workspace, which has effect if the person is signed in there.
    pub fn team(self, team: TeamId) -> Self {
        Self { team: Some(team), ..self }
    }

    /// Gives the URL of the consent screen, and what must be kept, secretly and bound to this browser, until the
    /// browser comes back.
    ///
    /// `entropy` is used up: draw new bytes for the next authorization.
    #[must_use]
    pub fn begin(
        self,
        endpoint: &Endpoint,
        entropy: &Entropy,
        now: Timestamp,
    ) -> (AuthorizeUrl, PendingAuthorization<OauthV2Access<P>>) {
        let proof = P::draw(entropy);
        let pending = PendingAuthorization::<OauthV2Access<P>>::begin(
            entropy,
            proof,
            self.redirect_uri,
            self.scopes,
            now,
        );
        let mut url = Query::new(endpoint, "/oauth/v2/authorize?client_id=");
        url.push(self.client_id.as_str());
        url.scopes("&scope=", &pending.scopes().bot);
        if !pending.scopes().user.is_empty() {
            url.scopes("&user_scope=", &pending.scopes().user);
        }
        url.maybe("&redirect_uri=", pending.redirect_uri().map(RedirectUri::as_str));
        url.maybe("&state=", Some(pending.state().expose()));
        if let Some(challenge) = pending.proof().verifier().map(CodeVerifier::challenge) {
            url.maybe("&code_challenge=", Some(challenge.as_str()));
            url.maybe("&code_challenge_method=", Some(CodeChallenge::METHOD));
        }
        url.maybe("&team=", self.team.as_ref().map(TeamId::as_str));
        (AuthorizeUrl(url.0), pending)
    }
}

impl<M> Clone for AuthorizationRequest<M> {
    fn clone(&self) -> Self {
        Self {
            client_id: self.client_id.clone(),
            scopes: self.scopes.clone(),
            redirect_uri: self.redirect_uri.clone(),
            team: self.team.clone(),
            method: PhantomData,
        }
    }
}

impl<M> fmt::Debug for AuthorizationRequest<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("client_id", &self.client_id)
            .field("scopes", &self.scopes)
            .field("redirect_uri", &self.redirect_uri)
            .field("team", &self.team)
            .finish()
    }
}

/// The URL of a consent screen; it holds the state, which is for this one browser.
#[derive(Clone)]
pub struct AuthorizeUrl(Zeroizing<String>);

impl AuthorizeUrl {
    /// Shows the URL, for the `Location` of a redirect or the `href` of a link.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AuthorizeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let page = self.0.split('?').next().unwrap_or_default();
        write!(f, "AuthorizeUrl({page}?[redacted])")
    }
}

/// A URL whose query grows. Values are percent-encoded but for RFC 3986's unreserved characters; a space is `%20`.
struct Query(Zeroizing<String>);

impl Query {
    fn new(endpoint: &Endpoint, path_and_name: &str) -> Self {
        let mut url = String::with_capacity(640);
        endpoint.write_origin(&mut url);
        url.push_str(path_and_name);
        Self(Zeroizing::new(url))
    }

    fn push(&mut self, value: &str) {
        const ESCAPED: &AsciiSet =
            &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
        self.0.extend(utf8_percent_encode(value, ESCAPED));
    }

    fn maybe(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.0.push_str(name);
            self.push(value);
        }
    }

    fn scopes(&mut self, name: &str, scopes: &Scopes) {
        self.0.push_str(name);
        for (index, scope) in scopes.iter().enumerate() {
            if index > 0 {
                self.push(",");
            }
            self.push(scope);
        }
    }
}
