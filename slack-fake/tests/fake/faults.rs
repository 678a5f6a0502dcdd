//! Faults on request.

use std::time::Duration;

use slack_fake::{Delivery, Fault};

use crate::support::*;

#[test]
fn faults_come_in_order_and_only_to_their_method() {
    let mut fake = fake();
    fake.script("auth.test", Fault::RateLimited { retry_after: Some(30) });
    fake.script("auth.test", Fault::RateLimitedPlainText { retry_after: None });
    fake.script("auth.test", Fault::ServerError { status: 503 });
    fake.script("auth.test", Fault::Refused { code: "fatal_error".into() });
    fake.script("auth.test", Fault::ServerError { status: 7 });
    let installed = install(&mut fake, NOW);
    let bearer = format!("Bearer {}", text(&installed, "access_token"));
    let mut next = || call(&mut fake, "auth.test", &bearer, &[], NOW);

    let limited = next();
    assert_eq!(
        (limited.status().as_u16(), &limited.headers()["retry-after"]),
        (429, &"30".parse().unwrap())
    );
    assert_eq!(json(&limited)["error"], "ratelimited");
    let plain = next();
    assert_eq!((plain.status().as_u16(), plain.headers().get("retry-after")), (429, None));
    assert_eq!(plain.headers()["content-type"], "text/plain; charset=utf-8");
    let html = next();
    assert_eq!((html.status().as_u16(), html.body().starts_with(b"<!DOCTYPE html>")), (503, true));
    assert!(html.headers().contains_key("x-slack-req-id"));
    assert_eq!(json(&next())["error"], "fatal_error");
    assert_eq!(next().status().as_u16(), 500);
    assert_eq!(json(&next())["ok"], true);
    assert_eq!(fake.faults_left(), 0);
}

#[test]
fn a_lost_reply_leaves_its_effect_and_a_lost_request_none() {
    let mut fake = fake_with(app().rotate_tokens());
    let installed = install(&mut fake, NOW);
    let token = text(&installed, "refresh_token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
    let basic = basic(CLIENT_ID, SECRET);

    fake.script("oauth.v2.access", Fault::RequestLost);
    let response = call(&mut fake, "oauth.v2.access", &basic, &fields, NOW);
    assert_eq!(response.extensions().get(), Some(&Delivery::Never));
    assert_eq!(fake.credentials(NOW)[0].refreshes, 0);

    fake.script("oauth.v2.access", Fault::ReplyLost);
    let response = call(&mut fake, "oauth.v2.access", &basic, &fields, NOW);
    assert_eq!(response.extensions().get(), Some(&Delivery::Never));
    assert!(!String::from_utf8_lossy(response.body()).contains("xox"));
    assert_eq!(fake.credentials(NOW)[0].refreshes, 1);

    // The same refresh token saves the login within the grace time.
    assert_eq!(refresh(&mut fake, token, NOW + 59)["ok"], true);
}

#[test]
fn other_faults_come_after_the_work_is_done() {
    let mut fake = fake_with(app().rotate_tokens());
    let installed = install(&mut fake, NOW);
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", text(&installed, "refresh_token"))];
    let basic = basic(CLIENT_ID, SECRET);
    fake.script("oauth.v2.access", Fault::ReplyDelayed(Duration::from_secs(20)));
    fake.script("oauth.v2.access", Fault::ReplyTruncated { keep: 40 });
    fake.script("oauth.v2.access", Fault::Garbage);
    fake.script("oauth.v2.access", Fault::RefusedAfterwards { code: "internal_error".into() });
    let mut next = || call(&mut fake, "oauth.v2.access", &basic, &fields, NOW);

    let delayed = next();
    assert_eq!(delayed.extensions().get(), Some(&Delivery::After(Duration::from_secs(20))));
    assert_eq!(json(&delayed)["ok"], true);
    assert_eq!(next().body().len(), 40);
    let garbage = next();
    assert_eq!((garbage.status().as_u16(), garbage.body().starts_with(b"<!DOCTYPE")), (200, true));
    assert_eq!(json(&next())["error"], "internal_error");
    assert_eq!(fake.credentials(NOW)[0].refreshes, 4);
}

#[test]
fn pages_have_faults_too() {
    let mut fake = fake();
    fake.script("oauth/v2/authorize", Fault::ServerError { status: 500 });
    fake.script("oauth/v2/authorize", Fault::Garbage);
    assert_eq!(get(&mut fake, "/oauth/v2/authorize", NOW).status(), 500);
    fake.clear_faults();
    assert_eq!(get(&mut fake, "/oauth/v2/authorize", NOW).status(), 400);
    assert_eq!(fake.calls("oauth/v2/authorize"), 2);
}
