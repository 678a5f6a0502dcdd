//! Which request is answered by what.

#[cfg(feature = "openid")]
use http::StatusCode;
use http::{Method, Request, Response};

use crate::FakeSlack;
use crate::custom::CustomMethods;
use crate::pages::html;
use crate::state::code::Flow;
use crate::state::memory::State;
use crate::state::mint::Mint;
use crate::wire::call::{Arguments, Call, Json};
use crate::wire::reply::{self, Answer, Failure};

impl FakeSlack {
    /// Answers one request at the time `now`, in whole Unix seconds.
    ///
    /// The host of the request does not matter. Time may go backwards; what was revoked or used up
    /// stays so. The extensions of the response say what a transport must do beyond delivering it,
    /// see [`Delivery`](crate::Delivery).
    pub fn handle<B: AsRef<[u8]>>(&mut self, request: &Request<B>, now: u64) -> Response<Vec<u8>> {
        let call = Call::read(request);
        let known = known_method(call.path);
        let name = known.map_or_else(|| other_name(&self.custom, call.path), |known| known.name);
        self.state.latest = now;
        let fault = self.script.next(name);
        let mut response = match fault {
            Some(fault) => {
                fault.instead().unwrap_or_else(|| fault.spoil(self.answer(known, &call, now)))
            }
            None => self.answer(known, &call, now),
        };
        if call.path.starts_with("/api/") {
            reply::allow_any_origin(&mut response);
        }
        let request_id = self.state.mint(Mint::request_id);
        reply::set_request_id(&mut response, request_id);
        self.date.set(&mut response, now);
        self.log.note(name, call.verb, &response, now);
        response
    }

    fn answer(
        &mut self,
        known: Option<&KnownMethod>,
        call: &Call<'_>,
        now: u64,
    ) -> Response<Vec<u8>> {
        if !matches!(*call.verb, Method::GET | Method::POST) {
            return html::wrong_verb();
        }
        if let Some(known) = known {
            return match call.arguments(known.json) {
                Ok(read) => {
                    let outcome = (known.answer)(&mut self.state, call, &read.arguments, now);
                    reply::envelope(outcome, &read.warnings)
                }
                Err(code) => reply::envelope(Err(code.into()), &[]),
            };
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
                Some(method) => self.answer_other(method, call, now),
                None => html::not_found(),
            },
        }
    }

    fn answer_other(&mut self, method: &str, call: &Call<'_>, now: u64) -> Response<Vec<u8>> {
        if let Some(custom) = self.custom.get(method) {
            return custom.answer(&mut self.state, call, now);
        }
        let mut failure = Failure::from("unknown_method");
        failure.more.insert("req_method".into(), method.into());
        reply::envelope(Err(failure), &[])
    }
}

struct KnownMethod {
    name: &'static str,
    json: Json,
    answer: fn(&mut State, &Call<'_>, &Arguments, u64) -> Result<Answer, Failure>,
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

/// Returns whether a built-in method reads JSON bodies.
pub(crate) fn json_of(method: &str) -> Json {
    METHODS.iter().find(|known| known.name == method).map_or(Json::Ignored, |known| known.json)
}

/// Returns the built-in method at a path.
fn known_method(path: &str) -> Option<&'static KnownMethod> {
    let method = path.strip_prefix("/api/")?;
    METHODS.iter().find(|known| known.name == method)
}

/// Returns the name of any other path in scripts and in the log; all unknown ones share one.
fn other_name(custom: &CustomMethods, path: &str) -> &'static str {
    let path = path.strip_prefix('/').unwrap_or(path);
    match path.strip_prefix("api/") {
        Some(method) => custom.name(method).unwrap_or("unknown_method"),
        None => PAGES.iter().find(|page| **page == path).copied().unwrap_or("unknown_page"),
    }
}
