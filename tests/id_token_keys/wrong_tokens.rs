//! Every ID token that the fake makes wrong on request is refused for what is wrong with it.

use std::{collections::BTreeMap, mem::discriminant};

use slack_auth::{
    AccessToken, ClientId, Endpoint,
    openid::{ExpectedIdToken, IdTokenError, IdTokenVerifier, VerifyIdTokenError},
};
use slack_fake::IdTokenFault;

use crate::stage::{NOW, Stage, at};

const DAY: u64 = 86_400;

fn refused(stage: &Stage, fault: IdTokenFault) -> IdTokenError {
    stage.fake.with(|fake| fake.script_id_token(fault));
    match stage.verify(&stage.sign_in(), at(0)) {
        Err(VerifyIdTokenError::Token(error)) => error,
        other => panic!("{fault:?}: {other:?}"),
    }
}

#[test]
fn each_is_refused_for_what_is_wrong_with_it() {
    let stage = Stage::new();
    let verified = stage.verify(&stage.sign_in(), at(0)).unwrap();
    assert_eq!(verified.user.sub.as_str(), "U0FAKE00001");
    let rows = [
        (
            IdTokenFault::WrongIssuer,
            IdTokenError::WrongIssuer("https://slack.com.evil.example".into()),
        ),
        (IdTokenFault::IssuedInFuture, IdTokenError::IssuedInFuture(at(DAY))),
        (
            IdTokenFault::Expired,
            IdTokenError::Expired(
                (std::time::UNIX_EPOCH + std::time::Duration::from_secs(NOW - DAY + 300)).into(),
            ),
        ),
        (IdTokenFault::WrongAudience, IdTokenError::WrongAudience),
        (IdTokenFault::WrongAuthorizedParty, IdTokenError::WrongAuthorizedParty),
        (IdTokenFault::WrongNonce, IdTokenError::WrongNonce),
        (IdTokenFault::NoNonce, IdTokenError::MissingNonce),
        (IdTokenFault::WrongAccessTokenHash, IdTokenError::WrongAccessToken),
        (IdTokenFault::NoKeyId, IdTokenError::NoKeyId),
        (IdTokenFault::AlgorithmNone, IdTokenError::Unsigned),
        (IdTokenFault::AlgorithmHs256, IdTokenError::WrongAlgorithm("HS256".into())),
        (IdTokenFault::CriticalHeader, IdTokenError::CriticalHeader),
        (IdTokenFault::TamperedClaims, IdTokenError::WrongSignature),
        (IdTokenFault::TamperedSignature, IdTokenError::WrongSignature),
        (IdTokenFault::SignedByAnotherKey, IdTokenError::WrongSignature),
    ];
    let mut kinds = BTreeMap::<String, Vec<IdTokenFault>>::new();
    for (fault, error) in rows {
        assert_eq!(refused(&stage, fault), error, "{fault:?}");
        kinds.entry(format!("{:?}", discriminant(&error))).or_default().push(fault);
    }
    let unknown = refused(&stage, IdTokenFault::UnknownKey);
    assert!(
        matches!(&unknown, IdTokenError::UnknownKey(id) if id.as_str().len() == 43),
        "{unknown}"
    );
    kinds
        .entry(format!("{:?}", discriminant(&unknown)))
        .or_default()
        .push(IdTokenFault::UnknownKey);
    // What is wrong with a signature nobody can tell; every other fault has a variant of its own.
    let shared: Vec<_> = kinds.values().filter(|faults| faults.len() > 1).collect();
    assert_eq!(
        shared,
        [&[
            IdTokenFault::TamperedClaims,
            IdTokenFault::TamperedSignature,
            IdTokenFault::SignedByAnotherKey
        ]]
    );
    assert_eq!(kinds.len(), 14, "16 faults");
    assert_eq!(stage.wire.fetches(), 1, "no wrong token had the keys fetched at once");
    assert!(stage.verify(&stage.sign_in(), at(0)).is_ok(), "the faults are used up");
}

#[test]
fn the_token_of_another_sign_in_is_refused() {
    let stage = Stage::new();
    let one = stage.sign_in();
    let other = AccessToken::new("xoxp-of-another-sign-in").unwrap();
    let app = || ExpectedIdToken::new(ClientId::new(crate::stage::CLIENT_ID).unwrap());
    let verify = |expected: &ExpectedIdToken, access| {
        let verified = stage.keys.verify(&one.id_token, expected, access, at(0));
        match pollster::block_on(verified) {
            Err(VerifyIdTokenError::Token(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(verify(&app(), None), IdTokenError::UnexpectedNonce);
    let expected = crate::stage::expected();
    assert_eq!(verify(&expected, Some(&other)), IdTokenError::WrongAccessToken);
}

#[test]
fn a_slack_of_another_name() {
    let stage = Stage::new();
    let signed_in = stage.sign_in();
    let expected = crate::stage::expected();
    let gov = IdTokenVerifier::new(&Endpoint::gov_slack());
    let keys = stage.keys.clone().verifier(gov);
    let verified = keys.verify(&signed_in.id_token, &expected, None, at(0));
    let VerifyIdTokenError::Keys(error) = pollster::block_on(verified).unwrap_err() else {
        panic!()
    };
    assert_eq!(error.recovery().as_str(), "fix_configuration");
    let told = error.document().unwrap().to_string();
    assert!(told.contains("IdTokenVerifier::issuer"), "{told}");

    stage.fake.with(|fake| fake.set_issuer("https://slack-gov.com"));
    let signed_in = stage.sign_in();
    let verified = keys.verify(&signed_in.id_token, &expected, None, at(60));
    assert!(pollster::block_on(verified).is_ok());
}
