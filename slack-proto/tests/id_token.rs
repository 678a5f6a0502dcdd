//! ID tokens with real signatures: every signed sample, every single bit, every part of one token put into another.

#![expect(clippy::disallowed_methods, reason = "a test may read its samples; the core does no I/O")]

use std::{collections::BTreeSet, fs, mem::discriminant, path::PathBuf};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::Response;
use proptest::prelude::*;
use serde_json::{Value, json};
use slack_proto::{
    AccessToken, ApiMethod, ClientId, Endpoint, Timestamp,
    methods::{OpenidConnectToken, OpenidConnectTokenResponse},
    oauth::SecretAuthentication,
    openid::{
        AwsLcRs256, ExpectedIdToken, IdToken, IdTokenError, IdTokenVerifier, IdentityKey, KeySet,
        Nonce, VerifiedIdToken,
    },
};

const NOW: u64 = 1_795_219_200;
const KEYS: &str = "jwks--single-key.json";

fn body(file: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    fs::read(folder.join(file)).unwrap()
}

fn keys(file: &str) -> KeySet {
    KeySet::parse_response(&Response::new(body(file)), &AwsLcRs256).unwrap()
}

fn reply(name: &str) -> OpenidConnectTokenResponse {
    let body = body(&format!("openid.connect.token--{name}.json"));
    OpenidConnectToken::<SecretAuthentication>::parse_response(&Response::new(body)).unwrap().value
}

fn expected(nonce: Option<&str>) -> ExpectedIdToken {
    let expected = ExpectedIdToken::new(ClientId::new("1000000001.2000000002").unwrap());
    match nonce {
        Some(nonce) => expected.nonce(Nonce::new(nonce).unwrap()),
        None => expected,
    }
}

fn check(
    keys: &KeySet,
    reply: &OpenidConnectTokenResponse,
    nonce: Option<&str>,
    now: u64,
) -> Result<VerifiedIdToken, IdTokenError> {
    let verifier = IdTokenVerifier::new(&Endpoint::slack());
    let token = reply.id_token.as_ref().unwrap();
    let access = &reply.credential.access_token;
    verifier.verify(keys, token, &expected(nonce), Some(access), Timestamp::from_unix(now))
}

const SENT: Option<&str> = Some("fake-nonce-0001");

#[test]
fn samples_that_verify() {
    let keys = keys(KEYS);
    for (name, nonce, identity) in [
        (
            "signed-id-token",
            SENT,
            IdentityKey::Workspace("T0FAKE00001".into(), "U0FAKE00001".into()),
        ),
        (
            "signed-id-token-openid-only",
            SENT,
            IdentityKey::Workspace("T0FAKE00001".into(), "U0FAKE00001".into()),
        ),
        (
            "signed-id-token-grid",
            SENT,
            IdentityKey::Organization("E0FAKE00001".into(), "W0FAKE00001".into()),
        ),
        (
            "id-token-empty-nonce",
            None,
            IdentityKey::Workspace("T0FAKE00001".into(), "U0FAKE00001".into()),
        ),
    ] {
        let reply = reply(name);
        for now in [NOW, NOW + 10, NOW + 300] {
            let verified =
                check(&keys, &reply, nonce, now).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(verified.user.identity(), Some(identity.clone()), "{name}");
            assert_eq!(
                (verified.issued_at.as_unix(), verified.expires_at.as_unix()),
                (NOW, NOW + 300)
            );
            assert!(
                verified.parse_warnings().is_empty(),
                "{name}: {:?}",
                verified.parse_warnings()
            );
        }
    }
    let full = check(&keys, &reply("signed-id-token"), SENT, NOW).unwrap();
    assert_eq!(full.user.email.unwrap().as_str(), "fake.person@example.com");
    assert_eq!(full.authenticated_at.unwrap().as_unix(), NOW);
    assert!(
        check(&keys, &reply("signed-id-token-openid-only"), SENT, NOW)
            .unwrap()
            .user
            .email
            .is_none()
    );
}

#[test]
fn samples_that_prove_nothing() {
    let keys = keys(KEYS);
    let rows = [
        ("signed-id-token-expired", IdTokenError::Expired(Timestamp::from_unix(1_795_215_900))),
        ("signed-id-token-wrong-nonce", IdTokenError::WrongNonce),
        ("signed-id-token-tampered", IdTokenError::WrongSignature),
        ("signed-id-token-at-hash-mismatch", IdTokenError::WrongAccessToken),
        ("id-token-unknown-kid", IdTokenError::UnknownKey("fake-unknown-kid".into())),
        ("id-token-wrong-aud", IdTokenError::WrongAudience),
        ("id-token-alg-none", IdTokenError::Unsigned),
        ("id-token-empty-nonce", IdTokenError::MissingNonce),
    ];
    let mut kinds = BTreeSet::new();
    for (name, error) in &rows {
        assert_eq!(check(&keys, &reply(name), SENT, NOW).unwrap_err(), *error, "{name}");
        kinds.insert(format!("{:?}", discriminant(error)));
    }
    assert_eq!(kinds.len(), rows.len(), "each sample has a variant of its own");
    let good = reply("signed-id-token");
    let unexpected = check(&keys, &good, None, NOW).unwrap_err();
    assert_eq!(unexpected, IdTokenError::UnexpectedNonce);
    let no_keys = check(
        &KeySet::parse_response(&Response::new(body("jwks--empty.json")), &AwsLcRs256).unwrap(),
        &good,
        SENT,
        NOW,
    )
    .unwrap_err();
    assert!(matches!(no_keys, IdTokenError::UnknownKey(_)));
}

