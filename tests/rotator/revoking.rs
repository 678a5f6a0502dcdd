//! The end of an installation, while others are at it, the store fails or Slack refuses.

use std::{error::Error as _, sync::atomic::Ordering::SeqCst, time::Duration};

use slack_auth::{
    Recovery, Slot, TokenRotator,
    rotation::{RevokeError, RevokeErrorKind},
    runtime::Runtime as _,
    store::{LeaseHolder, Precondition},
    tokens::{ConfigurationCredential, ConfigurationToken, RefreshToken},
};
use slack_fake::Fault;

use crate::{
    fleet::{Answer, Fleet},
    incidents::seconds,
    support::{LIFE, World},
};

/// A rotator that has a token at hand which is due.
fn due() -> (World, TokenRotator) {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(LIFE + seconds(1));
    (world, rotator)
}

fn revoke(world: &World, rotator: &TokenRotator) -> Result<(), RevokeError> {
    world.runtime.block_on(rotator.revoke_all(&world.key))
}

fn is_stored(world: &World) -> bool {
    world.runtime.block_on(world.inner.load(&world.key)).unwrap().is_some()
}

fn refuse(world: &World, method: &str, codes: &[&str]) {
    world.slack.with(|fake| {
        for code in codes {
            fake.script(method, Fault::Refused { code: (*code).into() });
        }
    });
}

fn took<T>(world: &World, call: impl FnOnce() -> T) -> (T, Duration) {
    let began = world.runtime.elapsed();
    let result = call();
    (result, world.runtime.elapsed().saturating_sub(began))
}

/// Another process holds the lease of the bot for so long, and prolongs it if it lives.
fn hold(world: &World, length: u64, lives: bool) {
    let (store, runtime, key) = (world.inner.clone(), world.runtime.clone(), world.key.clone());
    let holder = LeaseHolder::random().unwrap();
    let lease = store.acquire(&key, Slot::Bot, holder, seconds(length));
    world.runtime.block_on(lease).map(drop).unwrap();
    if lives {
        world.runtime.spawn(Box::pin(async move {
            for _ in 0..10 {
                runtime.sleep(seconds(10)).await;
                store.acquire(&key, Slot::Bot, holder, seconds(length)).await.map(drop).unwrap();
            }
        }));
    }
}

#[test]
fn the_lease_of_a_process_that_died_is_waited_for_and_its_pair_looked_for() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let old = world.token(&rotator);
    hold(&world, 45, false);
    let (result, took) = took(&world, || revoke(&world, &rotator));
    result.unwrap();
    assert!((seconds(45)..seconds(46)).contains(&took), "{took:?}");
    assert_eq!(world.refreshes(), 1, "the newest pair is known only so");
    assert!(!world.is_live(&old) && !is_stored(&world));
}

#[test]
fn a_process_that_keeps_its_lease_is_waited_for_a_second_longer_than_a_lease_lasts() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    hold(&world, 45, true);
    let (result, took) = took(&world, || revoke(&world, &rotator));
    let busy = result.unwrap_err();
    assert_eq!((busy.kind(), took), (RevokeErrorKind::Busy, seconds(46)));
    assert_eq!(busy.recovery(), Recovery::RetryLater { after: None });
    assert!(busy.to_string().contains("other processes"), "{busy}");
    assert!(is_stored(&world));
}

#[test]
fn a_refresh_that_slack_refuses_tells_whether_another_pair_is_in_the_air() {
    for (code, is_done) in
        [("account_inactive", true), ("token_revoked", true), ("invalid_refresh_token", false)]
    {
        let (world, rotator) = due();
        refuse(&world, "oauth.v2.access", &[code, code]);
        let result = revoke(&world, &rotator);
        assert_eq!(is_stored(&world), !is_done, "{code}: {result:?}");
        if let Err(error) = result {
            assert_eq!(error.kind(), RevokeErrorKind::PairInTheAir, "{code}");
            assert!(error.to_string().contains("not stored yet"), "{error}");
            let cause = error.source().unwrap();
            assert!(cause.to_string().contains(code), "{cause}");
        }
    }
}

#[test]
fn the_newest_pair_is_stored_before_it_is_revoked() {
    let (world, rotator) = due();
    let old = world.stored().access_token.expose().to_owned();
    // The store fails for a second, and then Slack does.
    world.hooks.fail_writes(true);
    let (hooks, runtime) = (world.hooks.clone(), world.runtime.clone());
    world.runtime.spawn(Box::pin(async move {
        runtime.sleep(seconds(1)).await;
        hooks.fail_writes(false);
    }));
    world.slack.with(|fake| fake.script("auth.revoke", Fault::ServerError { status: 503 }));
    let refused = revoke(&world, &rotator).unwrap_err();
    assert!(matches!(refused.kind(), RevokeErrorKind::Slack(_)), "{refused:?}");
    let stored = world.stored().access_token.expose().to_owned();
    assert!(stored != old && world.is_live(&stored));
    revoke(&world, &rotator).unwrap();
    assert!(!world.is_live(&stored) && !is_stored(&world));
}

