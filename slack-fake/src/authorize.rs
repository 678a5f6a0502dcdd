//! The authorize page: what is checked, who decides, and where the browser goes next.

use std::collections::BTreeSet;

use http::{Method, Response};

use crate::app::{AppRecord, Setting};
use crate::call::{Arguments, Call};
use crate::page::{self, ConsentPage};
use crate::redirect::{Place, RedirectUri, callback};
use crate::reply;
use crate::state::{CodeRecord, Flow, State, Target};
use crate::{Consent, CredentialKind};

/// Why the person stays on a page of Slack's: the code, and what to do about it.
type Trouble = (&'static str, &'static str);

/// An authorize request that passed all checks.
struct Wish {
    flow: Flow,
    client_id: String,
    landing: Landing,
    challenge: Option<String>,
    state: Option<String>,
    nonce: Option<String>,
    bot_scopes: Vec<String>,
    user_scopes: Vec<String>,
}

/// Where the browser will be sent.
struct Landing {
    uri: String,
    /// Whether the request named it, or it is the first configured one.
    named: bool,
    desktop: bool,
}

/// What becomes of a wish.
enum Decision {
    Ask,
    Allow,
    Refuse(String),
}

impl State {
    /// Answers a GET of the page, or the POST of its form.
    pub(crate) fn authorize(&mut self, call: &Call<'_>, flow: Flow, now: u64) -> Response<Vec<u8>> {
        let form;
        let parameters = if call.verb == Method::POST {
            form = call.page_form();
            &form
        } else {
            &call.query
        };
        let (wish, person) = match self.read_wish(parameters, flow).and_then(|wish| {
            let person = self.choose_person(parameters, &wish)?;
            Ok((wish, person))
        }) {
            Ok(pair) => pair,
            Err((code, what)) => return page::error(code, what),
        };
        let outcome = match self.decide(parameters, &wish, &person) {
            Decision::Ask => return self.consent_page(call.path, parameters, &wish, &person),
            Decision::Allow => Ok(self.grant(parameters, &wish, person, now)),
            Decision::Refuse(error) => Err(error),
        };
        let mut pairs = match &outcome {
            Ok(code) => vec![("code", code.as_str())],
            Err(error) => vec![("error", error.as_str())],
        };
        if let Some(state) = &wish.state {
            pairs.push(("state", state));
        }
        let address = callback(&wish.landing.uri, &pairs);
        reply::redirect(&address).unwrap_or_else(|| page::error("bad_redirect_uri", BAD_REDIRECT))
    }

    fn read_wish(&self, parameters: &Arguments, flow: Flow) -> Result<Wish, Trouble> {
        let client_id = parameters.value("client_id").unwrap_or_default();
        let app = self.app(client_id).ok_or(("invalid_client_id", "no app has this client_id"))?;
        let challenge = read_challenge(parameters)?;
        let landing = land(app, parameters.value("redirect_uri"), challenge.is_some())?;
        let (bot_scopes, user_scopes) = read_scopes(parameters, flow);
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
        Ok(Wish {
            flow,
            client_id: client_id.to_owned(),
            landing,
            challenge,
            state: parameters.sent("state").map(str::to_owned),
            nonce: parameters.sent("nonce").map(str::to_owned),
            bot_scopes,
            user_scopes,
        })
    }

