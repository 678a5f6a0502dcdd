//! What has gone wrong around rotators: stores that hang, lag and panic, observers that panic and call back, transports
//! that block, runtimes that end.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use slack_auth::{
    Client, Endpoint, InstallationStore, Slot, StoreKey, TokenRotator,
    rotation::{RevokeErrorKind, RotationEvent, TokenErrorKind},
    runtime::Runtime as _,
    store::Precondition,
    transport::{self, BlockingTransport},
};
use slack_fake::Fault;

use crate::support::{LIFE, World, install};

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn script(world: &World, fault: Fault) {
    world.slack.with(|fake| fake.script("oauth.v2.access", fault));
}

pub(crate) fn ask(
    world: &World,
    rotator: &TokenRotator,
) -> Result<String, slack_auth::rotation::TokenError> {
    let asked = rotator.access_token(&world.key, Slot::Bot);
    world.runtime.block_on(asked).map(|token| token.expose().to_owned())
}

/// A person installs the app again, and what comes is stored over what is there.
pub(crate) fn reinstall(world: &World) -> String {
    let again = install(&world.runtime, &world.slack, &world.client);
    let store = &world.inner;
    let stored = world.runtime.block_on(store.load(&world.key)).unwrap();
    let expected = stored.map_or(Precondition::Absent, |it| Precondition::Version(it.version));
    world.runtime.block_on(store.put(&world.key, &again, expected)).unwrap();
    again.bot.unwrap().access_token.expose().to_owned()
}

#[test]
fn a_reinstallation_is_found_although_an_old_refresh_waits_for_an_hour() {
    let world = World::new();
    let (rotator, events) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(LIFE + seconds(1));
    script(&world, Fault::RateLimited { retry_after: Some(3_600) });
    assert!(ask(&world, &rotator).is_err());
    world.runtime.advance(seconds(2));
    let new = reinstall(&world);
    rotator.invalidate(&world.key);
    for wait in [0, 1, 59, 540, 1_200, 1_200, 500, 200, 7_200] {
        world.runtime.advance(seconds(wait));
        assert_eq!(ask(&world, &rotator).unwrap(), new);
    }
    assert_eq!(world.stored().access_token.expose(), new);
    let asks = |it: &RotationEvent| matches!(it, RotationEvent::ReauthorizationNeeded { .. });
    assert_eq!(events.count(asks), 0);
}

#[test]
fn a_reinstallation_is_found_although_an_old_refresh_is_on_its_way() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(LIFE + seconds(1));
    script(&world, Fault::ReplyDelayed(seconds(20)));
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.advance(seconds(1));
    let new = reinstall(&world);
    rotator.invalidate(&world.key);
    assert_eq!(ask(&world, &rotator).unwrap(), new);
    world.runtime.advance(seconds(120));
    assert!(world.is_live(&ask(&world, &rotator).unwrap()));
    assert!(world.is_live(world.stored().access_token.expose()));
}

#[test]
fn a_load_that_hangs_costs_ten_seconds() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.hooks.trip_at(0, false);
    let before = world.runtime.now();
    let token = ask(&world, &rotator).unwrap();
    assert!(world.is_live(&token));
    assert!(world.runtime.now().since(before) <= seconds(12));
}

#[test]
fn whichever_call_of_a_store_hangs_or_panics_the_pair_is_stored_in_the_end() {
    for panics in [false, true] {
        for call in 0..6 {
            let world = World::new();
            let (rotator, _) = world.rotator();
            world.runtime.advance(LIFE + seconds(1));
            world.hooks.trip_at(call, panics);
            rotator.refresh_if_due(&world.key, Slot::Bot);
            world.runtime.advance(seconds(90));
            let token = ask(&world, &rotator).unwrap();
            assert!(world.is_live(&token), "call {call}");
            assert_eq!(world.stored().access_token.expose(), token, "call {call}");
        }
    }
}

#[test]
fn an_observer_that_panics_once_or_always_costs_nothing() {
    for always in [false, true] {
        let world = World::new();
        let told = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&told);
        let rotator = world.observed(move |_: &StoreKey, _: Slot, event: &RotationEvent| {
            let panics = seen.fetch_add(1, SeqCst) == 0 || always;
            assert!(!panics, "an observer of the test's panics at {event:?}");
        });
        let old = world.token(&rotator);
        world.come_due();
        assert_eq!(world.token(&rotator), old);
        world.runtime.advance(seconds(7_200));
        let new = world.token(&rotator);
        assert!(world.is_live(&new) && new != old);
        assert!(told.load(SeqCst) >= 2);
    }
}

