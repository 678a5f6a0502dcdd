//! What clients of other makers send, as it was recorded from them.

use http::{Request, Response};
use serde_json::Value;
use slack_fake::{App, FakeSlack, Fault, UserAccessAuth};

use crate::support::*;

const CLIENT: [(&str, &str); 2] = [("client_id", CLIENT_ID), ("client_secret", SECRET)];

/// An app that turned rotation on after its first install, and the token of that install.
fn long_lived() -> (FakeSlack, String) {
    let mut fake = fake();
    let old = text(&install(&mut fake, NOW), "access_token").to_owned();
    fake.turn_rotation_on(CLIENT_ID);
    (fake, old)
}

/// Posts with all arguments in the query and an empty body, as an asynchronous client does.
fn post_query(fake: &mut FakeSlack, method: &str, bearer: &str, fields: &[(&str, &str)]) -> Value {
    let mut request = Request::post(format!("https://slack.com/api/{method}?{}", form(fields)))
        .header("content-type", "application/x-www-form-urlencoded");
    if !bearer.is_empty() {
        request = request.header("authorization", format!("Bearer {bearer}"));
    }
    json(&fake.handle(&request.body(Vec::new()).unwrap(), NOW))
}

#[test]
fn an_exchange_reads_the_token_from_the_header_the_form_or_both() {
    for (in_header, in_form) in [(true, false), (false, true), (true, true)] {
        let (mut fake, old) = long_lived();
        let authorization = if in_header { format!("Bearer {old}") } else { String::new() };
        let mut fields = CLIENT.to_vec();
        if in_form {
            fields.push(("token", &old));
        }
        let pair = json(&call(&mut fake, "oauth.v2.exchange", &authorization, &fields, NOW));
        assert_eq!(pair["ok"], true, "header {in_header}, form {in_form}");
        assert_eq!(pair["is_enterprise_install"], false);
        let again = json(&call(&mut fake, "oauth.v2.exchange", &authorization, &fields, NOW));
        assert_eq!(again["error"], "token_already_exchanged");
    }
    let (mut fake, old) = long_lived();
    let fields = [CLIENT[0], CLIENT[1], ("token", "xoxb-another")];
    let bearer = format!("Bearer {old}");
    let refused = json(&call(&mut fake, "oauth.v2.exchange", &bearer, &fields, NOW));
    assert_eq!(refused["error"], "invalid_auth");
    assert!(fake.is_live(&old, NOW));
}

#[test]
fn arguments_may_stand_in_the_query_of_a_post() {
    let (mut fake, old) = long_lived();
    assert_eq!(post_query(&mut fake, "oauth.v2.exchange", &old, &CLIENT)["ok"], true);

    let config = json(&fake.issue_config_token("T0FAKE00001", "U0FAKE00001", NOW));
    let fields = [("refresh_token", text(&config, "refresh_token"))];
    assert_eq!(post_query(&mut fake, "tooling.tokens.rotate", "", &fields)["ok"], true);

    let token = text(&install(&mut fake, NOW), "access_token").to_owned();
    let uninstalled = post_query(&mut fake, "apps.uninstall", &token, &CLIENT);
    assert_eq!(uninstalled["ok"], true);
    assert!(!fake.is_live(&token, NOW));
}

#[test]
fn a_bearer_token_beside_a_client_is_ignored_if_it_is_valid() {
    let mut fake = fake_with(app().rotate_tokens());
    let first = install(&mut fake, NOW);
    let (token, refresh_token) = (text(&first, "access_token"), text(&first, "refresh_token"));
    let bearer = format!("Bearer {token}");
    let grant = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    let fields = [CLIENT[0], CLIENT[1], grant[0], grant[1]];
    for method in ["oauth.v2.access", "oauth.v2.user.access"] {
        let answer = json(&call(&mut fake, method, &bearer, &[grant[0], grant[1]], NOW));
        assert_eq!(answer["error"], "invalid_client_id", "{method}: a token is not a client");
        let wrong = [CLIENT[0], ("client_secret", "x"), grant[0], grant[1]];
        let answer = json(&call(&mut fake, method, &bearer, &wrong, NOW));
        assert_eq!(answer["error"], "bad_client_secret", "{method}");
        for stale in [bearer.clone(), "Bearer xoxb-unknown".to_owned()] {
            let answer = json(&call(&mut fake, method, &stale, &fields, NOW + 43_200));
            assert_eq!(answer["error"], "invalid_auth", "{method}");
        }
    }
    assert_eq!(json(&call(&mut fake, "oauth.v2.access", &bearer, &fields, NOW))["ok"], true);
    fake.revoke(token);
    let revoked = json(&call(&mut fake, "oauth.v2.access", &bearer, &fields, NOW));
    assert_eq!(revoked["error"], "invalid_auth");
}

