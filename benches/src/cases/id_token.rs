//! The check of an ID token, key parsed once on both sides.

use std::hint::black_box;

use aws_lc_rs::{
    rsa::PublicKeyComponents,
    signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::Response;
use serde::Deserialize;
use slack_proto::{
    AccessToken, ClientId, Endpoint, Timestamp,
    openid::{AwsLcRs256, ExpectedIdToken, IdToken, IdTokenVerifier, KeySet, Nonce},
};

use super::{Allowed, Case};
use crate::meter::Meter;

pub(super) const CASES: &[Case] =
    &[Case { name: "id-token", ours, yardstick: bare_rsa, limit: 1.3, allocations: Allowed::Any }];

/// A token of 1,449 bytes, signed by a throw-away key of 2,048 bits, with the claims of all scopes.
const REPLY: &str =
    include_str!("../../../slack-proto/tests/samples/openid.connect.token--signed-id-token.json");
const KEYS: &str = include_str!("../../../slack-proto/tests/samples/jwks--single-key.json");

#[derive(Deserialize)]
struct Reply {
    id_token: String,
    access_token: String,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    n: String,
    e: String,
}

fn reply() -> Reply {
    serde_json::from_str(REPLY).expect("a sample")
}

/// All checks, and the claims as typed values.
fn ours(meter: &mut Meter) {
    let reply = reply();
    let keys = KeySet::parse_response(&Response::new(KEYS), &AwsLcRs256).expect("a key set");
    let verifier = IdTokenVerifier::new(&Endpoint::slack());
    let token = IdToken::new(reply.id_token).expect("visible ASCII");
    let access = AccessToken::new(reply.access_token).expect("visible ASCII");
    let id = ClientId::new("1000000001.2000000002").expect("not empty");
    let expected = ExpectedIdToken::new(id).nonce(Nonce::new("fake-nonce-0001").expect("a nonce"));
    let now = Timestamp::from_unix(1_795_219_200);
    let verify = || verifier.verify(&keys, black_box(&token), &expected, Some(&access), now);
    assert_eq!(verify().expect("a good token").user.sub.as_str(), "U0FAKE00001");
    meter.measure(verify);
}

/// The crypto crate's check of the same signature, of bytes that lie ready.
fn bare_rsa(meter: &mut Meter) {
    let reply = reply();
    let keys: Keys = serde_json::from_str(KEYS).expect("a sample");
    let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64url");
    let components = PublicKeyComponents { n: decode(&keys.keys[0].n), e: decode(&keys.keys[0].e) };
    let key: ParsedPublicKey =
        components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).expect("a key");
    let (signed, signature) = reply.id_token.rsplit_once('.').expect("three parts");
    let signature = decode(signature);
    let check = || key.verify_sig(black_box(signed.as_bytes()), &signature);
    check().expect("a good signature");
    meter.measure(check);
}
