//! Authorization requests, checked as Slack's page does.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::pages::redirect::{Place, Ports, RedirectUri};
use crate::state::app::{AppRecord, Setting};
use crate::state::code::Flow;
use crate::state::memory::State;
use crate::wire::call::Arguments;

/// Why Slack shows a page of its own instead of redirecting: the code, and what to do about it.
pub(crate) type PageError = (&'static str, &'static str);

/// An authorization request that passed all checks.
pub(crate) struct AuthorizationRequest {
    pub(crate) flow: Flow,
    pub(crate) client_id: Arc<str>,
    pub(crate) landing: Landing,
    pub(crate) challenge: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) bot_scopes: Vec<String>,
    pub(crate) user_scopes: Vec<String>,
}

/// Where the browser will be sent.
pub(crate) struct Landing {
    pub(crate) uri: String,
    /// Whether the request named it, or it is the first configured one.
    pub(crate) named: bool,
    pub(crate) desktop: bool,
}

impl State {
    pub(crate) fn read_authorization_request(
        &self,
        parameters: &Arguments,
        flow: Flow,
    ) -> Result<AuthorizationRequest, PageError> {
        let client_id = parameters.value("client_id").unwrap_or_default();
        let app = self.app(client_id).ok_or(("invalid_client_id", "no app has this client_id"))?;
        let challenge = read_challenge(parameters)?;
        let landing = land(app, parameters.value("redirect_uri"), challenge.is_some())?;
        let (bot_scopes, user_scopes) = read_scopes(parameters, flow);
        if bot_scopes.is_empty() && user_scopes.is_empty() && flow != Flow::SignIn {
            return Err(("no_scopes", "no scopes requested"));
        }
        if landing.desktop && !bot_scopes.is_empty() {
            return Err((
                "invalid_scope",
                "a redirect to a program on the person's machine allows user scopes only",
            ));
        }
        if flow == Flow::SignIn {
            check_sign_in(parameters, &user_scopes)?;
        } else if !allows(app.bot_scopes.as_ref(), &bot_scopes)
            || !allows(app.user_scopes.as_ref(), &user_scopes)
        {
            return Err(("invalid_scope", "a scope was asked for that the app does not have"));
        }
        Ok(AuthorizationRequest {
            flow,
            client_id: app.client_id.clone(),
            landing,
            challenge,
            state: parameters.sent("state").map(str::to_owned),
            nonce: parameters.sent("nonce").map(str::to_owned),
            bot_scopes,
            user_scopes,
        })
    }
}

fn read_scopes(parameters: &Arguments, flow: Flow) -> (Vec<String>, Vec<String>) {
    match flow {
        Flow::Install => (parameters.list("scope"), parameters.list("user_scope")),
        // The documents name `scope`, one report `user_scope`: the fake reads whichever is there.
        Flow::SignIn => (Vec::new(), parameters.list("scope")),
        Flow::UserInstall => {
            let scopes = parameters.list("scope");
            (Vec::new(), if scopes.is_empty() { parameters.list("user_scope") } else { scopes })
        }
    }
}

/// Returns whether an app may request `scopes`; one without a list may request any.
fn allows(list: Option<&BTreeSet<String>>, scopes: &[String]) -> bool {
    list.is_none_or(|list| scopes.iter().all(|scope| list.contains(scope)))
}

fn check_sign_in(parameters: &Arguments, scopes: &[String]) -> Result<(), PageError> {
    if parameters.value("response_type") != Some("code") {
        return Err(("invalid_response_type", "response_type must be code"));
    }
    let known = |scope: &String| matches!(scope.as_str(), "openid" | "email" | "profile");
    if !scopes.iter().any(|scope| scope == "openid") || !scopes.iter().all(known) {
        return Err((
            "invalid_scope",
            "sign-in needs the scope openid, and takes email and profile beside it",
        ));
    }
    Ok(())
}

fn read_challenge(parameters: &Arguments) -> Result<Option<String>, PageError> {
    let Some(challenge) = parameters.value("code_challenge") else { return Ok(None) };
    let is_digest = challenge.len() == 43
        && challenge.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    match parameters.value("code_challenge_method") {
        Some("S256") if is_digest => Ok(Some(challenge.to_owned())),
        Some("S256") => Err((
            "invalid_code_challenge",
            "code_challenge is not the base64url form of a SHA-256 digest",
        )),
        _ => Err(("invalid_code_challenge_method", "code_challenge_method must be S256")),
    }
}

/// Determines the redirect URI, by Slack's rules.
fn land(app: &AppRecord, named: Option<&str>, pkce: bool) -> Result<Landing, PageError> {
    let uri = named.or(app.redirect_urls.first().map(String::as_str)).unwrap_or_default();
    let parsed = RedirectUri::parse(uri).ok_or(("bad_redirect_uri", BAD_REDIRECT))?;
    let configured = app.redirect_urls.iter().filter_map(|url| RedirectUri::parse(url));
    let ports = if app.has(Setting::AnyLoopbackPort) { Ports::AnyOnLoopback } else { Ports::Equal };
    if !configured.into_iter().any(|configured| parsed.is_covered_by(&configured, ports)) {
        return Err((
            "bad_redirect_uri",
            "redirect_uri is none of the app's redirect URLs and lies below none",
        ));
    }
    let desktop = match parsed.place() {
        Place::Https => false,
        Place::Localhost | Place::Loopback if app.has(Setting::LoopbackRedirects) => false,
        Place::Localhost | Place::CustomScheme if pkce && app.has(Setting::Pkce) => true,
        _ => return Err(("bad_redirect_uri", BAD_REDIRECT)),
    };
    Ok(Landing { uri: uri.to_owned(), named: named.is_some(), desktop })
}

pub(crate) const BAD_REDIRECT: &str = "redirect_uri must be an https address without a fragment; \
                                       http://localhost and custom schemes need PKCE";
