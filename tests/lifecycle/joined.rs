//! A workspace that has joined an organization since the app was installed there, and installs it again.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use slack_auth::{
    Installation, Slot, StoreKey,
    lifecycle::{InstallError, InstallOutcome},
    runtime::Runtime as _,
    store::{LeaseHolder, LeaseOutcome, MemoryStore, StoreError, StoreErrorKind},
    tokens::{AppData, Enterprise, InstallationKey},
};
use slack_fake::App;

use crate::{
    around::{Around, Call, Hooks},
    stage::{FIRST, ORG, SECOND, Stage, TEAM, team},
};

const BOTH: &str = "scope=chat:write&user_scope=search:read";
const USER: &str = "user_scope=search:read";
const OLD: &str = "team/T0FAKE00001";
const NEW: &str = "grid/E0FAKE00001/T0FAKE00001";

fn grid() -> InstallationKey {
    InstallationKey::grid_workspace(ORG.into(), TEAM.into())
}

/// The answer of an install, as it is once the workspace has joined.
pub(crate) fn joined(mut answer: Installation) -> Installation {
    answer.enterprise = Some(Enterprise::new(ORG.into()));
    answer
}

fn rotating() -> App {
    App::new("1.2", "hush").rotate_tokens()
}

fn install(stage: &Stage, person: &str, scopes: &str) -> InstallOutcome {
    let answer = joined(stage.answer(person, scopes));
    stage.runtime.block_on(stage.rotator.install(answer)).unwrap()
}

fn keys(stage: &Stage) -> Vec<String> {
    stage.rows().into_iter().map(|(key, _)| key).collect()
}

/// Each of these is found from the new place, and lives.
fn all_serve(stage: &Stage, wanted: &[(StoreKey, Slot)]) {
    let mut given = BTreeSet::new();
    for (key, slot) in wanted {
        let token = stage.rotator.nearest_access_token(key, *slot);
        let token = stage.runtime.block_on(token).unwrap_or_else(|error| panic!("{key}: {error}"));
        let now = stage.slack.clock().now();
        assert!(stage.slack.with(|fake| fake.is_live(token.expose(), now)), "{key} {slot:?}");
        assert!(given.insert(token.expose().to_owned()), "{key} {slot:?} is its own");
    }
}

/// Everything once, and no refresh token in two rows.
fn no_refresh_token_twice(stage: &Stage) {
    let mut seen = BTreeSet::new();
    for (key, row) in stage.rows() {
        for credential in row.bot.iter().chain(&row.user) {
            let Some(token) = &credential.refresh_token else { continue };
            assert!(seen.insert(token.expose().to_owned()), "{key} holds another row's pair");
        }
    }
}

fn persons(place: InstallationKey, person: &str) -> StoreKey {
    StoreKey::person(place, person.into())
}

#[test]
fn an_install_takes_over_the_row_from_before_and_nothing_live_is_lost() {
    let stage = Stage::with(rotating(), 0);
    let mut first = stage.answer(FIRST, BOTH);
    first.app_data = Some(AppData::new("plan=pro").unwrap());
    stage.runtime.block_on(stage.rotator.install(first)).unwrap();
    stage.install(SECOND, USER);
    let old_bot = stage.load(OLD).unwrap().bot.unwrap();
    // What was known of the old row must not be handed out afterwards.
    let old = StoreKey::from(team());
    assert!(stage.runtime.block_on(stage.rotator.access_token(&old, Slot::Bot)).is_ok());
    stage.runtime.advance(Duration::from_secs(1_000));

    let outcome = install(&stage, SECOND, "scope=commands");
    assert_eq!(keys(&stage), [NEW, "team/T0FAKE00001/user/U0FAKE00002"]);
    let [row] = &outcome.rows[..] else { panic!("{outcome:?}") };
    assert_eq!((row.key.to_text(), row.moved_from.clone()), (NEW.to_owned(), Some(old.clone())));
    assert_eq!(row.changes.kept, [Slot::User]);
    let replaced: Vec<_> = row.changes.replaced.iter().map(|it| &it.credential).collect();
    assert_eq!(replaced.len(), 1);
    assert_eq!(replaced[0].access_token.expose(), old_bot.access_token.expose());
    assert_eq!(outcome.displaced().count(), 0);
    let now = stage.load(NEW).unwrap();
    assert_eq!(now.user_id, Some(FIRST.into()), "the first person's credential moves");
    assert_eq!(now.app_data.unwrap().as_ref(), b"plan=pro");
    assert_eq!(now.bot.unwrap().scopes, "chat:write,commands".into());
    no_refresh_token_twice(&stage);
    assert!(stage.runtime.block_on(stage.rotator.access_token(&old, Slot::Bot)).is_err());

    let place = StoreKey::from(grid());
    let wanted =
        [(place.clone(), Slot::Bot), (place, Slot::User), (persons(grid(), SECOND), Slot::User)];
    for length in [0, 50_000, 50_000] {
        stage.runtime.advance(Duration::from_secs(length));
        all_serve(&stage, &wanted);
    }
    // The second person's own row moves when that person authorizes the app again.
    install(&stage, SECOND, USER);
    assert_eq!(keys(&stage), [NEW.to_owned(), format!("{NEW}/user/{SECOND}")]);
    all_serve(&stage, &wanted);
}