#[test]
fn an_observer_may_call_the_rotator() {
    let world = World::new();
    let calls = Arc::new(Mutex::new(None::<TokenRotator>));
    let held = Arc::clone(&calls);
    let key = world.key.clone();
    let rotator = world.observed(move |_: &StoreKey, _: Slot, _: &RotationEvent| {
        let rotator = held.lock().unwrap().clone();
        if let Some(rotator) = rotator {
            rotator.refresh_if_due(&key, Slot::Bot);
        }
    });
    *calls.lock().unwrap() = Some(rotator.clone());
    world.token(&rotator);
    world.come_due();
    world.token(&rotator);
    world.runtime.advance(seconds(7_200));
    assert!(world.is_live(&world.token(&rotator)));
    calls.lock().unwrap().take();
}

#[test]
fn a_pair_in_the_air_is_revoked_or_the_call_says_that_it_was_not() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let (admin, _) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(LIFE + seconds(1));
    script(&world, Fault::ReplyDelayed(seconds(1)));
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.advance(Duration::from_millis(500));
    world.hooks.fail_writes(true);
    world.runtime.advance(seconds(100));
    assert_eq!(world.refreshes(), 1, "a pair is in hand, and cannot be stored");
    let revoked = world.runtime.block_on(admin.revoke_all(&world.key)).unwrap_err();
    assert_eq!(revoked.kind(), RevokeErrorKind::PairInTheAir);
    world.hooks.fail_writes(false);
    world.runtime.advance(seconds(120));
    let pair = world.stored().access_token.expose().to_owned();
    assert!(world.is_live(&pair));
    world.runtime.block_on(admin.revoke_all(&world.key)).unwrap();
    assert!(!world.is_live(&pair));
    assert!(world.runtime.block_on(world.inner.load(&world.key)).unwrap().is_none());
}

#[test]
fn a_pair_whose_installation_is_removed_meanwhile_is_revoked() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(LIFE + seconds(1));
    script(&world, Fault::ReplyDelayed(seconds(5)));
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.advance(seconds(1));
    let stored = world.runtime.block_on(world.store.load(&world.key)).unwrap().unwrap();
    world.runtime.block_on(world.store.remove(&world.key, stored.version)).unwrap();
    world.runtime.advance(seconds(60));
    let calls = world.slack.with(|fake| fake.calls("auth.revoke"));
    assert_eq!(calls, 2, "the access token and the refresh token");
}

/// Answers after a real second.
struct Sleepy(AtomicUsize);

impl BlockingTransport for Sleepy {
    fn send_blocking(
        &self,
        _: http::Request<transport::Body>,
    ) -> Result<http::Response<Vec<u8>>, transport::Error> {
        let number = self.0.fetch_add(1, SeqCst);
        std::thread::sleep(seconds(2));
        let body = format!(
            r#"{{"ok":true,"token_type":"bot","access_token":"xoxe.xoxb-1-s{number}",
            "refresh_token":"xoxe-1-s{number}","expires_in":43200}}"#
        );
        Ok(http::Response::new(body.into_bytes()))
    }
}

#[test]
fn a_transport_that_blocks_holds_up_neither_a_caller_nor_another_credential() {
    let began = std::time::Instant::now();
    let store =
        InstallationStore::new(slack_auth::store::MemoryStore::new(), World::app().id().clone());
    let keys = ["T1", "T2", "T3", "T4"].map(|team| crate::runtimes::put(&store, team));
    let transport = Arc::new(Sleepy(AtomicUsize::new(0)));
    let client = Client::new_blocking(Endpoint::slack(), transport.clone());
    let rotator = TokenRotator::builder(client, World::app(), store)
        .wait_timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    for key in &keys {
        let late = pollster::block_on(rotator.access_token(key, Slot::Bot)).unwrap_err();
        assert_eq!(late.kind(), TokenErrorKind::TimedOut);
    }
    assert!(began.elapsed() < seconds(2), "{:?}", began.elapsed());
    assert_eq!(transport.0.load(SeqCst), 4, "all four are on their way");
}

