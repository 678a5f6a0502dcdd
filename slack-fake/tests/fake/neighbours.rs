//! The other methods of a token's life.

use http::{Request, Response};
use serde_json::{Value, json};
use slack_fake::{App, CredentialKind, ExternalToken, FakeSlack, UserAccessShape, Workspace};

use crate::support::*;

fn post(fake: &mut FakeSlack, method: &str, authorization: &str, fields: &[(&str, &str)]) -> Value {
    json(&call(fake, method, authorization, fields, NOW))
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn client(more: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let mut fields =
        vec![("client_id", CLIENT_ID.to_owned()), ("client_secret", SECRET.to_owned())];
    fields.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    fields
}

fn borrowed<'a>(fields: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[test]
fn a_long_lived_token_is_exchanged_once_and_ends_with_the_first_refresh() {
    let mut fake = fake();
    let old = text(&install(&mut fake, NOW), "access_token").to_owned();
    let fields = client(&[("token", &old)]);
    let exchange = |fake: &mut FakeSlack| post(fake, "oauth.v2.exchange", "", &borrowed(&fields));
    assert_eq!(exchange(&mut fake)["error"], "token_rotation_not_enabled");
    fake.turn_rotation_on(CLIENT_ID);

    let pair = exchange(&mut fake);
    assert!(text(&pair, "access_token").starts_with("xoxe.xoxb-1-"));
    assert_eq!((&pair["token_type"], &pair["expires_in"]), (&json!("bot"), &json!(43_200)));
    assert_eq!(exchange(&mut fake)["error"], "token_already_exchanged");
    assert!(fake.is_live(&old, NOW));
    let next = refresh(&mut fake, text(&pair, "refresh_token"), NOW);
    assert!(!fake.is_live(&old, NOW));
    assert_eq!(auth_test(&mut fake, &old, NOW)["error"], "token_revoked");
    assert_eq!(auth_test(&mut fake, text(&next, "access_token"), NOW)["ok"], true);
}

#[test]
fn the_exchanged_token_ends_even_where_there_is_room_for_it() {
    let mut fake = fake();
    let old = text(&install(&mut fake, NOW), "access_token").to_owned();
    fake.turn_rotation_on(CLIENT_ID);
    let fields = client(&[("token", &old)]);
    let pair = post(&mut fake, "oauth.v2.exchange", "", &borrowed(&fields));
    // The first token of the pair is past its life, so that no more than two live all the same.
    let late = NOW + 50_000;
    assert!(fake.is_live(&old, late));
    assert_eq!(refresh(&mut fake, text(&pair, "refresh_token"), late)["ok"], true);
    assert!(!fake.is_live(&old, late));
}

#[test]
fn what_cannot_be_exchanged() {
    let other = App::new("9.9", "other").redirect_url("https://other.example/").rotate_tokens();
    let mut fake = fake_with(app()).app(other);
    let old = text(&install(&mut fake, NOW), "access_token").to_owned();
    fake.turn_rotation_on(CLIENT_ID);
    let exchange = |fake: &mut FakeSlack, fields: &[(&str, &str)]| {
        text(&post(fake, "oauth.v2.exchange", "", fields), "error").to_owned()
    };
    let id = ("client_id", CLIENT_ID);
    let secret = ("client_secret", SECRET);
    assert_eq!(
        exchange(&mut fake, &[id, ("client_secret", "x"), ("token", &old)]),
        "bad_client_secret"
    );
    assert_eq!(exchange(&mut fake, &[secret, ("token", &old)]), "invalid_client_id");
    assert_eq!(
        exchange(&mut fake, &[("client_id", "9.9"), ("client_secret", "other"), ("token", &old)]),
        "invalid_token"
    );
    assert_eq!(exchange(&mut fake, &[id, secret, ("token", "xoxb-unknown")]), "invalid_token");
    let rotating = text(&install(&mut fake, NOW), "access_token").to_owned();
    assert!(rotating.starts_with("xoxe."));
    assert_eq!(exchange(&mut fake, &[id, secret, ("token", &rotating)]), "invalid_token");
    assert_eq!(exchange(&mut fake, &[id, secret]), "invalid_arguments");
    assert_eq!(
        post(&mut fake, "oauth.v2.exchange", &bearer(&old), &[id, secret, ("token", &rotating)])["error"],
        "invalid_auth"
    );
    fake.uninstall(CLIENT_ID, "T0FAKE00001");
    assert_eq!(exchange(&mut fake, &[id, secret, ("token", &old)]), "authorization_not_found");
}

#[test]
fn configuration_tokens_rotate_by_themselves() {
    let mut fake = fake();
    let first = json(&fake.issue_config_token("T0FAKE00001", "U0FAKE00001", NOW));
    assert!(text(&first, "token").starts_with("xoxe.xoxp-1-"));
    let rotate = |fake: &mut FakeSlack, token: &str| {
        post(fake, "tooling.tokens.rotate", "", &[("refresh_token", token)])
    };
    let second = rotate(&mut fake, text(&first, "refresh_token"));
    let expected = json!({
        "ok": true,
        "token": second["token"],
        "refresh_token": second["refresh_token"],
        "team_id": "T0FAKE00001",
        "user_id": "U0FAKE00001",
        "iat": NOW,
        "exp": NOW + 43_200,
    });
    assert_eq!(second, expected);
    assert_eq!(fake.credentials(NOW)[0].kind, CredentialKind::Config);
    assert_eq!(rotate(&mut fake, "xoxe-1-unknown")["error"], "invalid_refresh_token");
    // An app's refresh token is none of a configuration, and the other way round.
    fake.turn_rotation_on(CLIENT_ID);
    let installed = install(&mut fake, NOW);
    assert_eq!(
        rotate(&mut fake, text(&installed, "refresh_token"))["error"],
        "invalid_refresh_token"
    );
    assert_eq!(
        refresh(&mut fake, text(&second, "refresh_token"), NOW)["error"],
        "invalid_refresh_token"
    );
}

fn user_code(fake: &mut FakeSlack, fields: &[(&str, &str)]) -> String {
    let mut all = vec![("client_id", CLIENT_ID)];
    all.extend_from_slice(fields);
    let response: Response<_> = get(fake, &format!("/oauth/v2_user/authorize?{}", form(&all)), NOW);
    callback_value(&response, "code").expect("a code")
}

#[test]
fn user_access_has_many_shapes() {
    let shapes = [
        (UserAccessShape::Schema, "/access_token", "/scope", "/user_id"),
        (UserAccessShape::Bearer, "/access_token", "/scope", "/user_id"),
        (UserAccessShape::DocsExample, "/access_token", "/authed_user/scope", "/authed_user/id"),
        (
            UserAccessShape::ScopesInAuthedUser,
            "/access_token",
            "/authed_user/scope",
            "/authed_user/id",
        ),
        (
            UserAccessShape::Nested,
            "/authed_user/access_token",
            "/authed_user/scope",
            "/authed_user/id",
        ),
    ];
    for (shape, token, scope, user) in shapes {
        let mut fake = fake_with(app().rotate_tokens()).user_access_shape(shape);
        let code = user_code(&mut fake, &[("scope", "search:read,users:read")]);
        let answer =
            post(&mut fake, "oauth.v2.user.access", &basic(CLIENT_ID, SECRET), &[("code", &code)]);
        let at = |pointer| {
            answer
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_else(|| panic!("{shape:?} {pointer}"))
        };
        assert!(at(token).starts_with("xoxe.xoxp-1-"));
        assert_eq!((at(scope), at(user)), ("search:read,users:read", "U0FAKE00001"));
        if shape == UserAccessShape::Bearer {
            assert_eq!(answer["token_type"], "Bearer");
        }

        let refresh_token = answer
            .pointer("/refresh_token")
            .or(answer.pointer("/authed_user/refresh_token"))
            .unwrap();
        let grant =
            [("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str().unwrap())];
        let refreshed = post(&mut fake, "oauth.v2.user.access", &basic(CLIENT_ID, SECRET), &grant);
        assert_eq!(
            (&refreshed["token_type"], &refreshed["user_id"]),
            (&json!("user"), &json!("U0FAKE00001"))
        );
    }
}

#[test]
fn each_page_has_its_method() {
    let mut fake = fake();
    let user = user_code(&mut fake, &[("user_scope", "chat:write")]);
    assert_eq!(
        access(&mut fake, &[("code", &user)], NOW)["error"],
        "oauth_authorization_url_mismatch"
    );
    let bot = code(&mut fake, &[("scope", "chat:write")], NOW);
    let client = basic(CLIENT_ID, SECRET);
    let answer = post(&mut fake, "oauth.v2.user.access", &client, &[("code", &bot)]);
    assert_eq!(answer["error"], "oauth_authorization_url_mismatch");
    let mut fake = fake_with(app().optional_scopes(["chat:write"]));
    let none = user_code(&mut fake, &[("scope", "chat:write"), ("fake_decline", "chat:write")]);
    assert_eq!(
        post(&mut fake, "oauth.v2.user.access", &client, &[("code", &none)])["error"],
        "no_user_scopes"
    );
}

#[test]
fn workspaces_are_listed_page_by_page() {
    let mut fake = fake_with(app().org_ready().distribute())
        .workspace(Workspace::new("T0FAKE00003", "Third").organization("E0FAKE00001"))
        .workspace(Workspace::new("T0FAKE00004", "Fourth").organization("E0FAKE00001"));
    let code = code(&mut fake, &[("scope", "commands"), ("team", "E0FAKE00001")], NOW);
    let token = bearer(text(&access(&mut fake, &[("code", &code)], NOW), "access_token"));
    let list = |fake: &mut FakeSlack, fields: &[(&str, &str)]| {
        post(fake, "auth.teams.list", &token, fields)
    };
    let first = list(&mut fake, &[("limit", "2"), ("include_icon", "true")]);
    assert_eq!(first["teams"][0]["id"], "T0FAKE00002");
    assert!(text(&first["teams"][1]["icon"], "image_34").ends_with("T0FAKE00003_34.png"));
    let cursor = text(&first["response_metadata"], "next_cursor");
    let second = list(&mut fake, &[("limit", "2"), ("cursor", cursor)]);
    let expected = json!({
        "ok": true,
        "teams": [{"id": "T0FAKE00004", "name": "Fourth"}],
        "response_metadata": {"next_cursor": ""},
    });
    assert_eq!(second, expected);
    for limit in ["0", "1001", "x"] {
        assert_eq!(list(&mut fake, &[("limit", limit)])["error"], "invalid_limit");
    }
    assert_eq!(list(&mut fake, &[("cursor", "eA==")])["error"], "invalid_cursor");
    let mut plain = crate::support::fake();
    let token = bearer(text(&install(&mut plain, NOW), "access_token"));
    assert_eq!(post(&mut plain, "auth.teams.list", &token, &[])["error"], "invalid_auth");
}

#[test]
fn uninstalling_ends_every_token_of_the_installation() {
    let other = App::new("9.9", "other").redirect_url("https://other.example/");
    let mut fake = fake_with(app().rotate_tokens()).app(other);
    let code = code(&mut fake, &[("scope", "commands"), ("user_scope", "chat:write")], NOW);
    let installed = access(&mut fake, &[("code", &code)], NOW);
    let token = bearer(text(&installed, "access_token"));
    let uninstall = |fake: &mut FakeSlack, id, secret| {
        post(fake, "apps.uninstall", &token, &[("client_id", id), ("client_secret", secret)])
    };
    assert_eq!(uninstall(&mut fake, "9.9", "other")["error"], "client_id_token_mismatch");
    assert_eq!(uninstall(&mut fake, CLIENT_ID, "x")["error"], "bad_client_secret");
    assert_eq!(uninstall(&mut fake, "1.1", "x")["error"], "invalid_client_id");
    assert_eq!(uninstall(&mut fake, CLIENT_ID, SECRET), json!({"ok": true}));
    assert_eq!(uninstall(&mut fake, CLIENT_ID, SECRET)["error"], "account_inactive");
    let user = text(&installed["authed_user"], "access_token");
    assert_eq!(auth_test(&mut fake, user, NOW)["error"], "token_revoked");
    assert_eq!(
        refresh(&mut fake, text(&installed, "refresh_token"), NOW)["error"],
        "invalid_refresh_token"
    );
}

fn with_external_tokens() -> (FakeSlack, String, String) {
    let token =
        |id, provider| ExternalToken::new(id, "A0FAKE00001", provider, format!("secret-{id}"));
    let mut fake = fake_with(app())
        .external_token(token("Et1", "google").extra("instance_url", "https://x.example"))
        .external_token(token("Et2", "google").without_refresh_token())
        .external_token(token("Et3", "github").expired())
        .external_token(token("Et4", "github").refused_by_provider())
        .external_token(ExternalToken::new("Et5", "A0OTHER", "google", "theirs"))
        .app(App::new("9.9", "other").app_id("A0OTHER"));
    let code = code(&mut fake, &[("scope", "commands"), ("user_scope", "chat:write")], NOW);
    let installed = access(&mut fake, &[("code", &code)], NOW);
    let bot = bearer(text(&installed, "access_token"));
    (fake, bot, bearer(text(&installed["authed_user"], "access_token")))
}

#[test]
fn external_tokens_are_handed_out_and_renewed() {
    let (mut fake, bot, user) = with_external_tokens();
    let ask = |fake: &mut FakeSlack, who: &str, fields: &[(&str, &str)]| {
        post(fake, "apps.auth.external.get", who, fields)
    };
    let first = ask(&mut fake, &bot, &[("external_token_id", "Et1")]);
    let extras = json!({"instance_url": "https://x.example"});
    assert_eq!(
        first,
        json!({"ok": true, "external_token": "secret-Et1", "token_response_extras": extras})
    );
    let renewed = ask(&mut fake, &bot, &[("external_token_id", "Et1"), ("force_refresh", "true")]);
    assert_ne!(renewed["external_token"], first["external_token"]);
    let again = ask(&mut fake, &bot, &[("external_token_id", "Et1")]);
    assert_eq!(again["external_token"], renewed["external_token"]);

    assert_eq!(
        ask(&mut fake, &bot, &[("external_token_id", "Et2")])["token_response_extras"],
        Value::Null
    );
    let forced = |id| [("external_token_id", id), ("force_refresh", "1")];
    assert_eq!(ask(&mut fake, &bot, &forced("Et2"))["error"], "no_refresh_token");
    assert_ne!(
        ask(&mut fake, &bot, &[("external_token_id", "Et3")])["external_token"],
        "secret-Et3"
    );
    let once = ask(&mut fake, &bot, &[("external_token_id", "Et3")]);
    assert_eq!(ask(&mut fake, &bot, &[("external_token_id", "Et3")]), once, "renewed, it lives");
    assert_eq!(ask(&mut fake, &bot, &forced("Et4"))["error"], "access_token_exchange_failed");
    assert_eq!(ask(&mut fake, &bot, &[("external_token_id", "Et5")])["error"], "token_not_found");
    assert_eq!(ask(&mut fake, &bot, &[])["error"], "invalid_arguments");
    assert_eq!(
        ask(&mut fake, &user, &[("external_token_id", "Et1")])["error"],
        "not_allowed_token_type"
    );
    assert_eq!(ask(&mut fake, "", &[("external_token_id", "Et1")])["error"], "not_authed");
}

#[test]
fn external_tokens_are_deleted_by_id_app_or_provider() {
    let (mut fake, _, user) = with_external_tokens();
    let delete = |fake: &mut FakeSlack, body: Value| {
        let request = Request::post("/api/apps.auth.external.delete")
            .header("authorization", &user)
            .header("content-type", "application/json; charset=utf-8")
            .body(body.to_string().into_bytes())
            .unwrap();
        let answer = json(&fake.handle(&request, NOW));
        answer["error"].as_str().map_or_else(|| "ok".to_owned(), str::to_owned)
    };
    let app = "A0FAKE00001";
    assert_eq!(delete(&mut fake, json!({"external_token_id": "Et1"})), "ok");
    assert_eq!(delete(&mut fake, json!({"external_token_id": "Et1"})), "token_not_found");
    assert_eq!(delete(&mut fake, json!({"external_token_id": "Et5"})), "invalid_auth");
    assert_eq!(
        delete(&mut fake, json!({"app_id": app, "provider_key": "salesforce"})),
        "providers_not_found"
    );
    assert_eq!(delete(&mut fake, json!({"app_id": app, "provider_key": "google"})), "ok");
    assert_eq!(
        delete(&mut fake, json!({"app_id": app, "provider_key": "google"})),
        "no_tokens_found"
    );
    assert_eq!(delete(&mut fake, json!({"app_id": app})), "ok");
    assert_eq!(delete(&mut fake, json!({"app_id": app})), "no_tokens_found");
    assert_eq!(delete(&mut fake, json!({"app_id": "A0NOBODY"})), "app_not_found");
    assert_eq!(delete(&mut fake, json!({"app_id": "A0OTHER"})), "invalid_auth");
    assert_eq!(delete(&mut fake, json!({"provider_key": "google"})), "invalid_args");
    assert_eq!(
        delete(&mut fake, json!({"external_token_id": "Et4", "app_id": app})),
        "invalid_args"
    );
    assert_eq!(delete(&mut fake, json!({})), "invalid_arguments");
}
