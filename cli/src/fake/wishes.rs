//! The bodies of the control API's requests.

use std::time::Duration;

use serde::Deserialize;
use slack_fake::{Consent, EventKind, Fault, IdTokenFault};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockChange {
    pub(super) set: Option<u64>,
    pub(super) advance: Option<u64>,
    pub(super) rate: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultScript {
    pub(super) method: String,
    pub(super) fault: FaultSpec,
    /// How many calls it concerns.
    pub(super) times: Option<usize>,
}

/// A fault as JSON writes it.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum FaultSpec {
    RateLimited { retry_after: Option<u64> },
    RateLimitedPlainText { retry_after: Option<u64> },
    ServerError { status: u16 },
    Refused { code: String },
    RefusedAfterwards { code: String },
    RequestLost,
    ReplyLost,
    ReplyDelayed { milliseconds: u64 },
    ReplyTruncated { keep: usize },
    Garbage,
}

impl From<FaultSpec> for Fault {
    fn from(spec: FaultSpec) -> Self {
        match spec {
            FaultSpec::RateLimited { retry_after } => Self::RateLimited { retry_after },
            FaultSpec::RateLimitedPlainText { retry_after } => {
                Self::RateLimitedPlainText { retry_after }
            }
            FaultSpec::ServerError { status } => Self::ServerError { status },
            FaultSpec::Refused { code } => Self::Refused { code },
            FaultSpec::RefusedAfterwards { code } => Self::RefusedAfterwards { code },
            FaultSpec::RequestLost => Self::RequestLost,
            FaultSpec::ReplyLost => Self::ReplyLost,
            FaultSpec::ReplyDelayed { milliseconds } => {
                Self::ReplyDelayed(Duration::from_millis(milliseconds))
            }
            FaultSpec::ReplyTruncated { keep } => Self::ReplyTruncated { keep },
            FaultSpec::Garbage => Self::Garbage,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdTokenFaultScript {
    pub(super) fault: IdTokenFault,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsentChange {
    pub(super) consent: Consent,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignedIn {
    pub(super) user_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    pub(super) token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenEnd {
    pub(super) token: String,
    pub(super) at: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigToken {
    pub(super) team_id: String,
    pub(super) user_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientId {
    pub(super) client_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Uninstall {
    pub(super) client_id: String,
    /// A workspace, or an organization for an org-wide install.
    pub(super) place_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SigningKeyChange {
    Rotate,
    RetireOld,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SigningKey {
    pub(super) change: SigningKeyChange,
}

/// What to deliver to a request URL: a noted event, one made here, or the verification.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Delivery {
    pub(super) url: String,
    pub(super) deliver: What,
    /// 0 for the first delivery.
    #[serde(default)]
    pub(super) retry: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// The id of a noted event.
    EventId(String),
    Event(NewEvent),
    UrlVerification(Challenge),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Challenge {
    pub(super) client_id: String,
    pub(super) challenge: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewEvent {
    pub(super) client_id: String,
    pub(super) team_id: Option<String>,
    pub(super) enterprise_id: Option<String>,
    pub(super) kind: EventKind,
    /// None is the fake's time.
    pub(super) time: Option<u64>,
}
