//! Each attack on a browser leg is refused by an error of its own.

use slack_auth::{
    error::ErrorCode,
    methods::{OauthV2Access, OauthV2AccessError, OpenidConnectToken, OpenidConnectTokenError},
    oauth::{
        CallbackError, CodeVerifier, InstallScopes, InvalidPendingAuthorization,
        PendingAuthorization, SessionBinding, SignInScopes, SignedStateError, VerifiedCallback,
    },
    openid::{IdTokenError, IdTokenKeys, VerifyIdTokenError},
};

use crate::stage::*;

#[test]
fn a_replayed_callback_finds_the_code_spent() {
    let stage = Stage::new();
    // `finish` spends the pending authorization; whoever kept a copy of its text meets Slack's own rule.
    let (callback, pending) = stage.begin(install());
    let kept = pending.encode_exposing_secrets();
    let again = PendingAuthorization::<OauthV2Access>::decode(&kept, stage.now()).unwrap();
    let [first, second] =
        [pending, again].map(|pending| pending.finish(callback.clone(), stage.now()).unwrap());
    assert!(stage.call(&first.exchange, &server()).is_ok());
    let code = code_of(stage.call(&second.exchange, &server()));
    assert_eq!(code, ErrorCode::Method(OauthV2AccessError::InvalidCode));

    // Without a session a state is taken again, and the code is not.
    let (flow, browser) = (stateless(install()), SessionBinding::from_random_bytes(&entropy()));
    let callback = stage.browse(flow.begin(&browser, &entropy(), stage.now()).expose());
    let finish = || flow.finish(Some(&browser), callback.clone(), stage.now()).unwrap();
    assert!(stage.call(&finish().exchange, &server()).is_ok());
    let code = code_of(stage.call(&finish().exchange, &server()));
    assert_eq!(code, ErrorCode::Method(OauthV2AccessError::InvalidCode));
}

#[test]
fn a_callback_for_another_session_is_refused_and_harms_nobody() {
    let stage = Stage::new();
    let (attackers, _) = stage.begin(install());
    let (victims, pending) = stage.begin(install());
    let error = pending.finish(attackers, stage.now()).unwrap_err();
    assert!(matches!(error, CallbackError::StateMismatch(_)), "{error}");
    // The victim's own sign-in goes on.
    let authorized = error.into_pending().unwrap().finish(victims, stage.now()).unwrap();
    assert!(stage.call(&authorized.exchange, &server()).is_ok());
}

#[test]
fn an_expired_pending_authorization_is_refused() {
    let stage = Stage::new();
    let (callback, pending) = stage.begin(install());
    let kept = pending.encode_exposing_secrets();
    stage.fake.clock().advance(601);
    let error = PendingAuthorization::<OauthV2Access>::decode(&kept, stage.now()).unwrap_err();
    assert_eq!(error, InvalidPendingAuthorization::Expired);
    let error = pending.finish(callback, stage.now()).unwrap_err();
    assert!(matches!(error, CallbackError::Expired), "{error}");

    let (flow, browser) = (stateless(install()), SessionBinding::from_random_bytes(&entropy()));
    let callback = stage.browse(flow.begin(&browser, &entropy(), stage.now()).expose());
    stage.fake.clock().advance(601);
    let error = flow.finish(Some(&browser), callback, stage.now()).unwrap_err();
    assert!(matches!(error, SignedStateError::Expired), "{error}");
}

#[test]
fn a_tampered_state_is_refused() {
    let stage = Stage::new();
    let (flow, browser) = (stateless(install()), SessionBinding::from_random_bytes(&entropy()));
    let url = flow.begin(&browser, &entropy(), stage.now()).expose().to_owned();
    // The first character of the end of its life: a later one, as whoever comes late would like.
    let (page, old) = url.split_once("&state=").unwrap();
    let later = format!("{page}&state={}B{}", &old[..3], &old[4..]);
    assert_ne!(later, url);
    let error = flow.finish(Some(&browser), stage.browse(&later), stage.now()).unwrap_err();
    assert!(matches!(error, SignedStateError::Tampered), "{error}");
    let authorized = flow.finish(Some(&browser), stage.browse(&url), stage.now()).unwrap();
    assert!(stage.call(&authorized.exchange, &server()).is_ok());
}

#[test]
fn a_state_of_another_browser_is_refused() {
    let stage = Stage::new();
    let flow = stateless(install());
    let [attacker, victim] = [(); 2].map(|()| SessionBinding::from_random_bytes(&entropy()));
    // The attacker stops at the callback, and sends its address to the victim.
    let planted = stage.browse(flow.begin(&attacker, &entropy(), stage.now()).expose());
    for browser in [Some(&victim), None] {
        let error = flow.finish(browser, planted.clone(), stage.now()).unwrap_err();
        assert!(matches!(error, SignedStateError::OtherBrowser), "{error}");
    }
}

