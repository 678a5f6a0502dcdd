//! Situations that users of other libraries have reported, and that a newcomer met.

use std::time::Duration;

use slack_auth::{
    AccessToken, Installation, Recovery, Slot, StoreKey, Timestamp,
    events::{EventOutcome, SpareReason},
    tokens::{AppData, Credential, InstallationKey},
};
use slack_fake::App;

use crate::stage::{FIRST, ORG, SECOND, START, Stage, TEAM, team};

const BOTH: &str = "scope=chat:write&user_scope=search:read";
const TEXT: &str = "team/T0FAKE00001";

fn removed(outcome: &EventOutcome) -> Vec<(String, Slot)> {
    outcome.removed.iter().map(|it| (it.key.to_text(), it.slot)).collect()
}

fn reasons(outcome: &EventOutcome) -> Vec<(Slot, SpareReason)> {
    outcome.spared.iter().map(|it| (it.slot, it.reason)).collect()
}

/// A credential that Slack never issued, with the time of issue by Slack's clock.
fn made_up(token: &str, server_date: Option<u64>, issued_at: u64) -> Credential {
    let token = AccessToken::new(token).unwrap();
    let mut credential = Credential::new(token, Timestamp::from_unix(issued_at));
    credential.server_date = server_date.map(Timestamp::from_unix);
    credential
}

#[test]
fn an_uninstall_that_arrives_after_the_app_was_installed_again_changes_nothing() {
    let stage = Stage::new();
    stage.install(FIRST, BOTH);
    stage.runtime.advance(Duration::from_secs(1_000));
    let events = stage.uninstall(TEAM);
    assert_eq!(events.len(), 2, "{events:?}");
    stage.runtime.advance(Duration::from_secs(1_000));
    stage.install(FIRST, BOTH);
    stage.runtime.advance(Duration::from_secs(60));
    for event in events.iter().chain(&events) {
        let outcome = stage.deliver(event);
        assert_eq!(removed(&outcome), []);
        assert!(outcome.spared.iter().all(|it| it.reason == SpareReason::IssuedLater));
    }
    let left = stage.load(TEXT).unwrap();
    assert!(left.bot.is_some() && left.user.is_some());
    assert_eq!(stage.slack.with(|fake| fake.calls("auth.test")), 0, "times tell");
}

#[test]
fn within_five_minutes_slack_is_asked_and_the_new_install_stays() {
    // Our clock is four minutes fast: by it the install would be long before the event.
    for ahead in [-240, 0, 240] {
        let stage = Stage::with(App::new("1.2", "hush"), ahead);
        stage.install(FIRST, BOTH);
        stage.runtime.advance(Duration::from_secs(100));
        let events = stage.uninstall(TEAM);
        stage.install(FIRST, BOTH);
        for event in &events {
            let outcome = stage.deliver(event);
            assert_eq!(removed(&outcome), [], "{ahead}");
            assert!(outcome.spared.iter().all(|it| it.reason == SpareReason::Alive), "{outcome:?}");
        }
        assert!(stage.load(TEXT).unwrap().bot.is_some());
        assert!(stage.slack.with(|fake| fake.calls("auth.test")) > 0);
    }
}

#[test]
fn an_uninstall_removes_all_at_the_place_and_the_rotator_knows() {
    for pause in [1, 1_000] {
        let stage = Stage::new();
        stage.install(FIRST, BOTH);
        stage.install(SECOND, "user_scope=search:read");
        let key = StoreKey::from(team());
        assert!(stage.runtime.block_on(stage.rotator.access_token(&key, Slot::Bot)).is_ok());
        stage.runtime.advance(Duration::from_secs(pause));
        stage.slack.handle(&http::Request::get("https://slack.com/x").body(Vec::new()).unwrap());
        for event in stage.uninstall(TEAM) {
            stage.deliver(&event);
        }
        assert_eq!(stage.rows().len(), 0, "{:?}", stage.rows());
        let token = stage.runtime.block_on(stage.rotator.access_token(&key, Slot::Bot));
        assert!(token.is_err(), "the cache is not a second store");
    }
}

