//! Credentials with an unknown end, and those that end for good.

use super::*;

fn of_unknown_end(n: u64) -> AnyCredential {
    changed(pair(n), |it| it.expires_at = None)
}

#[test]
fn a_pair_of_unknown_end_is_refreshed_at_its_first_use_and_not_handed_out_before() {
    let mut told = Told::new();
    assert!(matches!(told.tell(Input::Tick), Action::Read));
    assert!(matches!(told.read(&of_unknown_end(2)), Action::TakeLease));
    assert!(told.rotation.valid_credential(told.now(), Duration::ZERO).is_none());
    told.send_again(&of_unknown_end(2));
    writes(told.issue(&pair(3)));
    told.tell(Input::Written);
    assert!(told.rotation.valid_credential(told.now(), seconds(600)).is_some());
    assert_eq!(told.held(), token(3));
}

#[test]
fn a_refresh_that_does_not_say_how_long_its_token_lives_is_not_asked_again_and_again() {
    let mut told = Told::sending();
    let new = changed(pair(2), |it| it.expires_at = None);
    let written = writes(told.issue(&new)).credential;
    let end = Timestamp::from_unix(START + 43_200);
    assert_eq!(written.expires_at(), Some(end), "everybody who reads it knows that it is new");
    told.tell(Input::Written);
    assert!(matches!(told.tell(Input::Released), Action::Rest { .. }));
    told.now += 3_600;
    assert!(matches!(told.tell(Input::Tick), Action::Rest { .. }));
    assert!(told.rotation.valid_credential(told.now(), seconds(600)).is_some());
}

#[test]
fn an_end_without_a_refresh_token_is_told_ahead_and_once() {
    let ending = changed(pair(2), |it| it.refresh_token = None);
    let end = Timestamp::from_unix(START + 43_200);
    let mut told = Told::with(&ending);
    for _ in 0..2 {
        told.now += 60;
        told.tell(Input::Tick);
    }
    let events = told.rotation.take_events();
    let ends: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            RotationEvent::EndsWithoutRefresh { expires_at, .. } => Some(*expires_at),
            _ => None,
        })
        .collect();
    assert_eq!(ends, [end]);
    assert_eq!(told.rotation.authorization_ends_at(), Some(end));
    assert_eq!(Told::with(&lasting()).rotation.authorization_ends_at(), None);
}
