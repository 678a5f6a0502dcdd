//! Further situations of the kinds that were reported.

use std::time::Duration;

use slack_auth::{
    AccessToken, Installation, Slot, StoreKey, Timestamp,
    events::{EventOutcome, SpareReason},
    tokens::{Credential, InstallationKey},
};
use slack_fake::App;

use crate::stage::{FIRST, ORG, SECOND, START, Stage, TEAM, team};

const USER: &str = "user_scope=search:read";
const TEXT: &str = "team/T0FAKE00001";
const GRID: &str = "T0FAKE00002";

fn apply(stage: &Stage, body: &str) -> EventOutcome {
    let callback = stage.signed(body);
    stage.runtime.block_on(stage.rotator.apply_event(&callback)).unwrap()
}

fn removed(outcome: &EventOutcome) -> Vec<(String, Slot)> {
    outcome.removed.iter().map(|it| (it.key.to_text(), it.slot)).collect()
}

fn made_up(token: &str, server_date: Option<u64>) -> Credential {
    let token = AccessToken::new(token).unwrap();
    let mut credential = Credential::new(token, Timestamp::from_unix(START));
    credential.server_date = server_date.map(Timestamp::from_unix);
    credential
}

#[test]
fn people_who_authorize_user_scopes_alone_each_have_a_row_and_end_alone() {
    let stage = Stage::with(App::new("1.2", "hush").rotate_tokens(), 0);
    for person in [FIRST, SECOND, FIRST, SECOND] {
        stage.runtime.advance(Duration::from_secs(400));
        let outcome = stage.install(person, USER);
        assert_eq!((outcome.rows.len(), outcome.displaced().count()), (1, 0), "{person}");
    }
    let own = format!("{TEXT}/user/{SECOND}");
    let keys: Vec<_> = stage.rows().into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, [TEXT, &own]);
    // The bot comes later, by the second person: it takes nobody's place.
    let outcome = stage.install(SECOND, "scope=chat:write");
    assert_eq!(outcome.rows[0].changes.kept, [Slot::User]);
    stage.runtime.advance(Duration::from_secs(400));
    let body = format!(
        r#"{{"type":"event_callback","team_id":"{TEAM}","event_time":{},
        "event":{{"type":"tokens_revoked","tokens":{{"oauth":["{FIRST}"]}}}}}}"#,
        START + 2_400
    );
    assert_eq!(removed(&apply(&stage, &body)), [(TEXT.to_owned(), Slot::User)]);
    for (key, slot) in
        [(StoreKey::from(team()), Slot::Bot), (StoreKey::person(team(), SECOND.into()), Slot::User)]
    {
        assert!(stage.runtime.block_on(stage.rotator.access_token(&key, slot)).is_ok(), "{key}");
    }
}

#[test]
fn a_reinstall_with_fewer_scopes_takes_none_away() {
    let stage = Stage::new();
    stage.install(FIRST, "scope=chat:write,commands&user_scope=search:read,users:read");
    stage.runtime.advance(Duration::from_secs(400));
    stage.install(FIRST, "scope=chat:write&user_scope=search:read");
    let stored = stage.load(TEXT).unwrap();
    assert_eq!(stored.bot.unwrap().scopes, "chat:write,commands".into());
    assert_eq!(stored.user.unwrap().scopes, "search:read,users:read".into());
}

/// A workspace of an organization with an install of its own, beside the org-wide one.
fn side_by_side() -> Stage {
    let stage = Stage::new();
    let org = InstallationKey::Organization(ORG.into());
    let grid = InstallationKey::grid_workspace(ORG.into(), GRID.into());
    for (place, token) in [(org, "xoxb-ORG"), (grid, "xoxb-GRID")] {
        let mut installed = Installation::new(place);
        installed.bot = Some(made_up(token, Some(START)));
        let outcome = stage.runtime.block_on(stage.rotator.install(installed)).unwrap();
        assert_eq!(outcome.rows[0].changes.added, [Slot::Bot]);
    }
    stage
}

fn uninstalled(authorizations: &str) -> String {
    let time = START + 1_000;
    format!(
        r#"{{"type":"event_callback","team_id":"{GRID}","enterprise_id":"{ORG}","event_time":{time},
        "event":{{"type":"app_uninstalled"}},"authorizations":[{authorizations}]}}"#
    )
}

