//! The fake itself: how it is set up, and which request goes where.

use std::fmt;

#[cfg(feature = "openid")]
use http::StatusCode;
use http::{Method, Request, Response};

use crate::app::Setting;
use crate::call::{Call, Json};
use crate::fault::Script;
use crate::log::Log;
use crate::page;
use crate::reply::{self, Answer, Failure};
use crate::state::{Flow, State, upsert};
use crate::{
    App, Consent, ExternalToken, Fault, OpenIdErrors, Organisation, Siblings, User,
    UserAccessShape, Workspace,
};

/// Slack's side of OAuth, as a state machine without clock, socket or randomness.
///
/// See the [crate's documentation](crate) for an example of a whole flow.
#[derive(Clone)]
#[must_use = "a fake does nothing until it is asked"]
pub struct FakeSlack {
    pub(crate) state: State,
    pub(crate) script: Script,
    pub(crate) log: Log,
}

impl FakeSlack {
    /// Makes a fake that knows nobody and nothing.
    pub fn new() -> Self {
        Self { state: State::new(0), script: Script::default(), log: Log::default() }
    }

    /// Sets the number that all tokens, codes and ids are made from; two fakes with the same one
    /// answer alike.
    pub fn seed(mut self, seed: u64) -> Self {
        self.state.seed = seed;
        self
    }

    /// Adds an app, in place of the one with the same client id.
    pub fn app(mut self, app: App) -> Self {
        upsert(&mut self.state.apps, app.record, |a, b| a.client_id == b.client_id);
        self
    }

    /// Adds a workspace, in place of the one with the same id; the first one is home to apps that
    /// name no other.
    pub fn workspace(mut self, workspace: Workspace) -> Self {
        upsert(&mut self.state.workspaces, workspace, |a, b| a.id == b.id);
        self
    }

    /// Adds an Enterprise organisation, in place of the one with the same id.
    pub fn organisation(mut self, organisation: Organisation) -> Self {
        upsert(&mut self.state.organisations, organisation, |a, b| a.id == b.id);
        self
    }

    /// Adds a person, in place of the one with the same id; the first one is signed in unless told
    /// otherwise.
    pub fn user(mut self, user: User) -> Self {
        upsert(&mut self.state.users, user, |a, b| a.id == b.id);
        self
    }

    /// Says how the authorize page decides; without this call it asks.
    pub fn consent(mut self, consent: Consent) -> Self {
        self.set_consent(consent);
        self
    }

    /// Sets the life of rotating access tokens in seconds, 43,200 unless told otherwise.
    pub fn access_token_life(mut self, seconds: u64) -> Self {
        self.state.rules.access_token_life = seconds;
        self
    }

    /// Sets for how many seconds a used refresh token goes on giving pairs, 60 unless told
    /// otherwise.
    ///
    /// Slack does not publish its own.
    pub fn refresh_grace(mut self, seconds: u64) -> Self {
        self.state.rules.refresh_grace = seconds;
        self
    }

    /// Sets the life of a public client's refresh tokens in seconds, 30 days unless told otherwise.
    pub fn public_refresh_token_life(mut self, seconds: u64) -> Self {
        self.state.rules.public_refresh_token_life = seconds;
        self
    }

    /// Sets the life of authorization codes in seconds, 600 unless told otherwise.
    pub fn code_life(mut self, seconds: u64) -> Self {
        self.state.rules.code_life = seconds;
        self
    }

    /// Says which pair stays when one refresh token gave several.
    pub fn siblings(mut self, siblings: Siblings) -> Self {
        self.state.rules.siblings = siblings;
        self
    }

    /// Says how `oauth.v2.user.access` writes its answer.
    pub fn user_access_shape(mut self, shape: UserAccessShape) -> Self {
        self.state.rules.user_access_shape = shape;
        self
    }

    /// Says how `openid.connect.token` names what is wrong.
    pub fn openid_errors(mut self, style: OpenIdErrors) -> Self {
        self.state.rules.openid_errors = style;
        self
    }

    /// Adds a token of another service, in place of the one with the same id.
    pub fn external_token(mut self, token: ExternalToken) -> Self {
        upsert(&mut self.state.external_tokens, token.record, |a, b| a.id == b.id);
        self
    }

    /// Turns token rotation on for an app that did without; an unknown client id has no effect.
    ///
    /// Its long-lived tokens go on until they are exchanged and the new pair is refreshed.
    pub fn turn_rotation_on(&mut self, client_id: &str) {
        if let Some(app) = self.state.apps.iter_mut().find(|app| app.client_id == client_id) {
            app.settings.insert(Setting::Rotation);
        }
    }

    /// Changes how the authorize page decides from now on.
    pub fn set_consent(&mut self, consent: Consent) {
        self.state.consent = consent;
    }

    /// Puts another person in front of the browser from now on; an unknown id has no effect.
    pub fn sign_in(&mut self, user_id: &str) {
        if self.state.user(user_id).is_some() {
            self.state.signed_in = Some(user_id.to_owned());
        }
    }

    /// Has the next call of `method` go wrong; faults of one method are used up in the order given.
    ///
    /// A page goes by its path without the leading slash, for instance `oauth/v2/authorize`.
    pub fn script(&mut self, method: impl Into<String>, fault: Fault) {
        self.script.push(method.into(), fault);
    }

