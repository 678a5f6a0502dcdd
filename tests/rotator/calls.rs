//! Calls with a stored token, and the end of an installation.

use std::time::Duration;

use slack_auth::{Recovery, Slot, methods::AuthTest, rotation::Problem, runtime::Runtime as _};
use slack_fake::{App, Fault};

use crate::support::World;

#[test]
fn an_expired_token_is_refreshed_and_the_call_repeated_once() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let old = world.token(&rotator);
    // Slack's clock and ours differ: for us the token lives.
    let now = world.runtime.now().as_unix();
    world.slack.with(|fake| fake.expire(&old, now));
    let call = || world.runtime.block_on(rotator.call(&AuthTest, &world.key, Slot::Bot));
    assert!(call().is_ok());
    assert_eq!(world.refreshes(), 1);
    assert_eq!(world.slack.with(|fake| fake.calls("auth.test")), 2);
    // Slack says so of every token: a new one is not refreshed again already.
    for _ in 0..1 {
        let fault = Fault::Refused { code: "token_expired".into() };
        world.slack.with(|fake| fake.script("auth.test", fault));
    }
    world.runtime.advance(Duration::from_secs(1));
    let after = Some(Duration::from_secs(59));
    assert_eq!(call().unwrap_err().recovery(), Recovery::RetryLater { after });
    assert_eq!(world.slack.with(|fake| fake.calls("auth.test")), 3);
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_token_of_another_process_is_tried_after_a_revocation() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let (other, _) = world.rotator();
    let old = world.token(&rotator);
    // Two refreshes elsewhere: at most two tokens live at Slack's.
    for _ in 0..2 {
        let held = world.runtime.block_on(other.access_token(&world.key, Slot::Bot)).unwrap();
        let expired = slack_auth::rotation::Rejection::Expired;
        let rejected = other.report_rejected(&world.key, Slot::Bot, held.fingerprint(), expired);
        world.runtime.block_on(rejected).unwrap();
        world.runtime.advance(Duration::from_secs(61));
    }
    assert!(!world.is_live(&old));
    let call = rotator.call(&AuthTest, &world.key, Slot::Bot);
    assert!(world.runtime.block_on(call).is_ok());
}

#[test]
fn an_ambiguous_refusal_throws_nothing_away() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let token = world.token(&rotator);
    world.slack.with(|fake| {
        fake.script("auth.test", Fault::Refused { code: "invalid_auth".into() });
    });
    let call = || world.runtime.block_on(rotator.call(&AuthTest, &world.key, Slot::Bot));
    assert_eq!(call().unwrap_err().recovery(), Recovery::AuthorizeAgain);
    assert_eq!(world.slack.with(|fake| fake.calls("auth.test")), 1, "there is no other token");
    assert!(call().is_ok());
    assert_eq!(world.token(&rotator), token);
    assert_eq!(world.refreshes(), 0);
}

#[test]
fn a_long_lived_token_is_exchanged_when_rotation_is_switched_on() {
    let world = World::with(App::new("1.2", "hush"));
    let (rotator, _) = world.rotator();
    let old = world.token(&rotator);
    assert!(old.starts_with("xoxb-"));
    let exchange = || world.runtime.block_on(rotator.exchange(&world.key, Slot::Bot));
    let refused = exchange().unwrap_err();
    assert!(matches!(refused.problem(), Some(Problem::Refused { .. })), "{refused}");
    assert_eq!(refused.recovery(), Recovery::FixConfiguration);
    assert_eq!(world.token(&rotator), old, "the old one goes on");
    world.slack.with(|fake| fake.turn_rotation_on("1.2"));
    let new = exchange().unwrap();
    assert!(new.expose().starts_with("xoxe.xoxb-"));
    assert_eq!(world.stored().access_token.expose(), new.expose());
    assert!(world.stored().refresh_token.is_some());
    assert_eq!(exchange().unwrap().expose(), new.expose(), "once is enough");
    world.runtime.advance(Duration::from_secs(50_000));
    assert!(world.is_live(&world.token(&rotator)));
}

#[test]
fn a_token_that_another_process_has_exchanged_is_replaced_before_slack_refuses_it() {
    let world = World::with(App::new("1.2", "hush"));
    let ((rotator, _), (other, _)) = (world.rotator(), world.rotator());
    let old = world.token(&rotator);
    world.slack.with(|fake| fake.turn_rotation_on("1.2"));
    let new = world.runtime.block_on(other.exchange(&world.key, Slot::Bot)).unwrap();
    world.runtime.advance(Duration::from_secs(3_600));
    // The one that still works is handed out while the store is read.
    assert_eq!(world.token(&rotator), old);
    assert!(world.is_live(&old));
    world.runtime.run_until_stalled();
    assert_eq!(world.token(&rotator), new.expose());
}

#[test]
fn an_installation_is_revoked_as_a_whole_and_deleted() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    let stored = world.runtime.block_on(world.store.load(&world.key)).unwrap().unwrap();
    world.runtime.block_on(rotator.revoke_all(&world.key)).unwrap();
    let installation = stored.installation;
    for credential in [installation.bot.unwrap(), installation.user.unwrap()] {
        assert!(!world.is_live(credential.access_token.expose()));
        assert!(!world.is_live(credential.refresh_token.unwrap().expose()));
    }
    assert_eq!(world.slack.with(|fake| fake.calls("auth.revoke")), 4);
    assert!(world.runtime.block_on(world.store.load(&world.key)).unwrap().is_none());
    let ask = rotator.access_token(&world.key, Slot::Bot);
    assert_eq!(world.runtime.block_on(ask).unwrap_err().recovery(), Recovery::AuthorizeAgain);
    world.runtime.block_on(rotator.revoke_all(&world.key)).unwrap();
}

#[test]
fn what_could_not_be_revoked_stays_stored() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.slack.with(|fake| fake.script("auth.revoke", Fault::ServerError { status: 503 }));
    let refused = world.runtime.block_on(rotator.revoke_all(&world.key)).unwrap_err();
    assert_eq!(refused.recovery(), Recovery::RetryLater { after: None });
    assert!(world.runtime.block_on(world.store.load(&world.key)).unwrap().is_some());
    world.runtime.block_on(rotator.revoke_all(&world.key)).unwrap();
    assert!(world.runtime.block_on(world.store.load(&world.key)).unwrap().is_none());
}
