//! Both flows, walked over loopback without a browser: consent, refusal, and all that goes wrong.

mod stage;
#[path = "stage/visitor.rs"]
mod visitor;

use slack_auth::{ClientSecret, ConfidentialClient, Slot};
use slack_fake::{Fault, IdTokenFault};
use stage::Stage;
use visitor::{Page, Visitor};

const INSTALL: &str = "/slack/install";
const SIGN_IN: &str = "/slack/sign-in";
const ALLOW: &str = "&fake_decision=allow";
const DENY: &str = "&fake_decision=deny";

/// Walks to Slack's page, decides there, and gives the address that Slack sends the browser back to.
async fn decided(visitor: &mut Visitor, stage: &Stage, start: &str, decision: &str) -> String {
    let consent = visitor.open(&stage.page(start)).await;
    assert!(consent.html.contains("id=\"consent\""), "{}", consent.html);
    let decided = format!("{}{decision}", consent.url);
    visitor.stop_before(&decided, "/callback?").await.into()
}

/// Walks a whole flow.
async fn walk(visitor: &mut Visitor, stage: &Stage, start: &str, decision: &str) -> Page {
    let callback = decided(visitor, stage, start, decision).await;
    visitor.open(&callback).await
}

#[tokio::test]
async fn add_to_slack_stores_a_token_that_works() {
    let (stage, mut visitor) = (Stage::set().await, Visitor::new());
    let home = visitor.open(&stage.page("/")).await;
    assert!(
        home.html.contains("href=\"/slack/install\"")
            && home.html.contains("href=\"/slack/sign-in\"")
    );
    let page = walk(&mut visitor, &stage, INSTALL, ALLOW).await;
    assert_eq!(page.url.as_str(), stage.page("/installed"));
    page.is_human(200, "Added to Slack", "installed in <strong>Fake Softball Team</strong>");

    let stored = stage.stored().await;
    assert_eq!(stored.len(), 1);
    let bot = stored[0].installation.credential(Slot::Bot).unwrap();
    let (token, now) = (bot.access_token.expose(), stage.clock.now());
    assert!(stage.slack(|slack| slack.is_live(token, now)));
    assert_eq!(bot.expires_at.unwrap().as_unix(), now + 43_200);
}

#[tokio::test]
async fn a_second_installation_takes_the_place_of_the_first() {
    let (stage, mut visitor) = (Stage::set().await, Visitor::new());
    walk(&mut visitor, &stage, INSTALL, ALLOW).await;
    let first = stage.stored().await.remove(0);
    stage.clock.advance(60);
    walk(&mut visitor, &stage, INSTALL, ALLOW).await;
    let stored = stage.stored().await;
    assert_eq!(stored.len(), 1);
    assert_ne!(stored[0].version, first.version);
    let issued =
        |stored: &slack_auth::store::Stored| stored.installation.bot.as_ref().unwrap().issued_at;
    assert_eq!(issued(&stored[0]).since(issued(&first)).as_secs(), 60);
}

#[tokio::test]
async fn a_callback_that_is_loaded_again_shows_the_same_page() {
    let (stage, mut visitor) = (Stage::set().await, Visitor::new());
    for (start, method) in [(INSTALL, "oauth.v2.access"), (SIGN_IN, "openid.connect.token")] {
        let callback = decided(&mut visitor, &stage, start, ALLOW).await;
        let first = visitor.open(&callback).await;
        assert_eq!(first.status, 200);
        let second = visitor.open(&callback).await;
        assert_eq!((second.status, &second.html), (200, &first.html));
        assert_eq!(stage.slack(|slack| slack.calls(method)), 1, "the code was sent once");
        stage.clock.advance(601);
        let late = visitor.open(&callback).await;
        late.is_human(400, "That took too long", "start again");
    }
}

#[tokio::test]
async fn who_goes_back_and_chooses_another_workspace_installs_there_too() {
    let (stage, mut visitor) = (Stage::set().await, Visitor::new());
    let consent = visitor.open(&stage.page(INSTALL)).await;
    for (team, place) in [("T0FAKE00001", "Softball"), ("T0FAKE00002", "Chess")] {
        let page = visitor.open(&format!("{}&fake_team={team}{ALLOW}", consent.url)).await;
        page.is_human(200, "Added to Slack", place);
    }
    assert_eq!(stage.stored().await.len(), 2);
}

#[tokio::test]
async fn no_means_no() {
    let (stage, mut visitor) = (Stage::set().await, Visitor::new());
    let page = walk(&mut visitor, &stage, INSTALL, DENY).await;
    page.is_human(403, "The app was not added", "You pressed Cancel");
    assert!(page.html.contains("href=\"/slack/install\""));
    let page = walk(&mut visitor, &stage, SIGN_IN, DENY).await;
    page.is_human(403, "You were not signed in", "You pressed Cancel");
    assert!(page.html.contains("href=\"/slack/sign-in\""));
    assert!(stage.stored().await.is_empty());
    assert_eq!(stage.slack(|slack| slack.calls("oauth.v2.access")), 0);
}

