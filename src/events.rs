//! Requests that Slack sends to the app: the check of their signature, and the Events API.
//!
//! [`RequestVerifier::verify`] checks the signature over the raw body, so take the body as bytes and before any framework
//! parses it. An event is parsed from a [`Verified`] body and from nothing else.
//! The headers are those of the crate `http`; `RequestVerifier::new(SigningSecret::new(secret)?)` creates the verifier.
//! [`TokenRotator::apply_event`](crate::TokenRotator::apply_event) removes what an event is about, and
//! [`nearest_key`](crate::TokenRotator::nearest_key) finds the installation that serves the place of any other event.
//!
//! ```
//! use std::{error::Error, time::SystemTime};
//! use http::HeaderMap;
//! use slack_auth::{
//!     Slot, TokenRotator,
//!     events::{Event, EventsApiRequest, RequestVerifier},
//!     methods::AuthTest,
//! };
//!
//! /// Answers a request: `Ok` is a status 200 with this text; after an error Slack delivers the event again.
//! async fn receive(
//!     verifier: &RequestVerifier,
//!     rotator: &TokenRotator,
//!     headers: &HeaderMap,
//!     body: Vec<u8>,
//! ) -> Result<String, Box<dyn Error>> {
//!     let verified = verifier.verify(headers, body, SystemTime::now().into())?;
//!     let callback = match EventsApiRequest::parse(&verified)? {
//!         EventsApiRequest::UrlVerification(challenge) => return Ok(challenge.as_str().to_owned()),
//!         EventsApiRequest::EventCallback(callback) => callback,
//!         _ => return Ok(String::new()),
//!     };
//!     if let Event::TokensRevoked(_) | Event::AppUninstalled = &callback.event {
//!         // Judged by the event's time: what is newer stays, and a repeated event changes nothing.
//!         let outcome = rotator.apply_event(&callback).await?;
//!         return if outcome.is_in_doubt() { Err("apply it again later".into()) } else { Ok(String::new()) };
//!     }
//!     let place = callback.place().ok_or("the event names no place")?;
//!     let key = rotator.nearest_key(&place.into(), Slot::Bot).await?;
//!     rotator.call(&AuthTest, &key, Slot::Bot).await?;
//!     Ok(String::new())
//! }
//! ```

pub use slack_proto::events::{
    AppRateLimited, Event, EventAuthorization, EventCallback, EventsApiRequest,
    InvalidEventsRequest, RequestVerifier, SignatureError, SigningSecret, TokensRevoked, Verified,
};

pub use crate::rotator::{
    ApplyEventError, EventOutcome, RemovedCredential, SpareReason, SparedCredential,
};
