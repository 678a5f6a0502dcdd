//! What Slack refuses a rotator, and what its callers are told.

use slack_auth::{Recovery, Slot, StoreKey, methods::AuthTest, rotation::TokenErrorKind};
use slack_fake::Fault;

use crate::{
    incidents::{ask, script, seconds},
    support::{LIFE, World},
};

#[test]
fn a_thousand_calls_that_slack_answers_with_token_expired_refresh_once() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(seconds(3_600));
    for _ in 0..2_000 {
        world.slack.with(|fake| {
            fake.script("auth.test", Fault::Refused { code: "token_expired".into() });
        });
    }
    let (mut later, mut others) = (0, 0);
    for _ in 0..1_000 {
        let called = world.runtime.block_on(rotator.call(&AuthTest, &world.key, Slot::Bot));
        match called.unwrap_err().recovery() {
            Recovery::RetryLater { after: Some(_) } => later += 1,
            _ => others += 1,
        }
    }
    assert_eq!(world.refreshes(), 1);
    assert!(later >= 999 && others <= 1, "{later} {others}");
}

#[test]
fn the_three_errors_of_a_call_whose_refresh_fails_say_why() {
    let expired = |world: &World| {
        world.slack.with(|fake| {
            fake.script("auth.test", Fault::Refused { code: "token_expired".into() });
        });
    };
    for (code, recovery) in [
        ("invalid_refresh_token", Recovery::AuthorizeAgain),
        ("bad_client_secret", Recovery::FixConfiguration),
        ("account_inactive", Recovery::AuthorizeAgain),
        ("invalid_auth", Recovery::AuthorizeAgain),
    ] {
        let world = World::new();
        let (rotator, _) = world.rotator();
        world.token(&rotator);
        world.runtime.advance(seconds(3_600));
        expired(&world);
        script(&world, Fault::Refused { code: code.into() });
        let called = world.runtime.block_on(rotator.call(&AuthTest, &world.key, Slot::Bot));
        assert_eq!(called.unwrap_err().recovery(), recovery, "{code}");
    }
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(seconds(3_600));
    expired(&world);
    (0..20).for_each(|_| script(&world, Fault::ReplyLost));
    let called = world.runtime.block_on(rotator.call(&AuthTest, &world.key, Slot::Bot));
    assert!(matches!(called.unwrap_err().recovery(), Recovery::RetryLater { .. }));
}

#[test]
fn missing_and_empty_are_told_apart_and_alert_nobody() {
    let world = World::with(slack_fake::App::new("1.2", "hush").rotate_tokens());
    let (rotator, events) = world.rotator();
    let made_up = StoreKey::from(slack_auth::tokens::InstallationKey::Workspace("T0NOBODY".into()));
    let none = world.runtime.block_on(rotator.access_token(&made_up, Slot::User)).unwrap_err();
    assert_eq!(
        (none.kind(), none.recovery()),
        (TokenErrorKind::NotInstalled, Recovery::AuthorizeAgain)
    );
    assert!(none.to_string().contains("user") && none.to_string().contains("T0NOBODY"), "{none}");
    let empty = rotator.configuration_token(&world.key);
    let empty = world.runtime.block_on(empty).unwrap_err();
    assert_eq!((empty.kind(), empty.recovery()), (TokenErrorKind::EmptySlot, Recovery::FixCall));
    assert_eq!(events.count(|_| true), 0);
}

#[test]
fn a_dead_installation_is_asked_about_once_by_all_processes_together() {
    for code in ["invalid_refresh_token", "token_revoked", "account_inactive"] {
        let world = World::new();
        let (first, _) = world.rotator();
        world.token(&first);
        world.runtime.advance(LIFE + seconds(1));
        (0..50).for_each(|_| script(&world, Fault::Refused { code: code.into() }));
        for _ in 0..20 {
            // Each time a new process.
            let (rotator, _) = world.rotator();
            let error = ask(&world, &rotator).unwrap_err();
            assert_eq!(error.kind(), TokenErrorKind::NeedsAuthorization);
            world.runtime.advance(seconds(4_320));
            assert!(ask(&world, &first).is_err());
        }
        assert_eq!(world.refreshes(), 1, "{code}");
        let stored = world.runtime.block_on(world.inner.load(&world.key)).unwrap().unwrap();
        assert!(stored.installation.needs_authorization(Slot::Bot).is_some());
        // Somebody wants it tried again.
        world.slack.with(slack_fake::FakeSlack::clear_faults);
        world.runtime.block_on(first.retry(&world.key)).unwrap();
        assert!(world.is_live(&ask(&world, &first).unwrap()));
    }
}

/// Slack names what is gone by several codes; what only Slack's side can mend stays stored.
#[test]
fn a_token_that_is_dead_already_counts_as_revoked_and_others_do_not() {
    for (code, is_done) in [
        ("account_inactive", true),
        ("token_revoked", true),
        ("token_expired", true),
        ("fatal_error", false),
        ("something_new", false),
    ] {
        let world = World::new();
        let (rotator, _) = world.rotator();
        world.token(&rotator);
        let refused = Fault::Refused { code: code.into() };
        world.slack.with(|fake| (0..20).for_each(|_| fake.script("auth.revoke", refused.clone())));
        let result = world.runtime.block_on(rotator.revoke_all(&world.key));
        assert_eq!(result.is_ok(), is_done, "{code}: {result:?}");
        let stored = world.runtime.block_on(world.inner.load(&world.key)).unwrap();
        assert_eq!(stored.is_none(), is_done, "{code}");
    }
}

#[test]
fn a_refused_client_stops_the_app_and_a_new_secret_starts_it() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.runtime.advance(LIFE + seconds(1));
    (0..50).for_each(|_| script(&world, Fault::Refused { code: "bad_client_secret".into() }));
    for slot in [Slot::Bot, Slot::User] {
        let refused = world.runtime.block_on(rotator.access_token(&world.key, slot)).unwrap_err();
        assert_eq!(refused.recovery(), Recovery::FixConfiguration, "{refused}");
    }
    assert_eq!(world.refreshes(), 1, "the second one is not sent");
    world.runtime.advance(seconds(301));
    assert!(world.refreshes() <= 3, "{}", world.refreshes());
    world.slack.with(slack_fake::FakeSlack::clear_faults);
    rotator.replace_client_secret(slack_auth::ClientSecret::new("hush").unwrap());
    world.runtime.advance(seconds(2));
    for slot in [Slot::Bot, Slot::User] {
        let token = world.runtime.block_on(rotator.access_token(&world.key, slot)).unwrap();
        assert!(world.is_live(token.expose()));
    }
}