#[test]
fn every_answer_of_the_api_may_be_read_by_scripts_of_any_origin() {
    let mut fake = fake();
    let checks = |response: &Response<Vec<u8>>| {
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        let allowed = response.headers()["access-control-allow-headers"].to_str().unwrap();
        assert!(allowed.starts_with("slack-route, x-slack-version-ts, x-b3-traceid"));
        assert!(response.headers().contains_key("access-control-expose-headers"));
    };
    checks(&get(&mut fake, "/api/auth.test", NOW));
    checks(&get(&mut fake, "/api/unknown.method", NOW));
    fake.script("auth.test", Fault::RateLimited { retry_after: Some(1) });
    checks(&get(&mut fake, "/api/auth.test", NOW));
    fake.script("auth.test", Fault::ServerError { status: 503 });
    checks(&get(&mut fake, "/api/auth.test", NOW));
    let page = get(&mut fake, "/oauth/v2/authorize", NOW);
    assert_eq!(page.headers().get("access-control-allow-origin"), None);
}

#[test]
fn a_request_without_scopes_stays_on_slacks_page() {
    let mut fake = fake();
    for path in ["/oauth/v2/authorize", "/oauth/v2_user/authorize"] {
        for scopes in ["", "&scope=&user_scope=", "&scope=%2C%20"] {
            let query = format!("{path}?client_id={CLIENT_ID}&state=s{scopes}");
            let page = get(&mut fake, &query, NOW);
            assert_eq!((page.status().as_u16(), page.headers().get("location")), (400, None));
            let page = String::from_utf8(page.into_body()).unwrap();
            assert!(page.contains("no scopes requested") && page.contains("no_scopes"), "{page}");
        }
    }
}

#[test]
fn basic_can_be_refused_at_the_user_method_alone() {
    let mut fake = fake_with(app().rotate_tokens()).user_access_auth(UserAccessAuth::BodyOnly);
    let user_code = |fake: &mut FakeSlack| {
        let query = form(&[("client_id", CLIENT_ID), ("scope", "chat:write")]);
        let response = get(fake, &format!("/oauth/v2_user/authorize?{query}"), NOW);
        callback_value(&response, "code").unwrap()
    };
    let code = user_code(&mut fake);
    let method = "oauth.v2.user.access";
    let basic = basic(CLIENT_ID, SECRET);
    let refused = json(&call(&mut fake, method, &basic, &[("code", &code)], NOW));
    assert_eq!(refused["error"], "bad_client_secret");
    let fields = [CLIENT[0], CLIENT[1], ("code", code.as_str())];
    let installed = json(&call(&mut fake, method, "", &fields, NOW));
    assert_eq!(installed["ok"], true, "the code is still good");

    let grant =
        [("grant_type", "refresh_token"), ("refresh_token", text(&installed, "refresh_token"))];
    let refused = json(&call(&mut fake, method, &basic, &grant, NOW));
    assert_eq!(refused["error"], "bad_client_secret", "a refresh as well");
    let fields = [CLIENT[0], CLIENT[1], grant[0], grant[1]];
    assert_eq!(json(&call(&mut fake, method, "", &fields, NOW))["ok"], true);
    install(&mut fake, NOW);
}

#[test]
fn any_port_of_loopback_is_accepted_on_request() {
    let registered = "http://127.0.0.1:4990/cb";
    let location = |app: App, redirect: &str| {
        let mut fake = fake_with(app.redirect_url(registered).insecure_loopback_redirects());
        let query =
            form(&[("client_id", CLIENT_ID), ("scope", "commands"), ("redirect_uri", redirect)]);
        let response = get(&mut fake, &format!("/oauth/v2/authorize?{query}"), NOW);
        response.headers().contains_key("location")
    };
    assert!(!location(app(), "http://127.0.0.1:50001/cb"));
    assert!(location(app().any_loopback_port(), "http://127.0.0.1:50001/cb"));
    assert!(location(app().any_loopback_port(), "http://127.0.0.1:50001/cb/below"));
    for other in [
        "http://localhost:4990/cb",
        "http://127.0.0.1:50001/other",
        "http://127.0.0.1.evil.example:50001/cb",
        "https://app.example.com:8443/slack/cb",
    ] {
        assert!(!location(app().any_loopback_port(), other), "{other}");
    }
}
