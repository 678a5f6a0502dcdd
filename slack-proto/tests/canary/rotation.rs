//! The machine of rotation: its events, actions and notices.

use slack_proto::*;

use crate::seen::{CANARY, both, debug, token};

#[test]
fn a_rotation_and_what_it_says() {
    use slack_proto::rotation::{Action, Death, Event, Issued, Notice, Problem, Setback};
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
        both("mark", &stored.mark());
        let mut rotation = Rotation::new(RotationPolicy::new(), 0);
        let events = [
            Event::Look,
            Event::Read(Some(stored.clone())),
            Event::Leased,
            Event::Read(Some(stored.clone())),
            Event::Failed(Setback::Refused { code: CANARY.into(), class: ErrorClass::Other }),
            Event::Waited,
            Event::Leased,
            Event::Read(Some(stored)),
            Event::Issued(issued.clone()),
            Event::Written,
        ];
        for event in events {
            debug("Event", &event);
            if let Event::Failed(setback) = &event {
                debug("Setback", setback);
            }
            let action: Action = rotation.step(now, event);
            debug("Action", &action);
            match &action {
                Action::Send(trade) => debug("Trade", trade),
                Action::Write(write) => debug("Write", write),
                _ => {}
            }
            debug("Rotation", &rotation);
            if let Some(problem) = rotation.problem() {
                both("Problem", problem);
            }
        }
        let notices: Vec<Notice> = rotation.take_notices();
        assert!(notices.iter().any(|notice| matches!(notice, Notice::Spares { .. })));
        debug("Notice", &notices);
    }
    both("Death", &Death::RefreshTokenInvalid { code: CANARY.into() });
    both("Problem", &Problem::Dead(Death::RefreshTokenInvalid { code: CANARY.into() }));
}
