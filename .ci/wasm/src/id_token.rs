//! ID tokens, checked by a key that knows one signature: the core has no cryptography of its own.

use http::Response;
use slack_proto::{
    AccessToken, ClientId, Endpoint, Timestamp,
    ids::{TeamId, UserId},
    openid::{
        Discovery, DocumentError, DocumentFault, ExpectedIdToken, IdToken, IdTokenError,
        IdTokenVerifier, IdentityKey, KeySet, Nonce, Rs256, Rs256Key, UserClaims, VerifiedIdToken,
    },
};

use crate::shown;

/// `{"alg":"RS256","kid":"k1"}`
const HEADER: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0";
/// `{"iss":"https://slack.com","aud":"1.2","sub":"U1","iat":1,"exp":301,"nonce":"n0nce","https://slack.com/team_id":"T1"}`
const CLAIMS: &str = "eyJpc3MiOiJodHRwczovL3NsYWNrLmNvbSIsImF1ZCI6IjEuMiIsInN1YiI6IlUxIiwiaWF0IjoxLCJleHAiOjMwMSwibm9uY2UiOiJuMG5jZSIsImh0dHBzOi8vc2xhY2suY29tL3RlYW1faWQiOiJUMSJ9";
/// `right`
const SIGNATURE: &str = "cmlnaHQ";

struct Word;

impl Rs256 for Word {
    fn key(&self, _: &[u8], _: &[u8]) -> Option<Box<dyn Rs256Key>> {
        Some(Box::new(Self))
    }
}

impl Rs256Key for Word {
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        !message.is_empty() && signature == b"right"
    }
}

pub(crate) fn documents() {
    let slack = Endpoint::slack();
    assert_eq!(Discovery::request(&slack).uri().path(), "/.well-known/openid-configuration");
    let body =
        r#"{"issuer":"https://slack.com","jwks_uri":"https://slack.com/k","token_endpoint":7}"#;
    let discovery = Discovery::parse_response(&slack, &Response::new(body)).unwrap();
    assert_eq!(Discovery::keys_request(&discovery).uri(), "https://slack.com/k");
    assert_eq!(Discovery::parse_warnings(&discovery).len(), 1);
    assert!(Discovery::check_issuer(&discovery, &IdTokenVerifier::new(&slack)).is_ok());
    let other = IdTokenVerifier::new(&slack).issuer("other");
    let error = Discovery::check_issuer(&discovery, &other).unwrap_err();
    assert_eq!(DocumentError::fault(&error), DocumentFault::ForeignIssuer);
    assert_eq!(DocumentError::recovery(&error).as_str(), "fix_configuration");
    shown(&error);

    assert!(
        Rs256::key(&Word, &[1], &[3]).is_some_and(|key| Rs256Key::verifies(&*key, b"m", b"right"))
    );
    let keys = keys();
    assert_eq!(KeySet::len(&keys), 1);
    assert!(!KeySet::is_empty(&keys));
    assert_eq!(KeySet::key_ids(&keys).next().unwrap().as_str(), "k1");
    assert_eq!(KeySet::parse_warnings(&keys).len(), 1);
}

pub(crate) fn id_tokens() {
    let (keys, now) = (keys(), Timestamp::from_unix(9));
    let verifier = IdTokenVerifier::leeway(
        IdTokenVerifier::issuer(IdTokenVerifier::new(&Endpoint::slack()), "https://slack.com"),
        std::time::Duration::from_secs(1),
    );
    assert_eq!(IdTokenVerifier::expected_issuer(&verifier), "https://slack.com");
    let expected =
        ExpectedIdToken::new(ClientId::new("1.2").unwrap()).nonce(Nonce::new("n0nce").unwrap());
    let access = AccessToken::new("xoxp-1").unwrap();
    let token = IdToken::new(format!("{HEADER}.{CLAIMS}.{SIGNATURE}")).unwrap();
    let verified = IdTokenVerifier::verify(&verifier, &keys, &token, &expected, Some(&access), now);
    let verified = verified.unwrap();
    assert!(VerifiedIdToken::parse_warnings(&verified).is_empty());
    let key = UserClaims::identity(&verified.user).unwrap();
    assert_eq!(IdentityKey::user(&key).as_str(), "U1");
    assert_eq!(Some(key), IdentityKey::of(Some(&TeamId::from("T1")), None, &UserId::from("U1")));
    assert!(UserClaims::is_same_person(&verified.user, &verified.user));

    let strict = IdTokenVerifier::require_at_hash(verifier.clone());
    shown(&strict.verify(&keys, &token, &expected, None, now).unwrap_err());

    let forged = IdToken::new(format!("{HEADER}.{CLAIMS}.AA")).unwrap();
    let error = verifier.verify(&keys, &forged, &expected, None, now).unwrap_err();
    assert_eq!(error, IdTokenError::WrongSignature);
    assert_eq!(IdTokenError::recovery(&error).as_str(), "authorize_again");
    shown(&error);
    let claims = IdToken::decode_without_verifying(&forged).unwrap();
    assert_eq!(claims.user.unwrap().sub.as_str(), "U1");
}

fn keys() -> KeySet {
    let n = "_".repeat(342).replace("__________", "abcdefghij");
    // The last character may not have bits that stand for nothing.
    let body =
        format!(r#"{{"keys":[{{"kty":"RSA","kid":"k1","n":"_{}w","e":"AQAB"}},7]}}"#, &n[..340]);
    KeySet::parse_response(&Response::new(body), &Word).unwrap()
}
