//! "Sign in with Slack": to the sign-in page, and back with an ID token that is verified.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::{Redirect, Response},
};
use slack_auth::{
    Slot,
    ids::TeamId,
    methods::{OpenidConnectToken, UntrustedText},
    oauth::VerifiedCallback,
    openid::UserClaims,
    store::find_credential,
    tokens::InstallationKey,
};

use crate::{
    app::App,
    install::log,
    page,
    problem::{Flow, Problem},
    sessions::Session,
};

/// Who signed in. A server with accounts files them under [`UserClaims::identity`].
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// What to call them.
    pub(crate) name: UntrustedText,
    /// The name of their workspace.
    pub(crate) team: UntrustedText,
    /// Where they work.
    place: Option<InstallationKey>,
}

/// Whether the app is installed where the person works.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Workspace {
    HasTheApp,
    HasNotTheApp,
    Unknown,
}

/// Redirects the browser to Slack's sign-in page.
pub(crate) async fn start(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    app.begin(Flow::SignIn, &app.sign_in, &headers)
}

/// Handles the callback: exchanges the code and verifies the ID token.
pub(crate) async fn callback(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let (ticket, authorized) = match app.finish(&app.sign_in, &headers, &uri) {
        Ok(finished) => finished,
        Err(problem) => return page::problem(problem, Flow::SignIn),
    };
    let work = sign_in(Arc::clone(&app), authorized);
    match app.sign_ins.run(ticket, app.now(), work).await {
        Ok(person) => {
            let session = Session { person: Some(person), ..app.session(&headers) };
            app.redirect_with_session(Redirect::to("/"), session, &headers)
        }
        Err(problem) => page::problem(problem, Flow::SignIn),
    }
}

async fn sign_in(
    app: Arc<App>,
    authorized: VerifiedCallback<OpenidConnectToken>,
) -> Result<Person, Problem> {
    let reply = app.slack.call(&authorized.exchange, &app.client).await.map_err(|error| {
        log("openid.connect.token", &error);
        Problem::of_call(&error)
    })?;
    let Some(id_token) = reply.value.id_token else {
        eprintln!("openid.connect.token: the answer has no ID token");
        return Err(Problem::NotVerified);
    };
    // The access token is not kept: to know who somebody is, the ID token is enough.
    let access_token = reply.value.credential.access_token;
    let expected = authorized.expected_id_token();
    let verified = app.id_token_keys.verify(&id_token, expected, Some(&access_token), app.now());
    let verified = verified.await.map_err(|error| {
        log("the ID token", &error);
        Problem::of_id_token(&error)
    })?;
    Ok(Person::new(&verified.user))
}

impl Person {
    fn new(claims: &UserClaims) -> Self {
        let user_id = || UntrustedText::from(claims.sub.as_str());
        let team_id = || claims.team_id.as_ref().map_or("", TeamId::as_str).into();
        // A name may be an empty text.
        let given =
            |name: Option<UntrustedText>| name.filter(|name| !name.as_str().trim().is_empty());
        Self {
            name: given(claims.name.clone()).unwrap_or_else(user_id),
            team: given(claims.team_name.clone()).unwrap_or_else(team_id),
            place: InstallationKey::of(
                claims.team_id.as_ref(),
                claims.enterprise_id.as_ref(),
                false,
            ),
        }
    }

    /// Returns whether the app is installed where this person works: in the workspace, or in the whole organization.
    pub(crate) async fn workspace(&self, app: &App) -> Workspace {
        let Some(place) = self.place.clone() else { return Workspace::Unknown };
        match find_credential(&app.store, &place.into(), Slot::Bot).await {
            Ok(Some(_)) => Workspace::HasTheApp,
            Ok(None) => Workspace::HasNotTheApp,
            Err(error) => {
                log("the store", &error);
                Workspace::Unknown
            }
        }
    }
}
