//! Lost replies, limits, failing stores, dead tokens.

use std::{sync::atomic::Ordering, time::Duration};

use slack_auth::{
    ClientId, InstallationStore, Recovery, Slot, TokenRotator,
    rotation::{Problem, ReauthorizationReason, RotationEvent, RotationPolicy},
    runtime::Runtime as _,
    store::MemoryStore,
};
use slack_fake::Fault;

use crate::support::{LIFE, World};

fn script(world: &World, fault: Fault) {
    world.slack.with(|fake| fake.script("oauth.v2.access", fault));
}

fn ended() -> (World, TokenRotator) {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(LIFE + Duration::from_secs(1));
    (world, rotator)
}

#[test]
fn a_lost_reply_is_asked_for_again_within_the_grace_time() {
    let (world, rotator) = ended();
    let sent = world.stored().refresh_token.unwrap();
    let before = world.runtime.now();
    for fault in [
        Fault::ReplyLost,
        Fault::Garbage,
        Fault::ReplyTruncated { keep: 30 },
        Fault::RefusedAfterwards { code: "fatal_error".into() },
    ] {
        script(&world, fault);
    }
    let token = world.token(&rotator);
    assert!(world.is_live(&token));
    assert_eq!(world.refreshes(), 5);
    let waited = world.runtime.now().since(before);
    // 0.5 + 1 + 2 + 4 s, and Slack takes a spent token for 60.
    assert_eq!(waited, Duration::from_secs(7));
    assert!(!world.stored().refresh_token.unwrap().same_as(&sent));
}

#[test]
fn an_answer_that_never_comes_is_given_up_within_the_lease() {
    let (world, rotator) = ended();
    let before = world.runtime.now();
    script(&world, Fault::ReplyDelayed(Duration::from_secs(3_600)));
    let asked = rotator.access_token(&world.key, Slot::Bot);
    let late = world.runtime.block_on(asked).unwrap_err();
    assert!(late.to_string().contains("in time"), "{late}");
    assert_eq!(world.runtime.now().since(before), Duration::from_secs(30));
    let token = world.token(&rotator);
    assert!(world.is_live(&token));
    assert!(world.runtime.now().since(before) < Duration::from_secs(32));
}

#[test]
fn a_rate_limit_is_waited_out_and_the_old_token_given_meanwhile() {
    let world = World::new();
    let (rotator, notices) = world.rotator();
    let old = world.token(&rotator);
    world.come_due();
    script(&world, Fault::RateLimited { retry_after: Some(90) });
    assert_eq!(world.token(&rotator), old);
    world.runtime.advance(Duration::from_secs(89));
    assert_eq!((world.token(&rotator), world.refreshes()), (old.clone(), 1));
    world.runtime.advance(Duration::from_secs(2));
    assert_ne!(world.token(&rotator), old);
    assert_eq!(world.refreshes(), 2);
    assert_eq!(notices.count(|it| matches!(it, RotationEvent::Retrying { .. })), 1);
}

#[test]
fn who_would_wait_in_vain_is_told_at_once() {
    let (world, rotator) = ended();
    script(&world, Fault::RateLimited { retry_after: Some(90) });
    let before = world.runtime.now();
    let asked = rotator.access_token(&world.key, Slot::Bot);
    let refused = world.runtime.block_on(asked).unwrap_err();
    assert_eq!(refused.problem(), Some(&Problem::RateLimited));
    let after = Some(Duration::from_secs(90));
    assert_eq!(refused.recovery(), Recovery::RetryLater { after });
    assert_eq!(world.runtime.now(), before);
}

#[test]
fn a_pair_is_stored_when_the_store_comes_back() {
    let (world, rotator) = ended();
    let old = world.stored().access_token.expose().to_owned();
    // The store fails between Slack's answer and the write.
    script(&world, Fault::ReplyDelayed(Duration::from_secs(2)));
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.advance(Duration::from_secs(1));
    world.hooks.fail(true);
    world.runtime.advance(Duration::from_secs(20));
    assert_eq!(world.refreshes(), 1);
    let asked = rotator.access_token(&world.key, Slot::Bot);
    let refused = world.runtime.block_on(asked).unwrap_err();
    assert_eq!(refused.problem(), Some(&Problem::Store));
    let source = std::error::Error::source(&refused).unwrap().to_string();
    assert_eq!(source, "the test's store fails");
    assert_eq!(world.stored().access_token.expose(), old);
    world.hooks.fail(false);
    let new = world.token(&rotator);
    assert_eq!(new, world.stored().access_token.expose());
    assert!(world.is_live(&new));
    assert_eq!(world.refreshes(), 1, "nothing was asked for twice");
}

