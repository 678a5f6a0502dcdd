//! The authorize page: what is checked, who decides, and where the browser goes next.

use http::{Method, Response};

use crate::Consent;
use crate::call::{Arguments, Call};
use crate::page::{self, ConsentPage};
use crate::redirect::callback;
use crate::reply;
use crate::state::{CodeRecord, Flow, State, Target};
use crate::wish::{BAD_REDIRECT, Wish};

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
