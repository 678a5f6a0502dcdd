//! Many callers and one refresh.

use std::{
    sync::{Arc, Mutex, atomic::Ordering::SeqCst},
    time::Duration,
};

use slack_auth::{Slot, TokenRotator, rotation::RotationEvent, runtime::Runtime as _};
use slack_fake::Fault;

use crate::support::{LIFE, World, around::Call};

/// Starts so many callers, and gives what each of them got, in order of arrival.
fn crowd(world: &World, rotator: &TokenRotator, count: usize) -> Arc<Mutex<Vec<String>>> {
    let got = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..count {
        let (rotator, key, got) = (rotator.clone(), world.key.clone(), Arc::clone(&got));
        world.runtime.spawn(Box::pin(async move {
            let token = rotator.access_token(&key, Slot::Bot).await.unwrap();
            got.lock().unwrap().push(token.expose().to_owned());
        }));
    }
    got
}

#[test]
fn a_fresh_token_costs_one_reading_of_the_store() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let reads = || world.hooks.reads.load(SeqCst);
    let token = world.token(&rotator);
    assert!(world.is_live(&token));
    assert_eq!(reads(), 1);
    for _ in 0..10 {
        assert_eq!(world.token(&rotator), token);
    }
    assert_eq!((reads(), world.refreshes()), (1, 0));
}

/// Lets a token come due and be refreshed; returns the calls of the store, which may each be a round trip.
fn calls_of_a_refresh(world: &World, rotator: &TokenRotator) -> Vec<Call> {
    let (old, before) = (world.token(rotator), world.refreshes());
    world.come_due();
    world.hooks.calls.lock().unwrap().clear();
    world.token(rotator);
    world.runtime.run_until_stalled();
    let calls = world.hooks.calls.lock().unwrap().clone();
    assert_ne!(world.token(rotator), old);
    assert_eq!(world.refreshes(), before + 1);
    // Only a store that can run out of room does something when it is asked for some.
    calls.into_iter().filter(|call| *call != Call::Reserve).collect()
}

#[test]
fn a_refresh_asks_the_store_for_a_lease_an_entry_a_write_and_a_release() {
    let world = World::new();
    let calls = calls_of_a_refresh(&world, &world.rotator().0);
    assert_eq!(calls, [Call::Acquire, Call::Load, Call::Put, Call::Release]);
}

#[test]
fn a_store_that_reads_with_the_lease_is_asked_three_times_for_a_refresh() {
    let world = World::new();
    world.hooks.reads_with_lease.store(true, SeqCst);
    let (rotator, _) = world.rotator();
    for _ in 0..2 {
        let calls = calls_of_a_refresh(&world, &rotator);
        assert_eq!(calls, [Call::AcquireAndLoad, Call::Put, Call::Release]);
    }
}

/// What another process has stored is taken over from what comes with the lease, and nothing is sent.
#[test]
fn what_is_read_with_the_lease_decides_whether_to_send() {
    let world = World::new();
    world.hooks.reads_with_lease.store(true, SeqCst);
    let (ours, _) = world.rotator();
    let (theirs, _) = world.rotator();
    world.token(&ours);
    world.come_due();
    world.token(&theirs);
    world.runtime.run_until_stalled();
    assert_eq!(world.refreshes(), 1);
    world.hooks.calls.lock().unwrap().clear();
    world.token(&ours);
    world.runtime.run_until_stalled();
    let calls = world.hooks.calls.lock().unwrap().clone();
    assert_eq!(calls, [Call::AcquireAndLoad, Call::Release]);
    assert_eq!((world.token(&ours), world.refreshes()), (world.token(&theirs), 1));
}

/// What was read with the lease is not used once more: after a conflict the store is read.
#[test]
fn what_was_read_with_the_lease_is_used_once() {
    let world = World::new();
    world.hooks.reads_with_lease.store(true, SeqCst);
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    world.hooks.late_writes.store(1, SeqCst);
    let calls = calls_of_a_refresh(&world, &rotator);
    // The first reading settles whose write was in the way.
    let expected =
        [Call::AcquireAndLoad, Call::Put, Call::Load, Call::Load, Call::Put, Call::Release];
    assert_eq!(calls, expected);
}

