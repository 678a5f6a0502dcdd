//! Requests that Slack sends to the app: the check of their signature, and the Events API.

pub use slack_proto::events::{
    AppRateLimited, Event, EventAuthorization, EventCallback, EventsApiRequest,
    InvalidEventsRequest, RequestVerifier, SignatureError, SigningSecret, TokensRevoked, Verified,
};

pub use crate::rotator::{
    ApplyEventError, EventOutcome, RemovedCredential, SpareReason, SparedCredential,
};
