//! What Slack refuses: what is tried again, and what needs a person.

use super::*;

#[test]
fn a_spent_refresh_token_ends_it_only_after_the_store_was_read_again() {
    let mut told = Told::sending();
    assert!(matches!(told.fail(spent()), Action::Read));
    assert!(matches!(told.read(&pair(1)), Action::Release));
    let code = "invalid_refresh_token".into();
    let reason = ReauthorizationReason::RefreshTokenInvalid { code };
    let Action::Stop(stopped) = told.tell(Input::Released) else { panic!() };
    assert_eq!(stopped, reason);
    assert_eq!(told.rotation.problem(), Some(&Problem::ReauthorizationNeeded(reason)));
    // Whoever asks again makes it read the store, and no more.
    for _ in 0..2 {
        assert!(matches!(told.tell(Input::Tick), Action::Read));
        assert!(matches!(told.read(&pair(1)), Action::Stop(_)));
    }
    let notices = told.rotation.take_events();
    let dead =
        |notice: &&RotationEvent| matches!(notice, RotationEvent::ReauthorizationNeeded { .. });
    assert_eq!(notices.iter().filter(dead).count(), 1, "{notices:?}");
    // A person has authorized again.
    assert!(matches!(told.tell(Input::Tick), Action::Read));
    assert!(matches!(told.read(&pair(7)), Action::Rest { .. }));
    assert_eq!(told.held(), token(7));
}

#[test]
fn a_spent_refresh_token_whose_successor_is_stored_is_no_harm() {
    let mut told = Told::sending();
    told.fail(spent());
    assert!(matches!(told.tell(Input::ReadFailed), Action::Wait(_)));
    assert!(matches!(told.tell(Input::Waited), Action::Read));
    assert!(matches!(told.read(&pair(2)), Action::Release));
    assert!(matches!(told.tell(Input::Released), Action::Rest { .. }));
    assert_eq!(told.held(), token(2));
}

#[test]
fn a_token_that_still_lives_outlives_its_refresh_token() {
    let mut told = Told::with(&pair(2));
    told.now += 40_000;
    told.tell(Input::Tick);
    told.send_again(&pair(2));
    told.fail(spent());
    told.read(&pair(2));
    assert!(matches!(told.tell(Input::Released), Action::Stop(_)));
    assert!(told.rotation.valid_credential(told.now(), seconds(3_000)).is_some());
    told.now += 3_200;
    assert!(told.rotation.valid_credential(told.now(), Duration::ZERO).is_none());
}

#[test]
fn the_thirty_days_of_a_public_client_are_told() {
    let mut told = Told::by(RotationPolicy::new().for_public_client());
    told.tell(Input::Tick);
    told.read(&pair(1));
    let end = Timestamp::from_unix(START - 43_200 + 30 * 86_400);
    assert_eq!(told.rotation.refresh_token_ends(), Some(end));
    told.now = end.as_unix();
    // A clock can be wrong, so Slack is asked all the same.
    told.send_again(&pair(1));
    told.fail(spent());
    told.read(&pair(1));
    let Action::Stop(reason) = told.tell(Input::Released) else { panic!() };
    assert_eq!(reason, ReauthorizationReason::RefreshTokenExpired);
    let told = Told::with(&pair(2));
    assert_eq!(told.rotation.refresh_token_ends(), None, "a confidential client's do not end");
}

#[test]
fn a_public_client_that_is_refused_within_its_thirty_days_learns_the_code() {
    let mut told = Told::by(RotationPolicy::new().for_public_client());
    told.tell(Input::Tick);
    told.read(&pair(1));
    told.now = START - 43_200 + 30 * 86_400 - 10;
    told.send_again(&pair(1));
    told.fail(spent());
    told.read(&pair(1));
    let Action::Stop(reason) = told.tell(Input::Released) else { panic!() };
    assert_eq!(
        reason,
        ReauthorizationReason::RefreshTokenInvalid { code: "invalid_refresh_token".into() }
    );
}

