//! The rules about claims, over a signature that is right when it says so. Real signatures are in `tests/id_token.rs`.

mod expected;

use http::Response;
use serde_json::{Value, json};

use super::*;
use crate::{
    ClientId,
    openid::{Nonce, Rs256, Rs256Key},
};

const NOW: u64 = 1_795_219_200;
const CLIENT: &str = "1000000001.2000000002";

/// A key whose signature of anything is the word `right`.
struct Word;

impl Rs256 for Word {
    fn key(&self, _: &[u8], _: &[u8]) -> Option<Box<dyn Rs256Key>> {
        Some(Box::new(Self))
    }
}

impl Rs256Key for Word {
    fn verifies(&self, _: &[u8], signature: &[u8]) -> bool {
        signature == b"right"
    }
}

fn keys() -> KeySet {
    let n = BASE64_URL_SAFE_NO_PAD.encode([0xff; 256]);
    let set = json!({"keys": [{"kty": "RSA", "kid": "k1", "n": n, "e": "AQAB"}]});
    KeySet::parse_response(&Response::new(set.to_string()), &Word).unwrap()
}

fn token(header: &Value, claims: &str, signature: &[u8]) -> IdToken {
    let encode = |part: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(part);
    let header = encode(header.to_string().as_bytes());
    let text = format!("{header}.{}.{}", encode(claims.as_bytes()), encode(signature));
    IdToken::new(text).unwrap()
}

fn header() -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": "k1"})
}

/// The least that a token must say.
fn claims() -> Value {
    json!({"iss": "https://slack.com", "aud": CLIENT, "sub": "U0FAKE00001", "iat": NOW, "exp": NOW + 300, "nonce": ""})
}

fn expected() -> ExpectedIdToken {
    ExpectedIdToken::new(ClientId::new(CLIENT).unwrap())
}

fn verifier() -> IdTokenVerifier {
    IdTokenVerifier::new(&Endpoint::slack())
}

fn verify_at(claims: &Value, now: u64) -> Result<VerifiedIdToken, IdTokenError> {
    let token = token(&header(), &claims.to_string(), b"right");
    verifier().verify(&keys(), &token, &expected(), None, Timestamp::from_unix(now))
}

/// Verifies with some claims changed; `null` takes one away.
fn with(changes: &Value) -> Result<VerifiedIdToken, IdTokenError> {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            _ => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    verify_at(&claims, NOW)
}

fn with_header(header: &Value) -> Result<VerifiedIdToken, IdTokenError> {
    let token = token(header, &claims().to_string(), b"right");
    verifier().verify(&keys(), &token, &expected(), None, Timestamp::from_unix(NOW))
}

#[test]
fn the_least_token_verifies() {
    let verified =
        with(&json!({"https://slack.com/team_id": "T0FAKE00001", "auth_time": NOW - 5})).unwrap();
    assert_eq!(verified.user.sub.as_str(), "U0FAKE00001");
    assert_eq!(verified.issued_at.as_unix(), NOW);
    assert_eq!(verified.expires_at.as_unix(), NOW + 300);
    assert_eq!(verified.authenticated_at.unwrap().as_unix(), NOW - 5);
    assert!(verified.parse_warnings().is_empty());
    assert_eq!(
        verified.user.others().count(),
        0,
        "claims about the token are not about the person"
    );
}

#[test]
fn the_header_is_checked_first() {
    use IdTokenError::{CriticalHeader, NoKeyId, UnknownKey, Unsigned, WrongAlgorithm};
    let wrong = |alg: &str| WrongAlgorithm(UntrustedText::from(alg));
    for (header, error) in [
        (json!({"alg": "none", "kid": "k1"}), Unsigned),
        (json!({"alg": "NonE", "kid": "k1"}), Unsigned),
        (json!({"kid": "k1"}), Unsigned),
        (json!({"alg": 256, "kid": "k1"}), Unsigned),
        (json!({"alg": "HS256", "kid": "k1"}), wrong("HS256")),
        (json!({"alg": "rs256", "kid": "k1"}), wrong("rs256")),
        (json!({"alg": "PS256", "kid": "k1"}), wrong("PS256")),
        (json!({"alg": "", "kid": "k1"}), wrong("")),
        (json!({"alg": "RS256", "kid": "k1", "crit": ["exp"]}), CriticalHeader),
        (json!({"alg": "RS256", "kid": "k1", "crit": []}), CriticalHeader),
        (json!({"alg": "RS256", "kid": "k1", "crit": null}), CriticalHeader),
        (json!({"alg": "RS256"}), NoKeyId),
        (json!({"alg": "RS256", "kid": 1}), NoKeyId),
        (json!({"alg": "RS256", "kid": "k2"}), UnknownKey(UntrustedText::from("k2"))),
        (json!({"alg": "RS256", "kid": ""}), UnknownKey(UntrustedText::from(""))),
    ] {
        assert_eq!(with_header(&header).unwrap_err(), error, "{header}");
    }
    // A key that a token brings along is not a key.
    let own = json!({"alg": "RS256", "kid": "k1", "jwk": {"kty": "RSA"}, "jku": "https://evil.example", "x5u": 1});
    assert!(with_header(&own).is_ok());
}

