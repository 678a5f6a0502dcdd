//! What one pass of a sweep waits for, counts and leaves alone.

use std::{
    sync::{Arc, Mutex, atomic::Ordering::SeqCst},
    time::Duration,
};

use slack_auth::{
    Recovery, Slot, TokenRotator,
    rotation::{Problem, SweepReport, TokenErrorKind},
    runtime::Runtime as _,
    store::StoreError,
};
use slack_fake::Fault;

use crate::{
    fleet::{Answer, Fleet},
    incidents::{ask, script, seconds},
    support::{LIFE, World},
    trouble::in_memory,
};

/// A fleet's rotator whose callers, and whose passes, wait for so long.
fn rotator(fleet: &Fleet, wait_timeout: u64) -> TokenRotator {
    fleet.patient(8, seconds(wait_timeout))
}

/// Sweeps once; says how long it took as well.
fn sweep(fleet: &Fleet, rotator: &TokenRotator) -> (SweepReport, Duration) {
    let began = fleet.runtime.elapsed();
    let report = fleet.runtime.block_on(rotator.sweep_once()).unwrap();
    (report, fleet.runtime.elapsed().saturating_sub(began))
}

fn kinds(report: &SweepReport) -> Vec<TokenErrorKind> {
    report.failures.iter().map(|failure| failure.error.kind()).collect()
}

#[test]
fn a_pass_has_as_many_refreshes_under_way_as_may_be_sent_and_the_background_more() {
    for (background, most) in [(false, 8), (true, 32)] {
        let fleet = Fleet::new(|_, _| Answer::Pair);
        let keys = fleet.many(60, 60);
        let rotator = rotator(&fleet, 30);
        let report = Arc::new(Mutex::new(None));
        if background {
            rotator.start_sweep();
        } else {
            let (rotator, report) = (rotator.clone(), Arc::clone(&report));
            fleet.runtime.spawn(Box::pin(async move {
                *report.lock().unwrap() = Some(rotator.sweep_once().await.unwrap());
            }));
        }
        fleet.runtime.run_until_stalled();
        assert_eq!(in_memory(&rotator), most);
        fleet.runtime.advance(seconds(9));
        assert!(keys.iter().all(|key| fleet.is_refreshed(key)));
        if !background {
            let report = report.lock().unwrap().take().unwrap();
            assert_eq!((report.refreshed, report.failures.len()), (60, 0));
        }
    }
}

#[test]
fn a_pass_waits_for_an_answer_and_for_a_second_try() {
    let fleet = Fleet::new(|team, count| match (team, count) {
        ("T000", 1) => Answer::Lost,
        _ => Answer::Pair,
    });
    fleet.many(2, 60);
    let (report, took) = sweep(&fleet, &rotator(&fleet, 30));
    assert_eq!((report.refreshed, report.failures.len()), (2, 0), "{report:?}");
    assert!(took < seconds(5), "{took:?}");
}

#[test]
fn a_pass_waits_for_no_answer_longer_than_callers_wait() {
    let world = World::new();
    let rotator = TokenRotator::builder(world.client.clone(), World::app(), world.store.clone())
        .runtime(world.runtime.clone())
        .wait_timeout(seconds(6))
        .build()
        .unwrap();
    world.runtime.advance(LIFE);
    (0..2).for_each(|_| script(&world, Fault::ReplyDelayed(seconds(20))));
    let began = world.runtime.elapsed();
    let report = world.runtime.block_on(rotator.sweep_once()).unwrap();
    assert_eq!(world.runtime.elapsed().saturating_sub(began), seconds(6));
    assert_eq!((report.refreshed, report.failures.len()), (0, 2));
    assert!(report.failures.iter().all(|it| it.error.kind() == TokenErrorKind::TimedOut));
    world.runtime.advance(seconds(30));
    assert!(world.is_live(world.stored().access_token.expose()), "they went on by themselves");
}

#[test]
fn a_refusal_is_told_at_once_and_at_each_sweep() {
    let fleet = Fleet::new(|team, _| match team {
        "T000" => Answer::Refused("invalid_auth"),
        _ => Answer::Pair,
    });
    fleet.many(3, 60);
    let rotator = rotator(&fleet, 30);
    let (report, took) = sweep(&fleet, &rotator);
    assert_eq!((report.refreshed, kinds(&report)), (2, vec![TokenErrorKind::RefreshFailed]));
    assert!(took <= seconds(2), "{took:?}");
    let (report, took) = sweep(&fleet, &rotator);
    assert_eq!((report.refreshed, kinds(&report)), (0, vec![TokenErrorKind::RefreshFailed]));
    assert_eq!(took, Duration::ZERO);
    assert!(matches!(report.failures[0].error.problem(), Some(Problem::Refused { .. })));
    assert_eq!(fleet.slack.requests_of("T000").len(), 1);
}

