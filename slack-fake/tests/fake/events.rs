//! Events, and how they are delivered.

use serde_json::Value;
use slack_fake::{EventError, EventKind, FakeSlack};

use crate::support::*;

const URL: &str = "https://app.example.com/slack/events";

fn fake_with_events() -> FakeSlack {
    fake_with(app().signing_secret("fake-signing-secret-0001"))
}

fn kinds(fake: &mut FakeSlack) -> Vec<&'static str> {
    fake.take_events().iter().map(|event| event.kind.name()).collect()
}

#[test]
fn an_uninstall_has_two_events_that_may_come_late_and_again() {
    let mut fake = fake_with_events();
    let fields = [("scope", "commands"), ("user_scope", "chat:write")];
    let code = code(&mut fake, &fields, NOW);
    let installed = access(&mut fake, &[("code", &code)], NOW);
    assert_eq!(kinds(&mut fake), [""; 0]);
    assert_eq!(fake.uninstall(CLIENT_ID, "T0FAKE00001"), 2);
    let events = fake.take_events();
    let bot = text(&installed, "bot_user_id").to_owned();
    let EventKind::TokensRevoked { oauth, bot: bots, .. } = &events[0].kind else { panic!() };
    assert_eq!((oauth, bots), (&vec!["U0FAKE00001".to_owned()], &vec![bot]));
    assert_eq!(events[1].kind, EventKind::AppUninstalled);
    assert_eq!(events.len(), 2);

    let first = fake.event_request(&events[1], URL, NOW + 3600, 0).unwrap();
    let again = fake.event_request(&events[1], URL, NOW + 3700, 1).unwrap();
    assert_eq!(first.body(), again.body());
    assert_eq!(first.headers().get("x-slack-retry-num"), None);
    assert_eq!(again.headers()["x-slack-retry-num"], "1");
    assert_eq!(again.headers()["x-slack-retry-reason"], "http_timeout");
    assert_eq!(first.headers()["x-slack-request-timestamp"], (NOW + 3600).to_string().as_str());
    assert_ne!(first.headers()["x-slack-signature"], again.headers()["x-slack-signature"]);
    let body: Value = serde_json::from_slice(first.body()).unwrap();
    assert_eq!(body["type"], "event_callback");
    assert_eq!(body["event"]["type"], "app_uninstalled");
    assert_eq!(body["event_time"], NOW);
    assert_eq!(body["event_id"], events[1].id.as_str());
    assert!(events[1].id.starts_with("Ev0"));
    assert_eq!(
        (&body["team_id"], &body["api_app_id"]),
        (&"T0FAKE00001".into(), &"A0FAKE00001".into())
    );
}

#[test]
fn tokens_that_are_revoked_by_any_way_have_an_event() {
    let mut fake = fake_with_events();
    let token = text(&install(&mut fake, NOW), "access_token").to_owned();
    let bearer = format!("Bearer {token}");
    call(&mut fake, "auth.revoke", &bearer, &[("test", "1")], NOW);
    assert_eq!(kinds(&mut fake), [""; 0]);
    call(&mut fake, "auth.revoke", &bearer, &[], NOW + 5);
    let events = fake.take_events();
    assert_eq!((events.len(), events[0].time), (1, NOW + 5));

    let token = text(&install(&mut fake, NOW), "access_token").to_owned();
    assert!(fake.revoke(&token));
    assert_eq!(kinds(&mut fake), ["tokens_revoked"]);
    assert!(fake.revoke(&token));
    assert_eq!(kinds(&mut fake), [""; 0], "it was revoked before");

    let token = text(&install(&mut fake, NOW), "access_token").to_owned();
    let client = [("client_id", CLIENT_ID), ("client_secret", SECRET)];
    call(&mut fake, "apps.uninstall", &format!("Bearer {token}"), &client, NOW);
    assert_eq!(kinds(&mut fake), ["tokens_revoked", "app_uninstalled"]);
}

#[test]
fn a_request_url_is_verified() {
    let fake = fake_with_events();
    let request = fake.url_verification_request(CLIENT_ID, URL, "ch4llenge", NOW).unwrap();
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(
        (&body["type"], &body["challenge"]),
        (&"url_verification".into(), &"ch4llenge".into())
    );
    assert_eq!((request.method().as_str(), request.uri().to_string()), ("POST", URL.to_owned()));
    assert_eq!(request.headers()["content-type"], "application/json");
}

#[test]
fn an_app_without_a_signing_secret_has_no_events() {
    let mut fake = fake();
    install(&mut fake, NOW);
    fake.uninstall(CLIENT_ID, "T0FAKE00001");
    assert_eq!(kinds(&mut fake), [""; 0]);
    let none = fake.url_verification_request(CLIENT_ID, URL, "c", NOW).unwrap_err();
    assert_eq!(none, EventError::NoSigningSecret);
    let bad = fake_with_events().url_verification_request(CLIENT_ID, "no url", "c", NOW);
    assert_eq!(bad.unwrap_err(), EventError::BadUrl);
    assert!(
        none.to_string().contains("signing_secret") && !EventError::BadUrl.to_string().is_empty()
    );
}