#[test]
fn no_claim_is_looked_at_before_the_signature() {
    let keys = keys();
    for claims in ["{", "", r#"{"iss":"evil"}"#] {
        let token = token(&header(), claims, b"wrong");
        let refused =
            verifier().verify(&keys, &token, &expected(), None, Timestamp::from_unix(NOW));
        assert_eq!(refused.unwrap_err(), IdTokenError::WrongSignature);
    }
    let broken = token(&header(), "{", b"right");
    let refused = verifier().verify(&keys, &broken, &expected(), None, Timestamp::from_unix(NOW));
    assert_eq!(refused.unwrap_err(), IdTokenError::UnreadableClaims);
}

#[test]
fn what_is_no_token_is_malformed() {
    let good = token(&header(), &claims().to_string(), b"right");
    let [head, body, signature] = good.expose().split('.').collect::<Vec<_>>()[..] else {
        panic!()
    };
    let long = "e30".repeat(30_000);
    for text in [
        "x",
        "..",
        "a.b",
        &format!("{head}.{body}"),
        &format!("{head}.{body}.{signature}."),
        &format!(".{head}.{body}.{signature}"),
        &format!("{head}=.{body}.{signature}"),
        &format!("{head}.{body}.{signature}="),
        &format!("{head}.{body}.{signature}!"),
        &format!("e30x.{body}.{signature}"),
        &format!("bnVsbA.{body}.{signature}"),
        &format!("{long}.{body}.{signature}"),
    ] {
        let token = IdToken::new(text).unwrap();
        let refused =
            verifier().verify(&keys(), &token, &expected(), None, Timestamp::from_unix(NOW));
        assert_eq!(refused.unwrap_err(), IdTokenError::Malformed, "{text:.80}");
    }
    // The claims' base64 is looked at once the signature is right.
    let token = IdToken::new(format!("{head}.!.{signature}")).unwrap();
    let refused = verifier().verify(&keys(), &token, &expected(), None, Timestamp::from_unix(NOW));
    assert_eq!(refused.unwrap_err(), IdTokenError::Malformed);
}

#[test]
fn issuer_and_audience_are_compared_to_the_letter() {
    use IdTokenError::{MissingClaim, WrongAudience, WrongAuthorizedParty, WrongIssuer};
    for iss in [
        "https://slack.com/",
        "http://slack.com",
        "slack.com",
        "https://slack.com.evil.example",
        "",
    ] {
        let refused = with(&json!({ "iss": iss })).unwrap_err();
        assert_eq!(refused, WrongIssuer(UntrustedText::from(iss)));
    }
    for (changes, error) in [
        (json!({"iss": null}), MissingClaim("iss")),
        (json!({"iss": ["https://slack.com"]}), MissingClaim("iss")),
        (json!({"aud": null}), MissingClaim("aud")),
        (json!({"aud": {"message": CLIENT}}), MissingClaim("aud")),
        (json!({"aud": "9.9"}), WrongAudience),
        (json!({"aud": ""}), WrongAudience),
        (json!({"aud": []}), WrongAudience),
        (json!({"aud": [{"message": CLIENT}]}), WrongAudience),
        (json!({"aud": ["9.9", [CLIENT]], "azp": CLIENT}), WrongAudience),
        (json!({"aud": [CLIENT, "9.9"]}), WrongAuthorizedParty),
        (json!({"aud": [CLIENT, 7]}), WrongAuthorizedParty),
        (json!({"aud": [CLIENT, "9.9"], "azp": "9.9"}), WrongAuthorizedParty),
        (json!({"aud": [CLIENT, "9.9"], "azp": ""}), WrongAuthorizedParty),
        (json!({"azp": "9.9"}), WrongAuthorizedParty),
        (json!({"azp": [CLIENT]}), WrongAuthorizedParty),
        (json!({"azp": 7}), WrongAuthorizedParty),
    ] {
        assert_eq!(with(&changes).unwrap_err(), error, "{changes}");
    }
    assert!(with(&json!({"aud": [CLIENT]})).is_ok());
    assert!(with(&json!({"aud": ["9.9", CLIENT], "azp": CLIENT})).is_ok());
    assert!(with(&json!({"azp": CLIENT})).is_ok());
    let flood: Vec<_> = (0..100_000).map(|number| number.to_string()).collect();
    assert_eq!(with(&json!({"aud": flood[..2000]})).unwrap_err(), WrongAudience);
}

#[test]
fn another_issuer_can_be_expected() {
    let mut claims = claims();
    claims["iss"] = json!("https://slack-gov.com");
    let token = token(&header(), &claims.to_string(), b"right");
    let verify = |verifier: IdTokenVerifier| {
        verifier.verify(&keys(), &token, &expected(), None, Timestamp::from_unix(NOW))
    };
    assert!(verify(IdTokenVerifier::new(&Endpoint::gov_slack())).is_ok());
    assert!(verify(verifier().issuer("https://slack-gov.com")).is_ok());
    assert!(verify(verifier()).is_err());
}

