//! A caller who reports a refused token, while a refresh waits, is cut off or is no longer wanted.

use std::{
    sync::{Arc, Mutex, atomic::Ordering::SeqCst},
    time::Duration,
};

use slack_auth::{
    Recovery, Slot, TokenRotator,
    rotation::{Problem, Rejection, TokenError, TokenErrorKind},
    runtime::Runtime as _,
};
use slack_fake::Fault;

use crate::{
    incidents::{ask, reinstall, script, seconds},
    support::World,
};

/// A rotator with a token that is an hour old, and the token.
fn old(world: &World) -> (TokenRotator, slack_auth::tokens::Fingerprint) {
    let (rotator, _) = world.rotator();
    let token = world.runtime.block_on(rotator.access_token(&world.key, Slot::Bot)).unwrap();
    world.runtime.advance(seconds(3_600));
    (rotator, token.fingerprint())
}

type Outcome = Arc<Mutex<Option<(Duration, Result<String, TokenError>)>>>;

/// Reports the token as expired; says when the answer came, and what it was.
fn report(world: &World, rotator: &TokenRotator, rejection: Rejection) -> Outcome {
    let outcome = Outcome::default();
    let (told, rotator, key) = (Arc::clone(&outcome), rotator.clone(), world.key.clone());
    let (runtime, token) = (world.runtime.clone(), world.stored().access_token.fingerprint());
    let began = runtime.elapsed();
    world.runtime.spawn(Box::pin(async move {
        let result = rotator.report_rejected(&key, Slot::Bot, token, rejection).await;
        let took = runtime.elapsed().saturating_sub(began);
        *told.lock().unwrap() = Some((took, result.map(|it| it.expose().to_owned())));
    }));
    world.runtime.run_until_stalled();
    outcome
}

fn taken(outcome: &Outcome) -> (Duration, Result<String, TokenError>) {
    outcome.lock().unwrap().take().expect("the call has ended")
}

#[test]
fn who_reports_a_token_waits_for_a_pause_that_ends_in_time_and_for_no_longer_one() {
    for (pause, waits) in [(20, 20), (30, 30), (31, 0), (90, 0)] {
        let world = World::new();
        let (rotator, _) = old(&world);
        script(&world, Fault::RateLimited { retry_after: Some(pause) });
        let outcome = report(&world, &rotator, Rejection::Expired);
        world.runtime.advance(seconds(100));
        let (took, result) = taken(&outcome);
        assert_eq!(took, seconds(waits), "{pause}: {result:?}");
        if pause > 30 {
            let error = result.unwrap_err();
            assert_eq!(error.problem(), Some(&Problem::RateLimited));
            let after = Some(seconds(pause));
            assert_eq!(error.recovery(), Recovery::RetryLater { after });
        }
    }
}

#[test]
fn who_asks_for_a_token_waits_for_a_pause_that_ends_in_time_and_for_no_longer_one() {
    for (pause, waits) in [(20, 20), (30, 30), (31, 0)] {
        let world = World::new();
        let (rotator, _) = old(&world);
        world.runtime.advance(crate::support::LIFE);
        script(&world, Fault::RateLimited { retry_after: Some(pause) });
        let began = world.runtime.elapsed();
        let result = ask(&world, &rotator);
        let took = world.runtime.elapsed().saturating_sub(began);
        assert_eq!(took, seconds(waits), "{pause}: {result:?}");
    }
}

