//! Calls of a store that hang or panic, outside of refreshes.

use std::time::Duration;

use slack_auth::{
    Slot, StoreKey, TokenRotator,
    lifecycle::InstallError,
    runtime::Runtime as _,
    store::{StoreError, StoreErrorKind},
};

use crate::support::{World, install};

/// A rotator whose store has so long for each call.
fn rotator(world: &World, store_timeout: Duration) -> TokenRotator {
    TokenRotator::builder(world.client.clone(), World::app(), world.store.clone())
        .runtime(world.runtime.clone())
        .store_timeout(store_timeout)
        .build()
        .unwrap()
}

fn is_unknown(error: &StoreError) -> bool {
    error.kind() == StoreErrorKind::Unknown
}

#[test]
fn an_install_ends_within_the_configured_time_whichever_call_hangs_or_panics() {
    for (call, panics) in [(0, false), (1, false), (2, false), (0, true), (1, true), (2, true)] {
        let world = World::new();
        let rotator = rotator(&world, Duration::from_secs(3));
        let answer = install(&world.runtime, &world.slack, &world.client);
        world.hooks.trip_at(call, panics);
        let before = world.runtime.elapsed();
        let result = world.runtime.block_on(rotator.install(answer.clone()));
        let took = world.runtime.elapsed().saturating_sub(before);
        match result {
            // The call that trips is one more than an install makes.
            Ok(_) => assert!(call > 1, "call {call}"),
            Err(InstallError::Store(error)) => assert!(is_unknown(&error), "{error:?}"),
            Err(error) => panic!("{error:?}"),
        }
        let limit = if panics { 0 } else { 3 };
        assert!(took <= Duration::from_secs(limit), "call {call}: {took:?}");
        *world.hooks.trip.lock().unwrap() = None;
        world.runtime.block_on(rotator.install(answer.clone())).unwrap();
        let new = answer.bot.unwrap().access_token;
        assert_eq!(world.stored().access_token.expose(), new.expose(), "call {call}");
    }
}

#[test]
fn a_look_up_ends_within_the_configured_time() {
    let key = StoreKey::from_text("grid/E0FAKE00001/T0FAKE00001").unwrap();
    for panics in [false, true] {
        let world = World::new();
        let rotator = rotator(&world, Duration::from_secs(2));
        world.hooks.trip_at(0, panics);
        let before = world.runtime.elapsed();
        let error = world.runtime.block_on(rotator.nearest_key(&key, Slot::Bot)).unwrap_err();
        assert!(is_unknown(&error), "{error:?}");
        assert!(world.runtime.elapsed().saturating_sub(before) <= Duration::from_secs(2));
        // The workspace's own installation, from before it joined the organization.
        let found = world.runtime.block_on(rotator.nearest_key(&key, Slot::Bot)).unwrap();
        assert_eq!(found, world.key);
    }
}
