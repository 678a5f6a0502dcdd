//! Calls with a token, and what all calls have in common.

use http::Request;
use serde_json::json;

use crate::support::*;

#[test]
fn auth_test_tells_whose_token_it_is() {
    let mut fake = fake();
    let installed = install(&mut fake, NOW);
    let response = call(
        &mut fake,
        "auth.test",
        &format!("Bearer {}", text(&installed, "access_token")),
        &[],
        NOW,
    );
    assert_eq!(response.headers()["x-oauth-scopes"], "chat:write,commands");
    assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
    let body = json(&response);
    let expected = json!({
        "ok": true,
        "url": "https://fake-team.slack.com/",
        "team": "Fake Team",
        "user": "fakebot",
        "team_id": "T0FAKE00001",
        "user_id": installed["bot_user_id"],
        "bot_id": body["bot_id"],
        "is_enterprise_install": false,
    });
    assert_eq!(body, expected);
    assert!(text(&body, "bot_id").starts_with('B'));
    assert!(String::from_utf8(response.into_body()).unwrap().contains(r"https:\/\/fake-team"));
}

#[test]
fn the_token_may_stand_in_the_form() {
    let mut fake = fake();
    let installed = install(&mut fake, NOW);
    let token = text(&installed, "access_token");
    assert_eq!(json(&call(&mut fake, "auth.test", "", &[("token", token)], NOW))["ok"], true);
    let bearer = format!("Bearer {token}");
    assert_eq!(
        json(&call(&mut fake, "auth.test", &bearer, &[("token", "xoxb-1")], NOW))["error"],
        "invalid_auth"
    );
}

#[test]
fn a_person_and_an_organization_answer_for_themselves() {
    let mut fake = fake_with(app().org_ready().distribute());
    let code = code(
        &mut fake,
        &[("scope", "commands"), ("user_scope", "chat:write"), ("team", "E0FAKE00001")],
        NOW,
    );
    let installed = access(&mut fake, &[("code", &code)], NOW);
    let user = auth_test(&mut fake, text(&installed["authed_user"], "access_token"), NOW);
    assert_eq!((&user["user"], &user["user_id"]), (&json!("fake.person"), &json!("U0FAKE00001")));
    assert_eq!(user.get("bot_id"), None);
    let bot = auth_test(&mut fake, text(&installed, "access_token"), NOW);
    assert_eq!(
        (&bot["team_id"], &bot["enterprise_id"]),
        (&json!("E0FAKE00001"), &json!("E0FAKE00001"))
    );
    assert_eq!(bot["is_enterprise_install"], true);
    assert_eq!(bot["url"], "https://fake-org.enterprise.slack.com/");
}

#[test]
fn bad_tokens_have_their_codes() {
    let mut fake = fake_with(app().rotate_tokens());
    let installed = install(&mut fake, NOW);
    let error = |fake: &mut _, authorization: &str| {
        let answer = json(&call(fake, "auth.test", authorization, &[], NOW));
        text(&answer, "error").to_owned()
    };
    assert_eq!(error(&mut fake, ""), "not_authed");
    assert_eq!(error(&mut fake, "Bearer xoxb-unknown"), "invalid_auth");
    assert_eq!(
        error(&mut fake, &format!("Bearer {}", text(&installed, "refresh_token"))),
        "invalid_auth"
    );
    assert_eq!(error(&mut fake, &basic(CLIENT_ID, SECRET)), "invalid_auth");
    assert_eq!(
        error(&mut fake, &format!("Bearer {}", text(&installed, "access_token").to_lowercase())),
        "invalid_auth"
    );
    let in_the_address = format!("/api/auth.test?token={}", text(&installed, "access_token"));
    assert_eq!(json(&get(&mut fake, &in_the_address, NOW))["error"], "not_authed");
}

