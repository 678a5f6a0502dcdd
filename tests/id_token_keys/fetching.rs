//! When keys are fetched, and what is done if that fails.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use slack_auth::openid::{
    DocumentFault, IdToken, IdTokenError, VerifiedIdToken, VerifyIdTokenError,
};

use crate::stage::{SignedIn, Stage, at};

/// The same token, said to be signed by another key.
fn with_key_id(signed_in: &SignedIn, id: &str) -> SignedIn {
    let (_, rest) = signed_in.id_token.expose().split_once('.').unwrap();
    let header = BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"RS256","kid":"{id}"}}"#));
    let id_token = IdToken::new(format!("{header}.{rest}")).unwrap();
    SignedIn { id_token, ..signed_in.clone() }
}

fn is_unknown_key(result: &Result<VerifiedIdToken, VerifyIdTokenError>) -> bool {
    matches!(result, Err(VerifyIdTokenError::Token(IdTokenError::UnknownKey(_))))
}

#[test]
fn keys_are_fetched_once_for_many_tokens() {
    let stage = Stage::new();
    for _ in 0..20 {
        assert!(stage.verify(&stage.sign_in(), at(0)).is_ok());
    }
    assert_eq!((stage.wire.fetches(), stage.wire.key_sets()), (1, 1));
    assert!(
        stage
            .keys
            .clone()
            .verify_blocking(&stage.sign_in().id_token, &crate::stage::expected(), None, at(0),)
            .is_ok(),
        "blocking callers and clones use the same keys"
    );
    assert_eq!(stage.wire.fetches(), 1);
}

#[test]
fn a_rotation_of_keys_costs_one_fetch() {
    let stage = Stage::new();
    let old = stage.sign_in();
    assert!(stage.verify(&old, at(0)).is_ok());
    stage.fake.with(slack_fake::FakeSlack::rotate_signing_key);
    let new = stage.sign_in();
    for _ in 0..20 {
        assert!(stage.verify(&new, at(31)).is_ok());
        assert!(stage.verify(&old, at(31)).is_ok(), "the old key is still published");
    }
    assert_eq!(stage.wire.fetches(), 2);
}

#[test]
fn a_key_that_changed_under_its_name_is_fetched_anew_once() {
    let stage = Stage::new();
    stage.wire.set_other_keys(true);
    let signed_in = stage.sign_in();
    assert!(stage.verify(&signed_in, at(0)).is_err());
    stage.wire.set_other_keys(false);
    for _ in 0..20 {
        assert!(stage.verify(&signed_in, at(29)).is_err(), "at the pace that bounds floods");
    }
    assert_eq!(stage.wire.fetches(), 1);
    assert!(stage.verify(&signed_in, at(30)).is_ok());
    assert_eq!(stage.wire.fetches(), 2);
}

#[test]
fn a_flood_of_unknown_keys_is_no_flood_of_fetches() {
    let stage = Stage::new();
    let good = stage.sign_in();
    for number in 0..1000 {
        // Ten of them each second, for 100 seconds.
        let bad = with_key_id(&good, &format!("unknown-{number}"));
        assert!(is_unknown_key(&stage.verify(&bad, at(number / 10))));
        let before = usize::try_from(number / 10 / 30).unwrap() + 1;
        assert_eq!(stage.wire.fetches(), before, "at second {}", number / 10);
    }
    assert_eq!(stage.wire.fetches(), 4, "one for each 30 s");
    let all_at_once = Stage::new();
    for number in 0..1000 {
        let bad = with_key_id(&good, &format!("unknown-{number}"));
        assert!(is_unknown_key(&all_at_once.verify_blocking(&bad, at(0))));
    }
    assert_eq!(all_at_once.wire.fetches(), 1);
}

#[test]
fn other_faults_fetch_nothing() {
    let stage = Stage::new();
    let good = stage.sign_in();
    assert!(stage.verify(&good, at(0)).is_ok());
    let garbage = SignedIn { id_token: IdToken::new("garbage").unwrap(), ..good.clone() };
    assert!(stage.verify(&garbage, at(100)).is_err());
    assert!(stage.verify(&good, at(1000)).is_err(), "expired");
    assert_eq!(stage.wire.fetches(), 1);
}

