//! `oauth.v2.access` with a code.

use http::Request;
use serde_json::{Value, json};
use slack_fake::FakeSlack;

use crate::support::*;

const BOT: [(&str, &str); 1] = [("scope", "chat:write,commands")];
const PKCE: [(&str, &str); 2] = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];

/// Sends the fields without any `Authorization` header and gives the error code.
fn error(fake: &mut FakeSlack, authorization: &str, fields: &[(&str, &str)], now: u64) -> String {
    let answer = json(&call(fake, "oauth.v2.access", authorization, fields, now));
    assert_eq!(answer["ok"], false);
    text(&answer, "error").to_owned()
}

#[test]
fn a_bot_gets_a_long_lived_token() {
    let mut fake = fake();
    let installed = install(&mut fake, NOW);
    assert!(text(&installed, "access_token").starts_with("xoxb-"));
    assert!(text(&installed, "bot_user_id").starts_with('U'));
    let expected = json!({
        "ok": true,
        "app_id": "A0FAKE00001",
        "authed_user": {"id": "U0FAKE00001"},
        "scope": "chat:write,commands",
        "token_type": "bot",
        "access_token": installed["access_token"],
        "bot_user_id": installed["bot_user_id"],
        "team": {"id": "T0FAKE00001", "name": "Fake Team"},
        "enterprise": null,
        "is_enterprise_install": false,
    });
    assert_eq!(installed, expected);
}

#[test]
fn bot_and_user_get_a_credential_each() {
    let mut fake = fake_with(app().rotate_tokens());
    let code = code(&mut fake, &[("scope", "commands"), ("user_scope", "chat:write")], NOW);
    let installed = access(&mut fake, &[("code", &code)], NOW);
    let user = &installed["authed_user"];
    assert!(text(&installed, "access_token").starts_with("xoxe.xoxb-1-"));
    assert!(text(user, "access_token").starts_with("xoxe.xoxp-1-"));
    assert!(text(user, "refresh_token").starts_with("xoxe-1-"));
    assert_ne!(installed["refresh_token"], user["refresh_token"]);
    assert_eq!((&installed["expires_in"], &user["expires_in"]), (&json!(43_200), &json!(43_200)));
    assert_eq!((&user["scope"], &user["token_type"]), (&json!("chat:write"), &json!("user")));
}

#[test]
fn a_user_only_install_has_nothing_at_the_top() {
    let mut fake = fake();
    let code = code(&mut fake, &[("scope", ""), ("user_scope", "chat:write")], NOW);
    let installed = access(&mut fake, &[("code", &code)], NOW);
    for member in ["access_token", "token_type", "scope", "bot_user_id", "refresh_token"] {
        assert_eq!(installed.get(member), None, "{member}");
    }
    assert!(text(&installed["authed_user"], "access_token").starts_with("xoxp-"));
}

#[test]
fn an_org_wide_install_has_no_team() {
    let mut fake = fake_with(app().org_ready().distribute());
    let code = code(&mut fake, &[BOT[0], ("team", "E0FAKE00001")], NOW);
    let installed = access(&mut fake, &[("code", &code)], NOW);
    assert_eq!(installed["team"], Value::Null);
    assert_eq!(installed["enterprise"], json!({"id": "E0FAKE00001", "name": "Fake Org"}));
    assert_eq!(installed["is_enterprise_install"], true);

    let second = crate::support::code(&mut fake, &[BOT[0], ("team", "T0FAKE00002")], NOW);
    let basic = basic(CLIENT_ID, SECRET);
    let refused = error(&mut fake, &basic, &[("code", &second)], NOW);
    assert_eq!(refused, "cannot_install_an_org_installed_app");
}

#[test]
fn each_workspace_and_each_person_has_a_credential_of_its_own() {
    let mut fake = fake_with(app().distribute());
    let mut tokens = Vec::new();
    for (team, user) in [
        ("T0FAKE00001", "U0FAKE00001"),
        ("T0FAKE00001", "U0FAKE00002"),
        ("T0FAKE00002", "U0FAKE00001"),
    ] {
        let fields =
            [BOT[0], ("user_scope", "users:read"), ("fake_team", team), ("fake_user", user)];
        let code = code(&mut fake, &fields, NOW);
        let installed = access(&mut fake, &[("code", &code)], NOW);
        tokens.push(text(&installed, "access_token").to_owned());
        tokens.push(text(&installed["authed_user"], "access_token").to_owned());
    }
    // The two installs in one workspace share its bot.
    assert_eq!(tokens[0], tokens[2]);
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!((tokens.len(), fake.credentials(NOW).len()), (5, 5));
}