#[test]
fn revoking_ends_the_token_given_and_a_long_lived_one_its_authorization() {
    let mut fake = fake_with(app().rotate_tokens());
    let installed = install(&mut fake, NOW);
    let revoke = |fake: &mut _, token: &str, fields: &[(&str, &str)]| {
        json(&call(fake, "auth.revoke", &format!("Bearer {token}"), fields, NOW))
    };
    let (token, refresh_token) =
        (text(&installed, "access_token"), text(&installed, "refresh_token"));
    assert_eq!(revoke(&mut fake, token, &[("test", "1")]), json!({"ok": true, "revoked": false}));
    assert_eq!(revoke(&mut fake, token, &[]), json!({"ok": true, "revoked": true}));
    assert_eq!(revoke(&mut fake, token, &[])["error"], "token_revoked");
    assert!(fake.is_live(refresh_token, NOW), "under rotation the refresh token lives on");
    assert_eq!(revoke(&mut fake, refresh_token, &[])["revoked"], true);
    assert_eq!(refresh(&mut fake, refresh_token, NOW)["error"], "invalid_refresh_token");

    let mut plain = crate::support::fake();
    let installed = install(&mut plain, NOW);
    let token = text(&installed, "access_token");
    assert_eq!(revoke(&mut plain, token, &[])["revoked"], true);
    assert_eq!(auth_test(&mut plain, token, NOW)["error"], "token_revoked");
    let again = install(&mut plain, NOW);
    assert_ne!(again["access_token"], installed["access_token"]);
    assert_eq!(auth_test(&mut plain, text(&again, "access_token"), NOW)["ok"], true);
}

#[test]
fn revoking_one_long_lived_token_by_name_leaves_no_way_to_exchange_it() {
    let mut fake = fake();
    let code = code(&mut fake, &[("user_scope", "chat:write")], NOW);
    let installed = access(&mut fake, &[("code", &code)], NOW);
    let token = text(&installed["authed_user"], "access_token");
    assert_eq!(fake.credentials(NOW)[0].live_access_tokens, 1);
    let bearer = format!("Bearer {token}");
    assert_eq!(json(&call(&mut fake, "auth.revoke", &bearer, &[], NOW))["revoked"], true);
    // The authorization is over: whoever installs again gets another credential.
    let code = crate::support::code(&mut fake, &[("user_scope", "chat:write")], NOW);
    access(&mut fake, &[("code", &code)], NOW);
    assert_eq!(fake.credentials(NOW).len(), 2);
}

#[test]
fn a_test_call_revokes_nothing() {
    let mut fake = fake_with(app().rotate_tokens());
    let installed = install(&mut fake, NOW);
    for token in ["access_token", "refresh_token"] {
        let token = text(&installed, token);
        let bearer = format!("Bearer {token}");
        let answer = json(&call(&mut fake, "auth.revoke", &bearer, &[("test", "true")], NOW));
        assert_eq!(answer, json!({"ok": true, "revoked": false}));
        assert!(fake.is_live(token, NOW));
    }
}

#[test]
fn unknown_methods_and_addresses() {
    let mut fake = fake();
    let response = call(&mut fake, "oauth.v2.acces", "", &[], NOW);
    assert_eq!(
        json(&response),
        json!({"ok": false, "error": "unknown_method", "req_method": "oauth.v2.acces"})
    );
    let page = get(&mut fake, "/oauth/v3/authorize", NOW);
    assert_eq!(
        (page.status().as_u16(), &page.headers()["content-type"]),
        (404, &"text/html; charset=utf-8".parse().unwrap())
    );
    let put = Request::put("/api/auth.test").body(Vec::new()).unwrap();
    assert_eq!(fake.handle(&put, NOW).status(), 405);
    let seen: Vec<_> = fake.seen().map(|call| (call.name, call.status.as_u16())).collect();
    assert_eq!(seen, [("unknown_method", 200), ("unknown_page", 404), ("auth.test", 405)]);
}

