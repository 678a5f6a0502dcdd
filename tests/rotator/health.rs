//! What a person can ask about installations.

use std::time::Duration;

use slack_auth::{
    ClientId, PublicClient, Slot, StoreKey, TokenRotator,
    health::{CredentialHealth, HealthState},
    oauth::ClientCredentials,
    rotation::{Problem, ReauthorizationReason},
    runtime::Runtime as _,
    tokens::InstallationKey,
};
use slack_fake::Fault;

use crate::support::{LIFE, World};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn script(world: &World, fault: Fault) {
    world.slack.with(|fake| fake.script("oauth.v2.access", fault));
}

fn bot(world: &World, rotator: &TokenRotator) -> CredentialHealth {
    let health = world.runtime.block_on(rotator.health(&world.key)).unwrap().unwrap();
    assert_eq!(health.key, world.key);
    health.credentials.into_iter().find(|it| it.slot == Slot::Bot).unwrap()
}

#[test]
fn a_credential_goes_through_its_states() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let (watcher, _) = world.rotator();
    let state = |rotator: &TokenRotator| bot(&world, rotator).state;
    assert_eq!(state(&rotator), HealthState::Ready);
    world.runtime.advance(LIFE.saturating_sub(seconds(1)));
    assert_eq!(state(&rotator), HealthState::Due);
    assert_eq!(world.refreshes(), 0, "to look refreshes nothing");
    script(&world, Fault::ReplyDelayed(seconds(5)));
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.advance(seconds(1));
    assert_eq!(state(&rotator), HealthState::Refreshing);
    assert_eq!(state(&watcher), HealthState::Refreshing, "another process sees it by the lease");
    world.runtime.advance(seconds(10));
    assert_eq!(state(&rotator), HealthState::Ready);
    let health = bot(&world, &watcher);
    assert_eq!(health.token, world.stored().access_token.fingerprint());
    assert!(health.rotates && health.due_at > Some(world.runtime.now()));
    assert_eq!(health.expires_at, world.stored().expires_at);
    assert_eq!((health.refresh_token_ends_at, health.ends_at()), (None, None));
}

#[test]
fn a_refresh_that_is_held_back_says_until_when_and_why() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(LIFE + seconds(1));
    script(&world, Fault::RateLimited { retry_after: Some(600) });
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.advance(seconds(1));
    let health = bot(&world, &rotator);
    let HealthState::Retrying { until, problem } = &health.state else { panic!("{health:?}") };
    assert_eq!(*problem, Problem::RateLimited);
    let left = until.since(world.runtime.now()).as_secs();
    assert!((590..=600).contains(&left), "{left}");
    assert!(!health.needs_person());
    // The other credential has not been sent: the pace holds it back as well.
    rotator.refresh_if_due(&world.key, Slot::User);
    world.runtime.run_until_stalled();
    let all = world.runtime.block_on(rotator.health(&world.key)).unwrap().unwrap();
    assert!(all.credentials.iter().all(|it| it.state.as_str() == "retrying"), "{all:?}");
    let summary = world.runtime.block_on(rotator.health_summary(10)).unwrap();
    assert_eq!((summary.retrying, summary.refreshing), (2, 0));
    world.runtime.advance(seconds(700));
    assert_eq!(bot(&world, &rotator).state, HealthState::Ready);
}

