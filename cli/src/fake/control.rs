//! The control API: which path is answered by what.

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{Method, Request, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use slack_fake::{Clock, FakeSlack, SharedFake, SlackEvent};

use super::deliver::deliver;
use super::handlers;
use super::seed::{AppSeed, Seed};

/// What every path of the control API begins with: no path of Slack's does.
pub(super) const PREFIX: &str = "/_fake";

/// The fake with all that the control API needs.
pub(super) struct Control {
    shared: SharedFake,
    seed: Seed,
    origin: String,
    kept: Mutex<Kept>,
}

/// What the control API keeps beside the fake.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) apps: Vec<AppSeed>,
    pub(super) methods: Vec<super::seed::MethodSeed>,
    pub(super) events: Vec<SlackEvent>,
}

/// Why a request was refused, as its status and a sentence.
pub(super) struct Refusal(pub(super) StatusCode, pub(super) String);

pub(super) type Outcome = Result<Value, Refusal>;

/// One operation: a verb, a path below the prefix, and what answers it.
pub(super) struct Operation {
    verb: Method,
    path: &'static str,
    answer: fn(&Control, Input<'_>) -> Outcome,
}

/// The query and the body of a request.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    query: &'a str,
    body: &'a [u8],
}

const fn operation(
    verb: Method,
    path: &'static str,
    answer: fn(&Control, Input<'_>) -> Outcome,
) -> Operation {
    Operation { verb, path, answer }
}

/// The operations that are answered at once; deliveries wait for the app's answer.
const OPERATIONS: &[Operation] = &[
    operation(Method::GET, "", handlers::info),
    operation(Method::GET, "/openapi.json", |_, _| {
        serde_json::from_str(OPENAPI).map_err(|_| bad("the description is damaged"))
    }),
    operation(Method::GET, "/clock", handlers::clock),
    operation(Method::POST, "/clock", handlers::change_clock),
    operation(Method::GET, "/faults", handlers::faults),
    operation(Method::POST, "/faults", handlers::script_fault),
    operation(Method::DELETE, "/faults", handlers::clear_faults),
    operation(Method::POST, "/id-token-faults", handlers::script_id_token_fault),
    operation(Method::PUT, "/consent", handlers::set_consent),
    operation(Method::PUT, "/signed-in", handlers::sign_in),
    operation(Method::GET, "/calls", handlers::calls),
    operation(Method::GET, "/credentials", handlers::credentials),
    operation(Method::POST, "/tokens/inspect", handlers::inspect),
    operation(Method::POST, "/tokens/revoke", handlers::revoke),
    operation(Method::POST, "/tokens/expire", handlers::expire),
    operation(Method::POST, "/configuration-tokens", handlers::issue_config_token),
    operation(Method::GET, "/apps", |control, _| Ok(control.apps())),
    operation(Method::POST, "/apps", handlers::add_app),
    operation(Method::POST, "/apps/turn-rotation-on", handlers::turn_rotation_on),
    operation(Method::POST, "/apps/uninstall", handlers::uninstall),
    operation(Method::POST, "/methods", handlers::add_method),
    operation(Method::POST, "/signing-key", handlers::change_signing_key),
    operation(Method::GET, "/events", handlers::events),
    operation(Method::POST, "/reset", handlers::reset),
    operation(Method::GET, "/state", handlers::save),
    operation(Method::PUT, "/state", handlers::load),
];

const DELIVERIES: &str = "/deliveries";

const OPENAPI: &str = include_str!("../../openapi.json");

impl Control {
    pub(super) fn new(seed: Seed, origin: &str) -> Self {
        let clock = Clock::real();
        let shared = SharedFake::new(seed.fake(origin), clock);
        let control =
            Self { shared, seed, origin: origin.to_owned(), kept: Mutex::new(Kept::default()) };
        control.reset();
        control
    }

    pub(super) fn shared(&self) -> &SharedFake {
        &self.shared
    }

    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts anew from the seed.
    pub(super) fn reset(&self) {
        let clock = self.shared.clock();
        let real = Clock::real().now();
        clock.run(self.seed.rate);
        clock.set(self.seed.time.unwrap_or(real));
        self.shared.with(|fake| *fake = self.seed.fake(&self.origin));
        *self.kept() = Kept { apps: self.seed.apps.clone(), ..Kept::default() };
    }

    /// Continues from a saved state.
    pub(super) fn load(&self, saved: &[u8]) -> Result<(), slack_fake::RestoreError> {
        let restored = FakeSlack::restore(saved)?;
        let methods = self.kept().methods.clone();
        let restored = self.seed.add_methods(restored);
        let restored = methods.iter().fold(restored, |fake, method| method.add_to(fake));
        self.shared.with(|fake| *fake = restored);
        Ok(())
    }

    /// Returns the apps with their ids and secrets.
    pub(super) fn apps(&self) -> Value {
        let kept = self.kept();
        let apps = kept.apps.iter().map(|app| {
            json!({
                "app_id": app.app_id,
                "client_id": app.client_id,
                "client_secret": app.client_secret,
                "signing_secret": app.signing_secret,
            })
        });
        apps.collect()
    }

    /// Answers a request of the control API.
    pub(super) async fn answer<B: AsRef<[u8]>>(&self, request: &Request<B>) -> Response<Vec<u8>> {
        // A page in a browser could otherwise control the fake of whoever opened it.
        if request.headers().contains_key(header::ORIGIN) {
            return written(Err(Refusal(
                StatusCode::FORBIDDEN,
                "the control API does not answer pages in a browser".into(),
            )));
        }
        let path = request.uri().path().strip_prefix(PREFIX).unwrap_or_default();
        let path = path.strip_suffix('/').unwrap_or(path);
        let input = Input {
            query: request.uri().query().unwrap_or_default(),
            body: request.body().as_ref(),
        };
        if path == DELIVERIES {
            return written(match *request.method() {
                Method::POST => deliver(self, input).await,
                _ => Err(wrong_verb()),
            });
        }
        let mut known = OPERATIONS.iter().filter(|operation| operation.path == path).peekable();
        if known.peek().is_none() {
            let text = format!("nothing is at this path: see {PREFIX}/openapi.json");
            return written(Err(Refusal(StatusCode::NOT_FOUND, text)));
        }
        let operation = known.find(|operation| operation.verb == *request.method());
        written(operation.map_or_else(|| Err(wrong_verb()), |known| (known.answer)(self, input)))
    }

    /// Returns every verb and path.
    pub(super) fn operations() -> Vec<String> {
        let known = OPERATIONS.iter().map(|known| format!("{} {PREFIX}{}", known.verb, known.path));
        known.chain([format!("POST {PREFIX}{DELIVERIES}")]).collect()
    }
}

impl Input<'_> {
    pub(super) const fn empty() -> Self {
        Self { query: "", body: &[] }
    }

    /// Parses the body; the error names the place and quotes nothing.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(self.body).map_err(|error| {
            let what = if error.is_data() { "does not fit this operation" } else { "is not JSON" };
            bad(format!("the body {what} (line {}, column {})", error.line(), error.column()))
        })
    }

    pub(super) fn body(&self) -> &[u8] {
        self.body
    }

    /// Returns a value of the query, as it is written there.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next_back()
    }
}

pub(super) fn bad(text: impl Into<String>) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, text.into())
}

fn wrong_verb() -> Refusal {
    let text = format!("this path takes another verb: see {PREFIX}/openapi.json");
    Refusal(StatusCode::METHOD_NOT_ALLOWED, text)
}

fn written(outcome: Outcome) -> Response<Vec<u8>> {
    let (status, body) = match outcome {
        Ok(body) => (StatusCode::OK, body),
        Err(Refusal(status, text)) => (status, json!({"error": text})),
    };
    let mut response = Response::new(body.to_string().into_bytes());
    *response.status_mut() = status;
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
