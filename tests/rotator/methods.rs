//! By which method a credential is refreshed, and what a failed call says of itself.

use std::{
    error::Error as _,
    sync::{Arc, Mutex},
};

use slack_auth::{
    AccessToken, Installation, Slot, StoreKey, Timestamp, TokenRotator,
    methods::AuthTest,
    rotation::{RefreshFailure, RotatedCallError, RotationEvent},
    runtime::Runtime as _,
    store::Precondition,
    tokens::{
        ConfigurationCredential, ConfigurationToken, Credential, InstallationKey, RefreshMethod,
        RefreshToken,
    },
};
use slack_fake::Fault;

use crate::{
    fleet::{Answer, Fleet},
    incidents::{script, seconds},
    support::{LIFE, World},
};

/// Stores an installation beside the world's own, due for a refresh.
fn put(world: &World, fill: impl FnOnce(&mut Installation, Timestamp)) -> StoreKey {
    let key = StoreKey::from(InstallationKey::Workspace("T0OTHER".into()));
    let mut installation = Installation::new(key.place().clone());
    fill(&mut installation, world.runtime.now());
    let put = world.inner.put(&key, &installation, Precondition::Absent);
    world.runtime.block_on(put).unwrap();
    world.runtime.advance(LIFE);
    key
}

#[test]
fn each_credential_is_refreshed_by_the_method_that_gave_it() {
    for (refresh_method, method) in [
        (RefreshMethod::OauthV2Access, "oauth.v2.access"),
        (RefreshMethod::OauthV2UserAccess, "oauth.v2.user.access"),
        (RefreshMethod::OpenidConnectToken, "openid.connect.token"),
    ] {
        let world = World::new();
        let (rotator, _) = world.rotator();
        let key = put(&world, |installation, now| {
            let mut user = Credential::new(AccessToken::new("xoxe.xoxp-1-FAKE").unwrap(), now);
            user.refresh_token = Some(RefreshToken::new("xoxe-1-FAKE").unwrap());
            user.expires_at = Some(now + LIFE);
            user.refresh_method = refresh_method;
            installation.user = Some(user);
        });
        let calls = || world.slack.with(|fake| fake.calls(method));
        let before = calls();
        rotator.refresh_if_due(&key, Slot::User);
        world.runtime.run_until_stalled();
        assert_eq!(calls() - before, 1, "{method}");
    }
}

#[test]
fn a_configuration_token_is_refreshed_although_slack_refuses_the_client() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let key = put(&world, |installation, now| {
        let token = ConfigurationToken::new("xoxe.xoxp-1-FAKE").unwrap();
        let refresh_token = RefreshToken::new("xoxe-1-FAKE").unwrap();
        let mut configuration = ConfigurationCredential::new(token, refresh_token, now);
        configuration.expires_at = Some(now + LIFE);
        installation.configuration = Some(configuration);
    });
    script(&world, Fault::Refused { code: "bad_client_secret".into() });
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.advance(seconds(1));
    rotator.refresh_if_due(&world.key, Slot::User);
    rotator.refresh_if_due(&key, Slot::Configuration);
    world.runtime.advance(seconds(1));
    assert_eq!(world.refreshes(), 1, "the client is refused");
    assert_eq!(world.slack.with(|fake| fake.calls("tooling.tokens.rotate")), 1);
}

#[test]
fn a_request_that_was_not_sent_is_told_from_one_whose_outcome_nobody_knows() {
    for (answer, is_unsent) in [(Answer::NotSent, true), (Answer::Lost, false)] {
        let answer = Mutex::new(Some(answer));
        let fleet = Fleet::new(move |_, _| answer.lock().unwrap().take().unwrap_or(Answer::Pair));
        let key = fleet.put("T000", 60);
        let failures = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&failures);
        let rotator = TokenRotator::builder(fleet.client(), World::app(), fleet.store.clone())
            .runtime(fleet.runtime.clone())
            .observer(move |_: &StoreKey, _: Slot, event: &RotationEvent| {
                if let RotationEvent::Retrying { failure, .. } = event {
                    seen.lock().unwrap().push(failure.clone());
                }
            })
            .build()
            .unwrap();
        rotator.refresh_if_due(&key, Slot::Bot);
        fleet.runtime.advance(seconds(5));
        assert!(fleet.is_refreshed(&key));
        let failures = failures.lock().unwrap();
        let [failure] = &failures[..] else { panic!("{failures:?}") };
        assert_eq!(*failure == RefreshFailure::NothingSent, is_unsent, "{failure:?}");
    }
}

#[test]
fn a_failed_call_says_what_its_cause_says() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let call = |key: &StoreKey| {
        let called = world.runtime.block_on(rotator.call(&AuthTest, key, Slot::Bot));
        called.map(drop).unwrap_err()
    };
    world.hooks.fail(true);
    let error = call(&world.key);
    let RotatedCallError::Token(token) = &error else { panic!("{error:?}") };
    assert_eq!(error.to_string(), token.to_string());
    assert!(error.to_string().contains("T0FAKE00001"), "{error}");
    assert_eq!(error.source().unwrap().to_string(), "the test's store fails");
    world.hooks.fail(false);
    assert!(call_again(&world, &rotator));
    world.slack.with(|fake| fake.script("auth.test", Fault::ReplyLost));
    let error = call(&world.key);
    let RotatedCallError::Call(cause) = &error else { panic!("{error:?}") };
    assert_eq!(error.to_string(), cause.to_string());
    assert!(!error.to_string().is_empty());
    assert_eq!(error.source().map(ToString::to_string), cause.source().map(ToString::to_string));
}

fn call_again(world: &World, rotator: &TokenRotator) -> bool {
    world.runtime.advance(seconds(60));
    world.runtime.block_on(rotator.call(&AuthTest, &world.key, Slot::Bot)).is_ok()
}