#[test]
fn a_person_who_is_needed_is_known_after_a_restart_and_in_every_process() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    world.runtime.advance(LIFE + seconds(1));
    script(&world, Fault::Refused { code: "invalid_refresh_token".into() });
    let dead_at = world.runtime.now();
    assert!(world.runtime.block_on(rotator.access_token(&world.key, Slot::Bot)).is_err());
    drop(rotator);
    let (other, _) = world.rotator();
    let health = bot(&world, &other);
    let HealthState::NeedsAuthorization { since, reason } = &health.state else {
        panic!("{health:?}")
    };
    assert!(since.since(dead_at) < seconds(30) && *since >= dead_at);
    let code = "invalid_refresh_token".into();
    assert_eq!(*reason, ReauthorizationReason::RefreshTokenInvalid { code });
    let text = health.state.to_string();
    assert!(text.starts_with(&format!("needs authorization since {since} because ")), "{text}");
    let page = world.runtime.block_on(other.health_needing_person(None, 10)).unwrap();
    assert_eq!(page.installations.len(), 1);
    assert!(page.installations[0].needs_person() && page.next.is_none());
    let summary = world.runtime.block_on(other.health_summary(10)).unwrap();
    assert_eq!((summary.installations, summary.needing_person), (1, 1));
    // Another try clears it.
    world.runtime.block_on(other.retry(&world.key)).unwrap();
    let page = world.runtime.block_on(other.health_needing_person(None, 10)).unwrap();
    assert_eq!(page.installations, []);
    assert_eq!(bot(&world, &other).state, HealthState::Due);
}

#[test]
fn the_end_of_a_public_clients_refresh_token_is_told() {
    let world = World::public();
    let app = PublicClient::new(ClientId::new("1.2").unwrap());
    let app = ClientCredentials::from(app);
    let rotator = TokenRotator::builder(world.client.clone(), app, world.store.clone())
        .runtime(world.runtime.clone())
        .build()
        .unwrap();
    let end = world.runtime.now() + seconds(30 * 86_400);
    let health = world.runtime.block_on(rotator.health(&world.key)).unwrap().unwrap();
    assert_eq!(health.ends_at(), Some(end));
    let summary = world.runtime.block_on(rotator.health_summary(10)).unwrap();
    let [soonest] = &summary.soonest_ends[..] else { panic!("{summary:?}") };
    assert_eq!((&soonest.key, soonest.slot, soonest.ends_at), (&world.key, Slot::User, end));
    assert_eq!(world.runtime.block_on(rotator.health_summary(0)).unwrap().soonest_ends, []);
}

#[test]
fn a_token_that_has_ended_without_a_refresh_token_needs_a_person() {
    let world = World::new();
    let stored = world.runtime.block_on(world.inner.load(&world.key)).unwrap().unwrap();
    let mut installation = stored.installation;
    installation.bot.as_mut().unwrap().refresh_token = None;
    let expected = slack_auth::store::Precondition::Version(stored.version);
    world.runtime.block_on(world.inner.put(&world.key, &installation, expected)).unwrap();
    let (rotator, _) = world.rotator();
    let end = installation.bot.unwrap().expires_at.unwrap();
    let health = bot(&world, &rotator);
    assert_eq!((&health.state, health.ends_at()), (&HealthState::Ready, Some(end)));
    world.runtime.advance(LIFE);
    let reason = ReauthorizationReason::NoRefreshToken;
    let since = end;
    assert_eq!(bot(&world, &rotator).state, HealthState::NeedsAuthorization { since, reason });
}

#[test]
fn health_of_nothing_and_of_a_row_that_cannot_be_read() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let made_up = StoreKey::from(InstallationKey::Workspace("T0NOBODY".into()));
    assert_eq!(world.runtime.block_on(rotator.health(&made_up)).unwrap(), None);
    world.hooks.unreadable.lock().unwrap().push(world.key.to_text());
    assert!(world.runtime.block_on(rotator.health(&world.key)).is_err());
    let page = world.runtime.block_on(rotator.health_page(None, 10)).unwrap();
    assert_eq!((page.installations.len(), page.unreadable.len()), (0, 1));
    let summary = world.runtime.block_on(rotator.health_summary(10)).unwrap();
    assert_eq!(summary.installations, 1);
}

#[test]
fn states_have_stable_words() {
    let states = [
        (HealthState::Ready, "ready"),
        (HealthState::Due, "due"),
        (HealthState::Refreshing, "refreshing"),
    ];
    for (state, word) in states {
        assert_eq!((state.as_str(), state.to_string().as_str()), (word, word));
    }
}