#[test]
fn a_wrong_secret_is_told_and_nothing_is_lost() {
    let (world, rotator) = ended();
    let stored = world.stored();
    for _ in 0..2 {
        script(&world, Fault::Refused { code: "bad_client_secret".into() });
    }
    let ask = || world.runtime.block_on(rotator.access_token(&world.key, Slot::Bot));
    let refused = ask().unwrap_err();
    assert_eq!(refused.recovery(), Recovery::FixConfiguration);
    assert!(refused.to_string().contains("bad_client_secret"), "{refused}");
    assert_eq!(ask().unwrap_err().recovery(), Recovery::FixConfiguration);
    assert_eq!(world.refreshes(), 1, "Slack is not asked by each caller");
    assert_eq!(world.stored().access_token.expose(), stored.access_token.expose());
    // The operator has corrected it.
    world.slack.with(slack_fake::FakeSlack::clear_faults);
    world.runtime.advance(Duration::from_secs(301));
    assert!(world.is_live(&world.token(&rotator)));
}

#[test]
fn a_dead_refresh_token_asks_for_a_person_and_a_new_install_is_found() {
    let world = World::new();
    let (rotator, notices) = world.rotator();
    let old = world.token(&rotator);
    let refresh_token = world.stored().refresh_token.unwrap();
    world.slack.with(|fake| fake.revoke(refresh_token.expose()));
    world.come_due();
    // The token that still lives is given on.
    for _ in 0..5 {
        assert_eq!(world.token(&rotator), old);
        world.runtime.run_until_stalled();
    }
    assert_eq!(world.refreshes(), 1);
    world.runtime.advance(Duration::from_secs(3_700));
    let ask = || world.runtime.block_on(rotator.access_token(&world.key, Slot::Bot));
    let dead = ask().unwrap_err();
    assert_eq!(dead.recovery(), Recovery::AuthorizeAgain);
    assert!(matches!(
        dead.problem(),
        Some(Problem::ReauthorizationNeeded(ReauthorizationReason::RefreshTokenInvalid { .. }))
    ));
    assert_eq!(notices.count(|it| matches!(it, RotationEvent::ReauthorizationNeeded { .. })), 1);
    assert_eq!(world.refreshes(), 1, "Slack is not asked again");
    // A person goes through the browser, in another process.
    let again = crate::support::install(&world.runtime, &world.slack, &world.client);
    let stored = world.runtime.block_on(store_load(&world)).unwrap();
    let expected = slack_auth::store::Precondition::Version(stored.version);
    let put = world.store.put(&world.key, &again, expected);
    world.runtime.block_on(put).unwrap();
    assert!(world.is_live(ask().unwrap().expose()));
}

async fn store_load(world: &World) -> Option<slack_auth::store::Stored> {
    world.inner.load(&world.key).await.unwrap()
}

#[test]
fn a_key_without_an_installation_is_no_token_and_no_memory() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let key = slack_auth::tokens::InstallationKey::Workspace("T0NOBODY".into()).into();
    let ask = || world.runtime.block_on(rotator.access_token(&key, Slot::Bot));
    for _ in 0..2 {
        let dead = ask().unwrap_err();
        assert_eq!(
            dead.problem(),
            Some(&Problem::ReauthorizationNeeded(ReauthorizationReason::Missing))
        );
        assert_eq!(in_memory(&rotator), 0);
    }
    world.token(&rotator);
    assert_eq!(in_memory(&rotator), 1);
}

pub(crate) fn in_memory(rotator: &TokenRotator) -> usize {
    let shown = format!("{rotator:?}");
    let (_, count) = shown.split_once("credentials_in_memory: ").unwrap();
    count.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}

#[test]
fn a_store_of_another_app_is_refused() {
    let world = World::new();
    let other = InstallationStore::new(MemoryStore::new(), ClientId::new("9.9").unwrap());
    let refused = TokenRotator::builder(world.client.clone(), World::app(), other).build();
    let rule = refused.err().unwrap().to_string();
    assert!(rule.contains("9.9") && rule.contains("1.2"), "{rule}");
}