#[test]
fn times_are_kept_to_the_second_and_a_leeway() {
    use IdTokenError::{Expired, IssuedInFuture, MissingClaim, NotYetValid};
    let at = Timestamp::from_unix;
    assert!(verify_at(&claims(), NOW + 359).is_ok());
    assert_eq!(verify_at(&claims(), NOW + 360).unwrap_err(), Expired(at(NOW + 300)));
    assert!(verify_at(&claims(), NOW - 60).is_ok());
    assert_eq!(verify_at(&claims(), NOW - 61).unwrap_err(), IssuedInFuture(at(NOW)));
    assert_eq!(verify_at(&claims(), u64::MAX).unwrap_err(), Expired(at(NOW + 300)));
    let strict = verifier().leeway(Duration::ZERO);
    let token = token(&header(), &claims().to_string(), b"right");
    let verify = |now| strict.verify(&keys(), &token, &expected(), None, at(now));
    assert!(verify(NOW).is_ok() && verify(NOW + 299).is_ok());
    assert_eq!(verify(NOW + 300).unwrap_err(), Expired(at(NOW + 300)));
    assert_eq!(verify(NOW - 1).unwrap_err(), IssuedInFuture(at(NOW)));
    for (changes, error) in [
        (json!({"exp": null}), MissingClaim("exp")),
        (json!({"exp": "soon"}), MissingClaim("exp")),
        (json!({"exp": -1}), Expired(at(0))),
        (json!({"exp": 0}), Expired(at(0))),
        (json!({"iat": null}), MissingClaim("iat")),
        (json!({"iat": NOW + 61}), IssuedInFuture(at(NOW + 61))),
        (json!({"nbf": NOW + 61}), NotYetValid(at(NOW + 61))),
    ] {
        assert_eq!(with(&changes).unwrap_err(), error, "{changes}");
    }
    assert!(with(&json!({"nbf": NOW + 60})).is_ok());
    // A fraction is allowed by RFC 7519 section 2, and text is told as a parse warning.
    let odd = with(&json!({"exp": 1_795_219_500.5, "iat": "1795219200", "nbf": NOW})).unwrap();
    assert_eq!((odd.expires_at, odd.parse_warnings().len()), (at(NOW + 300), 2));
}

#[test]
fn the_person_is_named_by_sub() {
    for sub in [json!(null), json!(""), json!(7)] {
        let changes = json!({"sub": sub, "https://slack.com/user_id": "U0FAKE00001"});
        assert_eq!(with(&changes).unwrap_err(), IdTokenError::MissingClaim("sub"), "{sub}");
    }
    let odd = with(&json!({"https://slack.com/user_id": "U0OTHER"})).unwrap();
    assert_eq!(odd.user.sub.as_str(), "U0FAKE00001");
    assert_eq!(odd.parse_warnings()[0].path(), "https://slack.com/user_id");
}

#[test]
fn odd_claims_about_the_person_do_no_harm() {
    let claims = format!(
        r#"{{"iss":"https:\/\/slack.com","aud":"{CLIENT}","sub":"U1","iat":{NOW},"exp":{},"email_verified":"yes",
        "name":"\ud83d","x":1e999,"email":null}}"#,
        NOW + 300
    );
    let token = token(&header(), &claims, b"right");
    let verified = verifier().verify(&keys(), &token, &expected(), None, Timestamp::from_unix(NOW));
    let verified = verified.unwrap();
    assert!(verified.user.name.as_ref().unwrap().as_str().starts_with('\u{fffd}'));
    assert_eq!(verified.user.email_verified, None);
    assert_eq!(verified.user.other("x").unwrap().as_str(), "1e999");
}

#[test]
fn every_error_says_what_is_wrong_and_what_to_do() {
    let at = Timestamp::from_unix(7);
    for (error, says, recovery) in [
        (IdTokenError::Unsigned, "it is not signed", "authorize_again"),
        (
            IdTokenError::WrongAlgorithm("HS256".into()),
            "its algorithm is HS256 and not RS256",
            "authorize_again",
        ),
        (
            IdTokenError::UnknownKey("k2".into()),
            "its key k2 is not among the published ones",
            "retry_later",
        ),
        (IdTokenError::WrongIssuer("evil".into()), "evil issued it", "fix_configuration"),
        (
            IdTokenError::Expired(at),
            "it was valid until 7; unless it is old, check that this machine's clock is not fast",
            "authorize_again",
        ),
        (
            IdTokenError::IssuedInFuture(at),
            "it was issued at 7, in the future; check that this machine's clock is not slow",
            "fix_configuration",
        ),
        (IdTokenError::MissingClaim("exp"), "no usable claim `exp`", "authorize_again"),
        (IdTokenError::WrongNonce, "its nonce is of another sign-in", "authorize_again"),
    ] {
        let told = error.to_string();
        assert!(told.starts_with(&format!("the ID token proves nothing: {says}; ")), "{told}");
        assert_eq!(error.recovery().as_str(), recovery);
    }
}
