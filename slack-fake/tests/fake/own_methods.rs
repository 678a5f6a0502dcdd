//! Methods that a test adds.

use http::Request;
use serde_json::json;
use slack_fake::{CredentialKind, FakeSlack, Fault};

use crate::support::*;

fn with_post_message() -> FakeSlack {
    fake_with(app().rotate_tokens()).method("chat.postMessage", |call| {
        call.require_scope("chat:write")?;
        let channel = call.argument("channel").ok_or("channel_not_found")?;
        let blocks = call.json().and_then(|body| body["blocks"].as_array().map(Vec::len));
        Ok(json!({
            "channel": channel,
            "team": call.team_id,
            "bot": call.kind == CredentialKind::Bot,
            "blocks": blocks,
            "ts": format!("{}.000100", call.at),
        }))
    })
}

#[test]
fn a_method_of_ones_own_gets_the_verified_caller() {
    let mut fake = with_post_message();
    let installed = install(&mut fake, NOW);
    let bearer = format!("Bearer {}", text(&installed, "access_token"));
    let response = call(&mut fake, "chat.postMessage", &bearer, &[("channel", "C1")], NOW + 1);
    assert_eq!(response.headers()["x-oauth-scopes"], "chat:write,commands");
    let expected = json!({
        "ok": true, "channel": "C1", "team": "T0FAKE00001", "bot": true, "blocks": null,
        "ts": "1795219201.000100",
    });
    assert_eq!(json(&response), expected);
    let refused = json(&call(&mut fake, "chat.postMessage", &bearer, &[], NOW));
    assert_eq!(refused, json!({"ok": false, "error": "channel_not_found"}));

    let body = json!({"channel": "C1", "blocks": [{"type": "divider"}, {"type": "divider"}]});
    let request = Request::post("https://slack.com/api/chat.postMessage")
        .header("authorization", &bearer)
        .header("content-type", "application/json; charset=utf-8")
        .body(body.to_string())
        .unwrap();
    assert_eq!(json(&fake.handle(&request, NOW))["blocks"], 2);
    assert_eq!(fake.calls("chat.postMessage"), 3);
}

#[test]
fn the_token_is_checked_before_the_method_is_asked() {
    let mut fake = with_post_message();
    let installed = install(&mut fake, NOW);
    let bearer = format!("Bearer {}", text(&installed, "access_token"));
    let mut error = |authorization: &str, now| {
        let answer = json(&call(&mut fake, "chat.postMessage", authorization, &[], now));
        text(&answer, "error").to_owned()
    };
    assert_eq!(error("", NOW), "not_authed");
    assert_eq!(error("Bearer xoxb-unknown", NOW), "invalid_auth");
    assert_eq!(error(&bearer, NOW + 43_200), "token_expired");
    assert_eq!(error(&bearer, NOW), "channel_not_found");
    fake.script("chat.postMessage", Fault::Refused { code: "is_archived".into() });
    let scripted = json(&call(&mut fake, "chat.postMessage", &bearer, &[("channel", "C1")], NOW));
    assert_eq!(scripted["error"], "is_archived");
    let unknown = json(&call(&mut fake, "chat.update", &bearer, &[], NOW));
    assert_eq!(unknown["error"], "unknown_method");
}

#[test]
fn built_in_methods_stay_and_nothing_secret_is_shown() {
    let mut fake = fake().method("auth.test", |call| {
        assert!(!format!("{call:?}").contains("xox"));
        Err("replaced".into())
    });
    let installed = install(&mut fake, NOW);
    assert_eq!(auth_test(&mut fake, text(&installed, "access_token"), NOW)["ok"], true);
    let mut fake = fake.method("own.secret", |call| Ok(json!({"shown": format!("{call:?}")})));
    let bearer = format!("Bearer {}", text(&installed, "access_token"));
    let fields = [("token", text(&installed, "access_token"))];
    let answer = json(&call(&mut fake, "own.secret", &bearer, &fields, NOW));
    assert!(!text(&answer, "shown").contains("xox"));
    assert!(text(&answer, "shown").contains("T0FAKE00001"));
}
