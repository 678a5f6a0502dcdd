//! The authorize page.

use http::Request;
use slack_fake::{App, Consent, FakeSlack};

use crate::support::*;

fn page(fake: &mut FakeSlack, fields: &[(&str, &str)]) -> http::Response<Vec<u8>> {
    get(fake, &format!("/oauth/v2/authorize?{}", form(fields)), NOW)
}

fn location(response: &http::Response<Vec<u8>>) -> &str {
    response.headers()["location"].to_str().unwrap()
}

/// The code on the page that Slack shows instead of going back to the app.
fn trouble(fake: &mut FakeSlack, fields: &[(&str, &str)]) -> String {
    let response = page(fake, fields);
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    let html = String::from_utf8(response.into_body()).unwrap();
    let (_, rest) = html.split_once("<code id=\"error\">").expect("an error page");
    rest.split_once('<').unwrap().0.to_owned()
}

#[test]
fn goes_back_with_code_and_state() {
    let mut fake = fake();
    let state = "a b+c&d=\u{e9}%2F\"<";
    let response = page(
        &mut fake,
        &[
            ("client_id", CLIENT_ID),
            ("scope", "chat:write"),
            ("redirect_uri", CALLBACK),
            ("state", state),
        ],
    );
    assert_eq!(response.status(), 302);
    assert!(location(&response).starts_with("https://app.example.com/slack/cb?code=1"));
    assert_eq!(callback_value(&response, "state").unwrap(), state);
    assert!(response.headers().contains_key("x-slack-req-id"));
}

#[test]
fn goes_back_without_a_state_that_was_not_sent() {
    let mut fake = fake();
    let response = page(&mut fake, &[("client_id", CLIENT_ID), ("scope", "chat:write")]);
    assert_eq!(callback_value(&response, "state"), None);
}

#[test]
fn goes_back_with_the_error_when_the_person_cancels() {
    let mut fake = fake().consent(Consent::Deny);
    let fields = [("client_id", CLIENT_ID), ("scope", "chat:write"), ("state", "s-1")];
    assert_eq!(
        location(&page(&mut fake, &fields)),
        "https://app.example.com/slack/cb?error=access_denied&state=s-1"
    );
    fake.set_consent(Consent::Fail("unapproved_scope".into()));
    assert_eq!(callback_value(&page(&mut fake, &fields), "error").unwrap(), "unapproved_scope");
}

#[test]
fn faults_that_slack_shows_on_a_page_never_reach_the_callback() {
    let mut fake = fake_with(app().bot_scopes(["chat:write"]).enable_pkce());
    let good = [("client_id", CLIENT_ID), ("scope", "chat:write"), ("redirect_uri", CALLBACK)];
    assert_eq!(page(&mut fake, &good).status(), 302);

    let with = |name: &'static str, value: &'static str| {
        let mut fields = good.to_vec();
        fields.retain(|(key, _)| *key != name);
        fields.push((name, value));
        fields
    };
    assert_eq!(trouble(&mut fake, &with("client_id", "1.1")), "invalid_client_id");
    assert_eq!(trouble(&mut fake, &[]), "invalid_client_id");
    for uri in [
        "https://evil.example/cb",
        "https://app.example.com/slack/cbx",
        "https://app.example.com/slack/cb/../../x",
        "http://app.example.com/slack/cb",
        "https://app.example.com/slack/cb#f",
        "https://app.example.com@evil.example/slack/cb",
        "/slack/cb",
    ] {
        assert_eq!(trouble(&mut fake, &with("redirect_uri", uri)), "bad_redirect_uri", "{uri}");
    }
    assert_eq!(trouble(&mut fake, &with("scope", "chat:write,admin")), "invalid_scope");
    assert_eq!(
        trouble(&mut fake, &with("code_challenge", CHALLENGE)),
        "invalid_code_challenge_method"
    );
    let mut fields = with("code_challenge", "short");
    fields.push(("code_challenge_method", "S256"));
    assert_eq!(trouble(&mut fake, &fields), "invalid_code_challenge");
}

#[test]
fn a_redirect_below_a_configured_one_is_taken() {
    let mut fake = fake();
    let uri = "https://app.example.com/slack/cb/tenant-1";
    let response = page(
        &mut fake,
        &[("client_id", CLIENT_ID), ("scope", "chat:write"), ("redirect_uri", uri)],
    );
    assert!(location(&response).starts_with("https://app.example.com/slack/cb/tenant-1?code="));
}

#[test]
fn desktop_redirects_need_pkce_and_user_scopes() {
    let native = [("client_id", CLIENT_ID), ("redirect_uri", NATIVE_CALLBACK)];
    let user = [("user_scope", "chat:write")];
    let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];

    let mut plain = fake();
    assert_eq!(trouble(&mut plain, &[&native[..], &user, &pkce].concat()), "bad_redirect_uri");

    let mut fake = fake_with(app().enable_pkce());
    assert_eq!(trouble(&mut fake, &[&native[..], &user].concat()), "bad_redirect_uri");
    let bot = [("scope", "chat:write")];
    assert_eq!(trouble(&mut fake, &[&native[..], &bot, &pkce].concat()), "invalid_scope");
    let response = page(&mut fake, &[&native[..], &user, &pkce].concat());
    assert!(location(&response).starts_with("fakeapp://oauth/cb?code="));
}