#[test]
fn a_pause_that_callers_would_wait_for_is_waited_for_and_a_longer_one_is_told() {
    for (pause, waits) in [(20, true), (30, true), (31, false), (300, false)] {
        let fleet = Fleet::new(move |team, count| match (team, count) {
            ("T000", 1) => Answer::RateLimited(pause),
            _ => Answer::Pair,
        });
        let first = fleet.put("T000", 60);
        let rotator = rotator(&fleet, 30);
        rotator.refresh_if_due(&first, Slot::Bot);
        fleet.runtime.advance(seconds(1));
        fleet.put("T001", 60);
        let (report, took) = sweep(&fleet, &rotator);
        assert_eq!(took > seconds(15), waits, "{pause}: {took:?}");
        if !waits {
            assert_eq!(kinds(&report), [TokenErrorKind::RefreshFailed; 2], "{pause}");
            let after = Some(seconds(pause));
            for failure in &report.failures {
                assert_eq!(failure.error.recovery(), Recovery::RetryLater { after });
            }
            assert_eq!(fleet.slack.requests(), 1);
        }
        if pause == 20 {
            assert_eq!((report.refreshed, report.failures.len()), (2, 0));
        }
    }
}

#[test]
fn the_background_leaves_a_long_wait_alone_and_waits_for_a_short_one() {
    for (code, passes) in [("invalid_auth", true), ("internal_error", false)] {
        let fleet = Fleet::new(move |team, count| match team {
            "T000" if code == "invalid_auth" || count <= 4 => Answer::Refused(code),
            _ => Answer::Pair,
        });
        fleet.many(2, 60);
        let sweep = rotator(&fleet, 30).start_sweep();
        // The rotator has gone, and with it the sweep.
        assert_eq!(sweep.last_pass(), None);
        let rotator = rotator(&fleet, 30);
        let sweep = rotator.start_sweep();
        fleet.runtime.advance(seconds(5));
        let pass = sweep.last_pass();
        assert_eq!(pass.is_some(), passes, "{code}: {pass:?}");
        if passes {
            let pass = pass.unwrap();
            assert_eq!((pass.refreshed, pass.failed, pass.unreadable), (1, 1, 0));
        } else {
            fleet.runtime.advance(seconds(60));
            let pass = sweep.last_pass().unwrap();
            assert_eq!((pass.refreshed, pass.failed, pass.unreadable), (2, 0, 0));
        }
    }
}

#[test]
fn what_rests_is_read_again_every_ten_minutes_by_the_background() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    (0..100).for_each(|_| script(&world, Fault::Refused { code: "invalid_auth".into() }));
    let sweep = rotator.start_sweep();
    world.runtime.advance(LIFE * 2);
    // Until both have just begun to wait for six hours.
    let tried = world.refreshes();
    while world.refreshes() < tried + 2 {
        world.runtime.advance(seconds(60));
    }
    world.runtime.advance(seconds(300));
    let (reads, tried) = (world.hooks.reads.load(SeqCst), world.refreshes());
    world.runtime.advance(seconds(6_000));
    assert_eq!(world.refreshes(), tried);
    assert_eq!(world.hooks.reads.load(SeqCst) - reads, 10);
    assert!(sweep.is_sweeping());
}

#[test]
fn a_pass_reads_a_row_that_is_known_once_and_its_refresh_once_more() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    ask(&world, &rotator).unwrap();
    let asked = rotator.access_token(&world.key, Slot::User);
    world.runtime.block_on(asked).unwrap();
    world.runtime.advance(LIFE);
    let before = world.hooks.reads.load(SeqCst);
    let report = world.runtime.block_on(rotator.sweep_once()).unwrap();
    assert_eq!(report.refreshed, 2);
    assert_eq!(world.hooks.reads.load(SeqCst) - before, 3, "one row with two credentials");
}

#[test]
fn a_sweep_whose_lease_cannot_be_prolonged_goes_on_until_it_ends() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let sweep = rotator.start_sweep();
    // Prolonged after 30, 60 and 90 seconds: until 180.
    world.runtime.advance(seconds(100));
    world.hooks.fails_to_lease.store(true, SeqCst);
    for second in 101..=179 {
        world.runtime.advance(seconds(1));
        assert!(sweep.is_sweeping(), "{second}");
    }
    world.runtime.advance(seconds(2));
    assert!(!sweep.is_sweeping() && sweep.is_running());
    world.hooks.fails_to_lease.store(false, SeqCst);
    world.runtime.advance(seconds(28));
    assert!(!sweep.is_sweeping());
    world.runtime.advance(seconds(2));
    assert!(sweep.is_sweeping(), "it is tried again after half a minute");
}

