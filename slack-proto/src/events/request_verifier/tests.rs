use super::*;

const NOW: u64 = 1_763_740_800;
const BODY: &[u8] = br#"{"type":"url_verification","challenge":"c"}"#;

fn secret(text: &str) -> SigningSecret {
    SigningSecret::new(text).unwrap()
}

fn signed(by: &str, at: &str, body: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(TIMESTAMP, at.parse().unwrap());
    headers.insert(SIGNATURE, secret(by).sign(at, body).parse().unwrap());
    headers
}

fn verify(headers: &HeaderMap, body: &[u8], now: u64) -> Result<(), SignatureError> {
    let verifier = RequestVerifier::new(secret("hush"));
    verifier.verify(headers, body, Timestamp::from_unix(now)).map(|verified| {
        assert_eq!(verified.body(), body);
        assert_eq!(
            verified.signed_at(),
            parse_timestamp(headers[TIMESTAMP].to_str().unwrap()).unwrap()
        );
        assert_eq!(verified.into_body(), body);
    })
}

#[test]
fn a_signed_request_passes_for_five_minutes_either_way() {
    let headers = signed("hush", "1763740800", BODY);
    for now in [NOW - 300, NOW, NOW + 300] {
        assert_eq!(verify(&headers, BODY, now), Ok(()));
    }
    let tolerance = Duration::from_secs(300);
    let far = Duration::from_secs(301);
    assert_eq!(
        verify(&headers, BODY, NOW + 301),
        Err(SignatureError::TooOld { age: far, tolerance })
    );
    assert_eq!(
        verify(&headers, BODY, NOW - 301),
        Err(SignatureError::InFuture { ahead: far, tolerance })
    );
    let headers = signed("hush", "18446744073709551615", BODY);
    assert!(matches!(verify(&headers, BODY, NOW), Err(SignatureError::InFuture { .. })));
}

#[test]
fn any_other_body_time_or_secret_is_refused() {
    let headers = signed("hush", "1763740800", BODY);
    for body in [&b""[..], b"{}", &BODY[1..], &[BODY, b"\n"].concat()] {
        let body_length = body.len();
        let refused = Err(SignatureError::WrongSignature { body_length });
        assert_eq!(verify(&headers, body, NOW), refused);
    }
    let wrong = Err(SignatureError::WrongSignature { body_length: BODY.len() });
    let mut moved = headers.clone();
    moved.insert(TIMESTAMP, "1763740801".parse().unwrap());
    assert_eq!(verify(&moved, BODY, NOW), wrong);
    // The same number, spelled otherwise, was not signed.
    moved.insert(TIMESTAMP, "01763740800".parse().unwrap());
    assert_eq!(verify(&moved, BODY, NOW), wrong);
    assert_eq!(verify(&signed("other", "1763740800", BODY), BODY, NOW), wrong);
}

#[test]
fn each_of_several_secrets_counts_while_it_is_changed() {
    let verifier = RequestVerifier::new(secret("old")).also(secret("new"));
    for (by, passes) in [("old", true), ("new", true), ("hush", false)] {
        let headers = signed(by, "1763740800", BODY);
        let result = verifier.verify(&headers, BODY, Timestamp::from_unix(NOW));
        assert_eq!(result.is_ok(), passes, "{by}");
    }
}

#[test]
fn headers_that_are_missing_repeated_or_malformed_are_named() {
    let whole = signed("hush", "1763740800", BODY);
    for name in [TIMESTAMP, SIGNATURE] {
        let mut headers = whole.clone();
        headers.remove(name);
        assert_eq!(verify(&headers, BODY, NOW), Err(SignatureError::MissingHeader(name)));
        let mut headers = whole.clone();
        headers.append(name, whole[name].clone());
        assert_eq!(verify(&headers, BODY, NOW), Err(SignatureError::MalformedHeader(name)));
    }
    let good = whole[SIGNATURE].to_str().unwrap();
    for (name, value) in [
        (TIMESTAMP, ""),
        (TIMESTAMP, "+1763740800"),
        (TIMESTAMP, "-1"),
        (TIMESTAMP, "1763740800.5"),
        (TIMESTAMP, "18446744073709551616"),
        (SIGNATURE, ""),
        (SIGNATURE, "v0="),
        (SIGNATURE, &good[1..]),
        (SIGNATURE, &good[..66]),
        (SIGNATURE, &good.replacen("v0", "v1", 1)),
        (SIGNATURE, &good.to_uppercase().replacen("V0", "v0", 1)),
    ] {
        let mut headers = whole.clone();
        headers.insert(name, value.parse().unwrap());
        let refused = Err(SignatureError::MalformedHeader(name));
        assert_eq!(verify(&headers, BODY, NOW), refused, "{name}: {value}");
    }
}

#[test]
fn errors_name_the_likely_cause() {
    let tolerance = Duration::from_secs(300);
    let age = Duration::from_secs(400);
    for (error, part) in [
        (SignatureError::MissingHeader(SIGNATURE), "no header x-slack-signature"),
        (
            SignatureError::MalformedHeader(TIMESTAMP),
            "the header x-slack-request-timestamp is malformed",
        ),
        (SignatureError::WrongSignature { body_length: 0 }, "before a framework reads the body"),
        (SignatureError::WrongSignature { body_length: 9 }, "parsed and encoded again"),
        (
            SignatureError::TooOld { age, tolerance },
            "400 s ago, and 300 s are allowed; check that this machine's clock is not fast",
        ),
        (
            SignatureError::InFuture { ahead: age, tolerance },
            "400 s in the future, and 300 s are allowed; check that this machine's clock is not slow",
        ),
    ] {
        assert!(error.to_string().contains(part), "{error}");
    }
}
