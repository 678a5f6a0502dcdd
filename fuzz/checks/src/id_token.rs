//! What must hold for ID tokens, and for the documents that they are checked by.

use std::{collections::HashSet, sync::OnceLock};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::Response;
use sha2::{Digest as _, Sha256};
use slack_proto::{
    AccessToken, ClientId, Endpoint, Timestamp,
    openid::{
        Discovery, ExpectedIdToken, IdToken, IdTokenVerifier, KeySet, Nonce, Rs256, Rs256Key,
        VerifiedIdToken,
    },
};

use crate::{oracle::Members, secrets};

const NOW: u64 = 1_795_219_200;
const LEEWAY: u64 = 60;
const CLIENT_ID: &str = "1000000001.2000000002";
const NONCE: &str = "fake-nonce-0001";
const ACCESS_TOKEN: &str = "xoxp-FAKE-1";
const KEY_ID: &str = "1UFBOqgRZ5l7lG89WeReoemNNmZU5wWYJm1WsOFPCYo";
const KEY_SET: &str = include_str!("../../../slack-proto/tests/samples/jwks--single-key.json");

/// Takes an input as a whole token, and as the three parts of one.
pub(crate) fn check(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        check_token(text, None);
    }
    let parts: Vec<&[u8]> = input.splitn(3, |&byte| byte == b'\n').collect();
    let &[header, claims, signature] = parts.as_slice() else { return };
    let token = [header, claims, signature].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    check_token(&token.join("."), Some((header, claims, signature)));
}

fn check_token(text: &str, parts: Option<(&[u8], &[u8], &[u8])>) {
    static KEYS: OnceLock<KeySet> = OnceLock::new();
    let Ok(token) = IdToken::new(text) else { return };
    if let Ok(claims) = token.decode_without_verifying() {
        secrets::assert_hidden(&claims);
    }
    let keys = KEYS.get_or_init(|| {
        KeySet::parse_response(&Response::new(KEY_SET), &Checked).expect("a sample")
    });
    let slack = IdTokenVerifier::new(&Endpoint::slack());
    let app = || ExpectedIdToken::new(ClientId::new(CLIENT_ID).expect("not empty"));
    let with_nonce = app().nonce(Nonce::new(NONCE).expect("not empty"));
    let access_token = AccessToken::new(ACCESS_TOKEN).expect("not empty");
    for (expected, beside) in [(app(), None), (with_nonce, None), (app(), Some(&access_token))] {
        match slack.verify(keys, &token, &expected, beside, Timestamp::from_unix(NOW)) {
            Ok(verified) => {
                secrets::assert_hidden(&verified);
                if let Some(parts) = parts {
                    check_verified(&verified, parts, expected.sent_nonce().is_some());
                    assert!(beside.is_none() || belongs(parts.1), "another access token was taken");
                }
            }
            Err(error) => secrets::assert_hidden_error(&error),
        }
    }
}

/// Reads the parts of a token that verified once more, by means that know nothing of the library's.
fn check_verified(
    verified: &VerifiedIdToken,
    (header, claims, signature): (&[u8], &[u8], &[u8]),
    with_nonce: bool,
) {
    assert_eq!(signature, RIGHT, "a wrong signature was taken");
    let header = Members::of(header).expect("the header of a token that verified");
    assert!(
        header.has_text("alg", "RS256") && header.has_text("kid", KEY_ID),
        "another key or algorithm was taken"
    );
    assert!(!header.has("crit"), "an extension was passed over");
    // What only the tolerant reader can read is not judged here.
    let Some(claims) = Members::of(claims) else { return };
    assert!(claims.has_text("iss", "https://slack.com"), "another issuer was taken");
    assert!(!with_nonce || claims.has_text("nonce", NONCE), "another nonce was taken");
    assert!(claims.has("exp") && claims.has("iat") && claims.has("sub") && claims.has("aud"));
    if let Some(exp) = claims.once("exp").and_then(|raw| raw.parse::<u64>().ok()) {
        assert!(exp.saturating_add(LEEWAY) > NOW, "an old token was taken");
        assert_eq!(verified.expires_at.as_unix(), exp);
    }
    if let Some(iat) = claims.once("iat").and_then(|raw| raw.parse::<u64>().ok()) {
        assert!(iat <= NOW + LEEWAY, "a token of the future was taken");
    }
    if let Some(sub) = claims.text("sub") {
        assert_eq!(verified.user.sub.as_str(), sub, "another person was signed in");
    }
    if let Some(audience) = claims.text("aud") {
        assert_eq!(audience, CLIENT_ID, "a token for another app was taken");
    }
}

