//! "Add to Slack": to the consent screen, and back with a bot token.

use std::{error::Error, sync::Arc};

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::{Redirect, Response},
};
use slack_auth::{
    methods::{OauthV2Access, UntrustedText},
    oauth::{Scopes, VerifiedCallback},
};

use crate::{
    app::App,
    page,
    problem::{Flow, Problem},
    sessions::Session,
};

/// What the pages show of an installation: nothing of it is secret.
#[derive(Clone, Debug)]
pub(crate) struct Installed {
    /// The name of the workspace or organization.
    pub(crate) place: UntrustedText,
    pub(crate) missing_scopes: Scopes,
}

/// Redirects the browser to Slack's consent screen.
pub(crate) async fn start(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    app.begin(Flow::Install, &app.install, &headers)
}

/// Handles the callback: exchanges the code and stores the token.
pub(crate) async fn callback(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let (ticket, authorized) = match app.finish(&app.install, &headers, &uri) {
        Ok(finished) => finished,
        Err(problem) => return page::problem(problem, Flow::Install),
    };
    let work = install(Arc::clone(&app), authorized);
    match app.installs.run(ticket, app.now(), work).await {
        Ok(installed) => {
            let session = Session { installed: Some(installed), ..app.session(&headers) };
            app.redirect_with_session(Redirect::to("/installed"), session, &headers)
        }
        Err(problem) => page::problem(problem, Flow::Install),
    }
}

/// Shows what was installed. It can be loaded any number of times.
pub(crate) async fn installed(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match app.session(&headers).installed {
        Some(installed) => page::installed(&installed),
        None => page::problem(Problem::NotStartedHere, Flow::Install),
    }
}

async fn install(
    app: Arc<App>,
    authorized: VerifiedCallback<OauthV2Access>,
) -> Result<Installed, Problem> {
    // An expiry counts from when the request was sent.
    let sent = app.now();
    let reply = app.slack.call(&authorized.exchange, &app.client).await.map_err(|error| {
        log("oauth.v2.access", &error);
        Problem::of_call(&error)
    })?;
    let missing_scopes = authorized.missing_scopes(&reply.value).bot;
    let installation = reply.value.into_installation(sent);
    let Some(key) = installation.key() else {
        eprintln!("oauth.v2.access: the answer names neither workspace nor organization");
        return Err(Problem::Ours);
    };
    let team = installation.team.as_ref().and_then(|team| team.name.clone());
    let enterprise = installation.enterprise.as_ref().and_then(|place| place.name.clone());
    let place = if installation.is_enterprise_install { enterprise } else { team };
    // Laid over what is stored: another person's token stays, and the next caller gets the new one.
    let outcome = app.rotator.install(installation).await.map_err(|error| {
        log("the store", &error);
        Problem::Ours
    })?;
    if let Err(error) = app.rotator.revoke_displaced(&outcome).await {
        log("auth.revoke", &error);
    }
    Ok(Installed { place: place.unwrap_or_else(|| key.to_string().into()), missing_scopes })
}

/// Writes an error and its causes to the log: none of ours holds anything secret.
pub(crate) fn log(what: &str, error: &dyn Error) {
    let mut text = format!("{what}: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    eprintln!("{text}");
}
