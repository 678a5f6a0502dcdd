//! A Slack that does not answer for hours, and a rate limit that a revocation meets.

use std::time::Duration;

use slack_auth::{
    Recovery, Slot,
    rotation::{Problem, RotationEvent},
    runtime::Runtime as _,
};
use slack_fake::Fault;

use crate::support::{LIFE, World};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

fn fail(world: &World, times: usize, fault: &Fault) {
    for _ in 0..times {
        world.slack.with(|fake| fake.script("oauth.v2.access", fault.clone()));
    }
}

#[test]
fn a_slack_that_never_answers_is_asked_rarely_and_loses_nothing() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(LIFE + SECOND);
    fail(&world, 1_000, &Fault::RequestLost);
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.advance(600 * SECOND);
    let before = world.refreshes();
    assert!(before > 35, "ten minutes long it is asked every 15 s: {before}");
    world.runtime.advance(HOUR);
    world.runtime.advance(HOUR);
    let (asked, before) = (world.refreshes() - before, world.refreshes());
    assert!((20..=60).contains(&asked), "{asked} in two hours");
    // A caller is told at once.
    let began = world.runtime.now();
    let told = world.runtime.block_on(rotator.access_token(&world.key, Slot::Bot));
    let told = told.unwrap_err();
    assert_eq!(told.problem(), Some(&Problem::NoAnswer));
    assert!(matches!(told.recovery(), Recovery::RetryLater { .. }));
    assert!(world.runtime.now().since(began) <= 31 * SECOND);
    // Slack comes back, takes the next try, and its answer is lost: the one after that is in time.
    world.slack.with(slack_fake::FakeSlack::clear_faults);
    fail(&world, 1, &Fault::ReplyLost);
    world.runtime.advance(400 * SECOND);
    assert!((2..=4).contains(&(world.refreshes() - before)));
    assert!(world.is_live(&world.token(&rotator)));
}

#[test]
fn as_soon_as_slack_answers_anybody_those_who_wait_for_long_try_again() {
    let world = World::new();
    let (rotator, events) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(LIFE + SECOND);
    fail(&world, 1_000, &Fault::RequestLost);
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.advance(2 * HOUR);
    let is_long = |it: &RotationEvent| matches!(it, RotationEvent::Retrying { after, .. } if *after > 200 * SECOND);
    let long = events.count(is_long);
    assert!(long > 5);
    // Until it has just begun a long wait.
    while events.count(is_long) == long {
        world.runtime.advance(SECOND);
    }
    world.slack.with(slack_fake::FakeSlack::clear_faults);
    world.runtime.advance(20 * SECOND);
    let before = world.refreshes();
    rotator.refresh_if_due(&world.key, Slot::User);
    world.runtime.advance(2 * SECOND);
    assert_eq!(world.refreshes(), before + 2, "the person's, and then the bot's");
    assert!(world.is_live(world.stored().access_token.expose()));
}

#[test]
fn a_rate_limit_that_a_revocation_meets_holds_back_the_refreshes() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(LIFE + SECOND);
    fail(&world, 1, &Fault::RateLimited { retry_after: Some(25) });
    let refused = world.runtime.block_on(rotator.revoke_all(&world.key)).unwrap_err();
    let after = Some(25 * SECOND);
    assert_eq!(refused.recovery(), Recovery::RetryLater { after });
    assert_eq!(world.refreshes(), 1);
    rotator.refresh_if_due(&world.key, Slot::User);
    world.runtime.advance(24 * SECOND);
    assert_eq!(world.refreshes(), 1, "the pause is everybody's");
    world.runtime.advance(2 * SECOND);
    assert_eq!(world.refreshes(), 2);
}