#[test]
fn every_signed_sample_has_a_row() {
    let files =
        fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/samples")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let signed: BTreeSet<_> =
        names.filter(|name| name.contains("id-token") && name.starts_with("openid")).collect();
    let this = include_str!("id_token.rs");
    for name in &signed {
        let name =
            name.strip_prefix("openid.connect.token--").unwrap().strip_suffix(".json").unwrap();
        // These two have no ID token at all.
        let without = ["refresh-no-id-token", "id-token-null"].contains(&name);
        assert_eq!(without, reply_has_none(name), "{name}");
        assert!(without || this.contains(&format!("\"{name}\"")), "{name} is not looked at");
    }
    assert_eq!(signed.len(), 13);
}

fn reply_has_none(name: &str) -> bool {
    let body: Value =
        serde_json::from_slice(&body(&format!("openid.connect.token--{name}.json"))).unwrap();
    body["id_token"].is_null()
}

#[test]
fn a_token_with_any_bit_flipped_does_not_verify() {
    let keys = keys(KEYS);
    let mut reply = reply("signed-id-token");
    let good = reply.id_token.clone().unwrap();
    let (mut tried, mut unwritable) = (0, 0);
    for at in 0..good.expose().len() {
        for bit in 0..8 {
            let mut bytes = good.expose().as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            // What is not visible ASCII cannot be an `IdToken` at all.
            let Some(token) =
                String::from_utf8(bytes).ok().and_then(|text| IdToken::new(text).ok())
            else {
                unwritable += 1;
                continue;
            };
            reply.id_token = Some(token);
            assert!(check(&keys, &reply, SENT, NOW).is_err(), "byte {at}, bit {bit}");
            tried += 1;
        }
    }
    assert_eq!(tried + unwritable, good.expose().len() * 8);
    assert!(tried > 7_000, "{tried} tokens tried");
    reply.id_token = Some(good);
    assert!(check(&keys, &reply, SENT, NOW).is_ok());
}

#[test]
fn every_part_belongs_to_its_own_token() {
    let keys = keys(KEYS);
    let names = [
        "signed-id-token",
        "signed-id-token-grid",
        "signed-id-token-openid-only",
        "id-token-empty-nonce",
        "signed-id-token-expired",
        "signed-id-token-wrong-nonce",
        "signed-id-token-at-hash-mismatch",
        "id-token-wrong-aud",
        "id-token-unknown-kid",
        "id-token-alg-none",
        "signed-id-token-tampered",
    ];
    let parts: Vec<Vec<String>> = names
        .iter()
        .map(|name| reply(name).id_token.unwrap().expose().split('.').map(str::to_owned).collect())
        .collect();
    let genuine: Vec<String> = parts.iter().map(|parts| parts.join(".")).collect();
    let mut mixed = reply("signed-id-token");
    let mut tried = 0;
    for donor in &parts {
        for other in &parts {
            let token = format!("{}.{}.{}", parts[0][0], other[1], donor[2]);
            if genuine.contains(&token) {
                continue;
            }
            mixed.id_token = Some(IdToken::new(token).unwrap());
            assert_eq!(check(&keys, &mixed, SENT, NOW).unwrap_err(), IdTokenError::WrongSignature);
            tried += 1;
        }
    }
    assert!(tried > 90, "{tried} tokens tried");
}

/// Any JSON value that a claim could be swapped for.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        ".{0,20}".prop_map(Value::from),
        "[TUW][0-9A-Z]{8,10}".prop_map(Value::from),
        prop::collection::vec("[0-9.]{1,20}".prop_map(Value::from), 0..3).prop_map(Value::from),
    ]
}

fn changed(part: &str, name: &str, value: Option<Value>) -> Option<String> {
    let mut object: Value =
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let before = object.clone();
    match value {
        Some(value) => object[name] = value,
        None => drop(object.as_object_mut().unwrap().remove(name)),
    }
    (object != before).then(|| BASE64_URL_SAFE_NO_PAD.encode(object.to_string()))
}

/// Members of header and claims, those that every token has and others.
fn names() -> impl Strategy<Value = String> {
    const KNOWN: [&str; 18] = [
        "alg",
        "kid",
        "typ",
        "crit",
        "jwk",
        "iss",
        "aud",
        "azp",
        "sub",
        "exp",
        "iat",
        "nbf",
        "nonce",
        "at_hash",
        "email",
        "email_verified",
        "https://slack.com/team_id",
        "https://slack.com/user_id",
    ];
    prop_oneof![8 => prop::sample::select(&KNOWN[..]).prop_map(str::to_owned), 1 => "[a-z_]{1,12}"]
}

