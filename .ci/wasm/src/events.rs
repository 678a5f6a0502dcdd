//! Requests that Slack sends: their signature, and the events in them.

use http::{HeaderMap, HeaderValue};
use slack_proto::{
    Timestamp,
    events::{Event, EventCallback, EventsApiRequest, RequestVerifier, SigningSecret, Verified},
    tokens::InstallationKey,
};

use crate::shown;

const SIGNED_AT: Timestamp = Timestamp::from_unix(1_763_740_800);

pub(crate) fn signatures() {
    let secret = SigningSecret::new("fake-signing-secret-0001").unwrap();
    assert!(SigningSecret::new("").is_err());
    assert_eq!(SigningSecret::expose(&secret), "fake-signing-secret-0001");
    assert_eq!(format!("{secret:?}"), "SigningSecret([redacted])");
    let body = "token=FAKE&command=%2Fhello&text=%F0%9F%91%8B";
    assert_eq!(
        SigningSecret::sign(&secret, "1763740800", body.as_bytes()),
        "v0=f85f668b05a034d21748bbe2aa02df4657614886df0bcfe6424680d9bdaa9b56"
    );

    let headers = signed(body);
    let of_another = RequestVerifier::new(SigningSecret::new("other").unwrap());
    shown(&RequestVerifier::verify(&of_another, &headers, body, SIGNED_AT).unwrap_err());
    let both = RequestVerifier::also(of_another, secret);
    let verified = RequestVerifier::verify(&both, &headers, body, SIGNED_AT).unwrap();
    assert_eq!(Verified::body(&verified), body.as_bytes());
    assert_eq!(Verified::signed_at(&verified), SIGNED_AT);
    assert!(!format!("{verified:?}").contains("FAKE"));
    assert_eq!(Verified::into_body(verified), body);
    for (headers, body, now) in [
        (HeaderMap::new(), body, SIGNED_AT),
        (headers.clone(), "", SIGNED_AT),
        (headers.clone(), body, Timestamp::from_unix(0)),
        (headers, body, Timestamp::from_unix(u64::MAX)),
    ] {
        shown(&both.verify(&headers, body, now).unwrap_err());
    }
}

pub(crate) fn events() {
    let body = r#"{"type":"event_callback","team_id":"T1","enterprise_id":"E1","event_time":5,
        "authorizations":[{"team_id":"T1","is_enterprise_install":true}],
        "event":{"type":"tokens_revoked","tokens":{"oauth":["U1"],"bot":[]}}}"#;
    let Ok(EventsApiRequest::EventCallback(callback)) = EventsApiRequest::parse(&verified(body))
    else {
        panic!("an event")
    };
    let place = InstallationKey::grid_workspace("E1".into(), "T1".into());
    assert_eq!(EventCallback::place(&callback), Some(place));
    assert!(EventCallback::is_enterprise_install(&callback));
    assert!(EventCallback::event_json(&callback).starts_with(r#"{"type":"tokens_revoked""#));
    assert_eq!(callback.event_time, Some(Timestamp::from_unix(5)));
    assert_eq!(Event::kind(&callback.event), "tokens_revoked");
    let Event::TokensRevoked(revoked) = &callback.event else { panic!("revoked tokens") };
    assert_eq!((&revoked.oauth[..], &revoked.bot[..]), (&["U1".into()][..], &[][..]));

    let challenge = verified(r#"{"type":"url_verification","challenge":"c"}"#);
    assert!(matches!(
        EventsApiRequest::parse(&challenge),
        Ok(EventsApiRequest::UrlVerification(text)) if text.as_str() == "c"
    ));
    for garbage in ["", "[", "{}", "{\"type\":7}", "a=b", r#"{"type":"url_verification"}"#] {
        shown(&EventsApiRequest::parse(&verified(garbage)).unwrap_err());
    }
}

fn verified(body: &str) -> Verified<&str> {
    let secret = SigningSecret::new("fake-signing-secret-0001").unwrap();
    RequestVerifier::new(secret).verify(&signed(body), body, SIGNED_AT).unwrap()
}

fn signed(body: &str) -> HeaderMap {
    let secret = SigningSecret::new("fake-signing-secret-0001").unwrap();
    let signature = secret.sign("1763740800", body.as_bytes());
    let mut headers = HeaderMap::new();
    headers.insert("x-slack-request-timestamp", HeaderValue::from_static("1763740800"));
    headers.insert("x-slack-signature", signature.parse().unwrap());
    headers
}
