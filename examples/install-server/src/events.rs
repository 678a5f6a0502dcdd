//! What Slack tells by itself: that the app was removed, or that a person has taken its tokens back.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use slack_auth::events::{EventsApiRequest, SigningSecret};

use crate::{app::App, install::log};

/// Receives a request of the Events API, and applies its event to what is stored.
pub(crate) async fn receive(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(verifier) = &app.verifier else { return StatusCode::NOT_FOUND.into_response() };
    let proved = match verifier.verify(&headers, body, app.now()) {
        Ok(proved) => proved,
        Err(error) => {
            log("a request that is not proved to be Slack's", &error);
            return StatusCode::UNAUTHORIZED.into_response();
        }
    };
    let callback = match EventsApiRequest::parse(&proved) {
        Ok(EventsApiRequest::UrlVerification(challenge)) => {
            return challenge.as_str().to_owned().into_response();
        }
        Ok(EventsApiRequest::EventCallback(callback)) => callback,
        Ok(_) => return StatusCode::OK.into_response(),
        Err(error) => {
            log("the Events API", &error);
            return StatusCode::BAD_REQUEST.into_response();
        }
    };
    match app.rotator.apply_event(&callback).await {
        Ok(outcome) if outcome.is_in_doubt() => again(),
        Ok(_) => StatusCode::OK.into_response(),
        Err(error) => {
            log("an event", &error);
            again()
        }
    }
}

/// Slack delivers an event again that is answered with an error.
fn again() -> Response {
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

/// Returns the verifier of Slack's signatures, if there is a secret to verify them by.
pub(crate) fn verifier(
    secret: Option<SigningSecret>,
) -> Option<slack_auth::events::RequestVerifier> {
    secret.map(slack_auth::events::RequestVerifier::new)
}
