//! An app's whole life, over axum: installs by any number of people, Slack's events, and the uninstall.

use std::{error::Error, sync::Arc, time::SystemTime};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use slack_auth::{
    Client, ConfidentialClient, InstallationStore, Slot, TokenRotator,
    events::{Event, EventsApiRequest, RequestVerifier, SigningSecret},
    methods::{AuthTest, OauthV2Access},
    oauth::{
        AuthorizationRequest, Callback, InstallScopes, RedirectUri, SessionBinding,
        SignedStateFlow, StateSigningKey, random_bytes,
    },
    runtime::TokioRuntime,
};
use tokio::runtime::Handle;

struct App {
    slack: Client,
    client: ConfidentialClient,
    rotator: TokenRotator,
    install: SignedStateFlow<OauthV2Access>,
    verifier: RequestVerifier,
}

/// Returns the routes. Call it inside of Tokio.
///
/// # Errors
///
/// When the scopes do not go with the redirect URI.
pub fn router(
    slack: Client,
    app: ConfidentialClient,
    store: InstallationStore,
    signing_secret: SigningSecret,
    state_key: StateSigningKey,
    redirect_uri: RedirectUri,
) -> Result<Router, Box<dyn Error>> {
    let scopes = InstallScopes::bot("chat:write,commands").user("search:read");
    let request = AuthorizationRequest::new(app.id().clone(), scopes, redirect_uri)?;
    let install = SignedStateFlow::new(request, slack.endpoint().clone(), state_key);
    let rotator = TokenRotator::builder(slack.clone(), app.clone(), store)
        .runtime(TokioRuntime::new(Handle::current()))
        .build()?;
    let verifier = RequestVerifier::new(signing_secret);
    Ok(Router::new()
        .route("/slack/install", get(start))
        .route("/slack/callback", get(callback))
        .route("/slack/events", post(events))
        .with_state(Arc::new(App { slack, client: app, rotator, install, verifier })))
}

async fn start(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Failed> {
    let random = random_bytes().map_err(failed)?;
    let browser = cookie(&headers).unwrap_or_else(|| SessionBinding::from_random_bytes(&random));
    let url = app.install.begin(&browser, &random, SystemTime::now().into());
    // On https add `Secure`, and the prefix `__Host-` with `Path=/`.
    let cookie = format!("slack={}; Max-Age=600; HttpOnly; SameSite=Lax", browser.expose());
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(url.expose())).into_response())
}

async fn callback(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<String, Failed> {
    let (browser, requested_at) = (cookie(&headers), SystemTime::now().into());
    let callback = Callback::parse(&uri.to_string()).map_err(failed)?;
    let verified = app.install.finish(browser.as_ref(), callback, requested_at).map_err(failed)?;
    // A task goes on if the browser hangs up: the code works once, and what it brings must be stored.
    let installed = tokio::spawn(async move {
        let reply = app.slack.call(&verified.exchange, &app.client).await.map_err(failed)?;
        let installation = reply.value.into_installation(requested_at);
        let outcome = app.rotator.install(installation).await.map_err(failed)?;
        app.rotator.revoke_displaced(&outcome).await.map_err(failed)?;
        Ok::<_, Failed>(outcome.rows.len())
    });
    Ok(format!("Installed: {} rows", installed.await.map_err(failed)??))
}

async fn events(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<String, Failed> {
    let verified = app.verifier.verify(&headers, body, SystemTime::now().into()).map_err(failed)?;
    let callback = match EventsApiRequest::parse(&verified).map_err(failed)? {
        EventsApiRequest::UrlVerification(challenge) => return Ok(challenge.as_str().to_owned()),
        EventsApiRequest::EventCallback(callback) => callback,
        _ => return Ok(String::new()),
    };
    if let (Event::Other(_), Some(place)) = (&callback.event, callback.place()) {
        let key = app.rotator.nearest_key(&place.into(), Slot::Bot).await.map_err(failed)?;
        let reply = app.rotator.call(&AuthTest, &key, Slot::Bot).await.map_err(failed)?;
        return Ok(format!("{:?}", reply.value.user_id));
    }
    let outcome = app.rotator.apply_event(&callback).await.map_err(failed)?;
    // Slack repeats an event that is answered with an error.
    (!outcome.is_in_doubt()).then(String::new).ok_or_else(|| failed("slack is not clear about it"))
}

fn cookie(headers: &HeaderMap) -> Option<SessionBinding> {
    let pairs = headers.get(header::COOKIE)?.to_str().ok()?.split("; ");
    pairs.filter_map(|pair| pair.strip_prefix("slack=")).find_map(|it| SessionBinding::new(it).ok())
}

/// Slack, or the browser, gets an error and its text, which never holds a secret.
fn failed(error: impl Into<Box<dyn Error>>) -> Failed {
    (StatusCode::BAD_REQUEST, error.into().to_string())
}

type Failed = (StatusCode, String);
