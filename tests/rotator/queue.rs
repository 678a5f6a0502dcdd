//! Who wakes whom, who moves up in the queue, and what stays in memory meanwhile.

use std::time::Duration;

use slack_auth::{ClientSecret, Slot, StoreKey, TokenRotator, runtime::Runtime as _};

use crate::{
    fleet::{Answer, Fleet, refresh_all},
    incidents::seconds,
    support::{LIFE, World},
};

/// Waits by itself, whatever happens to others.
fn refused_alone(fleet: &Fleet, rotator: &TokenRotator) -> StoreKey {
    let key = fleet.put("T000", 60);
    rotator.refresh_if_due(&key, Slot::Bot);
    fleet.runtime.advance(seconds(20));
    assert_eq!(fleet.slack.requests_of("T000").len(), 1);
    key
}

#[test]
fn a_new_secret_wakes_nobody_whom_slack_has_refused_for_another_reason() {
    let fleet = Fleet::new(|_, _| Answer::Refused("invalid_auth"));
    let rotator = fleet.rotator(8);
    refused_alone(&fleet, &rotator);
    rotator.replace_client_secret(ClientSecret::new("another").unwrap());
    fleet.runtime.advance(seconds(200));
    assert_eq!(fleet.slack.requests_of("T000").len(), 1);
}

#[test]
fn an_answer_wakes_nobody_whom_slack_has_refused() {
    for silence in [false, true] {
        let fleet = Fleet::new(move |team, count| match team {
            "T000" => Answer::Refused("invalid_auth"),
            "T001" if silence && count < 3 => Answer::Lost,
            _ => Answer::Pair,
        });
        let rotator = fleet.rotator(8);
        refused_alone(&fleet, &rotator);
        let other = fleet.put("T001", 60);
        rotator.refresh_if_due(&other, Slot::Bot);
        fleet.runtime.advance(seconds(60));
        assert!(fleet.is_refreshed(&other));
        assert_eq!(fleet.slack.requests_of("T000").len(), 1);
    }
}

#[test]
fn a_refresh_that_stands_in_the_queue_moves_up_when_a_caller_waits_for_it() {
    let fleet = Fleet::new(|_, _| Answer::Pair);
    let (due, wanted) = (fleet.many(30, 60), fleet.put("W", 0));
    let rotator = fleet.rotator(1);
    refresh_all(&rotator, &due);
    rotator.refresh_if_due(&wanted, Slot::Bot);
    fleet.runtime.advance(Duration::from_millis(500));
    let began = fleet.runtime.elapsed();
    fleet.runtime.block_on(rotator.access_token(&wanted, Slot::Bot)).unwrap();
    let took = fleet.runtime.elapsed().saturating_sub(began);
    assert!(took < seconds(3), "{took:?}");
}

#[test]
fn a_caller_who_has_gone_away_is_waited_for_no_longer() {
    let fleet = Fleet::new(|_, _| Answer::Pair);
    let wanted = fleet.put("W", 0);
    let rotator = TokenRotator::builder(fleet.client(), World::app(), fleet.store.clone())
        .runtime(fleet.runtime.clone())
        .refreshes_in_flight(1)
        .cache_idle_time(LIFE * 2)
        .build()
        .unwrap();
    fleet.runtime.block_on(rotator.access_token(&wanted, Slot::Bot)).unwrap();
    fleet.runtime.advance(LIFE.saturating_sub(seconds(60)));
    let due = fleet.many(6, 60);
    refresh_all(&rotator, &due);
    rotator.refresh_if_due(&wanted, Slot::Bot);
    fleet.runtime.advance(seconds(30));
    let log = fleet.slack.log.lock().unwrap();
    assert_eq!(log.last().map(|(_, team)| team.as_str()), Some("W"), "{log:?}");
    assert_eq!(log.len(), 8);
}

#[test]
fn what_is_busy_stays_in_memory_however_little_room_there_is() {
    let fleet = Fleet::new(|_, count| match count {
        1 => Answer::RateLimited(20),
        _ => Answer::Pair,
    });
    let keys = fleet.many(20, 60);
    let rotator = TokenRotator::builder(fleet.client(), World::app(), fleet.store.clone())
        .runtime(fleet.runtime.clone())
        .cache_capacity(4)
        .build()
        .unwrap();
    refresh_all(&rotator, &keys);
    fleet.runtime.advance(seconds(5));
    assert_eq!(crate::trouble::in_memory(&rotator), 20);
    fleet.runtime.advance(seconds(600));
    assert!(keys.iter().all(|key| fleet.is_refreshed(key)));
    for number in 0..4 {
        rotator.refresh_if_due(&fleet.put(&format!("N{number}"), 40_000), Slot::Bot);
        fleet.runtime.advance(seconds(1));
    }
    assert_eq!(crate::trouble::in_memory(&rotator), 4);
}
