//! What must hold for a request that says it is Slack's.

use http::{HeaderMap, HeaderValue};
use slack_proto::{
    Timestamp,
    events::{Event, EventsApiRequest, RequestVerifier, SigningSecret},
};

use crate::{oracle::Members, secrets};

/// Verifies the input as it is, which is refused unless it brings the right signature of a right time; then signs its
/// body and reads it: every id of a token that was revoked comes out, and nothing is shown that looks like a token.
pub(crate) fn check(input: &[u8]) {
    let mut lines = input.splitn(3, |byte| *byte == b'\n');
    let [timestamp, signature, body] = [(); 3].map(|()| lines.next().unwrap_or_default());
    let secret = SigningSecret::new("hush").expect("a secret of visible characters");
    check_signature(&secret, timestamp, signature, body);

    let mut headers = HeaderMap::new();
    headers.insert("x-slack-request-timestamp", HeaderValue::from_static("7"));
    let signed = secret.sign("7", body);
    headers.insert("x-slack-signature", signed.parse().expect("a signature is visible ASCII"));
    let judge = RequestVerifier::new(secret);
    let verified = judge.verify(&headers, body, Timestamp::from_unix(7));
    let verified = verified.expect("the body is signed");
    match EventsApiRequest::parse(&verified) {
        Ok(request) => {
            secrets::assert_hidden(&request);
            check_event(&request, body);
        }
        Err(error) => secrets::assert_hidden_error(&error),
    }
}

fn check_signature(secret: &SigningSecret, timestamp: &[u8], signature: &[u8], body: &[u8]) {
    let mut headers = HeaderMap::new();
    for (name, value) in
        [("x-slack-request-timestamp", timestamp), ("x-slack-signature", signature)]
    {
        let Ok(value) = HeaderValue::from_bytes(value) else { continue };
        headers.insert(name, value);
    }
    let now = Timestamp::from_unix(1_795_219_200);
    match RequestVerifier::new(secret.clone()).verify(&headers, body, now) {
        Ok(verified) => {
            let timestamp =
                std::str::from_utf8(timestamp).expect("a timestamp that was taken is digits");
            assert_eq!(
                secret.sign(timestamp, body).as_bytes(),
                signature,
                "a forged request passed"
            );
            let signed_at = timestamp.parse::<u64>().expect("digits");
            assert!(signed_at.abs_diff(now.as_unix()) <= 300, "an old request passed");
            assert_eq!(verified.body(), body);
        }
        Err(error) => secrets::assert_hidden_error(&error),
    }
}

/// Compares a well-formed event with a second reading.
fn check_event(request: &EventsApiRequest, body: &[u8]) {
    let EventsApiRequest::EventCallback(callback) = request else { return };
    let Some(members) = Members::of(body) else { return };
    let Some(event) = members.once("event").and_then(|event| Members::of(event.as_bytes())) else {
        return;
    };
    let Some(kind) = event.text("type") else { return };
    assert_eq!(callback.event.kind(), kind, "another event came out");
    let Event::TokensRevoked(revoked) = &callback.event else { return };
    let Some(tokens) = event.once("tokens").and_then(|tokens| Members::of(tokens.as_bytes()))
    else {
        return;
    };
    for (name, got) in [("oauth", &revoked.oauth), ("bot", &revoked.bot)] {
        let list =
            tokens.once(name).and_then(|list| serde_json::from_str::<Vec<String>>(list).ok());
        let Some(list) = list else { continue };
        let wanted: Vec<_> = list.iter().filter(|id| !id.is_empty()).collect();
        assert!(got.iter().map(slack_proto::ids::UserId::as_str).eq(wanted), "an id was lost");
    }
}
