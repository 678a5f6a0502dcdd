//! What is told of many installations, of rows that cannot be read, and of tokens.

use std::sync::atomic::Ordering::SeqCst;

use slack_auth::{
    AccessToken, ClientId, Installation, PublicClient, Slot, StoreKey, Timestamp, TokenRotator,
    health::HealthState,
    oauth::ClientCredentials,
    rotation::{Rejection, TokenErrorKind},
    runtime::Runtime as _,
    store::{
        EntryKey, Precondition, SecretBytes, StoreBackend as _, StoreErrorKind, StoredVersion,
        Write,
    },
    tokens::{
        ConfigurationCredential, ConfigurationToken, Credential, InstallationKey, RefreshToken,
    },
};
use slack_fake::Fault;

use crate::{
    incidents::{ask, script, seconds},
    support::{LIFE, World},
};

fn put(world: &World, team: &str, fill: impl FnOnce(&mut Installation, Timestamp)) -> StoreKey {
    let key = StoreKey::from(InstallationKey::Workspace(team.into()));
    let mut installation = Installation::new(key.place().clone());
    fill(&mut installation, world.runtime.now());
    let put = world.store.put(&key, &installation, Precondition::Absent);
    world.runtime.block_on(put).unwrap();
    key
}

/// A bot whose token never ends.
fn put_lasting(world: &World, team: &str) -> StoreKey {
    put(world, team, |installation, now| {
        let token = AccessToken::new(format!("xoxb-{team}")).unwrap();
        installation.bot = Some(Credential::new(token, now));
    })
}

fn state(world: &World, rotator: &TokenRotator) -> HealthState {
    let health = world.runtime.block_on(rotator.health(&world.key)).unwrap().unwrap();
    let bot = health.credentials.into_iter().find(|it| it.slot == Slot::Bot).unwrap();
    bot.state
}

/// Reports the bot's token as expired, in the background.
fn reject(world: &World, rotator: &TokenRotator) {
    let (rotator, key) = (rotator.clone(), world.key.clone());
    let token = world.stored().access_token.fingerprint();
    world.runtime.spawn(Box::pin(async move {
        let _ = rotator.report_rejected(&key, Slot::Bot, token, Rejection::Expired).await;
    }));
    world.runtime.run_until_stalled();
}

#[test]
fn a_refresh_that_nobody_expected_is_under_way_as_well() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    let asked = rotator.access_token(&world.key, Slot::User);
    world.runtime.block_on(asked).unwrap();
    world.runtime.advance(seconds(3_600));
    let summary = world.runtime.block_on(rotator.health_summary(0)).unwrap();
    assert_eq!((summary.refreshing, summary.retrying), (0, 0));
    script(&world, Fault::ReplyDelayed(seconds(5)));
    reject(&world, &rotator);
    assert_eq!(state(&world, &rotator), HealthState::Refreshing);
    let health = world.runtime.block_on(rotator.health(&world.key)).unwrap().unwrap();
    assert!(!health.needs_person());
    let summary = world.runtime.block_on(rotator.health_summary(0)).unwrap();
    assert_eq!((summary.refreshing, summary.retrying), (1, 0));
}

#[test]
fn who_waits_for_another_process_is_not_retrying() {
    let world = World::new();
    let (one, _) = world.rotator();
    let (other, _) = world.rotator();
    world.token(&one);
    world.token(&other);
    world.runtime.advance(LIFE);
    script(&world, Fault::ReplyDelayed(seconds(5)));
    one.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.run_until_stalled();
    other.refresh_if_due(&world.key, Slot::Bot);
    // By now it looks every two seconds what has become of it.
    world.runtime.advance(seconds(4));
    assert_eq!(state(&world, &other), HealthState::Refreshing);
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_summary_counts_what_the_store_lists() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    for team in ["T1", "T2"] {
        put_lasting(&world, team);
    }
    // Somebody else has put something there.
    let foreign = EntryKey::from_text("something-else").unwrap();
    let write = Write::new(StoredVersion::random().unwrap(), SecretBytes::new(b"x".to_vec()));
    let put = world.raw.put(&foreign, &write, Precondition::Absent);
    world.runtime.block_on(put).unwrap();
    let summary = || {
        let summary = world.runtime.block_on(rotator.health_summary(0)).unwrap();
        (summary.installations, summary.due, summary.needing_person, summary.unreadable)
    };
    assert_eq!(summary(), (3, 0, 0, 1));
    world.runtime.advance(LIFE);
    assert_eq!(summary(), (3, 1, 0, 1));
    (0..2).for_each(|_| script(&world, Fault::Refused { code: "account_inactive".into() }));
    assert!(ask(&world, &rotator).is_err());
    assert_eq!(summary(), (3, 1, 1, 1));
}