#[test]
fn without_a_clear_answer_nothing_is_removed() {
    let stage = Stage::new();
    stage.install(FIRST, BOTH);
    let [_, uninstalled] = &stage.uninstall(TEAM)[..] else { panic!() };
    for _ in 0..2 {
        stage.slack.with(|fake| {
            fake.script("auth.test", slack_fake::Fault::ServerError { status: 503 });
        });
    }
    let outcome = stage.deliver(uninstalled);
    assert!(outcome.is_in_doubt(), "{outcome:?}");
    assert_eq!(
        reasons(&outcome),
        [(Slot::Bot, SpareReason::Doubt), (Slot::User, SpareReason::Doubt)]
    );
    assert!(stage.load(TEXT).is_some());
    let outcome = stage.deliver(uninstalled);
    assert_eq!(removed(&outcome).len(), 2);
    assert!(stage.load(TEXT).is_none());
}

#[test]
fn an_address_that_is_not_allowed_removes_nothing() {
    let stage = Stage::new();
    stage.install(FIRST, "scope=chat:write");
    stage.slack.with(|fake| {
        fake.script("auth.test", slack_fake::Fault::Refused { code: "invalid_auth".into() });
    });
    let event = format!(
        r#"{{"type":"event_callback","team_id":"{TEAM}","event_time":{START},"event":{{"type":"app_uninstalled"}}}}"#
    );
    let callback = stage.signed(&event);
    let outcome = stage.runtime.block_on(stage.rotator.apply_event(&callback)).unwrap();
    assert_eq!(reasons(&outcome), [(Slot::Bot, SpareReason::Doubt)]);
    assert!(stage.load(TEXT).is_some());
}

