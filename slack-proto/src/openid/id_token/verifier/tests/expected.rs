//! What a caller may expect of a token beyond its client: a nonce, an access token, a team.

use super::*;

#[test]
fn a_nonce_is_repeated_or_there_is_none() {
    use IdTokenError::{MissingNonce, UnexpectedNonce, WrongNonce};
    let sent = expected().nonce(Nonce::new("n-1").unwrap());
    let verify = |expected: &ExpectedIdToken, nonce: Option<Value>| {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove("nonce");
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce;
        }
        let token = token(&header(), &claims.to_string(), b"right");
        verifier().verify(&keys(), &token, expected, None, Timestamp::from_unix(NOW)).map(|_| ())
    };
    assert_eq!(verify(&sent, Some(json!("n-1"))), Ok(()));
    for nonce in [
        json!("n-2"),
        json!("n-"),
        json!("n-11"),
        json!("N-1"),
        json!(["n-1"]),
        json!(1),
        json!({}),
    ] {
        assert_eq!(verify(&sent, Some(nonce.clone())), Err(WrongNonce), "{nonce}");
    }
    for nonce in [None, Some(json!("")), Some(json!(null))] {
        assert_eq!(verify(&sent, nonce.clone()), Err(MissingNonce), "{nonce:?}");
        assert_eq!(verify(&expected(), nonce.clone()), Ok(()), "{nonce:?}");
    }
    for nonce in [json!("n-1"), json!(0), json!(false), json!([])] {
        assert_eq!(verify(&expected(), Some(nonce.clone())), Err(UnexpectedNonce), "{nonce}");
    }
}

#[test]
fn an_access_token_belongs_to_its_id_token() {
    // OpenID Connect Core appendix A.3.
    let access = AccessToken::new("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y").unwrap();
    let verify = |hash: Value, access: Option<&AccessToken>| {
        let mut claims = claims();
        claims["at_hash"] = hash;
        let token = token(&header(), &claims.to_string(), b"right");
        verifier()
            .verify(&keys(), &token, &expected(), access, Timestamp::from_unix(NOW))
            .map(|_| ())
    };
    let right = json!("77QmUPtjPfzWtF2AnpK9RQ");
    assert_eq!(verify(right.clone(), Some(&access)), Ok(()));
    let other = AccessToken::new("xoxp-other").unwrap();
    assert_eq!(verify(right.clone(), Some(&other)), Err(IdTokenError::WrongAccessToken));
    assert_eq!(verify(right, None), Ok(()), "without an access token there is nothing to compare");
    for hash in [
        json!(""),
        json!("77QmUPtjPfzWtF2AnpK9RQ=="),
        json!("77QmUPtjPfzWtF2AnpK9R"),
        json!(7),
        json!([]),
    ] {
        assert_eq!(
            verify(hash.clone(), Some(&access)),
            Err(IdTokenError::WrongAccessToken),
            "{hash}"
        );
    }
    assert_eq!(
        verify(json!(null), Some(&access)),
        Ok(()),
        "the claim is optional in the code flow"
    );
}

#[test]
fn a_nonce_that_is_a_number_is_not_the_text_that_was_sent() {
    let sent = expected().nonce(Nonce::new("1.5").unwrap());
    let verify = |nonce: Value| {
        let mut claims = claims();
        claims["nonce"] = nonce;
        let token = token(&header(), &claims.to_string(), b"right");
        verifier().verify(&keys(), &token, &sent, None, Timestamp::from_unix(NOW)).map(|_| ())
    };
    assert_eq!(verify(json!("1.5")), Ok(()));
    assert_eq!(verify(json!(1.5)), Err(IdTokenError::WrongNonce));
}

#[test]
fn a_required_team_refuses_another() {
    let at = |team: Option<&str>| {
        let mut claims = claims();
        if let Some(team) = team {
            claims["https://slack.com/team_id"] = team.into();
        }
        let token = token(&header(), &claims.to_string(), b"right");
        let expected = expected().team("T0FAKE00001".into());
        verifier().verify(&keys(), &token, &expected, None, Timestamp::from_unix(NOW)).err()
    };
    assert_eq!(at(Some("T0FAKE00001")), None);
    for other in ["T0FAKE00002", "T0FAKE0000", "t0fake00001", "E0FAKE00001"] {
        assert_eq!(at(Some(other)), Some(IdTokenError::WrongTeam(other.into())));
    }
    assert_eq!(at(None), Some(IdTokenError::MissingClaim("https://slack.com/team_id")));
    assert_eq!(at(Some("")), Some(IdTokenError::MissingClaim("https://slack.com/team_id")));
}

#[test]
fn at_hash_can_be_required() {
    let access = AccessToken::new("xoxp-1").unwrap();
    let hash = BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest("xoxp-1")[..16]);
    let verify = |at_hash: Option<&str>, access: Option<&AccessToken>, required: bool| {
        let mut claims = claims();
        if let Some(at_hash) = at_hash {
            claims["at_hash"] = at_hash.into();
        }
        let token = token(&header(), &claims.to_string(), b"right");
        let verifier = if required { verifier().require_at_hash() } else { verifier() };
        verifier.verify(&keys(), &token, &expected(), access, Timestamp::from_unix(NOW)).err()
    };
    for required in [false, true] {
        assert_eq!(verify(Some(&hash), Some(&access), required), None);
        let wrong = verify(Some("AAAAAAAAAAAAAAAAAAAAAA"), Some(&access), required);
        assert_eq!(wrong, Some(IdTokenError::WrongAccessToken));
    }
    assert_eq!(verify(None, Some(&access), false), None);
    assert_eq!(verify(None, Some(&access), true), Some(IdTokenError::MissingClaim("at_hash")));
    assert_eq!(verify(Some(&hash), None, true), Some(IdTokenError::NoAccessToken));
}
