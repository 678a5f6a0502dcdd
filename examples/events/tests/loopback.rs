//! Installs over loopback, and events by signed requests.

mod stage;

use slack_fake::SlackEvent;
use stage::{FIRST, SECOND, Stage, TEAM};

/// A person with a browser of their own installs the app.
async fn install(stage: &Stage, person: &str) -> (u16, String) {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let http = http.build().unwrap();
    let started = http.get(format!("{}/slack/install", stage.origin)).send().await.unwrap();
    let cookie = started.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let page = started.headers()["location"].to_str().unwrap();
    let page = format!("{page}&fake_decision=allow&fake_user={person}&fake_team={TEAM}");
    let back = http.get(page).send().await.unwrap();
    let callback = back.headers()["location"].to_str().unwrap();
    let stranger = http.get(callback).send().await.unwrap();
    assert_eq!(stranger.status(), 400, "without the cookie the callback is worth nothing");
    let done = http.get(callback).header("cookie", cookie).send().await.unwrap();
    (done.status().as_u16(), done.text().await.unwrap())
}

fn event(stage: &Stage, event: &str) -> String {
    let time = stage.now();
    format!(r#"{{"type":"event_callback","team_id":"{TEAM}","event_time":{time},"event":{event}}}"#)
}

#[tokio::test]
async fn an_apps_whole_life() {
    let stage = Stage::set().await;
    assert_eq!(install(&stage, FIRST).await, (200, "Installed: 1 rows".to_owned()));
    // A second person installs it again: the bot's token is replaced, the first person's stays, and the second has one.
    assert_eq!(install(&stage, SECOND).await, (200, "Installed: 2 rows".to_owned()));
    let (place, own) = (format!("team/{TEAM}"), format!("team/{TEAM}/user/{SECOND}"));
    let stored = stage.load(&place).await.unwrap();
    assert_eq!(stored.user_id.as_ref().unwrap().as_str(), FIRST);
    assert!(stage.is_live(stored.bot.as_ref()) && stage.is_live(stored.user.as_ref()));
    assert!(stage.is_live(stage.load(&own).await.unwrap().user.as_ref()));

    // An event that the app has to do something for.
    let (status, user) = stage.deliver_body(&event(&stage, r#"{"type":"app_mention"}"#)).await;
    assert_eq!(status, 200, "{user}");
    assert!(user.contains("Some("), "{user}");

    // The second person takes back what the app may do in their name.
    let token = stage.load(&own).await.unwrap().user.unwrap();
    let revoked: Vec<SlackEvent> = stage.slack(|slack| {
        slack.revoke(token.refresh_token.as_ref().unwrap().expose());
        slack.revoke(token.access_token.expose());
        slack.take_events()
    });
    for event in &revoked {
        assert_eq!(stage.deliver(event).await, (200, String::new()), "{event:?}");
    }
    assert!(stage.load(&own).await.is_none(), "{revoked:?}");
    assert!(stage.load(&place).await.unwrap().user.is_some(), "the first person's is another's");

    // The app is removed and installed again before the event comes: it changes nothing, however often it comes.
    let late = stage.uninstall();
    assert_eq!(install(&stage, FIRST).await.0, 200);
    for event in late.iter().chain(&late) {
        assert_eq!(stage.deliver(event).await.0, 200);
    }
    let stored = stage.load(&place).await.unwrap();
    assert!(stage.is_live(stored.bot.as_ref()) && stage.is_live(stored.user.as_ref()));
    // And then it is removed for good.
    for event in stage.uninstall() {
        assert_eq!(stage.deliver(&event).await.0, 200);
    }
    assert!(stage.load(&place).await.is_none());
}

#[tokio::test]
async fn only_slacks_own_requests_are_taken() {
    let stage = Stage::set().await;
    install(&stage, FIRST).await;
    let challenge = stage.deliver_body(r#"{"type":"url_verification","challenge":"c0de"}"#).await;
    assert_eq!(challenge, (200, "c0de".to_owned()));
    let uninstall = event(&stage, r#"{"type":"app_uninstalled"}"#);
    let url = format!("{}/slack/events", stage.origin);
    let now = stage.now();
    let signed = stage.slack(|slack| {
        slack.signed_request("1.2", &url, now, uninstall.clone().into_bytes()).unwrap()
    });
    let mut forged = signed.clone();
    forged.headers_mut().remove("x-slack-signature");
    let mut changed = signed;
    changed.body_mut().push(b' ');
    for request in [forged, changed] {
        assert_eq!(stage.send(request).await.0, 400);
    }
    let old = stage.slack(|slack| {
        slack.signed_request("1.2", &url, now - 301, uninstall.into_bytes()).unwrap()
    });
    let (status, text) = stage.send(old).await;
    assert_eq!(status, 400, "{text}");
    assert!(stage.load(&format!("team/{TEAM}")).await.is_some());
}

#[test]
fn the_app_has_fewer_than_120_lines() {
    let lines = include_str!("../src/lib.rs").lines().count();
    assert!(lines < 120, "{lines}");
}
