//! Requests that Slack sends to the app: the check of their signature, and the Events API.
//!
//! [`RequestVerifier::verify`] checks `X-Slack-Signature` over the raw body and returns a [`Verified`] body. An event is
//! parsed from a [`Verified`] body and from nothing else, so a program cannot act on a request that anybody could have
//! sent.
//!
//! ```
//! use http::HeaderMap;
//! use slack_proto::Timestamp;
//! use slack_proto::events::{Event, EventsApiRequest, RequestVerifier, SigningSecret};
//!
//! let secret = SigningSecret::new("8f742231b10e8888abcd99yyyzzz85a5")?;
//! let body = br#"{"type":"event_callback","team_id":"T0FAKE00001","event_time":1795219199,
//!     "event":{"type":"app_uninstalled"}}"#;
//! # let mut headers = HeaderMap::new();
//! # headers.insert("x-slack-request-timestamp", "1795219200".parse()?);
//! # headers.insert("x-slack-signature", secret.sign("1795219200", body).parse()?);
//!
//! let verifier = RequestVerifier::new(secret);
//! let now = Timestamp::from_unix(1_795_219_200);
//! let verified = verifier.verify(&headers, body, now)?;
//! let EventsApiRequest::EventCallback(callback) = EventsApiRequest::parse(&verified)? else {
//!     return Ok(());
//! };
//! assert!(matches!(callback.event, Event::AppUninstalled));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Source: <https://docs.slack.dev/authentication/verifying-requests-from-slack>, <https://docs.slack.dev/apis/events-api>.

mod event;
mod event_callback;
mod events_api_request;
mod request_verifier;
mod signature_error;
mod signing_secret;
mod verified;

pub use event::{Event, TokensRevoked};
pub use event_callback::{EventAuthorization, EventCallback};
pub use events_api_request::{AppRateLimited, EventsApiRequest, InvalidEventsRequest};
pub use request_verifier::RequestVerifier;
pub use signature_error::SignatureError;
pub use signing_secret::SigningSecret;
pub use verified::Verified;
