//! The in-memory transport.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use http::{Request, Response};
use slack_fake::{Clock, FakeTransport, Fault, SharedFake};
use slack_transport::{BlockingTransport, Body, ErrorKind, Transport};

use crate::support::*;

fn request(path: &str, body: &str) -> Request<Body> {
    Request::post(format!("https://slack.com{path}"))
        .header("authorization", basic(CLIENT_ID, SECRET))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

fn send(transport: &dyn Transport, request: Request<Body>) -> Response<Vec<u8>> {
    pollster::block_on(transport.send(request)).unwrap()
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn an_install_and_a_refresh_twelve_hours_later() {
    let shared = SharedFake::new(fake_with(app().rotate_tokens()), Clock::manual(NOW));
    let transport = FakeTransport::new(shared.clone());
    let page = request(&format!("/oauth/v2/authorize?client_id={CLIENT_ID}&scope=chat:write"), "");
    let (mut parts, body) = page.into_parts();
    parts.method = http::Method::GET;
    let code = callback_value(&send(&transport, Request::from_parts(parts, body)), "code").unwrap();
    let installed =
        json(&send(&transport, request("/api/oauth.v2.access", &form(&[("code", &code)]))));

    shared.clock().advance(43_200);
    let token = text(&installed, "access_token");
    assert_eq!(shared.with(|fake| auth_test(fake, token, NOW + 43_200))["error"], "token_expired");
    let body = form(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&installed, "refresh_token")),
    ]);
    assert_eq!(json(&send(&transport, request("/api/oauth.v2.access", &body)))["ok"], true);
    assert_eq!(shared.with(|fake| fake.calls("oauth.v2.access")), 2);
}

#[test]
fn a_delayed_reply_waits_for_the_clock() {
    let shared = SharedFake::new(fake(), Clock::manual(NOW));
    let transport = FakeTransport::new(shared.clone());
    shared.with(|fake| fake.script("auth.test", Fault::ReplyDelayed(Duration::from_millis(4_500))));
    let mut answer = pin!(transport.send(request("/api/auth.test", "")));
    assert!(poll_once(answer.as_mut()).is_pending());
    shared.clock().advance(4);
    assert!(poll_once(answer.as_mut()).is_pending());
    shared.clock().advance(1);
    assert!(poll_once(answer.as_mut()).is_ready());
}

#[test]
fn a_blocking_call_waits_for_the_clock_as_well() {
    let shared = SharedFake::new(fake(), Clock::manual(NOW));
    shared.with(|fake| fake.script("auth.test", Fault::ReplyDelayed(Duration::from_secs(5))));
    let transport = FakeTransport::new(shared.clone());
    let caller =
        thread::spawn(move || transport.send_blocking(request("/api/auth.test", "")).unwrap());
    wait_until(|| shared.with(|fake| fake.calls("auth.test")) == 1);
    thread::sleep(Duration::from_millis(20));
    assert!(!caller.is_finished());
    // The delay counts from when the caller begins to wait, which may be after the call was seen.
    wait_until(|| {
        shared.clock().advance(1);
        caller.is_finished()
    });
    assert_eq!(caller.join().unwrap().status(), 200);
}

#[test]
fn what_got_lost_may_have_been_sent_and_what_is_refused_was_not() {
    let shared = SharedFake::new(fake(), Clock::manual(NOW));
    let transport = FakeTransport::new(shared.clone());
    shared.with(|fake| {
        fake.script("auth.test", Fault::ReplyLost);
        fake.script("auth.test", Fault::RequestLost);
    });
    for _ in 0..2 {
        let error = transport.send_blocking(request("/api/auth.test", "")).unwrap_err();
        assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::Closed, false));
    }
    let foreign = Request::get("http://slack.com/api/auth.test").body(Body::empty()).unwrap();
    let error = transport.send_blocking(foreign).unwrap_err();
    assert_eq!((error.kind(), error.nothing_was_sent()), (ErrorKind::Refused, true));
    assert_eq!(shared.with(|fake| fake.calls("auth.test")), 2);
}