#[test]
fn wrong_content_types_have_their_codes() {
    let mut fake = fake();
    let mut error = |content_type: Option<&str>, body: &str| {
        let mut request = Request::post("/api/auth.test");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let answer = json(&fake.handle(&request.body(body.as_bytes().to_vec()).unwrap(), NOW));
        text(&answer, "error").to_owned()
    };
    assert_eq!(error(None, "a=1"), "missing_post_type");
    assert_eq!(error(Some("image/png"), "a=1"), "invalid_post_type");
    assert_eq!(error(Some("application/json; charset=utf-8"), "["), "invalid_json");
    assert_eq!(error(Some("application/json; charset=utf-8"), "[]"), "json_not_object");
    assert_eq!(error(Some("application/x-www-form-urlencoded"), "a[]=1"), "invalid_array_arg");
    assert_eq!(error(None, ""), "not_authed");
}

#[test]
fn every_answer_has_a_request_id_of_its_own() {
    let mut fake = fake();
    let mut id = |path: &str| get(&mut fake, path, NOW).headers()["x-slack-req-id"].clone();
    let ids = [id("/api/auth.test"), id("/nowhere"), id("/oauth/v2/authorize")];
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0].len() == 32);
}

#[test]
fn every_call_with_a_token_tells_its_scopes() {
    let mut fake = fake_with(app().org_ready().distribute())
        .external_token(slack_fake::ExternalToken::new("Et1", "A0FAKE00001", "google", "secret"));
    let code = code(&mut fake, &[("scope", "chat:write,commands"), ("team", "E0FAKE00001")], NOW);
    let installed = access(&mut fake, &[("code", &code)], NOW);
    let bearer = format!("Bearer {}", text(&installed, "access_token"));
    let fields = [("client_id", CLIENT_ID), ("client_secret", SECRET), ("test", "1")];
    let external = [("external_token_id", "Et1")];
    for (method, fields) in [
        ("auth.test", &[][..]),
        ("auth.teams.list", &[]),
        ("auth.revoke", &fields),
        ("apps.auth.external.get", &external),
        ("apps.auth.external.delete", &external),
        ("apps.uninstall", &fields),
    ] {
        let response = call(&mut fake, method, &bearer, fields, NOW);
        assert_eq!(json(&response)["ok"], true, "{method}");
        assert_eq!(response.headers()["x-oauth-scopes"], "chat:write,commands", "{method}");
        assert_eq!(response.headers().get("x-accepted-oauth-scopes"), None, "{method}");
    }
}

#[test]
fn times_are_as_told() {
    let app = app().enable_pkce().rotate_tokens();
    let mut fake = fake_with(app)
        .code_life(10)
        .access_token_life(100)
        .refresh_grace(5)
        .public_refresh_token_life(1000);
    let late = code(&mut fake, &[("scope", "commands")], NOW);
    assert_eq!(access(&mut fake, &[("code", &late)], NOW + 10)["error"], "invalid_code");

    let pkce =
        [("scope", "commands"), ("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let code = code(&mut fake, &pkce, NOW);
    let fields = [("client_id", CLIENT_ID), ("code", code.as_str()), ("code_verifier", VERIFIER)];
    let installed = json(&call(&mut fake, "oauth.v2.access", "", &fields, NOW + 9));
    assert_eq!(installed["expires_in"], 100);
    let (token, refresh_token) =
        (text(&installed, "access_token"), text(&installed, "refresh_token"));
    assert!(fake.is_live(token, NOW + 108) && !fake.is_live(token, NOW + 109));
    assert!(fake.is_live(refresh_token, NOW + 1008) && !fake.is_live(refresh_token, NOW + 1009));
    assert_eq!(refresh(&mut fake, refresh_token, NOW + 20)["ok"], true);
    assert!(fake.is_live(refresh_token, NOW + 24) && !fake.is_live(refresh_token, NOW + 25));
}