#[test]
fn an_org_wide_install_beside_a_workspaces_own_each_end_by_their_own_event() {
    let own = format!(r#"{{"team_id":"{GRID}","is_enterprise_install":false}}"#);
    let wide = format!(r#"{{"enterprise_id":"{ORG}","is_enterprise_install":true}}"#);
    let (grid, org) = (format!("grid/{ORG}/{GRID}"), format!("org/{ORG}"));
    let both = format!("{own},{wide}");
    // Of what is not certainly meant Slack is asked; here it gives no clear answer.
    for (authorizations, gone) in
        [(&own, vec![(grid.clone(), Slot::Bot)]), (&wide, vec![(org, Slot::Bot)]), (&both, vec![])]
    {
        let stage = side_by_side();
        for _ in 0..2 {
            let fault = slack_fake::Fault::ServerError { status: 503 };
            stage.slack.with(|fake| fake.script("auth.test", fault));
        }
        let outcome = apply(&stage, &uninstalled(authorizations));
        assert_eq!(removed(&outcome), gone, "{authorizations}");
        assert!(outcome.is_in_doubt(), "{authorizations}");
        let key = StoreKey::from(InstallationKey::grid_workspace(ORG.into(), GRID.into()));
        let token = stage.rotator.nearest_access_token(&key, Slot::Bot);
        let token = stage.runtime.block_on(token).unwrap();
        let left = if authorizations == &own { "xoxb-ORG" } else { "xoxb-GRID" };
        assert_eq!(token.expose(), left, "{authorizations}");
    }
}

#[test]
fn one_event_about_the_tokens_of_several_people_and_the_bot() {
    let stage = Stage::new();
    stage.install(FIRST, "scope=chat:write&user_scope=search:read");
    stage.install(SECOND, USER);
    let bot = stage.load(TEXT).unwrap().bot_user_id.unwrap();
    let body = |oauth: &str, bot: &str| {
        let time = START + 1_000;
        format!(
            r#"{{"type":"event_callback","team_id":"{TEAM}","event_time":{time},
            "event":{{"type":"tokens_revoked","tokens":{{"oauth":[{oauth}],"bot":[{bot}]}}}}}}"#
        )
    };
    let nobody = apply(&stage, &body(r#""U0NOBODY","W0NOBODY""#, r#""U0OTHERBOT""#));
    assert_eq!((removed(&nobody), nobody.spared.len()), (vec![], 0));
    let people = format!(r#""{SECOND}","{FIRST}","{FIRST}""#);
    let both = apply(&stage, &body(&people, ""));
    let mut both = removed(&both);
    both.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(
        both,
        [(TEXT.to_owned(), Slot::User), (format!("{TEXT}/user/{SECOND}"), Slot::User)]
    );
    assert!(stage.load(TEXT).unwrap().bot.is_some());
    let last = apply(&stage, &body(&people, &format!(r#""{bot}""#)));
    assert_eq!(removed(&last), [(TEXT.to_owned(), Slot::Bot)]);
    assert!(stage.rows().is_empty());
}

#[test]
fn an_event_that_comes_between_the_answer_and_its_storing_ends_it_when_it_is_repeated() {
    let stage = Stage::new();
    let answer = stage.answer(FIRST, "scope=chat:write&user_scope=search:read");
    stage.runtime.advance(Duration::from_secs(5));
    let events = stage.uninstall(TEAM);
    for event in &events {
        assert!(removed(&stage.deliver(event)).is_empty());
    }
    stage.runtime.block_on(stage.rotator.install(answer)).unwrap();
    stage.runtime.advance(Duration::from_secs(60));
    for event in &events {
        stage.deliver(event);
    }
    assert!(
        stage.rows().is_empty(),
        "Slack delivers an event again, and says that the token is dead"
    );
}

#[test]
fn without_a_date_in_the_answer_slack_is_asked_whatever_our_clock_says() {
    for ahead in [-290, 0, 290] {
        let stage = Stage::with(App::new("1.2", "hush"), ahead);
        let mut answer = stage.answer(FIRST, "scope=chat:write");
        answer.bot.as_mut().unwrap().server_date = None;
        stage.runtime.block_on(stage.rotator.install(answer)).unwrap();
        stage.runtime.advance(Duration::from_secs(4_000));
        // An hour later, and an hour before, by Slack's clock.
        for time in [START + 3_600, START - 3_600] {
            let body = format!(
                r#"{{"type":"event_callback","team_id":"{TEAM}","event_time":{time},"event":{{"type":"app_uninstalled"}}}}"#
            );
            let outcome = apply(&stage, &body);
            assert_eq!(outcome.spared[0].reason, SpareReason::Alive, "{ahead} {time}");
        }
        let events = stage.uninstall(TEAM);
        stage.deliver(events.last().unwrap());
        assert!(stage.rows().is_empty(), "{ahead}");
    }
}
