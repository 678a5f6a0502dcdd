//! The server: its routes, and what all of them share.

use std::{error::Error, fmt, sync::Arc};

use axum::{
    Router,
    extract::State as Shared,
    http::{
        HeaderMap, HeaderName, HeaderValue, Uri,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, SET_COOKIE,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::map_response,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use slack_auth::{
    Client, ConfidentialClient, InstallationStore, Timestamp, TokenRotator,
    events::{RequestVerifier, SigningSecret},
    methods::{OauthV2Access, OpenidConnectToken},
    oauth::{
        AuthorizationRequest, Callback, CodeExchange, InstallScopes, RandomBytes, RedirectUri,
        SessionBinding, SignInScopes, SignedStateFlow, StateSigningKey, VerifiedCallback,
        random_bytes,
    },
    openid::IdTokenKeys,
    runtime::TokioRuntime,
};
use tokio::runtime::Handle;

use crate::{
    cookies::{Cookie, Cookies},
    events,
    install::{self, Installed, log},
    once::{Once, Ticket},
    page,
    problem::{Flow, Problem},
    sessions::{Session, Sessions},
    sign_in::{self, Person, Workspace},
};

/// The parts that a server is built from.
#[non_exhaustive]
pub struct Config {
    /// The client that calls Slack.
    pub slack: Client,
    /// The app's client id and secret.
    pub client: ConfidentialClient,
    /// The server's own origin, as browsers see it: `https://app.example.com`, or http on loopback.
    pub public_url: String,
    /// The key that signs states; the same on every server of the app.
    pub state_key: StateSigningKey,
    /// The store of installations.
    pub store: InstallationStore,
    /// What Slack signs its requests with; without it no events are received.
    pub signing_secret: Option<SigningSecret>,
    /// The clock.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Config {
    /// Creates the parts with the system's clock.
    #[must_use]
    pub fn new(
        slack: Client,
        client: ConfidentialClient,
        public_url: impl Into<String>,
        state_key: StateSigningKey,
        store: InstallationStore,
    ) -> Self {
        let clock = Arc::new(|| std::time::SystemTime::now().into());
        Self {
            slack,
            client,
            public_url: public_url.into(),
            state_key,
            store,
            signing_secret: None,
            clock,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

/// Creates the server.
///
/// # Errors
///
/// When Slack accepts no redirect URI under the public URL.
pub fn router(config: Config) -> Result<Router, Box<dyn Error>> {
    let app = Arc::new(App::new(config)?);
    Ok(Router::new()
        .route("/", get(home))
        .route(Flow::Install.start(), get(install::start))
        .route(Flow::Install.callback(), get(install::callback))
        .route("/installed", get(install::installed))
        .route("/slack/events", post(events::receive))
        .route(Flow::SignIn.start(), get(sign_in::start))
        .route(Flow::SignIn.callback(), get(sign_in::callback))
        .route("/sign-out", post(sign_out))
        .route("/style.css", get(|| async { ([(CONTENT_TYPE, "text/css")], page::STYLE) }))
        .fallback(|| async { page::problem(Problem::NoSuchPage, Flow::Install) })
        .layer(map_response(guard))
        .with_state(app))
}

/// The state that all pages share.
pub(crate) struct App {
    pub(crate) slack: Client,
    pub(crate) client: ConfidentialClient,
    pub(crate) store: InstallationStore,
    pub(crate) rotator: TokenRotator,
    pub(crate) verifier: Option<RequestVerifier>,
    pub(crate) install: SignedStateFlow<OauthV2Access>,
    pub(crate) installs: Once<Installed>,
    pub(crate) sign_in: SignedStateFlow<OpenidConnectToken>,
    pub(crate) sign_ins: Once<Person>,
    pub(crate) id_token_keys: IdTokenKeys,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    cookies: Cookies,
    sessions: Sessions,
}

impl App {
    fn new(config: Config) -> Result<Self, Box<dyn Error>> {
        let Config { slack, client, public_url, state_key, store, signing_secret, clock } = config;
        let rotator = TokenRotator::builder(slack.clone(), client.clone(), store.clone())
            .runtime(TokioRuntime::new(Handle::current()))
            .build()?;
        let install = AuthorizationRequest::<OauthV2Access>::new(
            client.id().clone(),
            InstallScopes::bot("chat:write,commands"),
            redirect_uri(&public_url, Flow::Install)?,
        )?;
        let sign_in = AuthorizationRequest::<OpenidConnectToken>::new(
            client.id().clone(),
            SignInScopes::openid().email().profile(),
            redirect_uri(&public_url, Flow::SignIn)?,
        )?;
        let endpoint = slack.endpoint().clone();
        Ok(Self {
            install: SignedStateFlow::new(
                install.lifetime(crate::AUTHORIZATION_LIFE),
                endpoint.clone(),
                state_key.clone(),
            ),
            installs: Once::default(),
            sign_in: SignedStateFlow::new(
                sign_in.lifetime(crate::AUTHORIZATION_LIFE),
                endpoint,
                state_key,
            ),
            sign_ins: Once::default(),
            id_token_keys: IdTokenKeys::with_aws_lc(slack.clone()),
            cookies: Cookies::for_origin(&public_url),
            sessions: Sessions::default(),
            slack,
            client,
            store,
            rotator,
            verifier: events::verifier(signing_secret),
            clock,
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Redirects the browser to a page of Slack, with a cookie that only this browser sends back.
    pub(crate) fn begin<M: CodeExchange>(
        &self,
        flow: Flow,
        authorization: &SignedStateFlow<M>,
        headers: &HeaderMap,
    ) -> Response {
        let Some(entropy) = entropy() else { return page::problem(Problem::Ours, flow) };
        // One cookie serves all tabs, so that a second start does not end the first.
        let browser = self.cookies.read(Cookie::Browser, headers);
        let browser = browser.unwrap_or_else(|| SessionBinding::from_random_bytes(&entropy));
        let url = authorization.begin(&browser, &entropy, self.now());
        let mut response = Redirect::to(url.expose()).into_response();
        if let Some(cookie) = self.cookies.set(Cookie::Browser, &browser) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    /// Verifies the state of a callback, and that it belongs to the browser's cookie.
    pub(crate) fn finish<M: CodeExchange>(
        &self,
        authorization: &SignedStateFlow<M>,
        headers: &HeaderMap,
        uri: &Uri,
    ) -> Result<(Ticket, VerifiedCallback<M>), Problem> {
        let callback = Callback::parse(&uri.to_string()).map_err(|_| Problem::NotStartedHere)?;
        let ticket = Ticket::of(&callback);
        let browser = self.cookies.read(Cookie::Browser, headers);
        let authorized = authorization.finish(browser.as_ref(), callback, self.now());
        let authorized = authorized.map_err(|error| {
            log(M::NAME, &error);
            Problem::of_callback(&error)
        })?;
        Ok((ticket.ok_or(Problem::NotStartedHere)?, authorized))
    }

    /// Returns the browser's session; an empty one if it has none.
    pub(crate) fn session(&self, headers: &HeaderMap) -> Session {
        let id = self.cookies.read(Cookie::Session, headers);
        id.and_then(|id| self.sessions.load(&id, self.now())).unwrap_or_default()
    }

    /// Keeps a session under a new id, so that an id which somebody else knew is worth nothing once a person has signed
    /// in (session fixation).
    pub(crate) fn redirect_with_session(
        &self,
        to: Redirect,
        session: Session,
        headers: &HeaderMap,
    ) -> Response {
        let Some(entropy) = entropy() else { return page::problem(Problem::Ours, Flow::SignIn) };
        if let Some(old) = self.cookies.read(Cookie::Session, headers) {
            self.sessions.remove(&old);
        }
        let id = SessionBinding::from_random_bytes(&entropy);
        self.sessions.save(&id, session, self.now());
        let mut response = to.into_response();
        if let Some(cookie) = self.cookies.set(Cookie::Session, &id) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}

async fn home(Shared(app): Shared<Arc<App>>, headers: HeaderMap) -> Response {
    let person = app.session(&headers).person;
    let workspace = match &person {
        Some(person) => person.workspace(&app).await,
        None => Workspace::Unknown,
    };
    page::home(person.as_ref(), workspace)
}

/// Ends the session. Another site cannot: its requests come without the cookie (`SameSite=Lax`).
async fn sign_out(Shared(app): Shared<Arc<App>>, headers: HeaderMap) -> Response {
    if let Some(id) = app.cookies.read(Cookie::Session, &headers) {
        app.sessions.remove(&id);
    }
    let mut response = Redirect::to("/").into_response();
    if let Some(cookie) = app.cookies.remove(Cookie::Session) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Guards every page: no script and no frame, nothing kept, and no address handed on, since a callback's holds a code.
async fn guard(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 4] = [
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Creates the redirect URI of a flow. Slack accepts https only; http on loopback is for the fake Slack.
fn redirect_uri(
    public_url: &str,
    flow: Flow,
) -> Result<RedirectUri, slack_auth::error::InvalidValue> {
    let uri = format!("{public_url}{}", flow.callback());
    if public_url.starts_with("http://") {
        return RedirectUri::insecure_for_tests(uri);
    }
    RedirectUri::new(uri)
}

fn entropy() -> Option<RandomBytes> {
    random_bytes().inspect_err(|error| log("the system's random numbers", error)).ok()
}
