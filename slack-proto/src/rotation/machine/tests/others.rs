//! What other processes do.

use super::*;

#[test]
fn with_the_lease_in_hand_it_reads_before_it_sends() {
    let mut told = Told::with(&pair(1));
    told.tell(Input::Leased);
    // Another process was quicker: there is nothing left to do.
    assert!(matches!(told.read(&pair(2)), Action::Release));
    assert!(matches!(told.tell(Input::Released), Action::Rest { .. }));
    assert_eq!(told.held(), token(2));
}

#[test]
fn a_token_that_does_not_expire_is_read_again_each_hour() {
    let unlimited = lasting();
    let mut told = Told::with(&unlimited);
    let held = told.held();
    for _ in 0..2 {
        assert_eq!(told.rotation.read_again_at(), Some(told.now() + seconds(3_600)));
        told.now += 3_599;
        assert!(matches!(told.tell(Input::Tick), Action::Rest { due_at: None }));
        told.now += 1;
        assert!(matches!(told.tell(Input::Tick), Action::Read));
        assert_eq!(told.held(), held, "it is handed out meanwhile");
        assert!(matches!(told.read(&unlimited), Action::Rest { .. }));
    }
    // A store that fails is asked again after a while.
    told.now += 3_600;
    told.tell(Input::Tick);
    assert!(matches!(told.tell(Input::ReadFailed), Action::Wait(_)));
    assert_eq!(told.held(), held);
    assert!(matches!(told.tell(Input::Waited), Action::Read));
    // Another process has exchanged it.
    assert!(matches!(told.read(&pair(2)), Action::Rest { due_at: Some(_) }));
    assert_eq!((told.held(), told.rotation.read_again_at()), (token(2), None));
}

#[test]
fn while_another_has_the_lease_it_looks_what_is_stored() {
    let mut told = Told::with(&pair(1));
    let mut waits = Vec::new();
    for _ in 0..6 {
        let held = Input::LeaseHeld { remaining: seconds(40) };
        waits.push(super::waits(&told.tell(held)).as_millis());
        assert_eq!(told.rotation.problem(), Some(&Problem::Elsewhere));
        assert!(matches!(told.tell(Input::Waited), Action::Read));
        assert!(matches!(told.read(&pair(1)), Action::TakeLease));
    }
    assert_eq!(waits, [100, 200, 400, 800, 1600, 2000]);
    let action = told.tell(Input::LeaseHeld { remaining: Duration::ZERO });
    assert_eq!(super::waits(&action), Duration::from_millis(100), "never without a pause");
    told.tell(Input::Waited);
    assert!(matches!(told.read(&pair(2)), Action::Rest { .. }));
    assert_eq!(told.rotation.problem(), None);
    let notices = told.rotation.take_events();
    let due = |notice: &&RotationEvent| matches!(notice, RotationEvent::Due { .. });
    assert_eq!(notices.iter().filter(due).count(), 1, "{notices:?}");
}

#[test]
fn of_two_pairs_the_stored_one_stays_and_is_refreshed_at_once() {
    let mut told = Told::sending();
    writes(told.issue(&pair(2)));
    assert!(matches!(told.tell(Input::Conflict), Action::Read));
    // Another process had stalled, and has stored the pair that it got for the same refresh token.
    assert!(matches!(told.read(&pair(3)), Action::TakeLease));
    assert_eq!(told.held(), token(3));
    told.send_again(&pair(3));
    let write = writes(told.issue(&pair(4)));
    assert_eq!(write.replaces, pair(3).pair_fingerprint());
    told.tell(Input::Written);
    assert!(matches!(told.tell(Input::Released), Action::Rest { .. }), "once is enough");
    let notices = told.rotation.take_events();
    assert!(
        notices.iter().any(|it| matches!(it, RotationEvent::Conflict { kept, dropped }
            if *kept == pair(3).fingerprint() && *dropped == pair(2).fingerprint())),
        "{notices:?}"
    );
}

#[test]
fn a_change_in_another_slot_is_no_conflict() {
    let mut told = Told::sending();
    writes(told.issue(&pair(2)));
    told.tell(Input::Conflict);
    for _ in 0..2 {
        let write = writes(told.read(&pair(1)));
        assert_eq!(write.credential.pair_fingerprint(), pair(2).pair_fingerprint());
        assert!(matches!(told.tell(Input::Conflict), Action::Read));
    }
    assert!(matches!(told.read(&pair(1)), Action::Wait(_)), "others write there often");
    writes(told.tell(Input::Waited));
    told.tell(Input::Written);
    assert_eq!(told.held(), token(2));
}

