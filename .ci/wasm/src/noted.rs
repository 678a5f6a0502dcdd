//! What a rotation knows beside the credential: doubts, pairs to fall back on, and that a person must authorize again.

use std::time::Duration;

use http::Response;
use slack_proto::{
    AccessToken, ApiMethod, Installation, Recovery, Slot, Timestamp,
    error::ErrorClass,
    methods::OauthV2Refresh,
    rotation::{
        Action, AnyCredential, Input, Note, Problem, ReauthorizationReason, RefreshFailure,
        RefreshRequest, Rotation, RotationPolicy,
    },
    tokens::{Credential, InstallationKey, NeedsAuthorization, RefreshToken},
};

use crate::shown;

const SENT: Timestamp = Timestamp::from_unix(1_000);
const DUE: Timestamp = Timestamp::from_unix(43_000);
const NEW: &str =
    r#"{"ok":true,"access_token":"xoxe.xoxb-2","refresh_token":"xoxe-2","expires_in":43200}"#;

pub(crate) fn notes() {
    let mut installation = installed();
    let spent = Input::Failed(RefreshFailure::Spent { code: "invalid_refresh_token".into() });
    let Action::Note(note) = until(&mut sending(&installation), spent, &installation, |action| {
        matches!(action, Action::Note(_))
    }) else {
        panic!("a note")
    };
    assert!(Note::apply(&note, &mut installation, Slot::Bot, DUE));
    assert!(!Note::apply(&note, &mut installation, Slot::Bot, DUE), "it is there already");
    let kept = Installation::needs_authorization(&installation, Slot::Bot).unwrap().clone();
    assert_eq!((kept.since, kept.reason.as_str()), (DUE, "refresh_token_invalid"));

    // Another process reads the note and asks nobody.
    let mut other = Rotation::new(RotationPolicy::new(), 7);
    other.step(DUE, Input::Tick);
    Rotation::set_slot_state(&mut other, &installation, Slot::Bot);
    let action = other.step(DUE, Input::Read(installation.any_credential(Slot::Bot)));
    let Action::Stop(reason) = action else { panic!("a stop") };
    assert_eq!(ReauthorizationReason::code(&reason).unwrap().as_str(), "invalid_refresh_token");
    assert_eq!(ReauthorizationReason::from_note(&kept.reason, kept.code.as_ref()), reason);

    Installation::set_needs_authorization(&mut installation, Slot::Bot, None);
    assert!(installation.needs_authorization(Slot::Bot).is_none());
    let held = installation.any_credential(Slot::Bot).unwrap();
    let own = NeedsAuthorization::new(SENT, "a_new_word", &held);
    installation.set_needs_authorization(Slot::Bot, Some(own));
    let read = Installation::decode(installation.encode_exposing_secrets().as_ref()).unwrap();
    assert_eq!(read.needs_authorization(Slot::Bot).unwrap().reason.as_str(), "a_new_word");
}

pub(crate) fn doubts() {
    let mut installation = installed();
    assert!(Installation::keep_fallback(&mut installation, Slot::Bot, pair("2")));
    assert!(!Installation::keep_fallback(&mut installation, Slot::Bot, pair("2")));
    let pairs = Installation::fallbacks(&installation, Slot::Bot);
    assert_eq!(pairs[0].access_token().unwrap().expose(), "xoxe.xoxb-2");
    assert!(!format!("{installation:?}").contains("xox"));
    assert_eq!(Installation::take_fallbacks(&mut installation, Slot::Bot).len(), 1);
    assert!(installation.fallbacks(Slot::Bot).is_empty());

    let mut rotation = sending(&installation);
    assert!(!Rotation::is_in_doubt(&rotation, DUE));
    rotation.step(DUE, Input::Failed(RefreshFailure::Unknown { after: None }));
    assert!(Rotation::is_in_doubt(&rotation, DUE));
    assert!(!Rotation::is_in_doubt(&rotation, DUE + Duration::from_secs(86_400)));
}

pub(crate) fn unsaved_pairs() {
    let installation = installed();
    let held = installation.any_credential(Slot::Bot).unwrap();
    let request = RefreshRequest::refresh(&held).unwrap();
    assert_eq!(RefreshRequest::method(&request), "oauth.v2.access");
    let mut rotation = sending(&installation);
    assert!(Rotation::give_up_unsaved(&mut rotation).is_none());
    let reply = <OauthV2Refresh>::parse_response(&Response::new(NEW)).unwrap().value;
    let action = rotation.step(DUE, Input::Issued(reply.into_credential(DUE)));
    assert!(matches!(action, Action::Write(_)));
    let unsaved = Rotation::give_up_unsaved(&mut rotation).unwrap();
    assert_eq!(unsaved.access_token().unwrap().expose(), "xoxe.xoxb-2");
    assert!(rotation.unsaved().is_none());
}

pub(crate) fn reasons() {
    let refused =
        |code: &str| RefreshFailure::Refused { code: code.into(), class: ErrorClass::Config };
    assert!(RefreshFailure::refuses_client(&refused("bad_client_secret")));
    assert!(!RefreshFailure::refuses_client(&refused("missing_scope")));
    let authorize = Problem::ReauthorizationNeeded(ReauthorizationReason::RefreshTokenExpired);
    for (problem, recovery, refuses_client) in [
        (authorize, "authorize_again", false),
        (Problem::ClientRefused, Recovery::FixConfiguration.as_str(), true),
        (Problem::Store, Recovery::RetryLater { after: None }.as_str(), false),
    ] {
        shown(&problem);
        assert_eq!(Problem::recovery(&problem).as_str(), recovery);
        assert_eq!(Problem::refuses_client(&problem), refuses_client);
    }
    for word in ["no_refresh_token", "refresh_token_expired", "refresh_token_spent"] {
        let reason = ReauthorizationReason::from_note(&word.into(), None);
        assert_eq!((reason.as_str(), reason.code()), (word, None));
    }
}

/// A rotation that has just asked for its refresh to be sent.
fn sending(installation: &Installation) -> Rotation {
    let mut rotation = Rotation::new(RotationPolicy::new(), 7);
    until(&mut rotation, Input::Tick, installation, |action| matches!(action, Action::Send(_)));
    rotation
}

/// Reads and leases until an action is the one that is sought.
fn until(
    rotation: &mut Rotation,
    first: Input,
    installation: &Installation,
    is_sought: fn(&Action) -> bool,
) -> Action {
    let mut event = first;
    for _ in 0..20 {
        let action = rotation.step(DUE, event);
        event = match action {
            action if is_sought(&action) => return action,
            Action::Read => Input::Read(installation.any_credential(Slot::Bot)),
            Action::TakeLease => Input::Leased,
            Action::Release => Input::Released,
            Action::Wait(_) => Input::Waited,
            other => panic!("{other:?}"),
        };
    }
    panic!("it never came")
}

fn installed() -> Installation {
    let mut installation = Installation::new(InstallationKey::Workspace("T1".into()));
    let AnyCredential::Credential(bot) = pair("1") else { panic!("a bot's pair") };
    installation.bot = Some(bot);
    installation
}

fn pair(number: &str) -> AnyCredential {
    let token = AccessToken::new(format!("xoxe.xoxb-{number}")).unwrap();
    let mut bot = Credential::new(token, SENT);
    bot.refresh_token = Some(RefreshToken::new(format!("xoxe-{number}")).unwrap());
    bot.expires_at = Some(SENT + Duration::from_secs(43_200));
    AnyCredential::Credential(bot)
}
