//! What Slack answers.

use super::*;

#[test]
fn after_an_unknown_outcome_the_same_refresh_token_is_sent_on_the_schedule() {
    let mut told = Told::sending();
    let mut waits = Vec::new();
    for _ in 0..8 {
        waits.push(super::waits(&told.fail(unknown())).as_secs_f32());
        told.now += 10;
        assert!(matches!(told.tell(Input::Waited), Action::TakeLease), "the lease is prolonged");
        assert!(matches!(told.tell(Input::Leased), Action::Read));
        let Action::Send(RefreshRequest::Refresh(refresh)) = told.read(&pair(1)) else { panic!() };
        let app = crate::PublicClient::new(crate::ClientId::new("1").unwrap()).into();
        let request = refresh.to_request(&crate::Endpoint::slack(), &app);
        assert!(request.body().as_ref().ends_with(b"refresh_token=xoxe-1-1"));
    }
    assert_eq!(waits, [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]);
    writes(told.issue(&pair(2)));
    told.tell(Input::Written);
    assert_eq!(told.rotation.problem(), None);
}

#[test]
fn a_slack_that_is_silent_for_long_is_asked_rarely_and_each_time_twice() {
    let mut told = Told::sending();
    let mut waits = Vec::new();
    // Each request is answered at once, by what tells nothing.
    while told.now < Told::sending().now + 3 * 3_600 {
        let action = told.fail(unknown());
        let wait = match action {
            Action::Release => super::waits(&told.tell(Input::Released)),
            action => super::waits(&action),
        };
        waits.push(wait.as_secs());
        told.now += wait.as_secs().max(1);
        assert!(matches!(told.tell(Input::Waited), Action::TakeLease));
        assert!(matches!(told.tell(Input::Leased), Action::Read));
        assert!(matches!(told.read(&pair(1)), Action::Send(_)), "it is never given up");
    }
    let first = waits.iter().position(|wait| *wait > 15).unwrap();
    let before: u64 = waits[..first].iter().sum();
    assert!(before > 590, "for ten minutes nothing is risked: {before}");
    for two in waits[first..].chunks_exact(2) {
        assert!((60..=300).contains(&two[0]) && two[1] == 15, "{two:?}");
    }
    assert!(waits.ends_with(&[300, 15]) || waits.ends_with(&[15, 300]));
    assert!(waits.len() < 130, "{} requests in three hours", waits.len());
    // What comes at last is stored.
    writes(told.issue(&pair(2)));
}

#[test]
fn retry_after_counts_unless_it_outlasts_the_grace_time() {
    let wait = |after| {
        let mut told = Told::sending();
        waits(&told.fail(RefreshFailure::Unknown { after: Some(seconds(after)) }))
    };
    assert_eq!(wait(0), Duration::from_millis(500));
    assert_eq!(wait(15), seconds(15));
    // A minute's grace may have begun up to 45 s ago, when the request was sent.
    assert_eq!(wait(16), Duration::from_millis(500));
}

#[test]
fn while_the_token_may_be_spent_no_wait_of_ours_outlasts_the_grace_time() {
    let limited = RefreshFailure::RateLimited { after: None };
    for failure in
        [unknown(), RefreshFailure::NothingSent, limited, refused("never_seen", ErrorClass::Other)]
    {
        let mut told = Told::sending();
        told.fail(unknown());
        for _ in 0..9 {
            told.tell(Input::Waited);
            told.send_again(&pair(1));
            let wait = waits(&told.fail(failure.clone()));
            assert!(wait <= seconds(15), "{failure:?}: {wait:?}");
        }
    }
    // Slack takes nothing before: then that is so.
    let mut told = Told::sending();
    told.fail(unknown());
    told.tell(Input::Waited);
    told.send_again(&pair(1));
    let limited = RefreshFailure::RateLimited { after: Some(seconds(40)) };
    assert_eq!(waits(&told.fail(limited)), seconds(40));
}

#[test]
fn a_rate_limit_waits_as_slack_says() {
    for (after, expected) in [(Some(7), 7), (None, 30), (Some(u64::MAX), 3600)] {
        let mut told = Told::sending();
        let failure = RefreshFailure::RateLimited { after: after.map(seconds) };
        assert_eq!(waits(&told.fail(failure)), seconds(expected));
        assert_eq!(told.rotation.problem(), Some(&Problem::RateLimited));
        assert!(matches!(told.tell(Input::Waited), Action::TakeLease));
        told.send_again(&pair(1));
    }
}

