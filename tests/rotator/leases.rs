//! When a lease is held, prolonged and released.

use std::sync::atomic::Ordering::SeqCst;

use slack_auth::{Slot, runtime::Runtime as _};
use slack_fake::Fault;

use crate::{
    incidents::seconds,
    support::{LIFE, World, around::Call},
};

#[test]
fn a_lease_that_a_slow_store_has_used_up_is_prolonged_before_the_request() {
    // At five seconds for each call the lease ends just when an answer may come at the latest.
    for (slow, leases) in [(0, 1), (4, 1), (5, 2), (9, 2)] {
        let world = World::new();
        let (rotator, _) = world.rotator();
        world.token(&rotator);
        world.runtime.advance(LIFE + seconds(1));
        world.hooks.acquired.store(0, SeqCst);
        *world.hooks.slow.lock().unwrap() = Some((world.runtime.clone(), seconds(slow)));
        rotator.refresh_if_due(&world.key, Slot::Bot);
        world.runtime.advance(seconds(200));
        *world.hooks.slow.lock().unwrap() = None;
        assert!(world.is_live(world.stored().access_token.expose()), "{slow}");
        assert_eq!((world.hooks.acquired.load(SeqCst), world.refreshes()), (leases, 1), "{slow}");
    }
}

/// What would be read then is not wanted.
#[test]
fn a_lease_is_prolonged_without_a_reading() {
    let world = World::new();
    world.hooks.reads_with_lease.store(true, SeqCst);
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(LIFE + seconds(1));
    world.hooks.calls.lock().unwrap().clear();
    *world.hooks.slow.lock().unwrap() = Some((world.runtime.clone(), seconds(9)));
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.advance(seconds(200));
    assert_eq!(world.refreshes(), 1);
    let calls = world.hooks.calls.lock().unwrap().clone();
    let expected = [Call::AcquireAndLoad, Call::Reserve, Call::Acquire, Call::Put, Call::Release];
    assert_eq!(calls, expected);
}

#[test]
fn without_the_lease_that_was_to_be_prolonged_nothing_is_sent() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(LIFE + seconds(1));
    world.hooks.acquired.store(0, SeqCst);
    *world.hooks.slow.lock().unwrap() = Some((world.runtime.clone(), seconds(9)));
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.advance(seconds(28));
    assert_eq!(world.hooks.acquired.load(SeqCst), 2, "it is about to be prolonged");
    world.hooks.fail(true);
    world.runtime.advance(seconds(22));
    assert_eq!(world.refreshes(), 0);
    world.hooks.fail(false);
    *world.hooks.slow.lock().unwrap() = None;
    world.runtime.advance(seconds(200));
    assert_eq!(world.refreshes(), 1);
    assert!(world.is_live(world.stored().access_token.expose()));
}

#[test]
fn a_revocation_holds_the_leases_of_all_credentials_until_it_ends() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.slack.with(|fake| fake.script("auth.revoke", Fault::ReplyDelayed(seconds(5))));
    let (revoking, key) = (rotator.clone(), world.key.clone());
    world.runtime.spawn(Box::pin(async move {
        revoking.revoke_all(&key).await.unwrap();
    }));
    world.runtime.advance(seconds(1));
    let is_leased =
        |slot| world.runtime.block_on(world.inner.lease(&world.key, slot)).unwrap().is_some();
    for slot in [Slot::Bot, Slot::User] {
        assert!(is_leased(slot), "{slot:?}");
    }
    world.runtime.advance(seconds(60));
    for slot in [Slot::Bot, Slot::User] {
        assert!(!is_leased(slot), "{slot:?}");
    }
    assert!(world.runtime.block_on(world.inner.load(&world.key)).unwrap().is_none());
}