#[test]
fn a_grid_workspace_has_both() {
    let mut fake = fake_with(app().distribute());
    let code = code(&mut fake, &[BOT[0], ("team", "T0FAKE00002")], NOW);
    let installed = access(&mut fake, &[("code", &code)], NOW);
    assert_eq!(installed["team"]["id"], "T0FAKE00002");
    assert_eq!(installed["enterprise"]["id"], "E0FAKE00001");
    assert_eq!(installed["is_enterprise_install"], false);
}

#[test]
fn a_webhook_comes_with_its_scope() {
    let mut fake = fake();
    let code = code(&mut fake, &[("scope", "incoming-webhook")], NOW);
    let installed = access(&mut fake, &[("code", &code)], NOW);
    let hook = &installed["incoming_webhook"];
    assert!(text(hook, "url").starts_with("https://hooks.slack.com/services/T0FAKE00001/B"));
    assert_eq!(hook["channel"], "#general");
    assert!(text(hook, "channel_id").starts_with('C'));
    assert!(text(hook, "configuration_url").starts_with("https://fake-team.slack.com/services/B"));
}

#[test]
fn scopes_add_up_over_installs() {
    let mut fake = fake();
    let first = install(&mut fake, NOW);
    let code = code(&mut fake, &[("scope", "users:read,commands")], NOW);
    let second = access(&mut fake, &[("code", &code)], NOW);
    assert_eq!(second["scope"], "chat:write,commands,users:read");
    assert_eq!(second["bot_user_id"], first["bot_user_id"]);
}

#[test]
fn a_code_works_once_and_for_ten_minutes() {
    let mut fake = fake();
    let basic = basic(CLIENT_ID, SECRET);
    let spent = code(&mut fake, &BOT, NOW);
    assert_eq!(access(&mut fake, &[("code", &spent)], NOW + 599)["ok"], true);
    assert_eq!(error(&mut fake, &basic, &[("code", &spent)], NOW + 599), "invalid_code");
    let late = code(&mut fake, &BOT, NOW);
    assert_eq!(error(&mut fake, &basic, &[("code", &late)], NOW + 600), "invalid_code");
    assert_eq!(error(&mut fake, &basic, &[("code", "1.2.3")], NOW), "invalid_code");
}

#[test]
fn a_code_belongs_to_its_app() {
    let mut fake =
        fake().app(slack_fake::App::new("9.9", "other").redirect_url("https://other.example/"));
    let code = code(&mut fake, &BOT, NOW);
    assert_eq!(error(&mut fake, &basic("9.9", "other"), &[("code", &code)], NOW), "invalid_code");
}

#[test]
fn clients_authenticate_by_basic_or_body_and_not_by_two_names() {
    let mut fake = fake();
    let fresh = |fake: &mut FakeSlack| code(fake, &BOT, NOW);
    let code = fresh(&mut fake);
    let by_body = [("code", code.as_str()), ("client_id", CLIENT_ID), ("client_secret", SECRET)];
    assert_eq!(json(&call(&mut fake, "oauth.v2.access", "", &by_body, NOW))["ok"], true);
    let code = fresh(&mut fake);
    let both = [("code", code.as_str()), ("client_id", CLIENT_ID), ("client_secret", SECRET)];
    assert_eq!(access(&mut fake, &both, NOW)["ok"], true);

    let code = fresh(&mut fake);
    let code = [("code", code.as_str())];
    let with = |more: &[(&'static str, &'static str)]| [&code[..], more].concat();
    let good = basic(CLIENT_ID, SECRET);
    assert_eq!(error(&mut fake, "", &code, NOW), "invalid_client_id");
    assert_eq!(
        error(&mut fake, "", &with(&[("client_id", "1.1"), ("client_secret", SECRET)]), NOW),
        "invalid_client_id"
    );
    assert_eq!(error(&mut fake, "", &with(&[("client_id", CLIENT_ID)]), NOW), "bad_client_secret");
    assert_eq!(
        error(&mut fake, "", &with(&[("client_id", CLIENT_ID), ("client_secret", "x")]), NOW),
        "bad_client_secret"
    );
    assert_eq!(error(&mut fake, &basic(CLIENT_ID, "x"), &code, NOW), "bad_client_secret");
    let near = SECRET.replace('1', "2");
    assert_eq!(error(&mut fake, &basic(CLIENT_ID, &near), &code, NOW), "bad_client_secret");
    assert_eq!(error(&mut fake, &basic(CLIENT_ID, ""), &code, NOW), "bad_client_secret");
    assert_eq!(error(&mut fake, &basic("1.1", SECRET), &code, NOW), "invalid_client_id");
    assert_eq!(error(&mut fake, &good, &with(&[("client_id", "1.1")]), NOW), "invalid_client_id");
    assert_eq!(error(&mut fake, &good, &with(&[("client_secret", "x")]), NOW), "bad_client_secret");
    assert_eq!(error(&mut fake, "Basic ?", &code, NOW), "invalid_client_id");
    assert_eq!(error(&mut fake, "Bearer xoxb-stale", &code, NOW), "invalid_auth");
    // None of this spent the code.
    assert_eq!(access(&mut fake, &code, NOW)["ok"], true);
}