    /// Answers one request at the time `now`, in whole Unix seconds.
    ///
    /// The host of the request does not matter. Time may go backwards; what was revoked or used up
    /// stays so. What a transport must do beyond delivering the response stands among its
    /// extensions, see [`Delivery`](crate::Delivery).
    pub fn handle<B: AsRef<[u8]>>(&mut self, request: &Request<B>, now: u64) -> Response<Vec<u8>> {
        let call = Call::read(request);
        let name = known_name(call.path);
        let fault = self.script.next(name);
        let mut response = match fault {
            Some(fault) => fault.instead().unwrap_or_else(|| fault.spoil(self.answer(&call, now))),
            None => self.answer(&call, now),
        };
        let request_id = self.state.mint_request_id();
        reply::set(&mut response, "x-slack-req-id", &request_id);
        self.log.note(name, call.verb, &response, now);
        response
    }

    fn answer(&mut self, call: &Call<'_>, now: u64) -> Response<Vec<u8>> {
        if !matches!(*call.verb, Method::GET | Method::POST) {
            return page::wrong_verb();
        }
        match call.path {
            "/oauth/v2/authorize" => self.state.authorize(call, Flow::Install, now),
            "/oauth/v2_user/authorize" => self.state.authorize(call, Flow::UserInstall, now),
            #[cfg(feature = "openid")]
            "/openid/connect/authorize" => self.state.authorize(call, Flow::SignIn, now),
            #[cfg(feature = "openid")]
            "/openid/connect/keys" => reply::json(StatusCode::OK, &self.state.key_set()),
            #[cfg(feature = "openid")]
            "/.well-known/openid-configuration" => {
                reply::json(StatusCode::OK, &self.state.discovery(call))
            }
            path => match path.strip_prefix("/api/") {
                Some(method) => self.answer_method(method, call, now),
                None => page::not_found(),
            },
        }
    }

    fn answer_method(&mut self, method: &str, call: &Call<'_>, now: u64) -> Response<Vec<u8>> {
        let Some(known) = METHODS.iter().find(|known| known.name == method) else {
            let mut failure = Failure::from("unknown_method");
            failure.more.insert("req_method".into(), method.into());
            return reply::envelope(Err(failure), &[]);
        };
        match call.arguments(known.json) {
            Ok(read) => {
                let outcome = (known.answer)(&mut self.state, call, &read.arguments, now);
                reply::envelope(outcome, &read.warnings)
            }
            Err(code) => reply::envelope(Err(code.into()), &[]),
        }
    }
}

impl Default for FakeSlack {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FakeSlack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeSlack")
            .field("apps", &self.state.apps.len())
            .field("credentials", &self.state.credentials.len())
            .field("faults_left", &self.script.left())
            .field("calls", &self.log)
            .finish_non_exhaustive()
    }
}

struct KnownMethod {
    name: &'static str,
    json: Json,
    answer: fn(&mut State, &Call<'_>, &crate::call::Arguments, u64) -> Result<Answer, Failure>,
}

const METHODS: &[KnownMethod] = &[
    KnownMethod {
        name: "apps.auth.external.delete",
        json: Json::Read,
        answer: State::external_delete,
    },
    KnownMethod { name: "apps.auth.external.get", json: Json::Read, answer: State::external_get },
    KnownMethod { name: "apps.uninstall", json: Json::Ignored, answer: State::apps_uninstall },
    KnownMethod { name: "auth.revoke", json: Json::Ignored, answer: State::auth_revoke },
    KnownMethod { name: "auth.teams.list", json: Json::Ignored, answer: State::auth_teams_list },
    KnownMethod { name: "auth.test", json: Json::Read, answer: State::auth_test },
    KnownMethod { name: "oauth.v2.access", json: Json::Read, answer: State::oauth_v2_access },
    KnownMethod {
        name: "oauth.v2.exchange",
        json: Json::Ignored,
        answer: State::oauth_v2_exchange,
    },
    KnownMethod {
        name: "oauth.v2.user.access",
        json: Json::Read,
        answer: State::oauth_v2_user_access,
    },
    #[cfg(feature = "openid")]
    KnownMethod {
        name: "openid.connect.token",
        json: Json::Read,
        answer: State::openid_connect_token,
    },
    #[cfg(feature = "openid")]
    KnownMethod {
        name: "openid.connect.userInfo",
        json: Json::Ignored,
        answer: State::openid_connect_user_info,
    },
    KnownMethod {
        name: "tooling.tokens.rotate",
        json: Json::Ignored,
        answer: State::tooling_tokens_rotate,
    },
];

const PAGES: &[&str] = &[
    "oauth/v2/authorize",
    "oauth/v2_user/authorize",
    #[cfg(feature = "openid")]
    "openid/connect/authorize",
    #[cfg(feature = "openid")]
    "openid/connect/keys",
    #[cfg(feature = "openid")]
    ".well-known/openid-configuration",
];

/// Whether a method reads JSON bodies; one that nobody knows reads nothing.
pub(crate) fn json_of(method: &str) -> Json {
    METHODS.iter().find(|known| known.name == method).map_or(Json::Ignored, |known| known.json)
}

/// The name a path goes by in scripts and in the log; paths that nothing answers share one.
fn known_name(path: &str) -> &'static str {
    let path = path.strip_prefix('/').unwrap_or(path);
    match path.strip_prefix("api/") {
        Some(method) => METHODS
            .iter()
            .find(|known| known.name == method)
            .map_or("unknown_method", |known| known.name),
        None => PAGES.iter().find(|page| **page == path).copied().unwrap_or("unknown_page"),
    }
}
