//! What the store does, and what comes out of turn.

use super::*;

#[test]
fn a_pair_is_written_until_it_is_stored() {
    let mut told = Told::sending();
    writes(told.issue(&pair(2)));
    let mut waits = Vec::new();
    for _ in 0..8 {
        waits.push(super::waits(&told.tell(Input::WriteFailed)).as_secs_f32());
        assert_eq!(told.held(), token(1));
        assert_eq!(told.rotation.problem(), Some(&Problem::Store));
        let write = writes(told.tell(Input::Waited));
        assert_eq!(write.credential.pair_fingerprint(), pair(2).pair_fingerprint());
    }
    assert_eq!(waits, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 16.0, 16.0]);
    told.tell(Input::Written);
    assert_eq!(told.held(), token(2));
    assert_eq!(told.rotation.problem(), None);
}

#[test]
fn a_write_that_only_seemed_to_fail_is_found() {
    let mut told = Told::sending();
    writes(told.issue(&pair(2)));
    told.tell(Input::WriteFailed);
    writes(told.tell(Input::Waited));
    assert!(matches!(told.tell(Input::Conflict), Action::Read));
    assert!(matches!(told.read(&pair(2)), Action::Release));
    assert!(matches!(told.tell(Input::Released), Action::Rest { .. }));
    assert_eq!(told.held(), token(2));
}

#[test]
fn a_store_that_cannot_be_read_is_asked_again() {
    let mut told = Told::new();
    told.tell(Input::Tick);
    assert_eq!(waits(&told.tell(Input::ReadFailed)), Duration::from_millis(500));
    assert_eq!(told.rotation.problem(), Some(&Problem::Store));
    assert!(matches!(told.tell(Input::Tick), Action::Await));
    assert!(matches!(told.tell(Input::Waited), Action::Read));
    assert!(matches!(told.read(&pair(2)), Action::Rest { .. }));
    assert_eq!(told.rotation.problem(), None);
}

#[test]
fn without_a_lease_nothing_is_sent() {
    let mut told = Told::with(&pair(1));
    waits(&told.tell(Input::LeaseFailed));
    assert!(matches!(told.tell(Input::Waited), Action::TakeLease));
    told.tell(Input::Leased);
    waits(&told.tell(Input::ReadFailed));
    assert!(matches!(told.tell(Input::Waited), Action::TakeLease));
}

#[test]
fn a_failing_store_does_not_let_the_grace_time_run_out() {
    let mut told = Told::sending();
    told.fail(unknown());
    told.now += 1;
    told.tell(Input::Waited);
    assert!(matches!(told.tell(Input::LeaseFailed), Action::Read));
    assert!(matches!(told.tell(Input::ReadFailed), Action::Send(_)));
    told.fail(unknown());
    told.now += 58;
    told.tell(Input::Waited);
    assert!(matches!(told.tell(Input::LeaseFailed), Action::Read));
    assert!(matches!(told.tell(Input::ReadFailed), Action::Send(_)));
    told.fail(unknown());
    told.now += 1;
    told.tell(Input::Waited);
    // Now, after a minute, it is too late to hurry.
    assert!(matches!(told.tell(Input::LeaseFailed), Action::Wait(_)));
}

#[test]
fn what_is_cut_off_counts_as_failed() {
    let mut told = Told::new();
    told.tell(Input::Tick);
    waits(&told.tell(Input::Aborted));
    assert!(matches!(told.tell(Input::Aborted), Action::Read), "a wait that is cut off is over");
    told.read(&pair(1));
    waits(&told.tell(Input::Aborted));
    told.tell(Input::Waited);
    told.send_again(&pair(1));
    // Nobody knows whether it was sent.
    waits(&told.tell(Input::Aborted));
    told.tell(Input::Waited);
    told.tell(Input::LeaseFailed);
    assert!(matches!(told.tell(Input::ReadFailed), Action::Send(_)));
    writes(told.issue(&pair(2)));
    waits(&told.tell(Input::Aborted));
    assert!(told.rotation.unsaved().is_some());
}