#[test]
fn the_ends_of_refresh_tokens_are_read_only_if_there_are_any() {
    let world = World::public();
    let app = ClientCredentials::from(PublicClient::new(ClientId::new("1.2").unwrap()));
    let public = TokenRotator::builder(world.client.clone(), app, world.store.clone())
        .runtime(world.runtime.clone())
        .build()
        .unwrap();
    let (confidential, _) = world.rotator();
    for (rotator, ends, reads) in [(&public, 10, 1), (&public, 0, 0), (&confidential, 10, 0)] {
        let before = world.hooks.reads.load(SeqCst);
        world.runtime.block_on(rotator.health_summary(ends)).unwrap();
        assert_eq!(world.hooks.reads.load(SeqCst) - before, reads, "{ends}");
    }
}

#[test]
fn a_store_that_fails_at_three_rows_one_after_another_has_failed() {
    let teams = ["T1", "T2", "T3", "T4", "T5"];
    for (unavailable, fails) in [([0, 1, 3, 4].as_slice(), false), (&[0, 1, 2], true)] {
        let world = World::new();
        let (rotator, _) = world.rotator();
        let keys = teams.map(|team| put_lasting(&world, team));
        for index in unavailable {
            world.hooks.unavailable.lock().unwrap().push(keys[*index].to_text());
        }
        let page = world.runtime.block_on(rotator.health_page(None, 100));
        match page {
            Ok(page) => {
                assert!(!fails);
                assert_eq!((page.installations.len(), page.unreadable.len()), (2, 4));
            }
            Err(error) => assert!(fails && error.kind() == StoreErrorKind::Unavailable),
        }
    }
}

#[test]
fn another_try_is_repeated_until_others_write_no_more() {
    for (late, is_cleared) in [(1, true), (7, true), (8, false)] {
        let world = World::new();
        let (rotator, _) = world.rotator();
        world.runtime.advance(LIFE);
        (0..2).for_each(|_| script(&world, Fault::Refused { code: "account_inactive".into() }));
        assert!(ask(&world, &rotator).is_err());
        world.slack.with(slack_fake::FakeSlack::clear_faults);
        world.hooks.late_writes.store(late, SeqCst);
        let result = world.runtime.block_on(rotator.retry(&world.key));
        assert_eq!(result.is_ok(), is_cleared, "{late}: {result:?}");
        let stored = world.runtime.block_on(world.inner.load(&world.key)).unwrap().unwrap();
        let note = stored.installation.needs_authorization(Slot::Bot);
        assert_eq!(note.is_none(), is_cleared, "{late}");
    }
}

#[test]
fn a_token_tells_what_it_may_do_and_hides_itself() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let token = world.runtime.block_on(rotator.access_token(&world.key, Slot::Bot)).unwrap();
    assert_eq!(*token.scopes(), "chat:write".into());
    assert_eq!(token.expires_at(), Some(world.runtime.now() + LIFE));
    let shown = format!("{token:?}");
    assert!(shown.starts_with("ValidToken(") && !shown.contains("xox"), "{shown}");
    assert!(shown.contains(&format!("{:?}", token.fingerprint())), "{shown}");
    let end = world.runtime.now() + LIFE;
    let key = put(&world, "T1", |installation, now| {
        let token = ConfigurationToken::new("xoxe.xoxp-1-FAKE").unwrap();
        let refresh_token = RefreshToken::new("xoxe-1-FAKE").unwrap();
        let mut configuration = ConfigurationCredential::new(token, refresh_token, now);
        configuration.expires_at = Some(end);
        installation.configuration = Some(configuration);
    });
    let token = world.runtime.block_on(rotator.configuration_token(&key)).unwrap();
    assert_eq!(token.expires_at(), Some(end));
    let shown = format!("{token:?}");
    assert!(shown.starts_with("ValidConfigurationToken("), "{shown}");
    assert!(shown.contains(&format!("{:?}", token.fingerprint())), "{shown}");
    assert!(!shown.contains("xox"), "{shown}");
}