#[test]
fn a_transport_that_panics_costs_one_try() {
    struct Panicky(AtomicBool, Sleepless);
    struct Sleepless;
    impl BlockingTransport for Panicky {
        fn send_blocking(
            &self,
            _: http::Request<transport::Body>,
        ) -> Result<http::Response<Vec<u8>>, transport::Error> {
            let Self(first, _) = self;
            assert!(!first.swap(false, SeqCst), "a transport of the test's panics");
            let body = r#"{"ok":true,"token_type":"bot","access_token":"xoxe.xoxb-1-p",
                "refresh_token":"xoxe-1-p","expires_in":43200}"#;
            Ok(http::Response::new(body.into()))
        }
    }
    let world = World::new();
    world.runtime.advance(LIFE + seconds(1));
    let transport = Arc::new(Panicky(AtomicBool::new(true), Sleepless));
    let client = Client::new_blocking(Endpoint::slack(), transport);
    let rotator = TokenRotator::builder(client, World::app(), world.store.clone())
        .runtime(world.runtime.clone())
        .build()
        .unwrap();
    assert_eq!(ask(&world, &rotator).unwrap(), "xoxe.xoxb-1-p");
}

#[test]
fn one_stale_read_is_no_reason_to_ask_for_a_person() {
    let world = World::new();
    let (rotator, events) = world.rotator();
    world.token(&rotator);
    let (other, _) = world.rotator();
    world.runtime.advance(LIFE + seconds(1));
    let stale = world.runtime.block_on(world.inner.load(&world.key)).unwrap().unwrap();
    let new = world.token(&other);
    world.runtime.advance(seconds(120));
    // For four seconds this process reads what was there before.
    let fresh = world.runtime.block_on(world.inner.load(&world.key)).unwrap().unwrap();
    let put =
        world.inner.put(&world.key, &stale.installation, Precondition::Version(fresh.version));
    let version = world.runtime.block_on(put).unwrap();
    let (runtime, key, store) = (world.runtime.clone(), world.key.clone(), world.inner.clone());
    world.runtime.spawn(Box::pin(async move {
        runtime.sleep(seconds(4)).await;
        let expected = Precondition::Version(version);
        store.put(&key, &fresh.installation, expected).await.unwrap();
    }));
    let token = ask(&world, &rotator).unwrap();
    assert_eq!(token, new);
    let asks = |it: &RotationEvent| matches!(it, RotationEvent::ReauthorizationNeeded { .. });
    assert_eq!(events.count(asks), 0);
}

#[test]
fn draining_waits_for_what_is_on_its_way_and_begins_nothing() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(LIFE + seconds(1));
    script(&world, Fault::ReplyDelayed(seconds(5)));
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.advance(seconds(1));
    let drained = Arc::new(Mutex::new(None));
    let (draining, told) = (rotator.clone(), Arc::clone(&drained));
    world.runtime.spawn(Box::pin(async move {
        let drained = draining.drain(seconds(30)).await;
        *told.lock().unwrap() = Some(drained);
    }));
    world.runtime.advance(seconds(3));
    assert_eq!(*drained.lock().unwrap(), None);
    world.runtime.advance(seconds(2));
    let drained = drained.lock().unwrap().unwrap();
    assert!(drained.is_complete(), "{drained:?}");
    assert!(world.is_live(world.stored().access_token.expose()));
    assert!(world.is_live(&ask(&world, &rotator).unwrap()), "what is valid is still returned");
    world.runtime.advance(LIFE + seconds(1));
    assert_eq!(ask(&world, &rotator).unwrap_err().kind(), TokenErrorKind::Drained);
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_drain_that_cannot_store_a_pair_says_so() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(LIFE + seconds(1));
    script(&world, Fault::ReplyDelayed(seconds(1)));
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.advance(Duration::from_millis(500));
    world.hooks.fail_writes(true);
    world.runtime.advance(seconds(3));
    let drained = world.runtime.block_on(rotator.drain(seconds(10)));
    assert_eq!((drained.running, drained.unsaved), (1, 1));
    world.hooks.fail_writes(false);
    let drained = world.runtime.block_on(rotator.drain(seconds(60)));
    assert!(drained.is_complete(), "{drained:?}");
}

#[test]
fn a_pair_in_hand_outlives_the_loss_of_all_that_is_cached() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(LIFE + seconds(1));
    world.hooks.fail_writes(true);
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.advance(seconds(3));
    rotator.invalidate(&world.key);
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.advance(seconds(100));
    let drained = world.runtime.block_on(rotator.drain(seconds(1)));
    assert_eq!((drained.running, drained.unsaved), (1, 1));
    world.hooks.fail_writes(false);
    assert!(world.runtime.block_on(rotator.drain(seconds(60))).is_complete());
    assert!(world.is_live(world.stored().access_token.expose()));
    assert_eq!(world.refreshes(), 1);
}
