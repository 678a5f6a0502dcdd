//! The authorize page: what is checked, who decides, and where the browser is redirected.

use std::sync::Arc;

use http::{Method, Response};

use crate::Consent;
use crate::pages::html::{self, ConsentPage};
use crate::pages::redirect::callback;
use crate::pages::request::{AuthorizationRequest, BAD_REDIRECT};
use crate::state::code::{CodeRecord, Flow};
use crate::state::credential::Target;
use crate::state::key::Key;
use crate::state::memory::State;
use crate::state::mint::Mint;
use crate::wire::call::{Arguments, Call};
use crate::wire::reply;

/// The decision on an authorization request.
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
        let (request, person) =
            match self.read_authorization_request(parameters, flow).and_then(|request| {
                let person = self.choose_person(parameters, &request)?;
                Ok((request, person))
            }) {
                Ok(pair) => pair,
                Err((code, what)) => return html::error(code, what),
            };
        let outcome = match self.decide(parameters, &request, &person) {
            Decision::Ask => return self.consent_page(call.path, parameters, &request, &person),
            Decision::Allow => Ok(self.grant(parameters, &request, person, now)),
            Decision::Refuse(error) => Err(error),
        };
        let mut pairs = match &outcome {
            Ok(code) => vec![("code", code.as_str())],
            Err(error) => vec![("error", error.as_str())],
        };
        if let Some(state) = &request.state {
            pairs.push(("state", state));
        }
        let address = callback(&request.landing.uri, &pairs);
        reply::redirect(&address).unwrap_or_else(|| html::error("bad_redirect_uri", BAD_REDIRECT))
    }

    fn decide(
        &self,
        parameters: &Arguments,
        request: &AuthorizationRequest,
        person: &(Arc<str>, Target),
    ) -> Decision {
        let consent = match parameters.value("fake_decision") {
            Some("allow") => &Consent::Allow,
            Some("deny") => &Consent::Deny,
            _ => &self.consent,
        };
        match consent {
            Consent::Ask if !self.has_consented(request, person) => Decision::Ask,
            Consent::Deny => Decision::Refuse("access_denied".into()),
            Consent::Fail(error) => Decision::Refuse(error.clone()),
            _ if self.may_install(&request.client_id, &person.1) => Decision::Allow,
            _ => Decision::Refuse("invalid_team_for_non_distributed_app".into()),
        }
    }

    fn grant(
        &mut self,
        parameters: &Arguments,
        request: &AuthorizationRequest,
        person: (Arc<str>, Target),
        now: u64,
    ) -> String {
        let declined: Vec<&str> = parameters
            .iter()
            .filter(|(name, _)| *name == "fake_decline")
            .flat_map(|(_, v)| v.split(','))
            .collect();
        let optional =
            self.app(&request.client_id).map(|app| app.optional_scopes.clone()).unwrap_or_default();
        let granted = |scopes: &[String]| {
            let keep = |scope: &&String| {
                !(optional.contains(*scope) && declined.contains(&scope.as_str()))
            };
            scopes.iter().filter(keep).cloned().collect()
        };
        let record = CodeRecord {
            flow: request.flow,
            client_id: request.client_id.clone(),
            user_id: person.0,
            target: person.1,
            bot_scopes: granted(&request.bot_scopes),
            user_scopes: granted(&request.user_scopes),
            redirect_uri: request.landing.uri.clone(),
            redirect_was_named: request.landing.named,
            desktop: request.landing.desktop,
            challenge: request.challenge.clone(),
            nonce: request.nonce.clone(),
            state: request.state.clone(),
            issued_at: now,
        };
        let code = self.mint(Mint::code);
        self.codes.insert(Key::of(&code), record);
        code
    }

    fn consent_page(
        &self,
        path: &str,
        parameters: &Arguments,
        request: &AuthorizationRequest,
        (user_id, target): &(Arc<str>, Target),
    ) -> Response<Vec<u8>> {
        let app = self.app(&request.client_id);
        let asked = || request.bot_scopes.iter().chain(&request.user_scopes);
        let optional =
            |scope: &&String| app.is_some_and(|app| app.optional_scopes.contains(*scope));
        let workspaces = self.workspaces.iter().map(|w| (&*w.id, w.name.as_str()));
        let organizations = self.organizations.iter().map(|o| (&*o.id, o.name.as_str()));
        let page = ConsentPage {
            app_name: app.map_or("", |app| &app.name),
            path,
            parameters: parameters.iter().filter(|(name, _)| !name.starts_with("fake_")).collect(),
            bot_scopes: &request.bot_scopes,
            user_scopes: &request.user_scopes,
            optional_scopes: asked().filter(optional).map(String::as_str).collect(),
            places: workspaces
                .chain(organizations)
                .map(|(id, name)| (id, name, id == target.id()))
                .collect(),
            people: self
                .users
                .iter()
                .map(|u| (&*u.id, u.name.as_str(), u.id == *user_id))
                .collect(),
        };
        page.render()
    }
}
