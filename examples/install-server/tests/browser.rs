//! Both flows in a real browser, clicked through as a person does. `.ci/run browser` runs it.

mod stage;
#[path = "stage/webdriver.rs"]
mod webdriver;

use slack_fake::Fault;
use stage::Stage;
use webdriver::{PAUSE, TRIES, Window, with_window};

/// Asks for an address outside of the window, and gives the one that it sends on to.
async fn sent_to(url: &str) -> String {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let response = http.build().unwrap().get(url).send().await.unwrap();
    response.headers()["location"].to_str().unwrap().to_owned()
}

/// Waits until the page has this heading, and this text somewhere.
async fn shows(window: &Window, heading: &str, selector: &str, text: &str) {
    for _ in 0..TRIES {
        if window.text("h1").await == heading {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    let seen = (window.text("h1").await, window.text(selector).await);
    assert!(seen.0 == heading && seen.1.contains(text), "{seen:?} at {}", window.url().await);
}

#[tokio::test]
async fn a_person_adds_the_app() {
    with_window(async |window: Window| {
        let stage = Stage::set().await;
        window.open_page(&stage.page("/")).await;
        assert_eq!(window.style("main", "border-radius").await, "8px", "the style sheet is used");
        window.click("#add-to-slack").await;
        assert_eq!(window.text("#bot-scopes").await, "chat:write\ncommands");
        window.click("#allow").await;
        shows(&window, "Added to Slack", "#installed", "Fake Softball Team").await;
        assert_eq!(window.url().await, stage.page("/installed"));
        window.reload().await;
        shows(&window, "Added to Slack", "#installed", "Fake Softball Team").await;
        assert_eq!(stage.stored().await.len(), 1);

        let cookies = window.cookies().await;
        assert_eq!(cookies.len(), 2);
        for cookie in cookies {
            assert_eq!((&cookie["httpOnly"], &cookie["sameSite"]), (&true.into(), &"Lax".into()));
        }
        window.click("#home").await;
        shows(&window, "Welcome", "#sign-in", "Sign in with Slack").await;
    })
    .await;
}

#[tokio::test]
async fn a_person_declines_and_thinks_better_of_it() {
    with_window(async |window: Window| {
        let stage = Stage::set().await;
        window.open_page(&stage.page("/")).await;
        window.click("#add-to-slack").await;
        window.click("#cancel").await;
        shows(&window, "The app was not added", "#problem", "You pressed Cancel").await;
        assert!(stage.stored().await.is_empty());
        window.click("#again").await;
        window.click("#fake_team option[value=T0FAKE00002]").await;
        window.click("#allow").await;
        shows(&window, "Added to Slack", "#installed", "Fake <b>Chess</b> Club").await;
        assert_eq!(stage.stored().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_person_signs_in_and_out() {
    with_window(async |window: Window| {
        let stage = Stage::set().await;
        window.open_page(&stage.page("/")).await;
        window.click("#sign-in").await;
        window.click("#cancel").await;
        shows(&window, "You were not signed in", "#problem", "You pressed Cancel").await;
        window.click("#again").await;
        window.click("#fake_user option[value=U0FAKE00002]").await;
        window.click("#allow").await;
        shows(&window, "Welcome", "#person", "signed in as Other Person, Fake Softball Team").await;
        shows(&window, "Welcome", "#workspace", "not installed in your workspace yet").await;
        window.click("#add-to-slack").await;
        window.click("#allow").await;
        window.click("#home").await;
        shows(&window, "Welcome", "#workspace", "The app is installed in your workspace").await;
        window.click("#sign-out").await;
        shows(&window, "Welcome", "#sign-in", "Sign in with Slack").await;
    })
    .await;
}

#[tokio::test]
async fn a_callback_works_in_its_own_browser_and_as_often_as_it_is_loaded() {
    with_window(async |window: Window| {
        let stage = Stage::set().await;
        let strangers = sent_to(&stage.page("/slack/sign-in")).await;
        let planted = sent_to(&format!("{strangers}&fake_decision=allow")).await;
        let title = "This did not begin in this browser";
        window.open_page(&planted).await;
        shows(&window, title, "#problem", "Nothing has changed").await;

        window.open_page(&stage.page("/slack/install")).await;
        let callback = sent_to(&format!("{}&fake_decision=allow", window.url().await)).await;
        window.open_page(&format!("{callback}x")).await;
        shows(&window, title, "#problem", "was changed on the way").await;
        for _ in 0..2 {
            window.open_page(&callback).await;
            shows(&window, "Added to Slack", "#installed", "Fake Softball Team").await;
        }
        assert_eq!(stage.slack(|slack| slack.calls("oauth.v2.access")), 1);
    })
    .await;
}

#[tokio::test]
async fn a_person_waits_too_long_and_then_slack_is_down() {
    with_window(async |window: Window| {
        let stage = Stage::set().await;
        window.open_page(&stage.page("/slack/install")).await;
        stage.clock.advance(601);
        window.click("#allow").await;
        shows(&window, "That took too long", "#problem", "start again").await;

        stage.slack(|slack| slack.script("oauth.v2.access", Fault::ServerError { status: 503 }));
        window.click("#again").await;
        window.click("#allow").await;
        shows(&window, "Slack did not answer", "#problem", "nothing is lost").await;
        window.click("#again").await;
        window.click("#allow").await;
        shows(&window, "Added to Slack", "#installed", "Fake Softball Team").await;
    })
    .await;
}