#[tokio::test]
async fn who_comes_late_starts_again() {
    let (stage, mut visitor) = (Stage::set().await, Visitor::new());
    let callback = decided(&mut visitor, &stage, INSTALL, ALLOW).await;
    stage.clock.advance(601);
    visitor.open(&callback).await.is_human(400, "That took too long", "start again");
    assert_eq!(walk(&mut visitor, &stage, INSTALL, ALLOW).await.status, 200);
}

#[tokio::test]
async fn a_callback_works_in_its_own_browser_only() {
    let stage = Stage::set().await;
    let (mut victim, mut attacker) = (Visitor::new(), Visitor::new());
    let planted = decided(&mut attacker, &stage, SIGN_IN, ALLOW).await;
    let title = "This did not begin in this browser";
    victim.open(&planted).await.is_human(403, title, "Start again here");
    // Nor once the victim has a cookie of its own.
    let own = decided(&mut victim, &stage, SIGN_IN, ALLOW).await;
    victim.open(&planted).await.is_human(403, title, "Start again here");
    // A forged callback ends nobody's sign-in.
    assert!(victim.open(&own).await.html.contains("You are signed in as"));
}

#[tokio::test]
async fn a_callback_that_was_changed_is_refused() {
    let (stage, mut visitor) = (Stage::set().await, Visitor::new());
    let callback = decided(&mut visitor, &stage, INSTALL, ALLOW).await;
    let title = "This did not begin in this browser";
    let (before, old) = callback.split_once("state=").unwrap();
    let tampered = if old.starts_with('A') { "B" } else { "A" };
    let tampered = format!("{before}state={tampered}{}", &old[1..]);
    visitor.open(&tampered).await.is_human(403, title, "Nothing has changed");
    visitor.open(&format!("{before}state=short")).await.is_human(403, title, "Nothing has changed");
    // The code of one flow, planted in the other.
    let other = callback.replace(INSTALL, SIGN_IN);
    visitor.open(&other).await.is_human(403, title, "Nothing has changed");
    for none in [before, &stage.page("/slack/install/callback")] {
        let page = visitor.open(none).await;
        page.is_human(400, "Please start on our page", "start with the button");
    }
    assert!(stage.stored().await.is_empty());
    assert_eq!(visitor.open(&callback).await.status, 200, "the true one still works");
}

#[tokio::test]
async fn while_slack_is_down_nothing_is_lost() {
    for fault in [
        Fault::ServerError { status: 503 },
        Fault::RateLimited { retry_after: Some(7) },
        Fault::RequestLost,
        Fault::Garbage,
    ] {
        let (stage, mut visitor) = (Stage::set().await, Visitor::new());
        let unspent = matches!(fault, Fault::RateLimited { .. });
        stage.slack(|slack| slack.script("oauth.v2.access", fault));
        let callback = decided(&mut visitor, &stage, INSTALL, ALLOW).await;
        let page = visitor.open(&callback).await;
        if unspent {
            page.is_human(503, "Slack does not answer just now", "load this page again");
            assert_eq!(page.headers["retry-after"], "60");
            let page = visitor.open(&callback).await;
            page.is_human(200, "Added to Slack", "Fake Softball Team");
            continue;
        }
        // Nobody knows whether the code is spent: the person begins again, and that works.
        page.is_human(503, "Slack did not answer", "please start again");
        let callback = decided(&mut visitor, &stage, INSTALL, ALLOW).await;
        visitor.open(&callback).await.is_human(200, "Added to Slack", "Fake Softball Team");
    }
}

fn wrong_secret(client: &ConfidentialClient) -> ConfidentialClient {
    ConfidentialClient::new(client.id().clone(), ClientSecret::new("wrong").unwrap())
}

#[tokio::test]
async fn a_wrong_setting_is_the_operators_business() {
    let (stage, mut visitor) = (Stage::set_with(wrong_secret).await, Visitor::new());
    for start in [INSTALL, SIGN_IN] {
        let page = walk(&mut visitor, &stage, start, ALLOW).await;
        page.is_human(500, "This app is not set up correctly", "Tell whoever runs this app");
    }
}