    /// Finds who sits at the browser, and where the app is to be installed.
    fn choose_person(
        &self,
        parameters: &Arguments,
        wish: &Wish,
    ) -> Result<(String, Target), Trouble> {
        let user = match parameters.value("fake_user") {
            Some(id) => {
                self.user(id).ok_or(("unknown_user", "no user has the id given as fake_user"))?
            }
            None => self
                .signed_in
                .as_deref()
                .and_then(|id| self.user(id))
                .or(self.users.first())
                .ok_or(("no_user", "nobody can sign in: add a user to the fake"))?,
        };
        let member = |id: &&str| self.is_member(&user.id, id);
        let home = self.home_of(&wish.client_id);
        let chosen = match parameters.value("fake_team") {
            Some(id) => Some(id)
                .filter(member)
                .ok_or(("unknown_team", "the user is no member of fake_team"))?,
            // The hint counts only where the person is signed in already.
            None => parameters
                .value("team")
                .filter(member)
                .or_else(|| home.filter(member))
                .or_else(|| self.workspaces.iter().map(|w| w.id.as_str()).find(member))
                .ok_or(("no_workspace", "the user is in no workspace: add one to the fake"))?,
        };
        let target = match self.workspace(chosen) {
            Some(workspace) => Target {
                team: Some(workspace.id.clone()),
                enterprise: workspace.organisation.clone(),
            },
            None if self.app_has(&wish.client_id, Setting::OrgReady) => {
                Target { team: None, enterprise: Some(chosen.to_owned()) }
            }
            None => {
                return Err((
                    "org_install_not_allowed",
                    "the app is not ready for org-wide installs",
                ));
            }
        };
        Ok((user.id.clone(), target))
    }

    /// Tells whether a user belongs to a workspace, or to any workspace of an organisation.
    pub(crate) fn is_member(&self, user_id: &str, place: &str) -> bool {
        let Some(user) = self.user(user_id) else { return false };
        match self.workspace(place) {
            Some(_) => user.belongs_to(place),
            None => {
                self.organisation(place).is_some()
                    && self
                        .workspaces
                        .iter()
                        .any(|w| w.organisation.as_deref() == Some(place) && user.belongs_to(&w.id))
            }
        }
    }

    fn home_of(&self, client_id: &str) -> Option<&str> {
        let named = self.app(client_id)?.home_workspace.as_deref();
        named.or_else(|| self.workspaces.first().map(|workspace| workspace.id.as_str()))
    }

    fn decide(&self, parameters: &Arguments, wish: &Wish, person: &(String, Target)) -> Decision {
        let consent = match parameters.value("fake_decision") {
            Some("allow") => &Consent::Allow,
            Some("deny") => &Consent::Deny,
            _ => &self.consent,
        };
        match consent {
            Consent::Ask if !self.has_consented(wish, person) => Decision::Ask,
            Consent::Deny => Decision::Refuse("access_denied".into()),
            Consent::Fail(error) => Decision::Refuse(error.clone()),
            _ if self.may_install(&wish.client_id, &person.1) => Decision::Allow,
            _ => Decision::Refuse("invalid_team_for_non_distributed_app".into()),
        }
    }

    /// Whoever signed in before is not asked again.
    fn has_consented(&self, wish: &Wish, (user_id, target): &(String, Target)) -> bool {
        wish.flow == Flow::SignIn
            && self.credentials.iter().any(|c| {
                !c.gone
                    && c.kind == CredentialKind::SignIn
                    && c.client_id == wish.client_id
                    && c.user_id == *user_id
                    && c.target == *target
                    && wish.user_scopes.iter().all(|scope| c.scopes.contains(scope))
            })
    }

    fn may_install(&self, client_id: &str, target: &Target) -> bool {
        let home = self.home_of(client_id);
        let home_org =
            home.and_then(|id| self.workspace(id)).and_then(|w| w.organisation.as_deref());
        let at_home = if target.is_org_wide() {
            home_org == Some(target.id())
        } else {
            home == Some(target.id())
        };
        at_home || self.app_has(client_id, Setting::Distributed)
    }

