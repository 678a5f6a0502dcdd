use http::HeaderMap;

use super::*;
use crate::{
    events::{RequestVerifier, SigningSecret},
    tokens::InstallationKey,
};

fn parse(body: &[u8]) -> Result<EventsApiRequest, InvalidEventsRequest> {
    let secret = SigningSecret::new("hush").unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("x-slack-request-timestamp", "7".parse().unwrap());
    headers.insert("x-slack-signature", secret.sign("7", body).parse().unwrap());
    let verifier = RequestVerifier::new(secret);
    EventsApiRequest::parse(&verifier.verify(&headers, body, Timestamp::from_unix(7)).unwrap())
}

fn callback(body: &str) -> EventCallback {
    match parse(body.as_bytes()).unwrap() {
        EventsApiRequest::EventCallback(callback) => *callback,
        other => panic!("{other:?}"),
    }
}

fn warnings(callback: &EventCallback) -> Vec<String> {
    callback.parse_warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn revoked_tokens_are_typed_with_their_envelope() {
    let got = callback(
        r#"{"token":"XXYYZZ","team_id":"T0FAKE00001","enterprise_id":"E0FAKE00001","api_app_id":"A0FAKE00001",
        "event":{"type":"tokens_revoked","tokens":{"oauth":["U0FAKE00001","U0FAKE00002"],"bot":["U0FAKE00BOT"]}},
        "type":"event_callback","event_id":"Ev0FAKE00001","event_time":1795219200,"authorizations":[
        {"enterprise_id":"E0FAKE00001","team_id":null,"user_id":"U0FAKE00001","is_bot":false,"is_enterprise_install":true}]}"#,
    );
    let Event::TokensRevoked(tokens) = &got.event else { panic!("{got:?}") };
    assert_eq!(tokens.oauth, ["U0FAKE00001".into(), "U0FAKE00002".into()]);
    assert_eq!(tokens.bot, ["U0FAKE00BOT".into()]);
    assert_eq!(got.event.kind(), "tokens_revoked");
    assert_eq!(got.event_time, Some(Timestamp::from_unix(1_795_219_200)));
    assert_eq!(got.event_id.as_ref().unwrap().as_str(), "Ev0FAKE00001");
    assert_eq!(got.api_app_id.as_ref().unwrap().as_str(), "A0FAKE00001");
    assert_eq!(
        got.place(),
        Some(InstallationKey::grid_workspace("E0FAKE00001".into(), "T0FAKE00001".into()))
    );
    let [authorization] = &got.authorizations[..] else { panic!("{got:?}") };
    assert_eq!(authorization.user_id, Some("U0FAKE00001".into()));
    assert_eq!((&authorization.team_id, authorization.is_bot), (&None, false));
    assert!(authorization.is_enterprise_install && got.is_enterprise_install());
    assert_eq!(warnings(&got), [""; 0]);
}