#[test]
fn a_refusal_that_an_operator_can_cure_ends_nothing() {
    for (code, class, wait) in [
        ("bad_client_secret", ErrorClass::Config, 300),
        ("invalid_auth", ErrorClass::AuthDead, 300),
        ("account_inactive", ErrorClass::AuthDead, 300),
        ("invalid_arguments", ErrorClass::CallerBug, 300),
        ("accesslimited", ErrorClass::Denied, 300),
    ] {
        let mut told = Told::sending();
        assert_eq!(waits(&told.fail(refused(code, class))), seconds(wait), "{code}");
        let problem = Problem::Refused { code: code.into(), class };
        assert_eq!(told.rotation.problem(), Some(&problem));
        assert_eq!(told.held(), token(1), "nothing is thrown away");
        assert!(matches!(told.tell(Input::Waited), Action::TakeLease));
        told.send_again(&pair(1));
        writes(told.issue(&pair(2)));
        told.tell(Input::Written);
        assert_eq!(told.rotation.problem(), None);
    }
}

#[test]
fn while_the_grace_time_runs_a_refusal_is_retried_soon() {
    let mut told = Told::sending();
    told.fail(unknown());
    told.tell(Input::Waited);
    told.send_again(&pair(1));
    let action = told.fail(refused("bad_client_secret", ErrorClass::Config));
    assert_eq!(waits(&action), seconds(1));
    let mut told = Told::sending();
    let action = told.fail(refused("never_seen", ErrorClass::Other));
    assert_eq!(waits(&action), Duration::from_millis(500));
}

#[test]
fn one_stale_read_ends_nothing() {
    let mut told = Told::sending();
    // The store lags: it holds what another process has replaced already.
    let action = told.fail(spent());
    assert!(matches!(action, Action::Read));
    let first = told.rotation.step(told.now(), Input::Read(Some(pair(1))));
    assert_eq!(waits(&first), seconds(1));
    let _ = told.rotation.step(told.now(), Input::Waited);
    let second = told.rotation.step(told.now(), Input::Read(Some(pair(1))));
    assert_eq!(waits(&second), seconds(5));
    assert!(
        told.rotation.problem().is_none_or(|it| !matches!(it, Problem::ReauthorizationNeeded(_)))
    );
    let _ = told.rotation.step(told.now(), Input::Waited);
    assert!(matches!(told.read(&pair(2)), Action::Release));
    assert!(matches!(told.tell(Input::Released), Action::Rest { .. }));
    assert!(told.notes.is_empty());
}

#[test]
fn who_must_authorize_again_is_noted_in_the_store_and_no_other_process_asks() {
    for code in ["invalid_refresh_token", "token_revoked", "account_inactive"] {
        let mut told = Told::sending();
        assert!(matches!(told.fail(RefreshFailure::Spent { code: code.into() }), Action::Read));
        assert!(matches!(told.read(&pair(1)), Action::Release));
        assert!(matches!(told.tell(Input::Released), Action::Stop(_)));
        let mut installation = Installation::default();
        let AnyCredential::Credential(bot) = pair(1) else { panic!() };
        installation.bot = Some(bot);
        assert!(told.notes[0].apply(&mut installation, Slot::Bot, told.now()));
        assert!(!told.notes[0].apply(&mut installation, Slot::Bot, told.now()), "once is enough");
        let mut other = Told::new();
        other.tell(Input::Tick);
        other.rotation.set_slot_state(&installation, Slot::Bot);
        let Action::Stop(reason) = other.read(&pair(1)) else { panic!() };
        assert_eq!(reason, ReauthorizationReason::RefreshTokenInvalid { code: code.into() });
        // It is cleared: somebody wants it tried again.
        installation.set_needs_authorization(Slot::Bot, None);
        assert!(matches!(other.tell(Input::Tick), Action::Read));
        other.rotation.set_slot_state(&installation, Slot::Bot);
        assert!(matches!(other.read(&pair(1)), Action::TakeLease));
    }
}

#[test]
fn a_refusal_that_may_heal_by_itself_is_tried_ever_more_rarely() {
    let mut told = Told::sending();
    let mut hours = Vec::new();
    for _ in 0..9 {
        let wait = waits(&told.fail(refused("invalid_auth", ErrorClass::AuthDead)));
        hours.push(wait.as_secs() / 60);
        told.now += wait.as_secs();
        assert!(matches!(told.tell(Input::Waited), Action::TakeLease));
        told.send_again(&pair(1));
    }
    assert_eq!(hours, [5, 10, 20, 40, 80, 160, 320, 360, 360]);
    // A refused client is cured by its operator: the wait stays short.
    let mut told = Told::sending();
    for _ in 0..3 {
        let wait = waits(&told.fail(refused("bad_client_secret", ErrorClass::Config)));
        assert_eq!(wait, seconds(300));
        told.tell(Input::Waited);
        told.send_again(&pair(1));
    }
}