#[test]
fn where_nothing_was_sent_it_is_sent_again() {
    let mut told = Told::sending();
    assert_eq!(waits(&told.fail(RefreshFailure::NothingSent)), Duration::from_millis(500));
    assert!(matches!(told.tell(Input::Waited), Action::TakeLease));
    // Nothing is in doubt, so the store must be read first.
    told.tell(Input::Leased);
    waits(&told.tell(Input::ReadFailed));
}

#[test]
fn without_a_new_refresh_token_the_old_one_stays() {
    let lone = changed(pair(2), |it| {
        it.refresh_token = None;
        it.refresh_token_issued_at = None;
    });
    let mut told = Told::sending();
    let write = writes(told.issue(&lone));
    assert_eq!(write.credential.refresh_token().unwrap().expose(), "xoxe-1-1");
    let issued_at = write.credential.refresh_token_issued_at();
    assert_eq!(issued_at, pair(1).refresh_token_issued_at(), "it ends when it did");
    told.tell(Input::Written);
    let notices = told.rotation.take_events();
    assert!(
        notices.iter().any(|it| matches!(it, RotationEvent::NoRefreshToken { .. })),
        "{notices:?}"
    );
    // The next refresh sends it once more.
    told.tell(Input::Released);
    told.now += 40_000;
    assert!(matches!(told.tell(Input::Tick), Action::TakeLease));
    told.send_again(&write.credential);
}

#[test]
fn what_came_along_is_handed_on() {
    let mut told = Told::sending();
    let mut issued = Issued::new(pair(2));
    issued.spare_refresh_tokens = vec![RefreshToken::new("xoxe-1-spare").unwrap()];
    let AnyCredential::Credential(second) = pair(9) else { panic!() };
    issued.unplaced = Some(second);
    let write = writes(told.tell(Input::Issued(issued)));
    assert_eq!(write.unplaced.unwrap().access_token.expose(), "xoxe.xoxb-1-9");
    let notices = told.rotation.take_events();
    assert!(
        notices
            .iter()
            .any(|it| matches!(it, RotationEvent::Spares { tokens } if tokens.len() == 1))
    );
}

#[test]
fn a_token_that_is_due_as_it_comes_is_not_asked_for_without_end() {
    let brief = changed(pair(2), |it| it.expires_at = Some(it.issued_at));
    let mut told = Told::sending();
    writes(told.issue(&brief));
    told.tell(Input::Written);
    assert!(matches!(told.tell(Input::Released), Action::Rest { .. }));
    assert!(matches!(told.tell(Input::Tick), Action::Rest { .. }));
    told.now += 59;
    assert!(matches!(told.tell(Input::Tick), Action::Rest { .. }));
    told.now += 1;
    assert!(matches!(told.tell(Input::Tick), Action::TakeLease));
}

#[test]
fn a_token_that_slack_rejects_at_once_is_refreshed_ever_more_rarely() {
    let mut told = Told::with(&pair(2));
    let mut held = pair(2);
    told.now += 3_600;
    let mut refreshes = Vec::new();
    // Two hours, a call each ten seconds, each answered `token_expired`.
    for _ in 0..720 {
        let (token, rejection) = (held.fingerprint(), Rejection::Expired);
        let mut action = told.tell(Input::Rejected { token, rejection });
        if matches!(action, Action::TakeLease) {
            told.send_again(&held);
            let issued_at = told.now();
            held = changed(pair(2), |it| {
                let number = refreshes.len();
                it.access_token = AccessToken::new(format!("xoxe.xoxb-1-n{number}")).unwrap();
                it.refresh_token = Some(RefreshToken::new(format!("xoxe-1-n{number}")).unwrap());
                it.issued_at = issued_at;
                it.expires_at = Some(issued_at + seconds(43_200));
            });
            refreshes.push(told.now - START - 3_600);
            writes(told.issue(&held));
            told.tell(Input::Written);
            action = told.tell(Input::Released);
        }
        assert!(matches!(action, Action::Rest { .. }), "{action:?}");
        told.now += 10;
    }
    // The first one was of a token that had ended; then 1, 2, 4, 8, 16, 32 and 60 minutes.
    assert_eq!(refreshes, [0, 60, 180, 420, 900, 1_860, 3_780]);
}