#[test]
fn a_person_alone_who_installs_again_leaves_no_second_row() {
    let stage = Stage::with(rotating(), 0);
    stage.install(FIRST, USER);
    stage.runtime.advance(Duration::from_secs(1_000));
    let outcome = install(&stage, FIRST, USER);
    assert_eq!(keys(&stage), [NEW]);
    assert_eq!((outcome.rows.len(), outcome.rows[0].changes.replaced.len()), (1, 1));
    // And of another person's the new one does not come into its place.
    install(&stage, SECOND, USER);
    assert_eq!(keys(&stage), [NEW.to_owned(), format!("{NEW}/user/{SECOND}")]);
}

#[test]
fn what_another_process_refreshes_stays_and_is_found_there() {
    let stage = Stage::with(rotating(), 0);
    stage.install(FIRST, BOTH);
    stage.runtime.advance(Duration::from_secs(1_000));
    let other = LeaseHolder::random().unwrap();
    let (old, length) = (StoreKey::from(team()), Duration::from_secs(45));
    let acquired = stage.store.acquire(&old, Slot::User, other, length);
    assert_eq!(stage.runtime.block_on(acquired).unwrap(), LeaseOutcome::Granted);
    let before = stage.runtime.elapsed();
    install(&stage, SECOND, "scope=commands");
    assert!(stage.runtime.elapsed() < before + Duration::from_secs(6), "a person waits");
    assert_eq!(keys(&stage), [NEW, OLD]);
    let left = stage.load(OLD).unwrap();
    assert!(left.bot.is_none() && left.user.is_some());
    let place = StoreKey::from(grid());
    let wanted = [(place.clone(), Slot::Bot), (place, Slot::User)];
    all_serve(&stage, &wanted);
    // A pair that both rows would hold is not taken at all, as long as it may be under way.
    let same = stage.rotator.install(joined(left));
    assert!(matches!(stage.runtime.block_on(same), Err(InstallError::Busy)));
    no_refresh_token_twice(&stage);
    stage.runtime.block_on(stage.store.release(&old, Slot::User, other)).unwrap();
    install(&stage, SECOND, "scope=commands");
    assert_eq!(keys(&stage), [NEW]);
    all_serve(&stage, &wanted);
}

/// Fails the next removal.
#[derive(Clone, Default)]
struct NoRemoval(Arc<AtomicBool>);

#[async_trait::async_trait]
impl Hooks for NoRemoval {
    async fn before(&self, call: Call) -> Result<(), StoreError> {
        if call == Call::Remove && self.0.swap(false, Ordering::Relaxed) {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "not now"));
        }
        Ok(())
    }
}

#[test]
fn an_install_that_was_cut_off_in_between_is_finished_by_the_next_one() {
    let hooks = NoRemoval::default();
    let backend = Around { inner: MemoryStore::new(), hooks: hooks.clone() };
    let stage = Stage::over(rotating(), 0, backend);
    stage.install(FIRST, BOTH);
    stage.runtime.advance(Duration::from_secs(1_000));
    let answer = joined(stage.answer(FIRST, "scope=commands"));
    hooks.0.store(true, Ordering::Relaxed);
    let failed = stage.runtime.block_on(stage.rotator.install(answer.clone()));
    assert!(matches!(failed, Err(InstallError::Store(_))), "{failed:?}");
    assert_eq!(keys(&stage), [NEW, OLD], "the new row is written first");
    let outcome = stage.runtime.block_on(stage.rotator.install(answer)).unwrap();
    assert_eq!(keys(&stage), [NEW]);
    assert_eq!(outcome.displaced().count(), 0, "nothing of it is to be revoked");
    let place = StoreKey::from(grid());
    all_serve(&stage, &[(place.clone(), Slot::Bot), (place, Slot::User)]);
}