#[test]
fn a_sweep_whose_lease_was_never_prolonged_ends_with_it() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let sweep = rotator.start_sweep();
    world.runtime.advance(seconds(10));
    world.hooks.fails_to_lease.store(true, SeqCst);
    world.runtime.advance(seconds(79));
    assert!(sweep.is_sweeping());
    world.runtime.advance(seconds(2));
    assert!(!sweep.is_sweeping());
}

#[test]
fn a_handle_shows_what_its_sweep_does() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let sweep = rotator.start_sweep();
    world.runtime.advance(LIFE);
    let shown = format!("{sweep:?}");
    assert!(shown.contains("is_running: true, is_sweeping: true"), "{shown}");
    world.runtime.block_on(sweep.stop());
    let shown = format!("{sweep:?}");
    assert!(shown.contains("is_running: false, is_sweeping: false"), "{shown}");
    let pass = sweep.last_pass().unwrap();
    assert!(pass.ended_at <= world.runtime.now() && pass.ended_at.as_unix() > 0);
    assert_eq!((pass.failed, pass.unreadable), (0, 0));
}

/// The error is the store's, and what was refreshed stays so.
#[test]
fn a_store_that_fails_ends_a_single_sweep() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.runtime.advance(LIFE);
    world.hooks.fail(true);
    let failed: Result<_, StoreError> = world.runtime.block_on(rotator.sweep_once());
    assert!(failed.is_err());
    world.hooks.fail(false);
    let report = world.runtime.block_on(rotator.sweep_once()).unwrap();
    assert_eq!(report.refreshed, 2);
}

#[test]
fn of_what_is_under_way_a_drained_rotator_says_how_much_is_left() {
    let fleet = Fleet::new(|_, _| Answer::Pair);
    let keys = fleet.many(3, 60);
    let rotator = TokenRotator::builder(fleet.client(), World::app(), fleet.store.clone())
        .runtime(fleet.runtime.clone())
        .build()
        .unwrap();
    crate::fleet::refresh_all(&rotator, &keys);
    fleet.runtime.advance(Duration::from_millis(100));
    let drained = fleet.runtime.block_on(rotator.drain(Duration::from_millis(100)));
    assert_eq!((drained.running, drained.unsaved), (3, 0));
    let drained = fleet.runtime.block_on(rotator.drain(seconds(5)));
    assert!(drained.is_complete());
}

#[test]
fn a_sweep_that_is_started_too_late_asks_for_no_lease() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    assert!(world.runtime.block_on(rotator.drain(seconds(1))).is_complete());
    let before = world.hooks.acquired.load(SeqCst);
    let sweep = rotator.start_sweep();
    world.runtime.advance(seconds(100));
    assert!(!sweep.is_running());
    assert_eq!(world.hooks.acquired.load(SeqCst), before);
}

#[test]
fn a_plan_names_what_is_due_and_needs_no_person() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.come_due();
    let asked = rotator.access_token_for(&world.key, Slot::User, LIFE);
    world.runtime.block_on(asked).unwrap();
    world.runtime.advance(seconds(3_600));
    let plan = || {
        let plan = rotator.sweep_plan(Duration::ZERO, None, 10);
        let plan = world.runtime.block_on(plan).unwrap();
        plan.refreshes.iter().map(|it| it.slot).collect::<Vec<_>>()
    };
    assert_eq!(plan(), [Slot::Bot], "the person's token is new");
    script(&world, Fault::Refused { code: "account_inactive".into() });
    assert!(ask(&world, &rotator).is_err());
    world.runtime.advance(LIFE);
    assert_eq!(plan(), [Slot::User], "the bot needs a person");
}

#[test]
fn a_refresh_that_waits_for_a_minute_is_waited_for_by_the_background_and_a_longer_one_not() {
    // The limit comes after a second, the pass ends after two, and the next one begins a minute later.
    for (pause, ended_at) in [(121, 2), (122, 62)] {
        let fleet = Fleet::new(move |_, count| match count {
            1 => Answer::RateLimited(pause),
            _ => Answer::Pair,
        });
        fleet.put("T000", 60);
        let rotator = rotator(&fleet, 30);
        let sweep = rotator.start_sweep();
        let began = fleet.runtime.now();
        fleet.runtime.advance(seconds(100));
        let pass = sweep.last_pass().unwrap();
        assert_eq!(pass.ended_at.since(began), seconds(ended_at), "{pause}");
        fleet.runtime.advance(seconds(30));
        assert_eq!(fleet.slack.requests(), 2);
    }
}
