//! What is stored beside the credentials: it comes back whole, and what a newer release has added is kept.

use serde_json::{Value, json};
use slack_proto::{
    Installation, Slot, Timestamp,
    rotation::AnyCredential,
    tokens::{AppData, ConfigurationCredential, Credential, NeedsAuthorization},
};

/// Written by the first release that had stores.
const OLD: &[u8] = include_bytes!("data/installation.json");

fn value(installation: &Installation) -> Value {
    serde_json::from_slice(installation.encode_exposing_secrets().as_ref()).unwrap()
}

#[test]
fn values_of_the_first_format_are_read_and_written_as_they_were() {
    let installation = Installation::decode(OLD).unwrap();
    assert_eq!(installation.encode_exposing_secrets().as_ref(), OLD);
    let old = include_bytes!("data/credential.json");
    let credential = Credential::decode(old).unwrap();
    assert_eq!(credential.encode_exposing_secrets().as_ref(), old);
    let old = include_bytes!("data/configuration.json");
    let configuration = ConfigurationCredential::decode(old).unwrap();
    assert_eq!(configuration.encode_exposing_secrets().as_ref(), old);
}

#[test]
fn fallbacks_notes_and_data_come_back() {
    let mut installation = Installation::decode(OLD).unwrap();
    let slots = [Slot::Bot, Slot::User, Slot::Unknown, Slot::Configuration];
    for (number, slot) in (10..).zip(slots) {
        let held = installation.any_credential(slot).unwrap();
        let pair = match held.clone() {
            AnyCredential::Credential(mut it) => {
                it.issued_at = Timestamp::from_unix(number);
                it.refresh_token = None;
                it.access_token = slack_proto::AccessToken::new(format!("xoxb-{number}")).unwrap();
                AnyCredential::from(it)
            }
            AnyCredential::Configuration(mut it) => {
                it.refresh_token = None;
                it.into()
            }
            _ => panic!("no other kind"),
        };
        assert!(installation.keep_fallback(slot, pair));
        let mut note = NeedsAuthorization::new(Timestamp::from_unix(number), "a_reason", &held);
        note.code = (slot == Slot::Bot).then(|| "invalid_refresh_token".into());
        installation.set_needs_authorization(slot, Some(note));
    }
    installation.app_data = Some(AppData::new([0, 255, 7]).unwrap());

    let stored = installation.encode_exposing_secrets();
    let again = Installation::decode(stored.as_ref()).unwrap();
    assert_eq!(again.encode_exposing_secrets().as_ref(), stored.as_ref());
    assert_eq!(again.app_data.as_ref().unwrap().as_ref(), [0, 255, 7]);
    for (number, slot) in (10..).zip(slots) {
        let note = again.needs_authorization(slot).unwrap();
        assert_eq!(note, installation.needs_authorization(slot).unwrap());
        assert_eq!(note.since, Timestamp::from_unix(number));
        let [fallback] = again.fallbacks(slot) else { panic!("{slot:?}") };
        assert!(fallback.refresh_token().is_none());
    }
    // Without the credential that they are about they are not written.
    let mut gone = again;
    (gone.bot, gone.user, gone.unplaced, gone.configuration) = (None, None, None, None);
    assert!(!value(&gone).as_object().unwrap().keys().any(|name| name.ends_with("_state")));
}

#[test]
fn what_a_newer_release_added_is_written_again() {
    let objects = [
        "team",
        "enterprise",
        "bot",
        "user",
        "unplaced",
        "configuration",
        "incoming_webhook",
        "bot_state",
        "configuration_state",
    ];
    let mut stored: Value = serde_json::from_slice(OLD).unwrap();
    stored["later"] = json!([{"x": 1.50, "secret": "C4n4ry"}, null]);
    for name in objects {
        stored[name]["newer"] = json!({"of": name, "deep": [[{}]]});
    }
    let text = stored.to_string();
    let mut installation = Installation::decode(text.as_bytes()).unwrap();
    assert_eq!(value(&installation), stored);
    assert!(!format!("{installation:?}").contains("C4n4ry"));

    // A refresh by an older program: the pair is another, and the rest stays.
    let bot = installation.bot.as_mut().unwrap();
    bot.access_token = slack_proto::AccessToken::new("xoxb-new").unwrap();
    stored["bot"]["access_token"] = json!("xoxb-new");
    assert_eq!(value(&installation), stored);
    let twice = Installation::decode(installation.encode_exposing_secrets().as_ref()).unwrap();
    assert_eq!(value(&twice), stored);
}

#[test]
fn a_refusal_names_member_and_rule() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut stored: Value = serde_json::from_slice(OLD).unwrap();
        change(&mut stored);
        Installation::decode(stored.to_string().as_bytes()).unwrap_err().to_string()
    };
    for (data, rule) in [
        (json!("C4n4ry!"), "app_data: is not base64"),
        (json!("A".repeat(87_384 + 4)), "app_data: is too long"),
        (json!(7), "app_data: expected a string, found a number"),
    ] {
        assert_eq!(refused(&|stored| stored["app_data"] = data.clone()), rule);
    }
    let note = |note: Value| refused(&|it| it["bot_state"]["needs_authorization"] = note.clone());
    let place = "bot_state.needs_authorization";
    assert_eq!(note(json!({})), format!("{place}.refused: is missing"));
    let whole = json!({"refused": "00000000000000ff", "reason": "x", "since": 1});
    for (name, rule) in [("since", "is missing"), ("reason", "is missing")] {
        let mut part = whole.clone();
        part.as_object_mut().unwrap().remove(name);
        assert_eq!(note(part), format!("{place}.{name}: {rule}"));
    }
    for no_fingerprint in ["", "ff", "00000000000000FF", "+0000000000000ff"] {
        let mut part = whole.clone();
        part["refused"] = json!(no_fingerprint);
        assert_eq!(note(part), format!("{place}.refused: is not a fingerprint"));
    }
    let fallback = refused(&|it| it["user_state"] = json!({"fallbacks": [{"issued_at": 1}]}));
    assert_eq!(fallback, "user_state.fallbacks.access_token: is missing");
}