#[test]
fn a_newest_pair_that_cannot_be_stored_is_revoked_and_the_store_is_told_of() {
    let (world, rotator) = due();
    world.hooks.fail_writes(true);
    let (result, took) = took(&world, || revoke(&world, &rotator));
    let error = result.unwrap_err();
    assert_eq!((error.kind(), took), (RevokeErrorKind::Store, Duration::from_millis(3_500)));
    assert!(error.to_string().contains("the store failed"), "{error}");
    assert_eq!(error.source().unwrap().to_string(), "the test's store fails");
}

#[test]
fn who_writes_meanwhile_begins_another_round() {
    let (world, rotator) = due();
    world.hooks.late_writes.store(4, SeqCst);
    let (result, took) = took(&world, || revoke(&world, &rotator));
    result.unwrap();
    assert_eq!(took, Duration::ZERO, "it is read anew, and not written again");
    assert!(!is_stored(&world));
    let (world, rotator) = due();
    world.hooks.late_removals.store(7, SeqCst);
    revoke(&world, &rotator).unwrap();
    assert!(!is_stored(&world));
    let (world, rotator) = due();
    world.hooks.late_removals.store(8, SeqCst);
    assert_eq!(revoke(&world, &rotator).unwrap_err().kind(), RevokeErrorKind::Busy);
    let (world, rotator) = due();
    world.hooks.fails_to_remove.store(true, SeqCst);
    assert_eq!(revoke(&world, &rotator).unwrap_err().kind(), RevokeErrorKind::Store);
}

#[test]
fn a_refresh_token_that_slack_does_not_know_is_dead_and_an_access_token_may_be_alive() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    refuse(&world, "auth.revoke", &["token_expired", "invalid_auth"]);
    revoke(&world, &rotator).unwrap();
    assert!(!is_stored(&world));
    let world = World::new();
    let (rotator, _) = world.rotator();
    refuse(&world, "auth.revoke", &["invalid_auth"]);
    let error = revoke(&world, &rotator).unwrap_err();
    assert_eq!(error.kind(), RevokeErrorKind::Slack(Recovery::AuthorizeAgain));
    assert!(error.to_string().contains("did not revoke"), "{error}");
    assert!(error.source().unwrap().to_string().contains("invalid_auth"));
    assert!(is_stored(&world));
}

#[test]
fn of_a_configuration_token_the_newest_pair_is_kept_until_it_is_revoked() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let now = world.runtime.now().as_unix();
    let answer =
        world.slack.with(|fake| fake.issue_config_token("T0FAKE00001", "U0FAKE00001", now));
    let pair: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    let [token, refresh_token] =
        ["token", "refresh_token"].map(|name| pair[name].as_str().unwrap().to_owned());
    let token = ConfigurationToken::new(token).unwrap();
    let refresh_token = RefreshToken::new(refresh_token).unwrap();
    let stored = world.runtime.block_on(world.inner.load(&world.key)).unwrap().unwrap();
    let mut installation = stored.installation;
    installation.configuration =
        Some(ConfigurationCredential::new(token.clone(), refresh_token, world.runtime.now()));
    (installation.bot, installation.user) = (None, None);
    let expected = Precondition::Version(stored.version);
    world.runtime.block_on(world.inner.put(&world.key, &installation, expected)).unwrap();
    world.slack.with(|fake| fake.script("auth.revoke", Fault::ServerError { status: 503 }));
    revoke(&world, &rotator).unwrap_err();
    let stored = world.runtime.block_on(world.inner.load(&world.key)).unwrap().unwrap();
    let kept = stored.installation.configuration.unwrap().token;
    assert_ne!(kept.expose(), token.expose());
}

/// The error of another's cause shows what that says.
#[test]
fn a_cause_that_others_hold_as_well_is_shown_whole() {
    let fleet = Fleet::new(|_, _| Answer::Lost);
    let key = fleet.put("T000", 60);
    let rotator = fleet.rotator(8);
    let error = fleet.runtime.block_on(rotator.revoke_all(&key)).unwrap_err();
    assert_eq!(error.kind(), RevokeErrorKind::Slack(Recovery::RetryLater { after: None }));
    assert_eq!(fleet.slack.requests(), 2, "it is sent again, in case the refresh token is spent");
    let cause = error.source().unwrap();
    assert!(cause.to_string().contains("may have been sent"), "{cause}");
    assert_eq!(cause.source().unwrap().to_string(), "the cable was cut");
}