#[test]
fn an_installation_that_is_not_there_yet_is_looked_for_again() {
    let mut told = Told::new();
    told.tell(Input::Tick);
    let action = told.rotation.step(told.now(), Input::Read(None));
    assert_eq!(waits(&action), seconds(1));
    assert!(matches!(told.rotation.step(told.now(), Input::Waited), Action::Read));
    assert!(matches!(told.read(&pair(2)), Action::Rest { .. }));
    // An unknown key is nothing to tell an operator.
    let mut told = Told::new();
    told.tell(Input::Tick);
    let action = told.tell(Input::Read(None));
    assert!(matches!(action, Action::Stop(ReauthorizationReason::Missing)), "{action:?}");
    assert!(told.rotation.take_events().is_empty());
}

#[test]
fn a_token_that_lives_for_ever_is_exchanged() {
    let mut told = Told::with(&lasting());
    assert!(matches!(told.tell(Input::Exchange), Action::TakeLease));
    told.tell(Input::Leased);
    assert!(matches!(told.read(&lasting()), Action::Send(RefreshRequest::Exchange(_))));
    // The outcome is unknown: the old token lives, and is sent again.
    waits(&told.fail(unknown()));
    told.tell(Input::Waited);
    told.tell(Input::Leased);
    assert!(matches!(told.read(&lasting()), Action::Send(RefreshRequest::Exchange(_))));
    let write = writes(told.issue(&pair(2)));
    assert_eq!(write.replaces, lasting().pair_fingerprint());
    told.tell(Input::Written);
    assert!(matches!(told.tell(Input::Released), Action::Rest { due_at: Some(_) }));
    assert!(matches!(told.tell(Input::Exchange), Action::Rest { .. }), "it rotates already");
    told.now += 40_000;
    assert!(matches!(told.tell(Input::Tick), Action::TakeLease), "and goes on to");
}

#[test]
fn a_refused_exchange_leaves_the_token_as_it_is() {
    for (code, failure, class) in [
        ("token_already_exchanged", None, ErrorClass::Other),
        ("token_rotation_not_enabled", None, ErrorClass::Other),
        ("invalid_auth", None, ErrorClass::Other),
        // No refresh token was sent that could have ended.
        ("invalid_refresh_token", Some(spent()), ErrorClass::AuthDead),
    ] {
        let mut told = Told::with(&lasting());
        told.tell(Input::Exchange);
        told.tell(Input::Leased);
        told.read(&lasting());
        let action = told.fail(failure.unwrap_or_else(|| refused(code, class)));
        assert!(matches!(action, Action::Read), "another process may have done it");
        assert!(matches!(told.read(&lasting()), Action::Release));
        assert!(matches!(told.tell(Input::Released), Action::Rest { due_at: None }));
        assert!(told.rotation.valid_credential(told.now(), Duration::ZERO).is_some());
        let problem = Problem::Refused { code: code.into(), class };
        assert_eq!(told.rotation.problem(), Some(&problem));
    }
}

#[test]
fn to_ask_for_a_refresh_that_is_under_way_changes_nothing() {
    let mut told = Told::sending();
    assert!(matches!(told.tell(Input::Refresh), Action::Await));
    let limited = RefreshFailure::RateLimited { after: None };
    assert_eq!(waits(&told.fail(limited)), seconds(30), "there is no hurry");
}

#[test]
fn a_token_can_be_refreshed_before_it_is_due() {
    let mut told = Told::with(&pair(2));
    assert!(matches!(told.tell(Input::Refresh), Action::TakeLease));
    told.send_again(&pair(2));
    writes(told.issue(&pair(3)));
    told.tell(Input::Written);
    assert!(matches!(told.tell(Input::Released), Action::Rest { .. }), "once is enough");
    assert!(matches!(told.tell(Input::Refresh), Action::Rest { .. }), "it is a moment old");
    let mut told = Told::with(&lasting());
    assert!(matches!(told.tell(Input::Refresh), Action::Rest { .. }));
}

#[test]
fn an_answer_that_nobody_asked_for_is_not_written() {
    let mut told = Told::with(&pair(2));
    let action = told.issue(&pair(3));
    assert!(!matches!(action, Action::Write(_)), "{action:?}");
    assert_eq!(told.held(), token(2));
}
