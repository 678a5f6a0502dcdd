//! The browser legs over the fake Slack: the three pages to their tokens, and each attack refused by an error of its own.

mod attacks;
mod stage;

use slack_auth::{
    error::ErrorCode,
    methods::{OauthV2Access, OauthV2UserAccess, OpenidConnectToken},
    oauth::{
        AuthorizeError, CallbackError, CodeVerifier, InstallScopes, PendingAuthorization,
        SignInScopes, WithoutStateError,
    },
};
use slack_fake::{Consent, UserAccessShape};

use crate::stage::*;

#[test]
fn an_install_and_what_was_declined() {
    let stage = Stage::new();
    let request = on_server::<OauthV2Access>(
        InstallScopes::bot("chat:write,commands").user("users:read,search:read"),
    );
    let (url, pending) = request.begin(stage.client.endpoint(), &entropy(), stage.now());
    let callback = stage.browse(&format!("{}&fake_decline=commands,users:read", url.expose()));
    let authorized = pending.finish(callback, stage.now()).unwrap();
    let installed = stage.call(&authorized.exchange, &server()).unwrap();
    let declined = authorized.missing_scopes(&installed);
    assert_eq!((declined.bot, declined.user), ("commands".into(), "users:read".into()));
    assert_eq!(authorized.asked.bot, "chat:write,commands".into());
}

#[test]
fn an_install_for_a_person_alone_in_every_shape_of_the_answer() {
    for shape in [
        UserAccessShape::Schema,
        UserAccessShape::Bearer,
        UserAccessShape::DocsExample,
        UserAccessShape::ScopesInAuthedUser,
        UserAccessShape::Nested,
    ] {
        let stage = Stage::new();
        stage.fake.with(|fake| *fake = std::mem::take(fake).user_access_shape(shape));
        for user_scope_parameter in [false, true] {
            let request = on_desktop::<OauthV2UserAccess<CodeVerifier>>("search:read,users:read");
            let request =
                if user_scope_parameter { request.user_scope_parameter() } else { request };
            let (callback, pending) = stage.begin(request);
            let authorized = pending.finish(callback, stage.now()).unwrap();
            let granted = stage.call(&authorized.exchange, &desktop()).unwrap();
            assert!(authorized.missing_scopes(&granted).is_empty(), "{shape:?}");
            assert_eq!(granted.credential.scopes, "search:read,users:read".into(), "{shape:?}");
        }
    }
}

#[test]
fn a_sign_in_of_each_kind_of_client() {
    let stage = Stage::new();
    let scopes = || SignInScopes::openid().email().profile();
    let (callback, pending) = stage.begin(on_server::<OpenidConnectToken>(scopes()));
    let authorized = pending.finish(callback, stage.now()).unwrap();
    let answer = stage.call(&authorized.exchange, &server()).unwrap();
    assert!(answer.id_token.is_some() && authorized.missing_scopes(&answer).is_empty());
    assert!(authorized.expected_id_token().sent_nonce().is_some());

    let (callback, pending) = stage.begin(on_desktop::<OpenidConnectToken<CodeVerifier>>(scopes()));
    let authorized = pending.finish(callback, stage.now()).unwrap();
    assert!(stage.call(&authorized.exchange, &desktop()).unwrap().id_token.is_some());
}

#[test]
fn the_second_leg_on_another_machine() {
    type Flow = OauthV2Access<CodeVerifier>;
    let stage = Stage::new();
    let (callback, pending) =
        stage.begin(on_desktop::<Flow>(InstallScopes::user_only("chat:write")));
    let kept = pending.encode_exposing_secrets();
    drop(pending);
    let pending = PendingAuthorization::<Flow>::decode(&kept, stage.now()).unwrap();
    let authorized = pending.finish(callback, stage.now()).unwrap();
    assert!(stage.call(&authorized.exchange, &desktop()).unwrap().user.is_some());
}

#[test]
fn a_refusal_is_typed_and_tied_to_the_request() {
    let stage = Stage::new();
    for (consent, expected) in [
        (Consent::Deny, AuthorizeError::AccessDenied),
        (Consent::Fail("unapproved_scope".into()), AuthorizeError::UnapprovedScope),
        (Consent::Fail("invalid_scope".into()), AuthorizeError::InvalidScope),
    ] {
        stage.fake.with(|fake| fake.set_consent(consent));
        let (callback, pending) = stage.begin(install());
        let error = pending.finish(callback, stage.now()).unwrap_err();
        let CallbackError::Refused(refused) = error else { panic!("{error}") };
        assert_eq!(refused.code, ErrorCode::Method(expected));
    }
}

#[test]
fn an_install_from_slacks_own_page_is_taken_knowingly() {
    let stage = Stage::new();
    let page = format!("https://slack.com/oauth/v2/authorize?client_id={SERVER}&scope=chat:write");
    let callback = stage.browse(&page);
    let (own, pending) = stage.begin(install());
    let error = pending.finish(callback.clone(), stage.now()).unwrap_err();
    assert!(matches!(error, CallbackError::StateMissing(_)), "{error}");
    let installed = stage.call(&callback.without_state().unwrap(), &server()).unwrap();
    assert!(installed.bot.is_some());
    assert!(matches!(own.without_state(), Err(WithoutStateError::HasState(_))));
}