#[tokio::test]
async fn a_signed_in_person_is_known_until_signing_out() {
    let (stage, mut visitor) = (Stage::set().await, Visitor::new());
    let page = walk(&mut visitor, &stage, SIGN_IN, ALLOW).await;
    page.is_human(200, "Welcome", "<strong>Fake Person</strong>, Fake Softball Team");
    assert!(page.html.contains("The app is not installed in your workspace yet."));
    walk(&mut visitor, &stage, INSTALL, ALLOW).await;
    let page = visitor.open(&stage.page("/")).await;
    page.is_human(200, "Welcome", "The app is installed in your workspace.");
    let page = visitor.submit(&stage.page("/sign-out")).await;
    page.is_human(200, "Welcome", "Sign in with Slack");
    assert!(!page.html.contains("Fake Person"));
    let page = visitor.open(&stage.page("/installed")).await;
    page.is_human(400, "Please start on our page", "start with the button");
}

#[tokio::test]
async fn an_id_token_that_proves_nothing_signs_nobody_in() {
    for fault in [
        IdTokenFault::WrongIssuer,
        IdTokenFault::WrongAudience,
        IdTokenFault::WrongNonce,
        IdTokenFault::Expired,
        IdTokenFault::TamperedClaims,
        IdTokenFault::AlgorithmNone,
        IdTokenFault::UnknownKey,
        IdTokenFault::WrongAccessTokenHash,
    ] {
        let (stage, mut visitor) = (Stage::set().await, Visitor::new());
        stage.slack(|slack| slack.script_id_token(fault));
        let page = walk(&mut visitor, &stage, SIGN_IN, ALLOW).await;
        assert!(page.status >= 500, "{fault:?}: {}", page.html);
        assert!(page.html.contains("whoever runs this app"), "{fault:?}: {}", page.html);
        let home = visitor.open(&stage.page("/")).await;
        assert!(!home.html.contains("You are signed in"), "{fault:?}");
    }
}

#[tokio::test]
async fn what_comes_from_slack_is_escaped() {
    let (stage, mut visitor) = (Stage::set().await, Visitor::new());
    let chess = format!("&fake_team=T0FAKE00002{ALLOW}");
    let page = walk(&mut visitor, &stage, INSTALL, &chess).await;
    page.is_human(200, "Added to Slack", "Fake &lt;b&gt;Chess&lt;/b&gt; Club");
    let page = walk(&mut visitor, &stage, SIGN_IN, &chess).await;
    page.is_human(200, "Welcome", "Fake &lt;b&gt;Chess&lt;/b&gt; Club");
}

#[tokio::test]
async fn every_answer_is_guarded() {
    let (stage, mut visitor) = (Stage::set().await, Visitor::new());
    for path in
        ["/", "/installed", "/style.css", "/no-such-page", "/slack/install/callback", INSTALL]
    {
        let page = visitor.ask(&stage.page(path)).await;
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self'; form-action 'self'"),
            "{path}"
        );
        assert_eq!(page.headers["cache-control"], "no-store", "{path}");
        assert_eq!(page.headers["referrer-policy"], "no-referrer", "{path}");
        assert_eq!(page.headers["x-content-type-options"], "nosniff", "{path}");
    }
    visitor.open(&stage.page("/no-such-page")).await.is_human(
        404,
        "There is no such page",
        "Start page",
    );

    let page = Visitor::new().ask(&stage.page(SIGN_IN)).await;
    let cookie = page.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("slack-browser="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"), "{cookie}");
}

#[tokio::test]
async fn a_second_person_takes_nobodys_token_and_an_event_removes_what_it_is_about() {
    let stage = Stage::set().await;
    for person in ["U0FAKE00001", "U0FAKE00002"] {
        let mut visitor = Visitor::new();
        let consent = visitor.open(&stage.page(INSTALL)).await;
        let page = visitor.open(&format!("{}&fake_user={person}{ALLOW}", consent.url)).await;
        page.is_human(200, "Added to Slack", "Fake Softball Team");
        stage.clock.advance(1_000);
    }
    let stored = stage.stored().await.remove(0).installation;
    let bot = stored.bot.unwrap().access_token;
    let now = stage.clock.now();
    assert!(stage.slack(|slack| slack.is_live(bot.expose(), now)));

    let http = reqwest::Client::new();
    let deliver = async |request: axum::http::Request<Vec<u8>>| {
        http.execute(request.try_into().unwrap()).await.unwrap().status().as_u16()
    };
    let url = stage.page("/slack/events");
    let events = stage.slack(|slack| {
        slack.uninstall("1000000001.2000000002", "T0FAKE00001");
        slack.take_events()
    });
    assert!(!events.is_empty());
    let request = |event| stage.slack(|slack| slack.event_request(event, &url, now, 0).unwrap());
    let mut forged = request(&events[0]);
    forged.body_mut().push(b' ');
    assert_eq!(deliver(forged).await, 401);
    assert_eq!(stage.stored().await.len(), 1);
    for event in &events {
        assert_eq!(deliver(request(event)).await, 200);
    }
    assert!(stage.stored().await.is_empty());
}
