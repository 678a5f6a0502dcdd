//! Several rotators on one store, as several processes have them.

use std::time::Duration;

use slack_auth::{
    Slot,
    rotation::{Rejection, RotationEvent},
    runtime::Runtime as _,
    store::{LeaseHolder, Precondition},
};
use slack_fake::Fault;

use crate::support::{LIFE, World};

#[test]
fn two_processes_refresh_once() {
    let world = World::new();
    let (one, _) = world.rotator();
    let (other, notices) = world.rotator();
    world.token(&one);
    world.token(&other);
    world.runtime.advance(LIFE + Duration::from_secs(1));
    world.slack.with(|fake| {
        fake.script("oauth.v2.access", Fault::ReplyDelayed(Duration::from_secs(3)));
    });
    one.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.run_until_stalled();
    let got = world.token(&other);
    assert!(world.is_live(&got));
    assert_eq!(world.token(&one), got);
    assert_eq!(world.refreshes(), 1);
    assert_eq!(notices.count(|it| matches!(it, RotationEvent::Adopted { .. })), 1);
}

#[test]
fn a_process_that_died_after_slacks_answer_costs_nothing() {
    let world = World::new();
    let (survivor, _) = world.rotator();
    world.token(&survivor);
    world.runtime.advance(LIFE + Duration::from_secs(1));
    // It had taken the lease and spent the refresh token.
    let dead = LeaseHolder::random().unwrap();
    let lease = world.store.acquire(&world.key, Slot::Bot, dead, Duration::from_secs(45));
    world.runtime.block_on(lease).map(drop).unwrap();
    let refresh = slack_auth::methods::OauthV2Refresh::new(world.stored().refresh_token.unwrap());
    let app = World::app();
    world.runtime.block_on(world.client.call(&refresh, &app)).unwrap();
    let before = world.runtime.now();
    survivor.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.advance(Duration::from_secs(50));
    assert!(world.is_live(world.stored().access_token.expose()));
    assert_eq!(world.refreshes(), 2);
    assert!(world.runtime.now().since(before) < Duration::from_secs(60));
}

#[test]
fn of_two_pairs_the_stored_one_survives() {
    for siblings in [slack_fake::Siblings::FirstUsedWins, slack_fake::Siblings::NewestWins] {
        let world = World::new();
        world.slack.with(|fake| *fake = std::mem::take(fake).siblings(siblings));
        let (rotator, notices) = world.rotator();
        world.token(&rotator);
        world.come_due();
        world.slack.with(|fake| {
            fake.script("oauth.v2.access", Fault::ReplyDelayed(Duration::from_secs(2)));
        });
        // Another process has stalled past its lease, and gets and stores a pair of its own meanwhile.
        let refresh =
            slack_auth::methods::OauthV2Refresh::new(world.stored().refresh_token.unwrap());
        let app = World::app();
        rotator.refresh_if_due(&world.key, Slot::Bot);
        world.runtime.run_until_stalled();
        let theirs = world.runtime.block_on(world.client.call(&refresh, &app)).unwrap();
        let stored = world.runtime.block_on(world.store.load(&world.key)).unwrap().unwrap();
        let mut installation = stored.installation;
        let theirs = theirs.value.credential.into_credential(world.runtime.now());
        installation.bot = Some(theirs);
        let expected = Precondition::Version(stored.version);
        world.runtime.block_on(world.store.put(&world.key, &installation, expected)).unwrap();
        world.runtime.advance(Duration::from_secs(3));
        assert_eq!(notices.count(|it| matches!(it, RotationEvent::Conflict { .. })), 1);
        // Whatever Slack does with the loser, what is stored goes on.
        for _ in 0..3 {
            world.runtime.advance(LIFE + Duration::from_secs(1));
            assert!(world.is_live(&world.token(&rotator)), "{siblings:?}");
        }
    }
}

#[test]
fn a_token_that_another_process_had_replaced_is_looked_up() {
    let world = World::new();
    let (one, _) = world.rotator();
    let (other, _) = world.rotator();
    let old = world.runtime.block_on(one.access_token(&world.key, Slot::Bot)).unwrap();
    world.token(&other);
    let rejected =
        other.report_rejected(&world.key, Slot::Bot, old.fingerprint(), Rejection::Expired);
    let new = world.runtime.block_on(rejected).unwrap();
    let doubted =
        one.report_rejected(&world.key, Slot::Bot, old.fingerprint(), Rejection::Doubtful);
    let found = world.runtime.block_on(doubted).unwrap();
    assert_eq!(found.expose(), new.expose());
    assert_eq!(world.refreshes(), 1);
}