#[test]
fn a_token_that_came_alone_is_no_conflict_either() {
    let mut told = Told::sending();
    // Without a new refresh token the one that was sent is not spent.
    let lone = changed(pair(2), |it| it.refresh_token = None);
    writes(told.issue(&lone));
    told.tell(Input::Conflict);
    let write = writes(told.read(&pair(1)));
    assert_eq!(write.replaces, pair(1).pair_fingerprint());
    assert_eq!(write.credential.fingerprint(), pair(2).fingerprint());
}

#[test]
fn a_pair_in_hand_is_written_over_a_backup() {
    let mut told = Told::sending();
    writes(told.issue(&pair(2)));
    told.tell(Input::Written);
    told.tell(Input::Released);
    told.now += 40_000;
    told.tell(Input::Tick);
    told.send_again(&pair(2));
    writes(told.issue(&pair(3)));
    told.tell(Input::Conflict);
    let write = writes(told.read(&pair(1)));
    assert_eq!(write.replaces, pair(1).pair_fingerprint());
    assert_eq!(write.credential.pair_fingerprint(), pair(3).pair_fingerprint());
}

#[test]
fn a_store_that_was_set_back_is_put_right_even_if_nothing_is_due() {
    let mut told = Told::sending();
    writes(told.issue(&pair(2)));
    told.tell(Input::Written);
    told.tell(Input::Released);
    let token = pair(2).fingerprint();
    told.tell(Input::Rejected { token, rejection: Rejection::Doubtful });
    let write = writes(told.read(&pair(1)));
    assert_eq!(
        (write.replaces, write.credential.pair_fingerprint()),
        (pair(1).pair_fingerprint(), pair(2).pair_fingerprint())
    );
    let notices = told.rotation.take_events();
    assert!(
        notices.iter().any(|it| matches!(it, RotationEvent::StoreRolledBack { stored, kept }
            if *stored == pair(1).fingerprint() && *kept == pair(2).fingerprint())),
        "{notices:?}"
    );
}

#[test]
fn a_token_that_slack_rejected_stays_so_when_the_store_is_put_right() {
    let mut told = Told::sending();
    writes(told.issue(&pair(2)));
    told.tell(Input::Written);
    told.tell(Input::Released);
    told.now += 60;
    let token = pair(2).fingerprint();
    let rejected = Input::Rejected { token, rejection: Rejection::Expired };
    assert!(matches!(told.tell(rejected), Action::TakeLease));
    told.tell(Input::Leased);
    assert_eq!(
        writes(told.read(&pair(1))).credential.pair_fingerprint(),
        pair(2).pair_fingerprint()
    );
    assert!(matches!(told.tell(Input::Written), Action::TakeLease));
    assert!(told.rotation.valid_credential(told.now(), Duration::ZERO).is_none());
}

#[test]
fn a_store_that_was_set_back_is_put_right() {
    let mut told = Told::sending();
    writes(told.issue(&pair(2)));
    told.tell(Input::Written);
    told.tell(Input::Released);
    told.now += 40_000;
    assert!(matches!(told.tell(Input::Tick), Action::TakeLease));
    told.tell(Input::Leased);
    // A backup was restored: it holds a refresh token that is known to be spent.
    let write = writes(told.read(&pair(1)));
    assert_eq!(write.replaces, pair(1).pair_fingerprint());
    assert_eq!(write.credential.pair_fingerprint(), pair(2).pair_fingerprint());
    assert!(matches!(told.tell(Input::Written), Action::TakeLease), "the token is still due");
    told.send_again(&pair(2));
}

#[test]
fn a_spent_refresh_token_is_not_sent_even_if_nothing_else_is_left() {
    let mut told = Told::sending();
    writes(told.issue(&pair(2)));
    told.tell(Input::Written);
    told.tell(Input::Released);
    let token = pair(2).fingerprint();
    told.tell(Input::Rejected { token, rejection: Rejection::Doubtful });
    assert!(matches!(told.tell(Input::Read(None)), Action::Stop(ReauthorizationReason::Missing)));
    told.tell(Input::Tick);
    assert!(matches!(told.read(&pair(1)), Action::TakeLease));
    told.tell(Input::Leased);
    assert!(matches!(told.read(&pair(1)), Action::Release));
    assert!(matches!(
        told.tell(Input::Released),
        Action::Stop(ReauthorizationReason::RefreshTokenSpent)
    ));
}

