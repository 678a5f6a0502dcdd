use proptest::prelude::*;

use super::*;

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn limited(seconds: u64) -> Outcome {
    Outcome::RateLimited { retry_after: Some(at(seconds)) }
}

/// A pace in whose queue so many requests are due, numbered from 0.
fn due(window: usize, count: u64) -> Pace {
    let mut pace = Pace::new(window);
    (0..count).for_each(|request| pace.enqueue(request, Priority::Due));
    pace
}

/// Everything that may go now.
fn gone(pace: &mut Pace, now: Duration) -> Vec<u64> {
    std::iter::from_fn(|| match pace.next(now) {
        Turn::Go(request) => Some(request),
        _ => None,
    })
    .collect()
}

#[test]
fn a_window_bounds_what_is_in_flight() {
    let mut pace = due(3, 10);
    assert_eq!(gone(&mut pace, at(0)), [0, 1, 2]);
    assert_eq!(pace.next(at(0)), Turn::Idle);
    assert_eq!((pace.in_flight(), pace.queued()), (3, 7));
    pace.finish(at(1), 1, Outcome::Answered);
    assert_eq!(gone(&mut pace, at(1)), [3]);
    pace.finish(at(1), 99, Outcome::Answered);
    assert_eq!(pace.in_flight(), 3, "a number that is not in flight changes nothing");
    assert_eq!(Pace::new(0).most, 1);
}

#[test]
fn a_limit_stops_everything_and_it_comes_back_slowly() {
    let mut pace = due(8, 100);
    assert_eq!(gone(&mut pace, at(0)).len(), 8);
    pace.finish(at(1), 0, limited(5));
    // The others of the same moment say the same, and one says it for longer.
    pace.finish(at(1), 1, limited(7));
    (2..8).for_each(|request| pace.finish(at(1), request, limited(5)));
    assert_eq!(pace.window, 4, "it is halved once");
    assert_eq!((pace.next(at(1)), pace.paused_until()), (Turn::Wait(at(8)), Some(at(8))));
    assert_eq!(gone(&mut pace, at(8)), [8]);
    pace.finish(at(9), 8, Outcome::Answered);
    assert_eq!(gone(&mut pace, at(9)), [9, 10]);
}

#[test]
fn a_window_grows_again_after_many_answers_and_ten_pauses() {
    let after_limit = |pause: u64| {
        let mut pace = due(2, 1_000);
        gone(&mut pace, at(0));
        pace.finish(at(1), 0, limited(pause));
        pace.finish(at(1), 1, Outcome::Answered);
        assert_eq!(pace.window, 1);
        pace
    };
    let answers = |pace: &mut Pace, from: u64, count: u64| {
        for second in from..from + count {
            for request in gone(pace, at(second)) {
                pace.finish(at(second), request, Outcome::Answered);
            }
        }
        pace.window
    };
    let mut pace = after_limit(1);
    assert_eq!(answers(&mut pace, 2, 126), 1);
    assert_eq!(answers(&mut pace, 128, 1), 2);
    let mut pace = after_limit(100);
    assert_eq!(answers(&mut pace, 101, 900), 1, "the next limit would cost another long pause");
    assert_eq!(answers(&mut pace, 1_001, 1), 2);
}

#[test]
fn a_wide_window_grows_after_sixteen_windows_of_answers() {
    let mut pace = due(20, 1_000);
    let flying = gone(&mut pace, at(0));
    pace.finish(at(1), 0, limited(1));
    for request in flying {
        pace.finish(at(1), request, Outcome::Unknown);
    }
    assert_eq!(pace.window, 10);
    let mut answers = 0;
    while pace.window == 10 {
        for request in gone(&mut pace, at(20)) {
            answers += usize::from(pace.window == 10);
            pace.finish(at(20), request, Outcome::Answered);
        }
    }
    assert_eq!((answers, pace.window), (160, 11));
}

#[test]
fn an_answer_to_what_was_sent_at_the_moment_of_a_limit_ends_no_pause() {
    let mut pace = due(2, 2);
    assert_eq!(pace.next(at(0)), Turn::Go(0));
    assert_eq!(pace.next(at(1)), Turn::Go(1));
    pace.finish(at(1), 0, limited(100));
    pace.finish(at(2), 1, Outcome::Answered);
    assert_eq!(pace.paused_until(), Some(at(101)));
    assert_eq!(pace.next(at(2)), Turn::Idle, "nobody waits for the end of the pause");
}

#[test]
fn without_retry_after_the_pause_is_half_a_minute_and_never_longer_than_an_hour() {
    let mut pace = due(1, 2);
    gone(&mut pace, at(0));
    pace.finish(at(1), 0, Outcome::RateLimited { retry_after: None });
    assert_eq!(pace.paused_until(), Some(at(31)));
    let mut pace = due(1, 2);
    gone(&mut pace, at(0));
    pace.finish(at(1), 0, limited(u64::MAX));
    assert_eq!(pace.paused_until(), Some(at(3_601)));
}