    fn grant(
        &mut self,
        parameters: &Arguments,
        wish: &Wish,
        person: (String, Target),
        now: u64,
    ) -> String {
        let declined: Vec<&str> = parameters
            .iter()
            .filter(|(name, _)| *name == "fake_decline")
            .flat_map(|(_, v)| v.split(','))
            .collect();
        let optional =
            self.app(&wish.client_id).map(|app| app.optional_scopes.clone()).unwrap_or_default();
        let granted = |scopes: &[String]| {
            let keep = |scope: &&String| {
                !(optional.contains(*scope) && declined.contains(&scope.as_str()))
            };
            scopes.iter().filter(keep).cloned().collect()
        };
        let record = CodeRecord {
            flow: wish.flow,
            client_id: wish.client_id.clone(),
            user_id: person.0,
            target: person.1,
            bot_scopes: granted(&wish.bot_scopes),
            user_scopes: granted(&wish.user_scopes),
            redirect_uri: wish.landing.uri.clone(),
            redirect_was_named: wish.landing.named,
            desktop: wish.landing.desktop,
            challenge: wish.challenge.clone(),
            nonce: wish.nonce.clone(),
            state: wish.state.clone(),
            issued_at: now,
            spent: false,
        };
        let code = self.mint_code();
        self.codes.insert(code.clone(), record);
        code
    }

    fn consent_page(
        &self,
        path: &str,
        parameters: &Arguments,
        wish: &Wish,
        (user_id, target): &(String, Target),
    ) -> Response<Vec<u8>> {
        let app = self.app(&wish.client_id);
        let asked = || wish.bot_scopes.iter().chain(&wish.user_scopes);
        let optional =
            |scope: &&String| app.is_some_and(|app| app.optional_scopes.contains(*scope));
        let workspaces = self.workspaces.iter().map(|w| (w.id.as_str(), w.name.as_str()));
        let organisations = self.organisations.iter().map(|o| (o.id.as_str(), o.name.as_str()));
        let page = ConsentPage {
            app_name: app.map_or("", |app| &app.name),
            path,
            parameters: parameters.iter().filter(|(name, _)| !name.starts_with("fake_")).collect(),
            bot_scopes: &wish.bot_scopes,
            user_scopes: &wish.user_scopes,
            optional_scopes: asked().filter(optional).map(String::as_str).collect(),
            places: workspaces
                .chain(organisations)
                .map(|(id, name)| (id, name, id == target.id()))
                .collect(),
            people: self
                .users
                .iter()
                .map(|u| (u.id.as_str(), u.name.as_str(), u.id == *user_id))
                .collect(),
        };
        page.render()
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

/// Tells whether an app may ask for `scopes`; one without a list may ask for any.
fn allows(list: Option<&BTreeSet<String>>, scopes: &[String]) -> bool {
    list.is_none_or(|list| scopes.iter().all(|scope| list.contains(scope)))
}

fn check_sign_in(parameters: &Arguments, scopes: &[String]) -> Result<(), Trouble> {
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

fn read_challenge(parameters: &Arguments) -> Result<Option<String>, Trouble> {
    let Some(challenge) = parameters.value("code_challenge") else { return Ok(None) };
    let is_digest = challenge.len() == 43
        && challenge.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    match parameters.value("code_challenge_method") {
        Some("S256") if is_digest => Ok(Some(challenge.to_owned())),
        Some("S256") => {
            Err(("invalid_code_challenge", "code_challenge is no base64url of a SHA-256 digest"))
        }
        _ => Err(("invalid_code_challenge_method", "code_challenge_method must be S256")),
    }
}

/// Finds where the browser will be sent, by the rules for redirect URIs.
fn land(app: &AppRecord, named: Option<&str>, pkce: bool) -> Result<Landing, Trouble> {
    let uri = named.or(app.redirect_urls.first().map(String::as_str)).unwrap_or_default();
    let parsed = RedirectUri::parse(uri).ok_or(("bad_redirect_uri", BAD_REDIRECT))?;
    let configured = app.redirect_urls.iter().filter_map(|url| RedirectUri::parse(url));
    if !configured.into_iter().any(|configured| parsed.is_covered_by(&configured)) {
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

const BAD_REDIRECT: &str = "redirect_uri must be an https address without a fragment; http://localhost and custom \
                            schemes need PKCE";
