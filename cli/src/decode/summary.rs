//! What is printed: a reply as one JSON object, without its secrets.

use std::collections::BTreeMap;

use http::Response;
use serde::Serialize;
use slack_auth::{
    ApiMethod,
    error::{ErrorCode, MethodError, ResponseError},
    methods::{ReplyMeta, UntrustedText},
    oauth::{AuthorizeError, Callback, Scopes},
    tokens::Fingerprint,
};

use super::describe::Describe;

/// The outcome of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Ok,
    ApiError,
    RateLimited,
    HttpError,
    DecodeError,
}

/// What is printed of a reply. Absent members are left out.
#[derive(Serialize)]
pub(crate) struct Summary {
    pub(crate) outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Code>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recovery: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) messages: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) needed: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) provided: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) credentials: Vec<CredentialLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) installation: Option<InstallationLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) webhook: Option<Webhook>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<BTreeMap<String, serde_json::Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code_fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state_fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) parse_warnings: Vec<String>,
    #[serde(skip)]
    remark: Option<String>,
}

/// An error code, and whose it is.
#[derive(Serialize)]
pub(crate) struct Code {
    pub(crate) code: String,
    pub(crate) known: &'static str,
}

/// One credential, by the fingerprints of its tokens.
#[derive(Serialize)]
pub(crate) struct CredentialLine {
    pub(crate) slot: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scopes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_in_s: Option<u64>,
}

/// Where the app is installed, or whose token it is.
#[derive(Default, PartialEq, Eq, Serialize)]
pub(crate) struct InstallationLine {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) app_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) team_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) enterprise_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) enterprise_install: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bot_user_id: Option<String>,
}

/// An incoming webhook.
#[derive(Serialize)]
pub(crate) struct Webhook {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<String>,
    pub(crate) url_fingerprint: String,
}

impl Summary {
    /// Reads the reply of the method `M`.
    pub(crate) fn of_reply<M: ApiMethod<Response: Describe>>(response: &Response<Vec<u8>>) -> Self {
        match M::parse_response(response) {
            Ok(reply) => {
                let mut summary = Self::new(Outcome::Ok).with_meta(&reply.meta);
                reply.value.describe(&mut summary);
                summary
            }
            Err(error) => Self::of_error(&error),
        }
    }

    fn of_error<E: MethodError>(error: &ResponseError<E>) -> Self {
        let (outcome, code, scopes) = match error {
            ResponseError::Api(refused) => (
                Outcome::ApiError,
                Some(refused.code.as_str()),
                (refused.needed(), refused.provided()),
            ),
            ResponseError::RateLimited(limited) => (
                Outcome::RateLimited,
                limited.code.as_ref().map(UntrustedText::as_str),
                (None, None),
            ),
            ResponseError::Decode(unread) => {
                (Outcome::DecodeError, unread.code().map(UntrustedText::as_str), (None, None))
            }
            _ => (Outcome::HttpError, None, (None, None)),
        };
        Self {
            // An answer that says no and not why has an empty code, which is told as none.
            error: code.filter(|code| !code.is_empty()).map(Code::of::<E>),
            recovery: Some(error.recovery().as_str()),
            needed: scopes.0.map(list),
            provided: scopes.1.map(list),
            remark: Some(error.to_string()),
            ..Self::new(outcome).with_meta(error.meta())
        }
    }

    /// Reads the URL that a browser came back to.
    pub(crate) fn of_callback(url: &str) -> Self {
        let callback = match Callback::parse(url) {
            Ok(callback) => callback,
            Err(error) => {
                return Self {
                    recovery: Some("authorize_again"),
                    remark: Some(error.to_string()),
                    ..Self::new(Outcome::DecodeError)
                };
            }
        };
        let fingerprint = |secret: &str| Some(Fingerprint::of(secret).to_string());
        let state = callback.state().and_then(|state| fingerprint(state.expose()));
        match (callback.error_response(), callback.unchecked_code()) {
            (Some(refused), _) => Self {
                error: Some(Code::of_callback(&refused.code)),
                recovery: Some(refused.recovery().as_str()),
                state_fingerprint: state,
                remark: Some(refused.to_string()),
                ..Self::new(Outcome::ApiError)
            },
            (None, code) => Self {
                code_fingerprint: code.and_then(|code| fingerprint(code.expose())),
                state_fingerprint: state,
                ..Self::new(Outcome::Ok)
            },
        }
    }

    /// Returns a sentence for a person: what happened and what to do.
    pub(crate) fn remark(&self) -> Option<&str> {
        self.remark.as_deref()
    }

    fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            error: None,
            status: None,
            recovery: None,
            retry_after_s: None,
            request_id: None,
            warnings: Vec::new(),
            messages: Vec::new(),
            needed: None,
            provided: None,
            credentials: Vec::new(),
            installation: None,
            webhook: None,
            claims: None,
            code_fingerprint: None,
            state_fingerprint: None,
            parse_warnings: Vec::new(),
            remark: None,
        }
    }

    fn with_meta(self, meta: &ReplyMeta) -> Self {
        let texts = |list: &[UntrustedText]| list.iter().map(|text| shown(text.as_str())).collect();
        let mut messages: Vec<_> = texts(meta.messages());
        messages.extend::<Vec<_>>(texts(meta.errors()));
        Self {
            status: Some(meta.status()),
            retry_after_s: meta.retry_after().map(|after| after.as_secs()),
            request_id: meta.request_id().map(|id| shown(id.as_str())),
            warnings: texts(meta.warnings()),
            messages,
            parse_warnings: meta.parse_warnings().iter().map(ToString::to_string).collect(),
            ..self
        }
    }
}

impl Code {
    fn of<E: MethodError>(code: &str) -> Self {
        let known = match ErrorCode::<E>::from_code(code) {
            ErrorCode::Method(_) => "method",
            ErrorCode::Common(_) => "common",
            // The rate-limit codes are common to all methods, and an outcome of their own.
            _ if matches!(code, "ratelimited" | "rate_limited") => "common",
            _ => "unknown",
        };
        Self { code: shown(code), known }
    }

    fn of_callback(code: &ErrorCode<AuthorizeError>) -> Self {
        let known = match code {
            ErrorCode::Method(_) => "method",
            ErrorCode::Common(_) => "common",
            _ => "unknown",
        };
        Self { code: shown(code.as_str()), known }
    }
}

/// Returns a list of scopes without anything that looks like a secret.
pub(crate) fn list(scopes: &Scopes) -> Vec<String> {
    scopes.iter().map(shown).collect()
}

/// Returns text from outside, unless it looks like a token or a webhook's address.
pub(crate) fn shown(text: &str) -> String {
    const LIKE_A_SECRET: [&str; 6] = ["xox", "xapp-", "xwfp-", "eyJ", "hooks.slack", "Bearer "];
    if LIKE_A_SECRET.iter().any(|hint| text.contains(hint)) {
        return format!("[{} bytes not shown]", text.len());
    }
    text.to_owned()
}