#[test]
fn a_probe_shows_that_the_limit_is_of_one_credential_alone() {
    let mut pace = due(8, 20);
    assert_eq!(gone(&mut pace, at(0)).len(), 8);
    pace.finish(at(1), 0, limited(3_000));
    (1..8).for_each(|request| pace.finish(at(1), request, Outcome::Answered));
    assert_eq!(pace.next(at(1)), Turn::Wait(at(31)), "what was sent before it proves nothing");
    assert_eq!(gone(&mut pace, at(31)), [8], "one goes as a probe");
    assert_eq!(pace.next(at(31)), Turn::Wait(at(3_001)));
    pace.finish(at(32), 8, Outcome::Answered);
    assert_eq!(pace.paused_until(), None);
    assert_eq!(pace.window, 8);
    assert_eq!(gone(&mut pace, at(32)), [9, 10]);
}

#[test]
fn a_probe_that_is_limited_as_well_makes_probes_rarer() {
    let mut pace = due(8, 20);
    gone(&mut pace, at(0));
    (0..8).for_each(|request| pace.finish(at(1), request, limited(3_000)));
    assert_eq!(gone(&mut pace, at(31)), [8]);
    pace.finish(at(32), 8, limited(3_000));
    assert_eq!(pace.next(at(32)), Turn::Wait(at(92)));
    assert_eq!(gone(&mut pace, at(92)), [9]);
    // One without an answer proves nothing either.
    pace.finish(at(122), 9, Outcome::Unknown);
    assert_eq!(pace.next(at(122)), Turn::Wait(at(182)));
    // A pause that costs much leaves a window of one; a limit that is known already teaches nothing new.
    assert_eq!(pace.window, 1);
}

#[test]
fn a_resend_waits_for_no_pause_of_another() {
    let mut pace = due(2, 10);
    gone(&mut pace, at(0));
    pace.finish(at(1), 0, limited(3_000));
    pace.enqueue(100, Priority::Resend);
    pace.enqueue(101, Priority::Due);
    pace.promote(101, Priority::Resend);
    assert_eq!(gone(&mut pace, at(2)), [100, 101]);
    // Slack limits these as well: then one at a time.
    pace.finish(at(3), 100, limited(3_000));
    pace.finish(at(3), 101, limited(3_000));
    (102..105).for_each(|request| pace.enqueue(request, Priority::Resend));
    assert_eq!(gone(&mut pace, at(4)), [102]);
    pace.cancel(at(4), 102);
    pace.cancel(at(4), 103);
    assert_eq!(gone(&mut pace, at(4)), [104]);
}

#[test]
fn a_resend_goes_although_the_window_is_full() {
    let mut pace = due(2, 10);
    assert_eq!(gone(&mut pace, at(0)), [0, 1]);
    (100..104).for_each(|request| pace.enqueue(request, Priority::Resend));
    assert_eq!(gone(&mut pace, at(0)), [100, 101]);
}

#[test]
fn who_waits_goes_first_and_who_is_due_goes_all_the_same() {
    let mut pace = due(1, 4);
    (100..200).for_each(|request| pace.enqueue(request, Priority::Waiting));
    pace.promote(3, Priority::Waiting);
    pace.promote(3, Priority::Due);
    let mut order = Vec::new();
    for _ in 0..104 {
        let [request] = gone(&mut pace, at(0))[..] else { panic!() };
        pace.finish(at(0), request, Outcome::Answered);
        order.push(request);
    }
    let rank = |request| order.iter().position(|it| *it == request).unwrap();
    assert_eq!([rank(0), rank(1), rank(2)], [7, 15, 23], "one turn of eight");
    assert_eq!(rank(3), 103, "it was promoted behind those that waited already");
}

#[test]
fn a_refused_client_is_tried_every_five_minutes_by_one_request() {
    let mut breaker = Breaker::new();
    assert_eq!(breaker.enter(at(0), 1), Gate::Open);
    assert!(!breaker.accept(1));
    breaker.refuse(at(1));
    assert_eq!(breaker.enter(at(300), 2), Gate::Closed(at(301)));
    assert_eq!(breaker.enter(at(301), 2), Gate::Open);
    assert_eq!(breaker.enter(at(301), 3), Gate::Closed(at(601)), "one is the trial");
    assert!(!breaker.accept(3), "it was sent before");
    breaker.refuse(at(302));
    assert_eq!(breaker.refused_until(), Some(at(602)));
    assert_eq!(breaker.enter(at(602), 4), Gate::Open);
    breaker.give_up(at(632), 4);
    assert_eq!(breaker.enter(at(632), 5), Gate::Open);
    assert!(breaker.accept(5));
    assert_eq!(breaker.enter(at(632), 6), Gate::Open);
    breaker.refuse(at(633));
    breaker.reset();
    assert_eq!((breaker.enter(at(633), 7), breaker.refused_until()), (Gate::Open, None));
}