#[test]
fn a_thousand_tasks_refresh_a_due_token_once_and_none_of_them_waits() {
    let world = World::new();
    let (rotator, notices) = world.rotator();
    let old = world.token(&rotator);
    world.come_due();
    // The answer takes five seconds.
    world.slack.with(|fake| {
        fake.script("oauth.v2.access", Fault::ReplyDelayed(Duration::from_secs(5)));
    });
    let before = world.runtime.now();
    let got = crowd(&world, &rotator, 1_000);
    world.runtime.run_until_stalled();
    assert_eq!(world.runtime.now(), before, "no time has passed");
    assert_eq!(got.lock().unwrap().len(), 1_000, "nobody waits");
    assert!(got.lock().unwrap().iter().all(|token| *token == old));
    assert_eq!(world.refreshes(), 1, "it is under way");
    world.runtime.advance(Duration::from_secs(6));
    let new = world.token(&rotator);
    assert_ne!(new, old);
    assert_eq!(new, world.stored().access_token.expose());
    assert!(world.is_live(&old) && world.is_live(&new));
    assert_eq!(world.refreshes(), 1);
    assert_eq!(notices.count(|it| matches!(it, RotationEvent::Refreshed { .. })), 1);
}

#[test]
fn a_thousand_tasks_get_the_new_token_from_one_reply() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let old = world.token(&rotator);
    world.runtime.advance(LIFE + Duration::from_secs(1));
    assert!(!world.is_live(&old));
    let got = crowd(&world, &rotator, 1_000);
    world.runtime.run_until_stalled();
    let got = got.lock().unwrap();
    assert_eq!(got.len(), 1_000);
    assert!(got.iter().all(|token| *token == got[0] && *token != old));
    assert!(world.is_live(&got[0]));
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_refresh_is_stored_even_if_every_caller_has_gone_away() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let old = world.token(&rotator);
    world.runtime.advance(LIFE + Duration::from_secs(1));
    world.slack.with(|fake| {
        fake.script("oauth.v2.access", Fault::ReplyDelayed(Duration::from_secs(5)));
    });
    // The caller gives up after a second, and the rotator goes with it.
    let (key, runtime) = (world.key.clone(), world.runtime.clone());
    let given_up = world.runtime.block_on(async move {
        let asked = async { rotator.access_token(&key, Slot::Bot).await.ok() };
        let timeout = async {
            runtime.sleep(Duration::from_secs(1)).await;
            None
        };
        futures_util::pin_mut!(asked, timeout);
        match futures_util::future::select(asked, timeout).await {
            futures_util::future::Either::Left((token, _))
            | futures_util::future::Either::Right((token, _)) => token.is_none(),
        }
    });
    assert!(given_up);
    assert_eq!(world.stored().access_token.expose(), old);
    world.runtime.advance(Duration::from_secs(10));
    assert_ne!(world.stored().access_token.expose(), old);
    assert!(world.is_live(world.stored().access_token.expose()));
}

#[test]
fn bot_and_person_are_refreshed_each_by_itself() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.runtime.advance(LIFE);
    let ask = |slot| {
        let token = world.runtime.block_on(rotator.access_token(&world.key, slot)).unwrap();
        token.expose().to_owned()
    };
    let (bot, user) = (ask(Slot::Bot), ask(Slot::User));
    assert!(bot.starts_with("xoxe.xoxb-") && user.starts_with("xoxe.xoxp-"));
    assert!(world.is_live(&bot) && world.is_live(&user));
    assert_eq!(world.refreshes(), 2);
}

#[test]
fn a_longer_life_is_had_by_a_refresh_before_it_is_due() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let old = world.token(&rotator);
    world.runtime.advance(Duration::from_secs(3_600));
    let ask = |at_least| {
        let asked = rotator.access_token_for(&world.key, Slot::Bot, at_least);
        world.runtime.block_on(asked).map(|token| token.expose().to_owned())
    };
    assert_eq!(ask(LIFE.saturating_sub(Duration::from_secs(3_600))).unwrap(), old);
    assert_ne!(ask(LIFE).unwrap(), old);
    assert_eq!(world.refreshes(), 1);
    let refused = ask(LIFE + Duration::from_secs(1)).unwrap_err();
    assert!(refused.to_string().contains("request a shorter validity"), "{refused}");
    assert_eq!(world.refreshes(), 1, "not twice within a minute");
}

#[test]
fn a_program_can_look_after_tokens_that_nobody_asks_for() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.run_until_stalled();
    assert_eq!(world.refreshes(), 0);
    world.come_due();
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.run_until_stalled();
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_token_at_hand_costs_no_allocation() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    let mut tokens = Vec::with_capacity(100);
    let counted = allocation_counter::measure(|| {
        for _ in 0..100 {
            let asked = std::pin::pin!(rotator.access_token(&world.key, Slot::Bot));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            tokens.push(std::future::Future::poll(asked, &mut context));
        }
    });
    assert_eq!(counted.count_total, 0);
    assert!(tokens.iter().all(|token| matches!(token, std::task::Poll::Ready(Ok(_)))));
}