#[test]
fn without_room_for_the_new_pair_no_refresh_token_is_sent() {
    let (world, rotator) = ended();
    world.hooks.full.store(true, Ordering::SeqCst);
    let before = world.refreshes();
    let ask = || world.runtime.block_on(rotator.access_token(&world.key, Slot::Bot));
    let refused = ask().unwrap_err();
    assert!(matches!(refused.recovery(), Recovery::RetryLater { .. }), "{:?}", refused.recovery());
    assert_eq!(world.refreshes(), before);
    world.hooks.full.store(false, Ordering::SeqCst);
    world.runtime.advance(Duration::from_secs(61));
    assert!(world.is_live(ask().unwrap().expose()));
    assert_eq!(world.refreshes(), before + 1);
}

#[test]
fn times_that_contradict_each_other_are_refused() {
    let world = World::new();
    let build = |policy, timeout| {
        TokenRotator::builder(world.client.clone(), World::app(), world.store.clone())
            .policy(policy)
            .total_timeout(Duration::from_secs(timeout))
            .build()
            .map(drop)
            .map_err(|error| (error.kind().as_str(), error.to_string()))
    };
    let is_refused = |built: Result<(), (&str, String)>, kind, remedy| {
        let (found, text) = built.unwrap_err();
        assert_eq!(found, kind);
        assert!(text.contains(remedy), "{text}");
    };
    let lease = |seconds| RotationPolicy::new().lease(Duration::from_secs(seconds));
    assert_eq!(build(lease(45), 34), Ok(()));
    is_refused(build(lease(45), 35), "lease_too_short", "a shorter total timeout");
    assert_eq!(build(lease(59), 30), Ok(()));
    is_refused(build(lease(60), 30), "lease_too_long", "a shorter lease");
    let other = InstallationStore::new(MemoryStore::new(), ClientId::new("other").unwrap());
    let other = TokenRotator::builder(world.client.clone(), World::app(), other).build();
    let other = other.map(drop).map_err(|error| (error.kind().as_str(), error.to_string()));
    is_refused(other, "other_app", "the app other");
}

#[test]
fn while_a_token_that_needs_a_person_still_lives_the_store_is_read_once_a_minute() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    let refresh_token = world.stored().refresh_token.unwrap();
    world.slack.with(|fake| fake.revoke(refresh_token.expose()));
    world.come_due();
    let ask = || {
        let before = world.hooks.reads.load(Ordering::SeqCst);
        world.token(&rotator);
        world.runtime.run_until_stalled();
        world.hooks.reads.load(Ordering::SeqCst) - before
    };
    ask();
    // Until it is certain that a person is needed: one stale read is no death.
    world.runtime.advance(Duration::from_secs(10));
    assert_eq!((ask(), ask()), (0, 0));
    world.runtime.advance(Duration::from_secs(40));
    assert_eq!(ask(), 0);
    world.runtime.advance(Duration::from_secs(20));
    assert_eq!((ask(), ask()), (1, 0));
}

#[test]
fn a_write_that_fails_is_told_from_one_that_others_were_faster_with() {
    let world = World::new();
    let (rotator, notices) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(LIFE + Duration::from_secs(1));
    world.hooks.fail_writes(true);
    let asked = rotator.access_token(&world.key, Slot::Bot);
    let refused = world.runtime.block_on(asked).unwrap_err();
    assert_eq!(refused.problem(), Some(&Problem::Store));
    assert!(notices.count(|it| matches!(it, RotationEvent::StoreFailed { .. })) > 1);
    world.hooks.fail_writes(false);
    assert!(world.is_live(&world.token(&rotator)));
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_caller_gets_the_new_token_before_the_lease_is_given_back() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(LIFE + Duration::from_secs(1));
    script(&world, Fault::ReplyDelayed(Duration::from_secs(5)));
    // Time stops there: the fake's answers wait for no timer.
    world.runtime.spawn(world.runtime.sleep(Duration::from_secs(5)));
    world.hooks.hangs_at_release.store(true, Ordering::SeqCst);
    let began = world.runtime.elapsed();
    assert!(world.is_live(&world.token(&rotator)));
    let took = world.runtime.elapsed().saturating_sub(began);
    assert_eq!(took, Duration::from_secs(5));
    assert_eq!(world.refreshes(), 1);
}