#[test]
fn removal_reaches_a_workspace_that_joined_an_organization() {
    let stage = Stage::new();
    let mut before = Installation::new(team());
    before.bot = Some(made_up("xoxb-FAKE", Some(START), START));
    before.user = Some(made_up("xoxp-FAKE", Some(START), START));
    before.user_id = Some(FIRST.into());
    stage.put(&team().into(), &before);
    let mut own = Installation::new(team());
    own.user = Some(made_up("xoxp-FAKE-2", Some(START), START));
    stage.put(&StoreKey::person(team(), SECOND.into()), &own);
    let event = |event_time: u64, event: &str| {
        stage.signed(&format!(
            r#"{{"type":"event_callback","team_id":"{TEAM}","enterprise_id":"{ORG}","event_time":{event_time},"event":{event}}}"#
        ))
    };
    let revoked = |who: &str| {
        format!(r#"{{"type":"tokens_revoked","tokens":{{"oauth":["{who}"],"bot":[]}}}}"#)
    };
    let apply = |callback| stage.runtime.block_on(stage.rotator.apply_event(&callback)).unwrap();
    let late = apply(event(START - 1_000, &revoked(SECOND)));
    assert_eq!(
        (removed(&late), reasons(&late)),
        (vec![], vec![(Slot::User, SpareReason::IssuedLater)])
    );
    let second = apply(event(START + 1_000, &revoked(SECOND)));
    assert_eq!(removed(&second), [(format!("{TEXT}/user/{SECOND}"), Slot::User)]);
    let first = apply(event(START + 1_000, &revoked(FIRST)));
    assert_eq!(removed(&first), [(TEXT.to_owned(), Slot::User)]);
    assert!(stage.load(TEXT).unwrap().bot.is_some(), "the bot is another's");
    let all = apply(event(START + 1_000, r#"{"type":"app_uninstalled"}"#));
    assert_eq!(removed(&all), [(TEXT.to_owned(), Slot::Bot)]);
    assert_eq!(stage.rows().len(), 0);
}

#[test]
fn an_org_wide_install_goes_by_its_own_event_alone() {
    let stage = Stage::new();
    let org = InstallationKey::Organization(ORG.into());
    let mut installed = Installation::new(org.clone());
    installed.bot = Some(made_up("xoxb-FAKE", Some(START), START));
    stage.put(&org.into(), &installed);
    let event = |more: &str| {
        stage.signed(&format!(
            r#"{{"type":"event_callback","team_id":"T0FAKE00002","enterprise_id":"{ORG}","event_time":{},
            "event":{{"type":"app_uninstalled"}}{more}}}"#,
            START + 1_000
        ))
    };
    // One workspace of many: Slack, who does not know this token, is asked, and does not say that it is dead.
    stage.slack.with(|fake| {
        fake.script("auth.test", slack_fake::Fault::ServerError { status: 503 });
    });
    let callback = event("");
    let outcome = stage.runtime.block_on(stage.rotator.apply_event(&callback)).unwrap();
    assert_eq!(reasons(&outcome), [(Slot::Bot, SpareReason::Doubt)]);
    let callback = event(r#","authorizations":[{"is_enterprise_install":true}]"#);
    let outcome = stage.runtime.block_on(stage.rotator.apply_event(&callback)).unwrap();
    assert_eq!(removed(&outcome), [("org/E0FAKE00001".to_owned(), Slot::Bot)]);
}

#[test]
fn a_second_person_ends_nobodys_credential() {
    let stage = Stage::new();
    stage.install(FIRST, BOTH);
    let first = stage.load(TEXT).unwrap().user.unwrap();
    // With user scopes alone, and then with the bot's.
    let outcome = stage.install(SECOND, "user_scope=search:read");
    assert_eq!(outcome.rows[0].key.to_text(), format!("{TEXT}/user/{SECOND}"));
    assert_eq!(outcome.rows[0].changes.added, [Slot::User]);
    let outcome = stage.install(SECOND, "scope=commands");
    assert_eq!(outcome.rows[0].changes.kept, [Slot::User]);
    assert_eq!(outcome.displaced().count(), 0);
    let stored = stage.load(TEXT).unwrap();
    assert_eq!(stored.user.unwrap().access_token.expose(), first.access_token.expose());
    assert_eq!(stored.user_id, Some(FIRST.into()));
    assert_eq!(stored.bot.unwrap().scopes, "chat:write,commands".into());
    let second = stage.load(&format!("{TEXT}/user/{SECOND}")).unwrap();
    assert_eq!(second.user_id, Some(SECOND.into()));
    // Both rows answer to the rotator.
    for key in [StoreKey::from(team()), StoreKey::person(team(), SECOND.into())] {
        assert!(stage.runtime.block_on(stage.rotator.access_token(&key, Slot::User)).is_ok());
    }
}

#[test]
fn a_reinstall_is_what_the_next_caller_gets() {
    let stage = Stage::with(App::new("1.2", "hush").rotate_tokens(), 0);
    stage.install(FIRST, BOTH);
    let key = StoreKey::from(team());
    let token = || stage.runtime.block_on(stage.rotator.access_token(&key, Slot::Bot)).unwrap();
    let old = token().expose().to_owned();
    stage.runtime.advance(Duration::from_secs(10));
    let outcome = stage.install(FIRST, BOTH);
    assert_eq!(outcome.rows[0].changes.replaced.len(), 2);
    assert_ne!(token().expose(), old);
}

#[test]
fn a_token_in_hand_is_installed_with_the_applications_data() {
    let stage = Stage::new();
    let mut hand = Installation::new(team());
    hand.bot = Some(made_up("xoxb-FAKE", None, START));
    hand.app_data = Some(AppData::new("plan=pro").unwrap());
    stage.runtime.block_on(stage.rotator.install(hand)).unwrap();
    stage.install(FIRST, "user_scope=search:read");
    let stored = stage.load(TEXT).unwrap();
    assert!(stored.bot.is_some() && stored.user.is_some());
    assert_eq!(stored.app_data.unwrap().as_ref(), b"plan=pro");
    let nowhere = stage.runtime.block_on(stage.rotator.install(Installation::default()));
    assert_eq!(nowhere.unwrap_err().recovery(), Recovery::Unknown);
}

#[test]
fn an_event_of_one_workspace_finds_the_org_wide_install_and_reads_the_store_once() {
    let stage = Stage::new();
    let org = InstallationKey::Organization(ORG.into());
    let mut installed = Installation::new(org.clone());
    installed.bot = Some(made_up("xoxb-FAKE", None, START));
    stage.put(&org.into(), &installed);
    let place = InstallationKey::grid_workspace(ORG.into(), "T0FAKE00002".into());
    let key = StoreKey::from(place.clone());
    let token = || stage.runtime.block_on(stage.rotator.nearest_access_token(&key, Slot::Bot));
    assert_eq!(token().unwrap().expose(), "xoxb-FAKE");
    let home = stage.runtime.block_on(stage.rotator.nearest_key(&key, Slot::Bot)).unwrap();
    assert_eq!(home.to_text(), "org/E0FAKE00001");
    // The workspace's own install is nearer, once it is there.
    let mut own = Installation::new(place);
    own.bot = Some(made_up("xoxb-OWN", None, START));
    stage.runtime.block_on(stage.rotator.install(own)).unwrap();
    assert_eq!(token().unwrap().expose(), "xoxb-OWN");
    // Where nothing serves, a person must authorize the app.
    let other = StoreKey::from(InstallationKey::grid_workspace("E9".into(), "T9".into()));
    let refused = stage.runtime.block_on(stage.rotator.nearest_access_token(&other, Slot::Bot));
    assert_eq!(refused.unwrap_err().recovery(), Recovery::AuthorizeAgain);
}

#[test]
fn events_of_another_app_or_of_no_place_are_refused() {
    let stage = Stage::new();
    stage.install(FIRST, BOTH);
    let foreign = format!(
        r#"{{"type":"event_callback","team_id":"{TEAM}","api_app_id":"A0OTHER","event":{{"type":"app_uninstalled"}}}}"#
    );
    let callback = stage.signed(&foreign);
    let refused = stage.runtime.block_on(stage.rotator.apply_event(&callback)).unwrap_err();
    assert_eq!(refused.recovery(), Recovery::FixConfiguration, "{refused}");
    let callback = stage.signed(r#"{"type":"event_callback","event":{"type":"app_uninstalled"}}"#);
    let refused = stage.runtime.block_on(stage.rotator.apply_event(&callback)).unwrap_err();
    assert_eq!(refused.recovery(), Recovery::Unknown, "{refused}");
    let callback = stage.signed(r#"{"type":"event_callback","event":{"type":"message"}}"#);
    let outcome = stage.runtime.block_on(stage.rotator.apply_event(&callback)).unwrap();
    assert!(outcome.removed.is_empty() && outcome.spared.is_empty());
    assert!(stage.load(TEXT).is_some());
}

#[test]
fn the_remedy_for_a_code_whose_answer_was_lost_is_to_begin_again() {
    use slack_auth::{
        ClientId, ClientSecret, ConfidentialClient, methods::OauthV2Access,
        oauth::AuthorizationCode,
    };
    use slack_fake::Fault;

    for (fault, remedy) in [
        (Fault::ReplyLost, Recovery::AuthorizeAgain),
        (Fault::ReplyTruncated { keep: 40 }, Recovery::AuthorizeAgain),
        (Fault::ServerError { status: 502 }, Recovery::AuthorizeAgain),
        (Fault::RequestLost, Recovery::AuthorizeAgain),
    ] {
        let stage = Stage::new();
        stage.slack.with(|fake| fake.script("oauth.v2.access", fault.clone()));
        let exchange = OauthV2Access::new(AuthorizationCode::new("c0de").unwrap());
        let app = ConfidentialClient::new(
            ClientId::new("1.2").unwrap(),
            ClientSecret::new("hush").unwrap(),
        );
        let error = stage.runtime.block_on(stage.client.call(&exchange, &app)).unwrap_err();
        assert_eq!(error.recovery(), remedy, "{fault:?}: {error}");
    }
}