#[test]
fn http_on_loopback_is_for_pkce_or_by_request() {
    let local = "http://localhost:4000/cb";
    let numeric = "http://127.0.0.1:4000/cb";
    let fields = |uri| [("client_id", CLIENT_ID), ("scope", "chat:write"), ("redirect_uri", uri)];
    let mut strict =
        fake_with(App::new(CLIENT_ID, SECRET).redirect_url(local).redirect_url(numeric));
    assert_eq!(trouble(&mut strict, &fields(local)), "bad_redirect_uri");
    let app = App::new(CLIENT_ID, SECRET)
        .redirect_url(local)
        .redirect_url(numeric)
        .insecure_loopback_redirects();
    let mut lax = fake_with(app);
    assert_eq!(page(&mut lax, &fields(local)).status(), 302);
    assert_eq!(page(&mut lax, &fields(numeric)).status(), 302);
}

#[test]
fn the_team_is_a_hint_and_a_foreign_one_needs_distribution() {
    let fields = [
        ("client_id", CLIENT_ID),
        ("scope", "chat:write"),
        ("team", "T0FAKE00002"),
        ("state", "s"),
    ];
    let mut private = fake();
    let response = page(&mut private, &fields);
    assert_eq!(callback_value(&response, "error").unwrap(), "invalid_team_for_non_distributed_app");
    assert_eq!(callback_value(&response, "state").unwrap(), "s");

    let mut public = fake_with(app().distribute());
    let code = callback_value(&page(&mut public, &fields), "code").unwrap();
    assert_eq!(access(&mut public, &[("code", &code)], NOW)["team"]["id"], "T0FAKE00002");

    // Not signed in there: the hint has no effect.
    public.sign_in("U0FAKE00002");
    let code = callback_value(&page(&mut public, &fields), "code").unwrap();
    assert_eq!(access(&mut public, &[("code", &code)], NOW)["team"]["id"], "T0FAKE00001");
}

#[test]
fn the_page_asks_and_its_form_decides() {
    let mut fake =
        fake_with(app().name("<Fake> & Co").optional_scopes(["commands"])).consent(Consent::Ask);
    let fields = [
        ("client_id", CLIENT_ID),
        ("scope", "chat:write,commands"),
        ("state", "\"><script>"),
        ("redirect_uri", CALLBACK),
    ];
    let response = page(&mut fake, &fields);
    assert_eq!(response.status(), 200);
    let html = String::from_utf8(response.into_body()).unwrap();
    assert!(html.contains("&lt;Fake&gt; &amp; Co"));
    assert!(html.contains("<form id=\"consent\" method=\"post\" action=\"/oauth/v2/authorize\">"));
    assert!(html.contains("name=\"state\" value=\"&quot;&gt;&lt;script&gt;\""));
    assert!(html.contains("id=\"allow\" name=\"fake_decision\" value=\"allow\""));
    assert!(html.contains("id=\"cancel\" name=\"fake_decision\" value=\"deny\""));
    assert!(html.contains("<option value=\"U0FAKE00001\" selected>fake.person"));
    assert!(html.contains("id=\"decline-commands\""));
    assert!(!html.contains(SECRET));

    let mut post = |decision, more: &[(&str, &str)]| {
        let body = form(&[&fields[..], &[("fake_decision", decision)], more].concat());
        fake.handle(&Request::post("/oauth/v2/authorize").body(body.into_bytes()).unwrap(), NOW)
    };
    assert_eq!(callback_value(&post("deny", &[]), "error").unwrap(), "access_denied");
    let allowed =
        post("allow", &[("fake_decline", "commands,chat:write"), ("fake_user", "U0FAKE00002")]);
    assert_eq!(callback_value(&allowed, "state").unwrap(), "\"><script>");
    let code = callback_value(&allowed, "code").unwrap();
    let installed = access(&mut fake, &[("code", &code), ("redirect_uri", CALLBACK)], NOW);
    assert_eq!(installed["scope"], "chat:write");
    assert_eq!(installed["authed_user"]["id"], "U0FAKE00002");
}

#[test]
fn the_page_takes_up_choices_made_in_the_address() {
    let mut fake = fake().consent(Consent::Ask);
    let fields = [
        ("client_id", CLIENT_ID),
        ("scope", "chat:write"),
        ("fake_user", "U0FAKE00002"),
        ("fake_team", "T0FAKE00001"),
    ];
    let html = String::from_utf8(page(&mut fake, &fields).into_body()).unwrap();
    assert!(html.contains("<option value=\"U0FAKE00002\" selected>"));
    // As hidden fields they would stand in the way of the choices on the page.
    assert!(!html.contains("type=\"hidden\" name=\"fake_"));
    assert_eq!(
        trouble(&mut fake, &[&fields[..2], &[("fake_user", "U1")]].concat()),
        "unknown_user"
    );
    assert_eq!(
        trouble(&mut fake, &[&fields[..3], &[("fake_team", "T0FAKE00002")]].concat()),
        "unknown_team"
    );
    let org = [("fake_team", "E0FAKE00001")];
    assert_eq!(trouble(&mut fake, &[&fields[..2], &org].concat()), "org_install_not_allowed");
}

#[test]
fn a_fake_without_people_or_places_says_so() {
    let fields = [("client_id", CLIENT_ID), ("scope", "chat:write")];
    assert_eq!(trouble(&mut FakeSlack::new().app(app()), &fields), "no_user");
    let mut lonely = FakeSlack::new().app(app()).user(slack_fake::User::new("U1", "a"));
    assert_eq!(trouble(&mut lonely, &fields), "no_workspace");
}