#[test]
fn old_keys_are_fetched_anew_and_kept_if_that_fails() {
    let stage = Stage::new();
    assert!(stage.verify(&stage.sign_in(), at(0)).is_ok());
    stage.fake.clock().advance(3600);
    assert!(stage.verify(&stage.sign_in(), at(3599)).is_ok());
    assert_eq!(stage.wire.fetches(), 1);
    stage.wire.set_broken(true);
    for second in [3600, 3601, 3629] {
        assert!(stage.verify(&stage.sign_in(), at(second)).is_ok(), "the keys that are there do");
    }
    assert_eq!(stage.wire.fetches(), 2, "a fetch that fails is repeated no sooner");
    assert!(stage.verify(&stage.sign_in(), at(3630)).is_ok());
    assert_eq!(stage.wire.fetches(), 3);

    // A key that was withdrawn is believed until the keys are known to be others.
    let old = stage.sign_in();
    stage.fake.with(|fake| {
        fake.rotate_signing_key();
        fake.retire_old_signing_key();
    });
    assert!(stage.verify(&old, at(3659)).is_ok());
    stage.wire.set_broken(false);
    assert!(is_unknown_key(&stage.verify(&old, at(3660))));
    assert!(stage.verify(&stage.sign_in(), at(3660)).is_ok());
    assert_eq!(stage.wire.fetches(), 4);
}

#[test]
fn a_failure_is_told_when_the_key_is_unknown() {
    let stage = Stage::new();
    let good = stage.sign_in();
    assert!(stage.verify(&good, at(0)).is_ok());
    stage.wire.set_broken(true);
    let bad = with_key_id(&good, "unknown");
    let VerifyIdTokenError::Keys(error) = stage.verify(&bad, at(30)).unwrap_err() else { panic!() };
    assert!(error.transport().is_some());
    assert!(is_unknown_key(&stage.verify(&bad, at(31))), "no fetch is due");
    assert!(stage.verify(&good, at(31)).is_ok(), "the keys that are there stay in use");
}

#[test]
fn without_keys_a_fetch_is_repeated_ever_more_slowly() {
    let stage = Stage::new();
    let good = stage.sign_in();
    stage.wire.set_broken(true);
    let mut began = Vec::new();
    for second in 0..120 {
        for _ in 0..5 {
            let before = stage.wire.fetches();
            let error = stage.verify(&good, at(second)).unwrap_err();
            assert_eq!(error.recovery().as_str(), "retry_later");
            if stage.wire.fetches() > before {
                began.push(second);
            }
        }
    }
    assert_eq!(began, [0, 0, 1, 3, 7, 15, 31, 61, 91]);
    stage.wire.set_broken(false);
    assert!(stage.verify(&good, at(121)).is_ok());
}

#[test]
fn the_pace_can_be_set() {
    let stage = Stage::new();
    let keys = stage
        .keys
        .clone()
        .refetch_interval(Duration::from_secs(5))
        .max_age(Duration::from_secs(20));
    let good = stage.sign_in();
    let verify =
        |second| pollster::block_on(crate::stage::verify(keys.clone(), good.clone(), at(second)));
    for second in [0, 19, 20, 21, 39] {
        assert!(verify(second).is_ok());
    }
    assert_eq!(stage.wire.fetches(), 2);
    let bad = with_key_id(&good, "unknown");
    for second in [24, 25, 26, 29, 30] {
        let checked =
            pollster::block_on(crate::stage::verify(keys.clone(), bad.clone(), at(second)));
        assert!(is_unknown_key(&checked));
    }
    assert_eq!(stage.wire.fetches(), 4, "at 25 and at 30");
}

#[test]
fn a_clock_that_was_put_back_stops_nothing() {
    let stage = Stage::new();
    let good = stage.sign_in();
    assert!(stage.verify(&good, at(250)).is_ok());
    stage.fake.with(slack_fake::FakeSlack::rotate_signing_key);
    let new = stage.sign_in();
    assert!(is_unknown_key(&stage.verify(&new, at(249))), "a second is nothing");
    assert!(stage.verify(&new, at(0)).is_ok());
    assert_eq!(stage.wire.fetches(), 2);
}

#[test]
fn documents_of_no_use_are_told() {
    let fault = |body: &str| {
        let stage = Stage::new();
        let good = stage.sign_in();
        stage.wire.answer(body);
        let VerifyIdTokenError::Keys(error) = stage.verify(&good, at(0)).unwrap_err() else {
            panic!()
        };
        let blocking = stage.verify_blocking(&good, at(0)).unwrap_err();
        assert_eq!(blocking.to_string(), error.to_string());
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.starts_with("unusable discovery document: "), "{source}");
        error.document().unwrap().fault()
    };
    assert_eq!(fault("<html>"), DocumentFault::NotAnObject);
    assert_eq!(fault(r#"{"issuer":"https://slack.com"}"#), DocumentFault::Missing("jwks_uri"));
    for uri in ["https://evil.example/keys", "http://slack.com/keys", "https://slack.com:444/keys"]
    {
        let body = format!(r#"{{"issuer":"https://slack.com","jwks_uri":"{uri}"}}"#);
        assert_eq!(fault(&body), DocumentFault::ForeignKeys, "{uri}");
    }
    let body =
        r#"{"issuer":"https://slack.com/","jwks_uri":"https://slack.com/openid/connect/keys"}"#;
    assert_eq!(fault(body), DocumentFault::ForeignIssuer);
}
