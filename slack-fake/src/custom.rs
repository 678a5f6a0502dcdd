//! Methods of a test's own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::Response;
use serde_json::Value;

use crate::state::memory::State;
use crate::wire::call::{Call, Json};
use crate::wire::reply::{self, Answer, Failure};
use crate::{CredentialKind, FakeSlack};

/// A call of a method of one's own, from a caller whose token was verified.
#[derive(Clone)]
#[non_exhaustive]
pub struct MethodCall {
    /// The client id of the app that the token belongs to.
    pub client_id: String,
    /// The id of that app.
    pub app_id: String,
    /// The kind of the token.
    pub kind: CredentialKind,
    /// The workspace; `None` for an org-wide install.
    pub team_id: Option<String>,
    /// The organization, if there is one.
    pub enterprise_id: Option<String>,
    /// The person, or the bot's own user.
    pub user_id: String,
    /// The scopes of the token.
    pub scopes: Vec<String>,
    /// The time of the call, in Unix seconds.
    pub at: u64,
    arguments: Vec<(String, String)>,
    json: Option<Value>,
}

impl MethodCall {
    /// Returns the value of an argument from the query, the form or the JSON body; an empty one
    /// counts as absent.
    ///
    /// A member of a JSON body that is not a string is returned as JSON text.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<&str> {
        let found = self.arguments.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Returns the JSON body, if there is one.
    #[must_use]
    pub fn json(&self) -> Option<&Value> {
        self.json.as_ref()
    }

    /// Checks that the token has a scope.
    ///
    /// # Errors
    ///
    /// `missing_scope`, which a method passes on with `?`.
    pub fn require_scope(&self, scope: &str) -> Result<(), String> {
        let granted = self.scopes.iter().any(|granted| granted == scope);
        if granted { Ok(()) } else { Err("missing_scope".into()) }
    }
}

impl fmt::Debug for MethodCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MethodCall")
            .field("app_id", &self.app_id)
            .field("kind", &self.kind)
            .field("team_id", &self.team_id)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

impl FakeSlack {
    /// Adds a method of one's own, or replaces the one with the same name; a built-in method stays
    /// as it is.
    ///
    /// The token of a call is checked as `auth.test` does, and only then `answer` is called. It
    /// returns the members beside `ok`, or an error code. Methods are not part of a saved state.
    ///
    /// ```
    /// use serde_json::json;
    /// use slack_fake::FakeSlack;
    ///
    /// let fake = FakeSlack::new().method("chat.postMessage", |call| {
    ///     call.require_scope("chat:write")?;
    ///     let channel = call.argument("channel").ok_or("channel_not_found")?;
    ///     Ok(json!({"channel": channel, "ts": format!("{}.000100", call.at)}))
    /// });
    /// ```
    pub fn method(
        mut self,
        name: impl Into<String>,
        answer: impl Fn(&MethodCall) -> Result<Value, String> + Send + Sync + 'static,
    ) -> Self {
        let method = CustomMethod { answer: Arc::new(answer) };
        self.custom.methods.insert(interned(name.into()), method);
        self
    }
}

#[derive(Clone, Default)]
pub(crate) struct CustomMethods {
    methods: BTreeMap<&'static str, CustomMethod>,
}

type Handler = dyn Fn(&MethodCall) -> Result<Value, String> + Send + Sync;

#[derive(Clone)]
pub(crate) struct CustomMethod {
    answer: Arc<Handler>,
}

impl CustomMethods {
    pub(crate) fn name(&self, method: &str) -> Option<&'static str> {
        self.methods.get_key_value(method).map(|(name, _)| *name)
    }

    pub(crate) fn get(&self, method: &str) -> Option<CustomMethod> {
        self.methods.get(method).cloned()
    }
}

impl CustomMethod {
    pub(crate) fn answer(&self, state: &mut State, call: &Call<'_>, now: u64) -> Response<Vec<u8>> {
        match call.arguments(Json::Read) {
            Ok(read) => {
                let arguments = read.arguments.iter();
                let arguments = arguments.map(|(name, value)| (name.into(), value.into()));
                let outcome = state.holder(call, &read.arguments, now).map_err(Failure::from);
                let outcome = outcome.and_then(|holder| {
                    let credential = &state.credentials[holder.index];
                    let app = state.app(&credential.client_id);
                    let call = MethodCall {
                        client_id: credential.client_id.to_string(),
                        app_id: app.map(|app| app.app_id.clone()).unwrap_or_default(),
                        kind: credential.kind,
                        team_id: credential.target.team.as_deref().map(str::to_owned),
                        enterprise_id: credential.target.enterprise.as_deref().map(str::to_owned),
                        user_id: credential.user_id.to_string(),
                        scopes: credential.scopes.iter().map(str::to_owned).collect(),
                        at: now,
                        arguments: arguments.collect(),
                        json: call.json(),
                    };
                    let scopes = Some(credential.scope_headers(None));
                    match (self.answer)(&call) {
                        Ok(body) => Ok(Answer { scopes, ..Answer::new(body) }),
                        Err(code) => Err(Failure { scopes, ..Failure::from(code.as_str()) }),
                    }
                });
                reply::envelope(outcome, &read.warnings)
            }
            Err(code) => reply::envelope(Err(code.into()), &[]),
        }
    }
}

/// Returns a name that lives as long as the process, the same one for equal names.
///
/// The log names calls by `&'static str`; a test has few methods of its own.
fn interned(name: String) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name.as_str()) {
        return known;
    }
    let name: &'static str = String::leak(name);
    names.insert(name);
    name
}
