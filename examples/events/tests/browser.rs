//! The installs in a real browser. `.ci/run browser` runs it.

#[expect(dead_code, reason = "the tests over loopback need more of it")]
mod stage;
#[expect(dead_code, reason = "the other example needs more of it")]
#[path = "../../install-server/tests/stage/webdriver.rs"]
mod webdriver;

use stage::{FIRST, SECOND, Stage, TEAM};
use webdriver::{PAUSE, TRIES, Window, with_window};

async fn shows(window: &Window, text: &str) {
    for _ in 0..TRIES {
        if window.text("body").await.contains(text) {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("{text} is not shown at {}: {}", window.url().await, window.text("body").await);
}

async fn install(stage: &Stage, person: &str, rows: usize) {
    let page = format!("{}/slack/install", stage.origin);
    let (person, shown) = (person.to_owned(), format!("Installed: {rows} rows"));
    with_window(async move |window: Window| {
        window.open_page(&page).await;
        window.click(&format!("#fake_user option[value={person}]")).await;
        window.click("#allow").await;
        shows(&window, &shown).await;
    })
    .await;
}

#[tokio::test]
async fn two_people_install_the_app_and_it_is_removed() {
    let stage = Stage::set().await;
    install(&stage, FIRST, 1).await;
    install(&stage, SECOND, 2).await;
    let place = format!("team/{TEAM}");
    let stored = stage.load(&place).await.unwrap();
    assert!(stage.is_live(stored.bot.as_ref()) && stage.is_live(stored.user.as_ref()));
    for event in stage.uninstall() {
        assert_eq!(stage.deliver(&event).await.0, 200);
    }
    assert!(stage.load(&place).await.is_none());
    assert!(stage.load(&format!("{place}/user/{SECOND}")).await.is_none());
}