#[test]
fn a_secret_with_odd_characters_is_form_encoded_in_basic() {
    let app = slack_fake::App::new("id with space", "s3cr:et/+%\u{e9}").redirect_url(CALLBACK);
    let mut fake = fake_with(app);
    let response =
        get(&mut fake, "/oauth/v2/authorize?client_id=id+with+space&scope=chat:write", NOW);
    let code = callback_value(&response, "code").unwrap();
    let authorization = "Basic aWQrd2l0aCtzcGFjZTpzM2NyJTNBZXQlMkYlMkIlMjUlQzMlQTk=";
    let answer = json(&call(&mut fake, "oauth.v2.access", authorization, &[("code", &code)], NOW));
    assert_eq!(answer["ok"], true);
}

#[test]
fn the_redirect_uri_must_be_repeated() {
    let mut fake = fake();
    let basic = basic(CLIENT_ID, SECRET);
    let named = code(&mut fake, &[BOT[0], ("redirect_uri", CALLBACK)], NOW);
    let refused = |fake: &mut FakeSlack, fields: &[(&str, &str)]| error(fake, &basic, fields, NOW);
    assert_eq!(refused(&mut fake, &[("code", &named)]), "bad_redirect_uri");
    let other = "https://app.example.com/slack/cb/";
    assert_eq!(
        refused(&mut fake, &[("code", &named), ("redirect_uri", other)]),
        "bad_redirect_uri"
    );
    assert_eq!(access(&mut fake, &[("code", &named), ("redirect_uri", CALLBACK)], NOW)["ok"], true);

    let unnamed = code(&mut fake, &BOT, NOW);
    assert_eq!(
        refused(&mut fake, &[("code", &unnamed), ("redirect_uri", other)]),
        "bad_redirect_uri"
    );
    assert_eq!(access(&mut fake, &[("code", &unnamed)], NOW)["ok"], true);
}

#[test]
fn a_public_client_proves_itself_by_its_verifier() {
    let mut fake = fake_with(app().enable_pkce());
    let fields =
        [&[("user_scope", "chat:write"), ("redirect_uri", NATIVE_CALLBACK)], &PKCE[..]].concat();
    let code = code(&mut fake, &fields, NOW);
    let redeem = [("client_id", CLIENT_ID), ("code", &code), ("redirect_uri", NATIVE_CALLBACK)];
    let with = |verifier: &'static str| [&redeem[..], &[("code_verifier", verifier)]].concat();

    assert_eq!(error(&mut fake, "", &redeem, NOW), "bad_client_secret");
    assert_eq!(error(&mut fake, &basic(CLIENT_ID, SECRET), &redeem, NOW), "invalid_code_verifier");
    let wrong = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl";
    assert_eq!(error(&mut fake, "", &with(wrong), NOW), "invalid_code_verifier");
    assert_eq!(error(&mut fake, &basic(CLIENT_ID, SECRET), &with(VERIFIER), NOW), "internal_error");

    let installed = json(&call(&mut fake, "oauth.v2.access", "", &with(VERIFIER), NOW));
    // A custom scheme always gets rotating tokens.
    assert!(text(&installed["authed_user"], "access_token").starts_with("xoxe.xoxp-1-"));
    assert_eq!(installed["authed_user"]["expires_in"], 43_200);
}

