//! Requests that Slack sends to the app.

use http::HeaderMap;
use slack_proto::{
    Timestamp,
    events::{
        EventAuthorization, EventsApiRequest, RequestVerifier, SignatureError, SigningSecret,
        Verified,
    },
};

use crate::seen::{CANARY, both, debug, display};

#[test]
fn signed_requests() {
    let secret = SigningSecret::new(CANARY).unwrap();
    debug("SigningSecret", &secret);
    debug("RequestVerifier", &RequestVerifier::new(secret));
    both("InvalidValue", &SigningSecret::new(format!("{CANARY}\n")).unwrap_err());
    debug("Verified", &verified(CANARY.to_owned()));
    for (name, value) in
        [("x-slack-signature", CANARY.to_owned()), ("x-slack-request-timestamp", CANARY.to_owned())]
    {
        let mut headers = HeaderMap::new();
        headers.insert("x-slack-request-timestamp", "7".parse().unwrap());
        headers.insert("x-slack-signature", format!("v0={}", "0".repeat(64)).parse().unwrap());
        both("SignatureError", &refused(&headers, CANARY));
        headers.insert(name, value.parse().unwrap());
        both("SignatureError", &refused(&headers, CANARY));
    }
}

#[test]
fn events() {
    for (what, body) in [
        (
            "EventCallback",
            format!(
                r#"{{"type":"event_callback","event":{{"type":"message","text":"{CANARY}"}}}}"#
            ),
        ),
        ("Event", format!(r#"{{"type":"event_callback","event":{{"type":"{CANARY}"}}}}"#)),
        (
            "TokensRevoked",
            format!(
                r#"{{"type":"event_callback","event":{{"type":"tokens_revoked","tokens":{{"oauth":["{CANARY}"],"bot":"{CANARY}"}}}}}}"#
            ),
        ),
        (
            "EventAuthorization",
            format!(
                r#"{{"type":"event_callback","event_id":"{CANARY}","authorizations":[{{"team_id":"{CANARY}"}}]}}"#
            ),
        ),
        ("AppRateLimited", format!(r#"{{"type":"app_rate_limited","team_id":"{CANARY}"}}"#)),
        ("EventsApiRequest", format!(r#"{{"type":"url_verification","challenge":"{CANARY}"}}"#)),
        ("EventsApiRequest", format!(r#"{{"type":"{CANARY}"}}"#)),
    ] {
        debug(what, &EventsApiRequest::parse(&verified(body)).unwrap());
    }
    let refused = EventsApiRequest::parse(&verified(CANARY.to_owned())).unwrap_err();
    both("InvalidEventsRequest", &refused);
    display("EventAuthorization", &format!("{:?}", EventAuthorization::default()));
}

fn verified(body: String) -> Verified<String> {
    let secret = SigningSecret::new("hush").unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("x-slack-request-timestamp", "7".parse().unwrap());
    headers.insert("x-slack-signature", secret.sign("7", body.as_bytes()).parse().unwrap());
    RequestVerifier::new(secret).verify(&headers, body, Timestamp::from_unix(7)).unwrap()
}

fn refused(headers: &HeaderMap, body: &str) -> SignatureError {
    let verifier = RequestVerifier::new(SigningSecret::new("hush").unwrap());
    verifier.verify(headers, body, Timestamp::from_unix(7)).unwrap_err()
}