#[test]
fn a_code_from_another_page_is_refused() {
    let stage = Stage::new();
    let (signed_in, _) = stage.begin(on_server::<OpenidConnectToken>(SignInScopes::openid()));
    // With the state that it came with, it belongs to no install of this browser.
    let (own, pending) = stage.begin(install());
    let error = pending.finish(signed_in.clone(), stage.now()).unwrap_err();
    assert!(matches!(error, CallbackError::StateMismatch(_)), "{error}");
    // With a stolen state it reaches Slack, which knows its codes.
    let pending = error.into_pending().unwrap();
    let authorized = pending.finish(spliced(&signed_in, &own), stage.now()).unwrap();
    let code = code_of(stage.call(&authorized.exchange, &server()));
    assert_eq!(code, ErrorCode::Method(OauthV2AccessError::OauthAuthorizationUrlMismatch));

    // A stateless state says which page it is of.
    let browser = SessionBinding::from_random_bytes(&entropy());
    let sign_in = stateless(on_server::<OpenidConnectToken>(SignInScopes::openid()));
    let signed_in = stage.browse(sign_in.begin(&browser, &entropy(), stage.now()).expose());
    let error = stateless(install()).finish(Some(&browser), signed_in, stage.now()).unwrap_err();
    assert!(matches!(error, SignedStateError::OtherFlow), "{error}");
}

#[test]
fn a_code_from_another_flow_of_the_same_page_fails_by_its_verifier() {
    let stage = Stage::new();
    let request =
        || on_desktop::<OauthV2Access<CodeVerifier>>(InstallScopes::user_only("chat:write"));
    let (attackers, _) = stage.begin(request());
    let (own, pending) = stage.begin(request());
    let authorized = pending.finish(spliced(&attackers, &own), stage.now()).unwrap();
    let code = code_of(stage.call(&authorized.exchange, &desktop()));
    assert_eq!(code, ErrorCode::Method(OauthV2AccessError::InvalidCodeVerifier));

    // The same with the derived verifier of a stateless state.
    let flow = stateless(on_desktop::<OpenidConnectToken<CodeVerifier>>(SignInScopes::openid()));
    let browser = SessionBinding::from_random_bytes(&entropy());
    let [attackers, own] =
        [(); 2].map(|()| stage.browse(flow.begin(&browser, &entropy(), stage.now()).expose()));
    let finish = |callback| -> VerifiedCallback<_> {
        flow.finish(Some(&browser), callback, stage.now()).unwrap()
    };
    let spliced = finish(spliced(&attackers, &own));
    let code = code_of(stage.call(&spliced.exchange, &desktop()));
    assert!(matches!(code, ErrorCode::Method(OpenidConnectTokenError::InvalidGrant)), "{code}");
    assert!(stage.call(&finish(own).exchange, &desktop()).is_ok());
}

#[test]
fn a_code_from_anothers_sign_in_fails_by_its_nonce() {
    let stage = Stage::new();
    let keys = IdTokenKeys::with_aws_lc(stage.client.clone());
    let verify = |authorized: VerifiedCallback<OpenidConnectToken>| {
        // Without PKCE Slack hands the tokens out: only the nonce tells that they are of another sign-in.
        let answer = stage.call(&authorized.exchange, &server()).unwrap();
        let (token, access) = (answer.id_token.unwrap(), answer.credential.access_token);
        let expected = authorized.expected_id_token();
        pollster::block_on(keys.verify(&token, expected, Some(&access), stage.now()))
    };
    let request = || on_server::<OpenidConnectToken>(SignInScopes::openid());
    let [(attackers, _), (own, pending)] = [(); 2].map(|()| stage.begin(request()));
    let authorized = pending.finish(spliced(&attackers, &own), stage.now()).unwrap();
    let error = verify(authorized).unwrap_err();
    assert!(matches!(error, VerifyIdTokenError::Token(IdTokenError::WrongNonce)), "{error}");

    // The same with the derived nonce of a stateless state, and what is right.
    let (flow, browser) = (stateless(request()), SessionBinding::from_random_bytes(&entropy()));
    let [attackers, own] =
        [(); 2].map(|()| stage.browse(flow.begin(&browser, &entropy(), stage.now()).expose()));
    let finish = |callback| flow.finish(Some(&browser), callback, stage.now()).unwrap();
    let error = verify(finish(spliced(&attackers, &own))).unwrap_err();
    assert!(matches!(error, VerifyIdTokenError::Token(IdTokenError::WrongNonce)), "{error}");
    assert!(verify(finish(own)).is_ok());
}

#[test]
fn row_14_a_sign_in_at_another_workspace_than_required_is_refused() {
    let stage = Stage::new();
    let keys = IdTokenKeys::with_aws_lc(stage.client.clone());
    let at = |team: &str| {
        let request = on_server::<OpenidConnectToken>(SignInScopes::openid());
        let request = request.require_team("T0FAKE00001".into());
        let (url, pending) = request.begin(stage.client.endpoint(), &entropy(), stage.now());
        assert!(url.expose().contains("&team=T0FAKE00001"));
        let callback = stage.browse(&format!("{}&fake_team={team}", url.expose()));
        let authorized = pending.finish(callback, stage.now()).unwrap();
        let answer = stage.call(&authorized.exchange, &server()).unwrap();
        let (token, access) = (answer.id_token.unwrap(), answer.credential.access_token);
        let expected = authorized.expected_id_token();
        pollster::block_on(keys.verify(&token, expected, Some(&access), stage.now()))
    };
    assert_eq!(at("T0FAKE00001").unwrap().user.team_id, Some("T0FAKE00001".into()));
    let VerifyIdTokenError::Token(IdTokenError::WrongTeam(team)) = at("T0FAKE00002").unwrap_err()
    else {
        panic!("the person is let in")
    };
    assert_eq!(team.as_str(), "T0FAKE00002");
}