#[test]
fn an_error_names_the_slot_and_has_a_word() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let nobody = StoreKey::from(InstallationKey::Workspace("T0NOBODY".into()));
    for (slot, name) in [
        (Slot::Bot, "no bot token"),
        (Slot::User, "no user token"),
        (Slot::Configuration, "no configuration token"),
        (Slot::Unknown, "no unplaced token"),
    ] {
        let error = world.runtime.block_on(rotator.access_token(&nobody, slot)).unwrap_err();
        assert!(error.to_string().starts_with(name), "{error}");
        assert_eq!((error.slot(), error.key()), (slot, &nobody));
    }
    let words = [
        (TokenErrorKind::NotInstalled, "not_installed"),
        (TokenErrorKind::StoredElsewhere, "stored_elsewhere"),
        (TokenErrorKind::EmptySlot, "empty_slot"),
        (TokenErrorKind::NeedsAuthorization, "needs_authorization"),
        (TokenErrorKind::RefreshFailed, "refresh_failed"),
        (TokenErrorKind::RefreshedLately, "refreshed_lately"),
        (TokenErrorKind::TimedOut, "timed_out"),
        (TokenErrorKind::TooShortLived, "too_short_lived"),
        (TokenErrorKind::WrongTokenType, "wrong_token_type"),
        (TokenErrorKind::NoClientSecret, "no_client_secret"),
        (TokenErrorKind::Drained, "drained"),
    ];
    assert!(words.iter().all(|(kind, word)| kind.as_str() == *word));
}

#[test]
fn a_builders_settings_count() {
    let world = World::new();
    let builder = || TokenRotator::builder(world.client.clone(), World::app(), world.store.clone());
    let shown = format!("{:?}", builder());
    assert!(shown.starts_with("TokenRotatorBuilder") && shown.contains("policy"), "{shown}");
    let key = put(&world, "T1", |installation, now| {
        let mut bot = Credential::new(AccessToken::new("xoxb-FAKE").unwrap(), now);
        bot.expires_at = Some(now + seconds(60));
        installation.bot = Some(bot);
    });
    for (min_validity, is_long_enough) in [(59, true), (60, true), (61, false)] {
        let rotator = builder()
            .runtime(world.runtime.clone())
            .min_validity(seconds(min_validity))
            .build()
            .unwrap();
        let asked = world.runtime.block_on(rotator.access_token(&key, Slot::Bot));
        assert_eq!(asked.is_ok(), is_long_enough, "{min_validity}: {asked:?}");
    }
}

/// It is installed while the caller is about to be told that it is not: then it is not told to look elsewhere.
#[test]
fn nobody_is_sent_to_where_he_has_looked() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let key = StoreKey::from_text("grid/E0FAKE00001/T0OTHER").unwrap();
    *world.hooks.slow.lock().unwrap() = Some((world.runtime.clone(), seconds(2)));
    // Two reads end after two and five seconds; the look for what is near after seven.
    let (runtime, store, late) = (world.runtime.clone(), world.inner.clone(), key.clone());
    world.runtime.spawn(Box::pin(async move {
        runtime.sleep(seconds(6)).await;
        let mut installation = Installation::new(late.place().clone());
        let token = AccessToken::new("xoxb-LATE").unwrap();
        installation.bot = Some(Credential::new(token, runtime.now()));
        store.put(&late, &installation, Precondition::Absent).await.map(drop).unwrap();
    }));
    let began = world.runtime.elapsed();
    let error = world.runtime.block_on(rotator.access_token(&key, Slot::Bot)).unwrap_err();
    assert_eq!(world.runtime.elapsed().saturating_sub(began), seconds(7));
    assert_eq!((error.kind(), error.nearest()), (TokenErrorKind::NotInstalled, None));
}

#[test]
fn a_wait_of_less_than_a_second_is_part_of_a_refresh() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.runtime.advance(LIFE);
    script(&world, Fault::ReplyLost);
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.run_until_stalled();
    assert_eq!(world.refreshes(), 1);
    assert_eq!(state(&world, &rotator), HealthState::Refreshing);
    let summary = world.runtime.block_on(rotator.health_summary(0)).unwrap();
    assert_eq!((summary.refreshing, summary.retrying), (1, 0));
}

#[test]
fn the_end_of_a_refresh_token_is_told_however_long_the_token_lives() {
    let world = World::public();
    let app = ClientCredentials::from(PublicClient::new(ClientId::new("1.2").unwrap()));
    let rotator = TokenRotator::builder(world.client.clone(), app, world.store.clone())
        .runtime(world.runtime.clone())
        .build()
        .unwrap();
    let key = put(&world, "T1", |installation, now| {
        let mut user = Credential::new(AccessToken::new("xoxe.xoxp-1-FAKE").unwrap(), now);
        user.refresh_token = Some(RefreshToken::new("xoxe-1-FAKE").unwrap());
        user.refresh_token_issued_at = Some(now);
        user.expires_at = Some(now + seconds(20 * 86_400));
        installation.user = Some(user);
    });
    let summary = world.runtime.block_on(rotator.health_summary(10)).unwrap();
    assert_eq!(summary.soonest_ends.len(), 2, "{summary:?}");
    assert!(summary.soonest_ends.iter().any(|end| end.key == key));
}