proptest! {
    #[test]
    fn a_token_with_any_member_swapped_does_not_verify(
        in_header in any::<bool>(),
        name in names(),
        value in prop::option::of(value()),
    ) {
        let mut reply = reply("signed-id-token");
        let token = reply.id_token.take().unwrap();
        let parts: Vec<&str> = token.expose().split('.').collect();
        let place = usize::from(!in_header);
        let swapped = changed(parts[place], &name, value);
        // A member that is not there cannot be taken away; to reject such cases would end a long run early.
        let Some(swapped) = swapped else { return Ok(()) };
        let (header, claims) = if in_header { (&*swapped, parts[1]) } else { (parts[0], &*swapped) };
        reply.id_token = Some(IdToken::new(format!("{header}.{claims}.{}", parts[2])).unwrap());
        let keys = keys(KEYS);
        for nonce in [SENT, None] {
            prop_assert!(check(&keys, &reply, nonce, NOW).is_err());
        }
    }

    #[test]
    fn no_text_makes_the_verifier_panic_or_believe(text in "[!-~]{1,400}", dots in any::<bool>()) {
        let mut reply = reply("signed-id-token");
        let text = if dots { format!("{text}.{text}.{text}") } else { text };
        reply.id_token = Some(IdToken::new(text).unwrap());
        prop_assert!(check(&keys(KEYS), &reply, SENT, NOW).is_err());
        let _ = reply.id_token.unwrap().decode_without_verifying();
    }

    #[test]
    fn no_bytes_make_the_readers_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let response = Response::new(&body);
        if let Ok(set) = KeySet::parse_response(&response, &AwsLcRs256) {
            prop_assert!(set.is_empty());
        }
        let discovery = slack_proto::openid::Discovery::parse_response(&Endpoint::slack(), &response);
        prop_assert!(discovery.is_err());
    }

    #[test]
    fn a_good_key_is_found_among_any_others(
        before in prop::collection::vec(value(), 0..8),
        after in prop::collection::vec(value(), 0..8),
        member in names(),
        odd in value(),
    ) {
        let set: Value = serde_json::from_slice(&body(KEYS)).unwrap();
        let good = set["keys"][0].clone();
        let mut keys = before;
        keys.push(good.clone());
        keys.extend(after);
        let mut spoilt = good.clone();
        spoilt["n"] = odd.clone();
        spoilt["kid"] = json!("spoilt");
        keys.push(spoilt);
        let mut set = json!({ "keys": keys });
        set[member] = odd;
        let set = KeySet::parse_response(&Response::new(set.to_string()), &AwsLcRs256).unwrap();
        prop_assert_eq!(set.key_ids().next().map(slack_proto::methods::UntrustedText::as_str), good["kid"].as_str());
        prop_assert!(check(&set, &reply("signed-id-token"), SENT, NOW).is_ok());
        prop_assert!(!set.parse_warnings().is_empty() || set.len() == 2);
    }
}

#[test]
fn a_key_of_1024_bits_is_no_key() {
    let n = BASE64_URL_SAFE_NO_PAD.encode([0xff; 128]);
    let set = json!({"keys": [{"kty": "RSA", "kid": "1UFBOqgRZ5l7lG89WeReoemNNmZU5wWYJm1WsOFPCYo", "n": n, "e": "AQAB"}]});
    let set = KeySet::parse_response(&Response::new(set.to_string()), &AwsLcRs256).unwrap();
    assert!(set.is_empty());
}

#[test]
fn what_a_token_says_can_be_read_unverified() {
    let claims =
        reply("signed-id-token-tampered").id_token.unwrap().decode_without_verifying().unwrap();
    assert_eq!(claims.user.unwrap().sub.as_str(), "U0FAKEEVIL1");
    assert_eq!(claims.issuer.unwrap().as_str(), "https://slack.com");
    assert_eq!(claims.audience.len(), 1);
    assert_eq!(claims.algorithm.unwrap().as_str(), "RS256");
    assert_eq!(claims.expires_at.unwrap().as_unix(), NOW + 300);
    let unsigned = reply("id-token-alg-none").id_token.unwrap().decode_without_verifying().unwrap();
    assert_eq!((unsigned.algorithm.unwrap().as_str(), unsigned.key_id), ("none", None));
    let other = AccessToken::new("xoxp-other").unwrap();
    let good = reply("signed-id-token");
    let verifier = IdTokenVerifier::new(&Endpoint::slack());
    let refused = verifier.verify(
        &keys(KEYS),
        good.id_token.as_ref().unwrap(),
        &expected(SENT),
        Some(&other),
        Timestamp::from_unix(NOW),
    );
    assert_eq!(refused.unwrap_err(), IdTokenError::WrongAccessToken);
}