/// Tells whether claims have no other `at_hash` than that of the access token (OpenID Connect Core section 3.1.3.6).
fn belongs(claims: &[u8]) -> bool {
    let hash = BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(ACCESS_TOKEN)[..16]);
    let claimed = Members::of(claims).and_then(|claims| claims.text("at_hash"));
    claimed.is_none_or(|claimed| claimed == hash)
}

/// Takes an input as a key set.
pub(crate) fn check_jwks(input: &[u8]) {
    match KeySet::parse_response(&Response::new(input), &Checked) {
        Ok(set) => {
            secrets::assert_hidden(&set);
            let names: HashSet<_> = set.key_ids().collect();
            assert!(set.len() <= 16 && names.len() == set.len(), "too many keys, or one twice");
            assert!(names.iter().all(|name| !name.as_str().is_empty()));
            assert_eq!(set.is_empty(), names.is_empty());
        }
        Err(error) => secrets::assert_hidden_error(&error),
    }
}

/// Takes an input as a discovery document.
pub(crate) fn check_discovery(input: &[u8]) {
    match Discovery::parse_response(&Endpoint::slack(), &Response::new(input)) {
        Ok(discovery) => {
            secrets::assert_hidden(&discovery);
            let request = discovery.keys_request();
            let uri = request.uri().to_string().to_ascii_lowercase();
            assert!(uri.starts_with("https://slack.com/"), "keys from elsewhere: {uri}");
            assert!(
                request.body().as_ref().is_empty()
                    && !request.headers().contains_key("authorization")
            );
            let same = discovery.issuer.as_str() == "https://slack.com";
            let verifier = IdTokenVerifier::new(&Endpoint::slack());
            assert_eq!(discovery.check_issuer(&verifier).is_ok(), same);
        }
        Err(error) => secrets::assert_hidden_error(&error),
    }
}

/// Asserts what the library promises of a key, and finds one signature right.
struct Checked;

const RIGHT: &[u8] = b"right";

impl Rs256 for Checked {
    fn key(&self, modulus: &[u8], exponent: &[u8]) -> Option<Box<dyn Rs256Key>> {
        assert!((256..=1024).contains(&modulus.len()) && modulus[0] != 0, "a key of another size");
        assert!(modulus.len() > 256 || modulus[0] >= 0x80, "a key that is too short");
        assert!((1..=4).contains(&exponent.len()) && exponent[0] != 0, "an odd exponent");
        assert!(exponent != [1] && exponent[exponent.len() - 1] % 2 == 1, "an exponent of no use");
        Some(Box::new(Self))
    }
}

impl Rs256Key for Checked {
    fn verifies(&self, _: &[u8], signature: &[u8]) -> bool {
        signature == RIGHT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_verifies() {
        let seed = include_bytes!("../../corpus/id_token/good");
        check(seed);
        let parts: Vec<&[u8]> = seed.splitn(3, |&byte| byte == b'\n').collect();
        let token =
            parts.iter().map(|part| BASE64_URL_SAFE_NO_PAD.encode(part)).collect::<Vec<_>>();
        let keys = KeySet::parse_response(&Response::new(KEY_SET), &Checked).unwrap();
        let expected = ExpectedIdToken::new(ClientId::new(CLIENT_ID).unwrap())
            .nonce(Nonce::new(NONCE).unwrap());
        let verified = IdTokenVerifier::new(&Endpoint::slack()).verify(
            &keys,
            &IdToken::new(token.join(".")).unwrap(),
            &expected,
            None,
            Timestamp::from_unix(NOW),
        );
        assert_eq!(verified.unwrap().user.sub.as_str(), "U0FAKE00001");
    }

    #[test]
    fn an_access_token_belongs_by_its_hash() {
        for (seed, belongs_here) in [
            (&include_bytes!("../../corpus/id_token/at-hash")[..], true),
            (include_bytes!("../../corpus/id_token/good"), false),
        ] {
            let claims = seed.split(|&byte| byte == b'\n').nth(1).unwrap();
            assert_eq!(belongs(claims), belongs_here);
        }
        assert!(belongs(b"{}"), "OpenID Connect leaves it out of some flows");
    }
}