#[test]
fn pkce_over_https_rotates_only_if_the_app_does() {
    let mut fake = fake_with(app().enable_pkce());
    let code = code(&mut fake, &[&BOT[..], &PKCE].concat(), NOW);
    let fields = [("client_id", CLIENT_ID), ("code", code.as_str()), ("code_verifier", VERIFIER)];
    let installed = json(&call(&mut fake, "oauth.v2.access", "", &fields, NOW));
    assert!(text(&installed, "access_token").starts_with("xoxb-"));
}

#[test]
fn a_verifier_needs_an_app_with_pkce_and_a_challenge() {
    let mut plain = fake();
    let code_of = |fake: &mut FakeSlack, fields: &[(&str, &str)]| code(fake, fields, NOW);
    let code = code_of(&mut plain, &[&BOT[..], &PKCE].concat());
    let fields = [("client_id", CLIENT_ID), ("code", code.as_str()), ("code_verifier", VERIFIER)];
    assert_eq!(error(&mut plain, "", &fields, NOW), "pkce_not_allowed");

    let mut fake = fake_with(app().enable_pkce());
    let code = code_of(&mut fake, &BOT);
    let fields = [("client_id", CLIENT_ID), ("code", code.as_str()), ("code_verifier", VERIFIER)];
    assert_eq!(error(&mut fake, "", &fields, NOW), "invalid_code_verifier");
}

#[test]
fn a_secret_beside_the_verifier_can_be_made_to_pass() {
    let mut fake = fake_with(app().enable_pkce().accept_secret_beside_verifier());
    let code = code(&mut fake, &[&BOT[..], &PKCE].concat(), NOW);
    let fields = [("code", code.as_str()), ("code_verifier", VERIFIER)];
    assert_eq!(error(&mut fake, &basic(CLIENT_ID, "x"), &fields, NOW), "bad_client_secret");
    assert_eq!(access(&mut fake, &fields, NOW)["ok"], true);
}

#[test]
fn odd_grants_are_refused() {
    let mut fake = fake();
    let basic = basic(CLIENT_ID, SECRET);
    // The only scope was declined on the page.
    let mut declining = fake_with(app().optional_scopes(["commands"]));
    let fields = [("scope", "commands"), ("fake_decline", "commands")];
    let code = code(&mut declining, &fields, NOW);
    assert_eq!(error(&mut declining, &basic, &[("code", &code)], NOW), "no_scopes");
    assert_eq!(error(&mut fake, &basic, &[("grant_type", "password")], NOW), "invalid_grant_type");
    let missing = access(&mut fake, &[], NOW);
    assert_eq!(missing["error"], "invalid_arguments");
    assert_eq!(missing["response_metadata"]["messages"][0], "[ERROR] missing required field: code");
}

#[test]
fn charsets_bring_warnings() {
    let mut fake = fake();
    let code = code(&mut fake, &BOT, NOW);
    let request = Request::post("/api/oauth.v2.access")
        .header("authorization", basic(CLIENT_ID, SECRET))
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .body(form(&[("code", &code)]).into_bytes())
        .unwrap();
    let installed = json(&fake.handle(&request, NOW));
    assert_eq!(installed["ok"], true);
    assert_eq!(installed["warning"], "superfluous_charset");
    assert_eq!(installed["response_metadata"]["warnings"], json!(["superfluous_charset"]));
}

#[test]
fn get_and_json_work_as_well() {
    let mut fake = fake();
    let code_of = |fake: &mut FakeSlack| code(fake, &BOT, NOW);
    let code = code_of(&mut fake);
    let request = Request::get(format!("/api/oauth.v2.access?code={code}"))
        .header("authorization", basic(CLIENT_ID, SECRET))
        .body(Vec::new())
        .unwrap();
    assert_eq!(json(&fake.handle(&request, NOW))["ok"], true);

    let body = json!({"code": code_of(&mut fake), "client_id": CLIENT_ID, "client_secret": SECRET});
    let request = Request::post("/api/oauth.v2.access")
        .header("content-type", "application/json; charset=utf-8")
        .body(body.to_string().into_bytes())
        .unwrap();
    assert_eq!(json(&fake.handle(&request, NOW))["ok"], true);
}