#[test]
fn a_report_is_made_anew_to_whoever_takes_the_place_of_what_is_known() {
    let world = World::new();
    let (rotator, old) = old(&world);
    script(&world, Fault::ReplyDelayed(seconds(5)));
    let outcome = report(&world, &rotator, Rejection::Expired);
    world.runtime.advance(seconds(1));
    rotator.invalidate(&world.key);
    world.runtime.advance(seconds(25));
    let (_, result) = taken(&outcome);
    let new = result.unwrap();
    assert_eq!(new, world.stored().access_token.expose());
    assert!(world.is_live(&new));
    assert_ne!(world.stored().access_token.fingerprint(), old);
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_report_does_not_wait_for_the_refresh_of_what_a_person_has_replaced() {
    let world = World::new();
    let (rotator, _) = old(&world);
    script(&world, Fault::ReplyDelayed(seconds(20)));
    let outcome = report(&world, &rotator, Rejection::Expired);
    world.runtime.advance(seconds(1));
    let new = reinstall(&world);
    rotator.invalidate(&world.key);
    world.runtime.advance(seconds(2));
    let (took, result) = taken(&outcome);
    assert_eq!(result.unwrap(), new);
    assert!(took < seconds(3), "{took:?}");
}

#[test]
fn a_report_that_is_cut_off_by_a_drain_says_so() {
    let world = World::new();
    let (rotator, _) = old(&world);
    script(&world, Fault::RateLimited { retry_after: Some(25) });
    let outcome = report(&world, &rotator, Rejection::Expired);
    world.runtime.advance(seconds(5));
    assert!(world.runtime.block_on(rotator.drain(seconds(5))).is_complete());
    world.runtime.advance(seconds(1));
    let (_, result) = taken(&outcome);
    assert_eq!(result.unwrap_err().kind(), TokenErrorKind::Drained);
}

#[test]
fn a_report_looks_past_a_refresh_that_waits_for_long_and_past_no_other() {
    // A refresh that is held up for longer than a caller waits, until the very end of that, or for less.
    for (pause, looks) in [(3_600, 1), (31, 1), (30, 0), (25, 0)] {
        let world = World::new();
        let (rotator, _) = old(&world);
        script(&world, Fault::RateLimited { retry_after: Some(pause) });
        report(&world, &rotator, Rejection::Expired);
        let before = world.hooks.reads.load(SeqCst);
        report(&world, &rotator, Rejection::Expired);
        assert_eq!(world.hooks.reads.load(SeqCst) - before, looks, "{pause}");
    }
    // One that is on its way.
    let world = World::new();
    let (rotator, _) = old(&world);
    script(&world, Fault::ReplyDelayed(seconds(5)));
    report(&world, &rotator, Rejection::Expired);
    let before = world.hooks.reads.load(SeqCst);
    report(&world, &rotator, Rejection::Expired);
    assert_eq!(world.hooks.reads.load(SeqCst), before);
}

#[test]
fn while_a_refresh_waits_for_long_the_store_is_read_every_half_minute() {
    let world = World::new();
    let (rotator, _) = old(&world);
    script(&world, Fault::RateLimited { retry_after: Some(3_600) });
    report(&world, &rotator, Rejection::Expired);
    let looks = || {
        let before = world.hooks.reads.load(SeqCst);
        report(&world, &rotator, Rejection::Expired);
        world.hooks.reads.load(SeqCst) - before
    };
    assert_eq!((looks(), looks()), (1, 0));
    world.runtime.advance(seconds(29));
    assert_eq!(looks(), 0);
    world.runtime.advance(seconds(1));
    assert_eq!((looks(), looks()), (1, 0));
}

#[test]
fn a_report_finds_what_another_process_has_stored_while_a_refresh_waits_for_long() {
    let world = World::new();
    let (rotator, _) = old(&world);
    script(&world, Fault::RateLimited { retry_after: Some(3_600) });
    report(&world, &rotator, Rejection::Expired);
    let token = world.stored().access_token.fingerprint();
    let new = reinstall(&world);
    let began = world.runtime.elapsed();
    let reported = rotator.report_rejected(&world.key, Slot::Bot, token, Rejection::Expired);
    let found = world.runtime.block_on(reported).unwrap();
    assert_eq!(found.expose(), new);
    assert_eq!(world.runtime.elapsed(), began);
}

#[test]
fn a_token_that_was_refreshed_a_moment_ago_is_told_from_one_that_is_never_long_enough() {
    let world = World::new();
    let (rotator, _) = old(&world);
    let life = crate::support::LIFE;
    let ask = |at_least| {
        let asked = rotator.access_token_for(&world.key, Slot::Bot, at_least);
        world.runtime.block_on(asked).map(|token| token.expose().to_owned())
    };
    let first = ask(life).unwrap();
    world.runtime.advance(seconds(10));
    let lately = ask(life).unwrap_err();
    assert_eq!(lately.kind(), TokenErrorKind::RefreshedLately);
    let after = Some(seconds(50));
    assert_eq!(lately.recovery(), Recovery::RetryLater { after });
    let never = ask(life + seconds(1)).unwrap_err();
    assert_eq!(
        (never.kind(), never.recovery()),
        (TokenErrorKind::TooShortLived, Recovery::FixCall)
    );
    world.runtime.advance(seconds(50));
    assert_ne!(ask(life).unwrap(), first, "a minute has passed");
}