#[test]
fn an_uninstall_and_an_unknown_event_are_kept_apart() {
    let got =
        callback(r#"{"type":"event_callback","team_id":"T1","event":{"type":"app_uninstalled"}}"#);
    assert_eq!((&got.event, got.event_time), (&Event::AppUninstalled, None));
    assert_eq!(got.place(), Some(InstallationKey::Workspace("T1".into())));
    assert!(!got.is_enterprise_install());
    let json = r#"{"type":"message","text":"hi"}"#;
    let got = callback(&format!(r#"{{"type":"event_callback","event":{json}}}"#));
    assert_eq!(got.event, Event::Other("message".into()));
    assert_eq!((got.event_json(), got.place()), (json, None));
    assert!(!format!("{got:?}").contains("hi"), "{got:?}");
}

#[test]
fn a_place_is_found_wherever_the_envelope_names_it() {
    for (members, place) in [
        (r#""team_id":"T1""#, Some("T1")),
        (r#""team_id":"T1","enterprise_id":null"#, Some("T1")),
        (r#""team_id":"T1","enterprise_id":"E1""#, Some("E1/T1")),
        (r#""enterprise_id":"E1""#, Some("E1")),
        (r#""team_id":"E1""#, Some("E1")),
        (r#""team_id":"E1","enterprise_id":"E1""#, Some("E1")),
        (r#""authorizations":[{"team_id":"T1"}]"#, Some("T1")),
        (r#""authorizations":[{"enterprise_id":"E1"}]"#, Some("E1")),
        (
            r#""team_id":"T1","authorizations":[{"enterprise_id":"E1","team_id":"T2"}]"#,
            Some("E1/T1"),
        ),
        (r#""team_id":"","authorizations":[]"#, None),
    ] {
        let got = callback(&format!(r#"{{"type":"event_callback",{members}}}"#));
        assert_eq!(got.place().map(|place| place.to_string()).as_deref(), place, "{members}");
    }
}

#[test]
fn odd_members_are_reported_and_lose_no_other() {
    let got = callback(
        r#"{"type":"event_callback","event_time":"7","team_id":9,"authorizations":[7,{"is_bot":"1"}],
        "event":{"type":"tokens_revoked","tokens":{"oauth":["U1",null,3,"U2"],"bot":"U3"},"x":1e999}} tail"#,
    );
    let Event::TokensRevoked(tokens) = &got.event else { panic!("{got:?}") };
    assert_eq!(tokens.oauth, ["U1".into(), "U2".into()]);
    assert_eq!(tokens.bot, ["U3".into()]);
    assert_eq!(got.event_time, Some(Timestamp::from_unix(7)));
    assert!(got.authorizations[0].is_bot);
    let mut warnings = warnings(&got);
    warnings.sort();
    assert_eq!(
        warnings,
        [
            "$: text around the object was passed over",
            "authorizations[0]: expected an object, found a number",
            "authorizations[1].is_bot: expected a boolean, found a string; read as true",
            "event.tokens.bot: expected a list of strings, found a string",
            "event.tokens.oauth[2]: expected a string, found a number",
            "event_time: expected a number, found a string; its number counts",
            "team_id: expected a string, found a number",
        ]
    );
}

#[test]
fn no_revoked_token_is_passed_over_however_many_there_are() {
    let ids: Vec<_> = (0..200).map(|id| format!("\"U{id}\"")).collect();
    let got = callback(&format!(
        r#"{{"type":"event_callback","event":{{"type":"tokens_revoked","tokens":{{"oauth":[{}]}}}}}}"#,
        ids.join(",")
    ));
    let Event::TokensRevoked(tokens) = got.event else { panic!() };
    assert_eq!((tokens.oauth.len(), tokens.bot.len()), (200, 0));
}

#[test]
fn an_event_that_is_no_object_is_another_event() {
    for event in ["null", "[]", "7", r#""app_uninstalled""#, "{}", r#"{"type":7}"#] {
        let got = callback(&format!(r#"{{"type":"event_callback","event":{event}}}"#));
        assert_eq!(got.event, Event::Other("".into()), "{event}");
    }
    assert_eq!(callback(r#"{"type":"event_callback"}"#).event_json(), "");
}

#[test]
fn the_other_requests_are_typed() {
    let EventsApiRequest::UrlVerification(challenge) =
        parse(br#"{"token":"t","challenge":"3eZbrw1a","type":"url_verification"}"#).unwrap()
    else {
        panic!()
    };
    assert_eq!(challenge.as_str(), "3eZbrw1a");
    let EventsApiRequest::AppRateLimited(limited) = parse(
        br#"{"type":"app_rate_limited","team_id":"T1","minute_rate_limited":1518467820,"api_app_id":"A1"}"#,
    )
    .unwrap() else {
        panic!()
    };
    assert_eq!(limited.team_id, Some("T1".into()));
    assert_eq!(limited.minute_rate_limited, Some(Timestamp::from_unix(1_518_467_820)));
    let EventsApiRequest::Other(kind) = parse(br#"{"type":"new_kind"}"#).unwrap() else { panic!() };
    assert_eq!(kind.as_str(), "new_kind");
}

#[test]
fn what_is_no_request_of_the_events_api_is_refused() {
    let refused = |body: &[u8]| parse(body).unwrap_err();
    assert_eq!(refused(b""), InvalidEventsRequest::NotAnObject);
    assert_eq!(refused(b"payload=%7B%7D"), InvalidEventsRequest::NotAnObject);
    assert_eq!(refused(b"{}"), InvalidEventsRequest::Missing("type"));
    let refused = refused(br#"{"type":"url_verification"}"#);
    assert_eq!(refused.to_string(), "the body has no usable `challenge`");
    let form = parse(b"command=%2Fx").unwrap_err().to_string();
    assert!(form.contains("slash commands and interactions"), "{form}");
}