#[test]
fn an_installation_that_is_gone_does_not_come_back() {
    let mut told = Told::sending();
    writes(told.issue(&pair(2)));
    told.tell(Input::Conflict);
    assert!(matches!(told.tell(Input::Read(None)), Action::Release));
    assert!(matches!(told.tell(Input::Released), Action::Stop(ReauthorizationReason::Missing)));
    assert!(told.rotation.credential().is_none());
    // If the store was mistaken, the pair is still there.
    assert!(told.rotation.unsaved().is_some());
    told.tell(Input::Tick);
    writes(told.read(&pair(1)));
    told.tell(Input::Written);
    assert_eq!(told.held(), token(2));
}

#[test]
fn a_new_machine_sends_the_refresh_token_that_is_stored() {
    // The process before died between Slack's answer and the write.
    let mut told = Told::with(&pair(1));
    told.now += 45;
    told.send_again(&pair(1));
    writes(told.issue(&pair(3)));
    told.tell(Input::Written);
    assert_eq!(told.held(), token(3));
}

#[test]
fn of_the_pairs_that_are_spent_the_last_64_are_known() {
    let then_the_store_holds = |n| {
        let mut told = Told::sending();
        for n in 2..=66 {
            let now = told.now();
            let new = changed(pair(n), |it| {
                it.issued_at = now;
                it.expires_at = Some(now + seconds(43_200));
            });
            writes(told.issue(&new));
            assert!(matches!(told.tell(Input::Written), Action::Release));
            told.tell(Input::Released);
            told.now += 40_000;
            assert!(matches!(told.tell(Input::Tick), Action::TakeLease), "it is due again");
            if n < 66 {
                told.send_again(&pair(n));
            }
        }
        told.tell(Input::Leased);
        told.read(&pair(n))
    };
    assert_eq!(
        writes(then_the_store_holds(2)).credential.pair_fingerprint(),
        pair(66).pair_fingerprint()
    );
    // What is older is taken for somebody else's work, and tried.
    assert!(matches!(then_the_store_holds(1), Action::Send(_)));
}

#[test]
fn the_pair_that_was_not_stored_first_is_kept_and_tried_if_the_other_is_refused() {
    let mut told = Told::sending();
    writes(told.issue(&pair(2)));
    // Another process was first.
    assert!(matches!(told.tell(Input::Conflict), Action::Read));
    assert!(matches!(told.read(&pair(3)), Action::TakeLease));
    let mut installation = Installation::default();
    let AnyCredential::Credential(bot) = pair(3) else { panic!() };
    installation.bot = Some(bot);
    assert!(told.notes[0].apply(&mut installation, Slot::Bot, told.now()));
    assert_eq!(installation.fallbacks(Slot::Bot)[0].pair_fingerprint(), pair(2).pair_fingerprint());
    // This process dies; the next one finds both, and Slack has kept the other one.
    let mut next = Told::new();
    next.now += 50_000;
    next.tell(Input::Tick);
    next.rotation.set_slot_state(&installation, Slot::Bot);
    assert!(matches!(next.read(&pair(3)), Action::TakeLease));
    next.send_again(&pair(3));
    assert!(matches!(next.fail(spent()), Action::Read));
    next.rotation.set_slot_state(&installation, Slot::Bot);
    let action = next.read(&pair(3));
    let Action::Send(RefreshRequest::Refresh(refresh)) = action else { panic!("{action:?}") };
    let request = refresh.to_request(
        &crate::Endpoint::slack(),
        &crate::PublicClient::new(crate::ClientId::new("1.2").unwrap()).into(),
    );
    assert!(String::from_utf8_lossy(request.body().as_ref()).contains("xoxe-1-2"));
    let write = writes(next.issue(&pair(4)));
    assert_eq!(write.replaces, pair(3).pair_fingerprint());
    assert!(write.apply(&mut installation, Slot::Bot));
    assert!(installation.fallbacks(Slot::Bot).is_empty(), "the new pair has proved itself");
    // If that is refused as well, a person must act.
    let mut last = Told::new();
    last.tell(Input::Tick);
    last.rotation.fallbacks = vec![pair(2)];
    last.read(&pair(1));
    last.send_again(&pair(1));
    last.fail(spent());
    last.rotation.fallbacks = vec![pair(2)];
    assert!(matches!(last.read(&pair(1)), Action::Send(_)));
    last.fail(spent());
    last.rotation.fallbacks = vec![pair(2)];
    assert!(matches!(last.read(&pair(1)), Action::Release));
    assert!(matches!(last.tell(Input::Released), Action::Stop(_)));
}