#[test]
fn a_pair_out_of_turn_is_stored() {
    let mut told = Told::sending();
    told.fail(unknown());
    // The answer comes after all, while the machine waits to send again.
    assert!(matches!(told.issue(&pair(2)), Action::Await));
    assert!(matches!(told.tell(Input::Waited), Action::TakeLease));
    told.tell(Input::Leased);
    let write = writes(told.read(&pair(1)));
    assert_eq!(write.credential.pair_fingerprint(), pair(2).pair_fingerprint());
    // And once more, which is not reported again.
    assert!(matches!(told.issue(&pair(2)), Action::Await));
    told.tell(Input::Written);
    told.tell(Input::Released);
    assert!(matches!(told.issue(&pair(2)), Action::Rest { .. }));
    assert_eq!(told.held(), token(2));
}

#[test]
fn of_two_answers_to_one_token_the_first_stays_and_is_refreshed_at_once() {
    let mut told = Told::sending();
    writes(told.issue(&pair(2)));
    assert!(matches!(told.issue(&pair(3)), Action::Await));
    assert!(matches!(told.tell(Input::Written), Action::TakeLease));
    told.send_again(&pair(2));
    writes(told.issue(&pair(4)));
    told.tell(Input::Written);
    assert!(matches!(told.tell(Input::Released), Action::Rest { .. }));
}

#[test]
fn an_event_out_of_turn_changes_nothing() {
    let told = Told::sending();
    for event in [
        Input::Read(None),
        Input::Leased,
        Input::Written,
        Input::Conflict,
        Input::Waited,
        Input::Released,
        Input::LeaseFailed,
    ] {
        let mut rotation = told.rotation.clone();
        assert!(matches!(rotation.step(told.now(), event), Action::Await));
        assert_eq!(format!("{rotation:?}"), format!("{:?}", told.rotation));
    }
}

#[test]
fn an_answer_that_comes_twice_is_not_taken_for_that_to_the_next_request() {
    let mut told = Told::sending();
    writes(told.issue(&pair(2)));
    told.tell(Input::Written);
    told.tell(Input::Released);
    told.now += 40_000;
    told.tell(Input::Tick);
    told.send_again(&pair(2));
    assert!(matches!(told.issue(&pair(2)), Action::Await));
    assert_eq!(writes(told.issue(&pair(3))).replaces, pair(2).pair_fingerprint());
}

#[test]
fn a_pair_beside_the_stored_one_leaves_no_time_to_wait_for_long() {
    let mut told = Told::sending();
    writes(told.issue(&pair(2)));
    told.tell(Input::Conflict);
    told.read(&pair(3));
    told.send_again(&pair(3));
    let wait = waits(&told.fail(RefreshFailure::RateLimited { after: None }));
    assert!(wait <= seconds(15), "{wait:?}");
}

#[test]
fn a_pair_that_comes_late_is_kept_while_the_store_cannot_be_read() {
    let mut told = Told::sending();
    told.fail(unknown());
    assert!(matches!(told.tell(Input::Waited), Action::TakeLease));
    assert!(matches!(told.tell(Input::Leased), Action::Read));
    // The answer to the first request comes after all, and is not sent for a second time.
    assert!(matches!(told.issue(&pair(2)), Action::Await));
    assert_eq!(waits(&told.tell(Input::ReadFailed)), Duration::from_millis(500));
    assert!(matches!(told.tell(Input::Waited), Action::TakeLease));
    assert!(matches!(told.tell(Input::Leased), Action::Read));
    let write = writes(told.read(&pair(1)));
    assert_eq!(write.replaces, pair(1).pair_fingerprint());
    assert_eq!(write.credential.pair_fingerprint(), pair(2).pair_fingerprint());
}
