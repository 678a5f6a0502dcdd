//! The machine of rotation: its events, actions and notices.

use slack_proto::{error::*, rotation::*, tokens::*, *};

use crate::seen::{CANARY, both, debug, token};

#[test]
fn a_rotation_and_what_it_says() {
    use slack_proto::rotation::{
        Action, Input, Issued, Problem, ReauthorizationReason, RefreshFailure, RotationEvent,
    };
    let refresh_token = || RefreshToken::new(CANARY).unwrap();
    let now = Timestamp::from_unix(1_795_219_200);
    let mut credential = Credential::new(token(), Timestamp::from_unix(1));
    credential.refresh_token = Some(refresh_token());
    credential.expires_at = Some(now);
    let configuration = ConfigurationCredential::new(
        ConfigurationToken::new(CANARY).unwrap(),
        refresh_token(),
        Timestamp::from_unix(1),
    );
    let mut issued = Issued::new(Credential::new(AccessToken::new("xoxb-C4n4ry-2").unwrap(), now));
    issued.spare_refresh_tokens = vec![refresh_token()];
    issued.unplaced = Some(credential.clone());
    for stored in [AnyCredential::from(credential), AnyCredential::from(configuration)] {
        debug("AnyCredential", &stored);
        both("mark", &stored.pair_fingerprint());
        let mut rotation = Rotation::new(RotationPolicy::new(), 0);
        let events = [
            Input::Tick,
            Input::Read(Some(stored.clone())),
            Input::Leased,
            Input::Read(Some(stored.clone())),
            Input::Failed(RefreshFailure::Refused {
                code: CANARY.into(),
                class: ErrorClass::Other,
            }),
            Input::Waited,
            Input::Leased,
            Input::Read(Some(stored)),
            Input::Issued(issued.clone()),
            Input::Written,
        ];
        for event in events {
            debug("Input", &event);
            if let Input::Failed(setback) = &event {
                debug("RefreshFailure", setback);
            }
            let action: Action = rotation.step(now, event);
            debug("Action", &action);
            match &action {
                Action::Send(trade) => debug("RefreshRequest", trade),
                Action::Write(write) => debug("Write", write),
                _ => {}
            }
            debug("Rotation", &rotation);
            if let Some(problem) = rotation.problem() {
                both("Problem", problem);
            }
        }
        let notices: Vec<RotationEvent> = rotation.take_events();
        assert!(notices.iter().any(|notice| matches!(notice, RotationEvent::Spares { .. })));
        debug("RotationEvent", &notices);
    }
    both(
        "ReauthorizationReason",
        &ReauthorizationReason::RefreshTokenInvalid { code: CANARY.into() },
    );
    both(
        "Problem",
        &Problem::ReauthorizationNeeded(ReauthorizationReason::RefreshTokenInvalid {
            code: CANARY.into(),
        }),
    );
}

#[test]
fn a_note_of_a_rotation() {
    let now = Timestamp::from_unix(1_795_219_200);
    let mut credential = Credential::new(token(), Timestamp::from_unix(1));
    credential.refresh_token = Some(RefreshToken::new(CANARY).unwrap());
    credential.expires_at = Some(now);
    let stored = || Some(AnyCredential::from(credential.clone()));
    let mut rotation = Rotation::new(RotationPolicy::new(), 0);
    let mut input = Input::Tick;
    for _ in 0..50 {
        input = match rotation.step(now, input) {
            Action::Read => Input::Read(stored()),
            Action::TakeLease => Input::Leased,
            Action::Send(_) => Input::Failed(RefreshFailure::Spent { code: CANARY.into() }),
            Action::Release => Input::Released,
            Action::Wait(_) => Input::Waited,
            Action::Note(note) => {
                debug("Note", &note);
                debug("Fact", &note.fact);
                return;
            }
            action => panic!("{action:?}"),
        };
    }
    panic!("no note");
}
