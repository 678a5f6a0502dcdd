//! The page on which a person signs in.

use slack_fake::{App, Consent, FakeSlack};

use super::{ALL, code, fake, page, person, redeem, signed_in};
use crate::support::{
    CALLBACK, CLIENT_ID, NOW, SECRET, app, basic, call, callback_value, fake_with, form, get, json,
};

#[test]
fn the_page_checks_scopes_and_response_type() {
    let mut fake = fake();
    for scope in ["", "email profile", "openid chat:write"] {
        let response = page(&mut fake, &[("scope", scope)]);
        assert_eq!(response.status(), 400);
        assert!(String::from_utf8(response.into_body()).unwrap().contains("invalid_scope"));
    }
    let query = form(&[("client_id", CLIENT_ID), ALL]);
    assert_eq!(get(&mut fake, &format!("/openid/connect/authorize?{query}"), NOW).status(), 400);
    // Both separators work.
    assert_eq!(page(&mut fake, &[("scope", "openid,email")]).status(), 302);
    // A code for signing in installs nothing.
    let code = code(&mut fake, &[ALL]);
    let fields = [("code", code.as_str()), ("redirect_uri", CALLBACK)];
    let answer = json(&call(&mut fake, "oauth.v2.access", &basic(CLIENT_ID, SECRET), &fields, NOW));
    assert_eq!(answer["error"], "oauth_authorization_url_mismatch");
}

#[test]
fn whoever_signed_in_before_is_not_asked_again() {
    let mut fake = fake().consent(Consent::Ask);
    assert_eq!(page(&mut fake, &[ALL]).status(), 200);
    let code = code(&mut fake, &[ALL, ("fake_decision", "allow")]);
    assert_eq!(redeem(&mut fake, &code)["ok"], true);
    assert_eq!(page(&mut fake, &[ALL]).status(), 302);
    assert_eq!(page(&mut fake, &[ALL, ("fake_user", "U0FAKE00002")]).status(), 200);
    fake.set_consent(Consent::Deny);
    assert_eq!(callback_value(&page(&mut fake, &[ALL]), "error").unwrap(), "access_denied");
}

#[test]
fn the_app_of_another_redirect_is_still_checked() {
    let mut fake = fake().app(App::new("9.9", "other"));
    let query = form(&[("client_id", "9.9"), ("response_type", "code"), ALL]);
    let response = get(&mut fake, &format!("/openid/connect/authorize?{query}"), NOW);
    assert!(String::from_utf8(response.into_body()).unwrap().contains("bad_redirect_uri"));
}

#[test]
fn signing_in_is_no_install() {
    let mut fake = fake_with(app().org_ready().distribute()).user(person());
    let installed = |fake: &mut FakeSlack, more: &[(&str, &str)]| {
        let code = crate::support::code(fake, more, NOW);
        crate::support::access(fake, &[("code", &code)], NOW)
    };
    assert_eq!(installed(&mut fake, &[("scope", "commands"), ("team", "E0FAKE00001")])["ok"], true);
    // An org-wide install keeps its workspaces from installing, and nobody from signing in.
    let refused = installed(&mut fake, &[("user_scope", "chat:write"), ("team", "T0FAKE00002")]);
    assert_eq!(refused["error"], "cannot_install_an_org_installed_app");
    assert_eq!(signed_in(&mut fake, &[("team", "T0FAKE00002")])["ok"], true);

    // The same person's install in the same place is another credential, with other scopes.
    assert_eq!(signed_in(&mut fake, &[])["ok"], true);
    let user = installed(&mut fake, &[("user_scope", "chat:write")]);
    assert_eq!(user["authed_user"]["scope"], "chat:write");
}