#[test]
fn phases_are_the_same_in_every_process_and_spread_evenly() {
    use slack_proto::{Slot, StoreKey, tokens::InstallationKey};
    let of = |number: u32| {
        let key = StoreKey::from(InstallationKey::Workspace(format!("T{number:09}").into()));
        (phase(&key, Slot::Bot), phase(&key, Slot::User))
    };
    assert_eq!(of(1), of(1));
    let mut parts = [0_u32; 100];
    for number in 0..10_000 {
        let (bot, user) = of(number);
        assert_ne!(bot, user);
        parts[usize::try_from((u64::from(bot) * 100) >> 32).unwrap()] += 1;
    }
    assert!(parts.iter().all(|count| (60..140).contains(count)), "{parts:?}");
}

proptest! {
    /// Whatever Slack answers, and in whatever order: no more are in flight than may be, nothing but a probe or a
    /// resend goes in a pause, and everything goes in the end.
    #[test]
    fn nobody_starves_and_no_bound_is_broken(
        window in 1_usize..10,
        steps in prop::collection::vec((0_u8..6, 0_u64..40, 0_u64..120), 1..300),
    ) {
        let mut pace = Pace::new(window);
        let (mut now, mut number) = (Duration::ZERO, 0);
        let mut flying: Vec<u64> = Vec::new();
        let mut left = std::collections::HashSet::new();
        for (what, seconds, after) in steps {
            now += Duration::from_millis(seconds * 250);
            match what {
                0..=2 => {
                    let priorities = [Priority::Due, Priority::Waiting, Priority::Resend];
                    pace.enqueue(number, priorities[usize::from(what)]);
                    left.insert(number);
                    number += 1;
                }
                _ if flying.is_empty() => {}
                3 => pace.finish(now, flying.remove(0), limited(after)),
                4 => pace.finish(now, flying.pop().unwrap(), Outcome::Answered),
                _ => pace.finish(now, flying.remove(0), Outcome::Unknown),
            }
            for request in gone(&mut pace, now) {
                prop_assert!(left.remove(&request), "{request} goes once");
                flying.push(request);
            }
            prop_assert!(pace.in_flight() <= 2 * window);
            prop_assert_eq!(pace.in_flight(), flying.len());
        }
        for _ in 0..10_000 {
            flying.drain(..).for_each(|request| pace.finish(now, request, Outcome::Answered));
            match pace.next(now) {
                Turn::Go(request) => {
                    prop_assert!(left.remove(&request));
                    flying.push(request);
                }
                Turn::Wait(until) => {
                    prop_assert!(until > now);
                    now = until;
                }
                Turn::Idle => break,
            }
        }
        prop_assert!(left.is_empty(), "{left:?} never went");
    }
}

#[test]
fn a_probe_waits_for_those_that_were_sent_before_the_pause() {
    let mut pace = due(1, 1);
    assert_eq!(pace.next(at(0)), Turn::Go(0));
    pace.enqueue(1, Priority::Resend);
    assert_eq!(pace.next(at(0)), Turn::Go(1));
    pace.finish(at(1), 1, limited(100));
    pace.enqueue(2, Priority::Due);
    pace.enqueue(3, Priority::Resend);
    assert_eq!(pace.next(at(1)), Turn::Go(3));
    assert_eq!(pace.next(at(31)), Turn::Wait(at(101)), "there would be three in flight");
    pace.finish(at(32), 0, Outcome::Unknown);
    assert_eq!(pace.next(at(32)), Turn::Go(2));
}

#[test]
fn a_limit_that_others_met_counts_them_among_those_in_flight() {
    let mut pace = due(8, 10);
    for request in [0, 1, 2] {
        assert_eq!(pace.next(at(0)), Turn::Go(request));
    }
    pace.limit(at(1), Some(at(5)));
    assert_eq!(pace.window, 2, "half of four");
    assert_eq!(pace.paused_until(), Some(at(6)));
}

#[test]
fn a_limit_that_others_meet_in_a_pause_puts_off_the_probe_unless_it_is_the_same() {
    for (again, probed) in [(0, 30), (10, 70)] {
        let mut pace = due(1, 1);
        pace.limit(at(0), Some(at(300)));
        pace.limit(at(again), Some(at(300)));
        assert_eq!(pace.next(at(11)), Turn::Wait(at(probed)), "{again}");
        assert_eq!(pace.paused_until(), Some(at(300 + again)));
    }
}
