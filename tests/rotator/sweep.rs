//! The sweep: tokens that nobody asks for stay alive.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use slack_auth::{
    AccessToken, ClientId, Installation, PublicClient, Slot, StoreKey, Timestamp, TokenRotator,
    oauth::ClientCredentials,
    rotation::{RotationEvent, SweepHandle, TokenErrorKind},
    runtime::{ManualRuntime, Runtime},
    store::{Cursor, Precondition, StoreErrorKind, StoredVersion},
    tokens::{Credential, InstallationKey, RefreshToken},
};
use slack_fake::Fault;

use crate::support::{LIFE, World};

const DAY: Duration = Duration::from_secs(86_400);

fn public(world: &World) -> TokenRotator {
    let app = PublicClient::new(ClientId::new("1.2").unwrap());
    TokenRotator::builder(world.client.clone(), ClientCredentials::from(app), world.store.clone())
        .runtime(world.runtime.clone())
        .build()
        .unwrap()
}

/// Runs on the same time as others, until it is frozen: then it does nothing more, as a process that hangs.
#[derive(Clone)]
struct Process {
    time: ManualRuntime,
    frozen: Arc<AtomicBool>,
}

impl Process {
    fn new(world: &World) -> Self {
        Self { time: world.runtime.clone(), frozen: Arc::default() }
    }

    fn rotator(&self, world: &World) -> TokenRotator {
        TokenRotator::builder(world.client.clone(), World::app(), world.store.clone())
            .runtime(self.clone())
            .build()
            .unwrap()
    }
}

impl Runtime for Process {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let (frozen, sleep) = (Arc::clone(&self.frozen), self.time.sleep(duration));
        Box::pin(async move {
            sleep.await;
            if frozen.load(SeqCst) {
                std::future::pending::<()>().await;
            }
        })
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.time.spawn(task);
    }

    fn elapsed(&self) -> Duration {
        self.time.elapsed()
    }
}

/// Stores an installation of another workspace, whose token Slack does not know.
fn put_other(world: &World, team: &str, issued_at: Timestamp) -> StoreKey {
    let key = StoreKey::from(InstallationKey::Workspace(team.into()));
    let mut installation = Installation::new(key.place().clone());
    let token = AccessToken::new(format!("xoxe.xoxb-1-{team}")).unwrap();
    let mut bot = Credential::new(token, issued_at);
    bot.refresh_token = Some(RefreshToken::new(format!("xoxe-1-{team}")).unwrap());
    bot.expires_at = Some(issued_at + LIFE);
    installation.bot = Some(bot);
    world.runtime.block_on(world.store.put(&key, &installation, Precondition::Absent)).unwrap();
    key
}

/// Damages a row, so that it cannot be read.
fn damage(world: &World, key: &StoreKey) {
    world.hooks.unreadable.lock().unwrap().push(key.to_text());
}

fn is_dead(event: &RotationEvent) -> bool {
    matches!(event, RotationEvent::ReauthorizationNeeded { .. })
}

#[test]
fn an_idle_installation_of_a_public_client_outlives_its_thirty_days() {
    for sweeps in [false, true] {
        let world = World::public();
        let rotator = public(&world);
        let sweep = sweeps.then(|| rotator.start_sweep());
        world.runtime.advance(DAY * 40);
        let token = world.runtime.block_on(rotator.access_token(&world.key, Slot::User));
        match token {
            Ok(token) => assert!(sweeps && world.is_live(token.expose())),
            Err(error) => {
                assert!(!sweeps, "{error}");
                assert_eq!(error.kind(), TokenErrorKind::NeedsAuthorization);
            }
        }
        if let Some(sweep) = sweep {
            assert!(sweep.is_running() && sweep.is_sweeping());
            let refreshes = world.refreshes();
            assert!((80..=110).contains(&refreshes), "{refreshes} in 40 days");
        }
    }
}

#[test]
fn one_of_two_processes_sweeps_and_the_other_takes_over_when_it_dies() {
    let world = World::new();
    let (first, second) = (Process::new(&world), Process::new(&world));
    let (one, two) = (first.rotator(&world), second.rotator(&world));
    let (mut dying, heir) = (one.start_sweep(), two.start_sweep());
    world.runtime.advance(Duration::from_secs(600));
    assert!(dying.is_sweeping() && !heir.is_sweeping());
    assert_eq!(dying.last_pass().map(|pass| pass.refreshed), Some(0));
    assert_eq!(heir.last_pass(), None);
    // It dies without a word: its lease runs out.
    first.frozen.store(true, SeqCst);
    world.runtime.advance(Duration::from_secs(30));
    assert!(!heir.is_sweeping(), "the lease is not over");
    world.runtime.advance(Duration::from_secs(92));
    assert!(heir.is_sweeping());
    world.runtime.advance(LIFE);
    assert!(world.is_live(world.stored().access_token.expose()));
    let user = world.runtime.block_on(world.inner.load(&world.key)).unwrap().unwrap();
    assert!(world.is_live(user.installation.user.unwrap().access_token.expose()));
    let refreshes = world.refreshes();
    assert!((2..=3).contains(&refreshes), "{refreshes} for two credentials in twelve hours");
    // One that ends in order hands over at once.
    let third = world.rotator().0;
    dying = third.start_sweep();
    world.runtime.advance(Duration::from_secs(120));
    assert!(!dying.is_sweeping());
    world.runtime.block_on(heir.stop());
    assert!(!heir.is_running());
    world.runtime.advance(Duration::from_secs(91));
    assert!(dying.is_sweeping());
}

#[test]
fn a_sweep_ends_by_its_handle_by_a_drain_and_with_the_rotator() {
    let ends: [fn(&World, TokenRotator); 3] = [
        |world, rotator| {
            let sweep = rotator.start_sweep();
            world.runtime.advance(Duration::from_secs(1));
            world.runtime.block_on(sweep.stop());
        },
        |world, rotator| {
            let drained = world.runtime.block_on(rotator.drain(Duration::from_secs(5)));
            assert!(drained.is_complete());
            let late = rotator.start_sweep();
            world.runtime.run_until_stalled();
            assert!(!late.is_running());
        },
        |_, rotator| {
            let clone = rotator.clone();
            drop(rotator);
            drop(clone);
        },
    ];
    for (number, end) in ends.into_iter().enumerate() {
        let world = World::new();
        let rotator = world.rotator().0;
        let sweep = (number > 0).then(|| rotator.start_sweep());
        world.runtime.advance(Duration::from_secs(5));
        assert!(sweep.as_ref().is_none_or(SweepHandle::is_sweeping));
        end(&world, rotator);
        world.runtime.run_until_stalled();
        assert!(sweep.is_none_or(|sweep| !sweep.is_running()), "{number}");
        // The lease is free at once.
        let next = world.rotator().0;
        let sweep = next.start_sweep();
        world.runtime.run_until_stalled();
        assert!(sweep.is_sweeping(), "{number}");
        drop(next);
    }
}

#[test]
fn an_unreadable_entry_stops_nobody() {
    let world = World::new();
    let start = world.runtime.now();
    for number in 0..5 {
        let key = put_other(&world, &format!("T{number}"), start);
        damage(&world, &key);
    }
    let (rotator, _) = world.rotator();
    let sweep = rotator.start_sweep();
    world.runtime.advance(LIFE);
    assert!(world.is_live(world.stored().access_token.expose()));
    let stored = world.runtime.block_on(world.inner.load(&world.key)).unwrap().unwrap();
    assert!(world.is_live(stored.installation.user.unwrap().access_token.expose()));
    let pass = sweep.last_pass().unwrap();
    assert_eq!((pass.unreadable, pass.failed), (5, 0));
    let plan = rotator.sweep_plan(Duration::ZERO, None, 100);
    let plan = world.runtime.block_on(plan).unwrap();
    assert_eq!((plan.refreshes.len(), plan.unreadable.len()), (0, 5));
    assert!(plan.unreadable.iter().all(|it| it.error.kind() == StoreErrorKind::Damaged));
}

#[test]
fn a_store_that_fails_is_asked_again() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let sweep = rotator.start_sweep();
    world.runtime.advance(Duration::from_secs(1));
    world.hooks.fail(true);
    world.runtime.advance(LIFE);
    assert!(sweep.is_running());
    assert_eq!(world.refreshes(), 0);
    world.hooks.fail(false);
    world.runtime.advance(Duration::from_secs(200));
    assert!(sweep.is_sweeping());
    assert_eq!(world.refreshes(), 2);
    for panics in [false, true] {
        world.hooks.trip_at(1, panics);
        world.runtime.advance(Duration::from_secs(300));
        assert!(sweep.is_sweeping(), "{panics}");
    }
}

#[test]
fn a_plan_says_what_a_sweep_would_do_and_does_nothing() {
    let world = World::public();
    let rotator = public(&world);
    let plan = |within| {
        let plan = rotator.sweep_plan(within, None, 100);
        world.runtime.block_on(plan).unwrap().refreshes
    };
    assert_eq!(plan(Duration::ZERO), []);
    let planned = plan(LIFE);
    let [refresh] = &planned[..] else { panic!("{planned:?}") };
    assert_eq!((&refresh.key, refresh.slot), (&world.key, Slot::User));
    assert!(refresh.due_at > world.runtime.now());
    let end = world.runtime.now() + DAY * 30;
    assert_eq!(refresh.refresh_token_ends_at, Some(end));
    world.runtime.advance(LIFE);
    assert_eq!(plan(Duration::ZERO), planned);
    assert_eq!(world.refreshes(), 0);
    let report = world.runtime.block_on(rotator.sweep_once()).unwrap();
    assert_eq!((report.refreshed, report.failures.len()), (1, 0));
    assert_eq!(world.refreshes(), 1);
    assert_eq!(plan(Duration::ZERO), []);
}

#[test]
fn a_plan_comes_page_by_page() {
    let world = World::new();
    let start = world.runtime.now();
    let teams: Vec<_> = (0..7).map(|n| put_other(&world, &format!("T{n}"), start)).collect();
    let (rotator, _) = world.rotator();
    let (mut seen, mut after) = (Vec::new(), None::<Cursor>);
    loop {
        let page = rotator.sweep_plan(LIFE, after.as_ref(), 3);
        let page = world.runtime.block_on(page).unwrap();
        seen.extend(page.refreshes);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), teams.len() + 2, "two of the world's own");
    assert!(seen.iter().all(|it| it.due_at <= start + LIFE));
}

#[test]
fn a_dead_installation_is_reported_once_and_swept_no_more() {
    let world = World::new();
    let (rotator, events) = world.rotator();
    let start = world.runtime.now();
    let dead = put_other(&world, "T0GONE", start);
    world.runtime.advance(LIFE);
    let report = world.runtime.block_on(rotator.sweep_once()).unwrap();
    assert_eq!((report.refreshed, report.failures.len()), (2, 1));
    let failure = &report.failures[0];
    assert_eq!((&failure.key, failure.error.kind()), (&dead, TokenErrorKind::NeedsAuthorization));
    let calls = world.refreshes();
    let report = world.runtime.block_on(rotator.sweep_once()).unwrap();
    assert_eq!((report.refreshed, report.failures.len()), (0, 0));
    let sweep = rotator.start_sweep();
    world.runtime.advance(Duration::from_secs(7_200));
    assert_eq!(sweep.last_pass().unwrap().failed, 0);
    assert_eq!((world.refreshes(), events.count(is_dead)), (calls, 1));
}

#[test]
fn a_refusal_that_may_heal_holds_up_nobody_else() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    let sweep = rotator.start_sweep();
    world.runtime.advance(LIFE.saturating_sub(Duration::from_secs(4 * 3_600)));
    // Only the first credential that is due is refused: by an allowlist of addresses.
    (0..3).for_each(|_| refuse(&world, "invalid_auth"));
    world.runtime.advance(Duration::from_secs(4 * 3_600));
    let stored = world.runtime.block_on(world.inner.load(&world.key)).unwrap().unwrap();
    let tokens = [stored.installation.bot.unwrap(), stored.installation.user.unwrap()];
    let live = tokens.iter().filter(|it| world.is_live(it.access_token.expose())).count();
    assert!(live >= 1 && sweep.is_sweeping(), "{live}");
    world.runtime.advance(Duration::from_secs(6 * 3_600));
    let stored = world.runtime.block_on(world.inner.load(&world.key)).unwrap().unwrap();
    assert!(world.is_live(stored.installation.user.unwrap().access_token.expose()));
    assert!(world.is_live(stored.installation.bot.unwrap().access_token.expose()));
}

fn refuse(world: &World, code: &str) {
    world.slack.with(|fake| {
        fake.script("oauth.v2.access", Fault::Refused { code: code.into() });
    });
}

#[test]
fn a_row_that_was_stored_by_others_meanwhile_is_read_anew() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.token(&rotator);
    // Another process has replaced the pair by one that is due much sooner.
    let stored = world.runtime.block_on(world.inner.load(&world.key)).unwrap().unwrap();
    let mut installation = stored.installation;
    let bot = installation.bot.as_mut().unwrap();
    let token = bot.access_token.expose().to_owned();
    bot.issued_at = Timestamp::from_unix(bot.issued_at.as_unix() - LIFE.as_secs());
    bot.expires_at = Some(world.runtime.now());
    bot.access_token = AccessToken::new(format!("{token}X")).unwrap();
    let version: StoredVersion = stored.version;
    let put = world.inner.put(&world.key, &installation, Precondition::Version(version));
    world.runtime.block_on(put).unwrap();
    let report = world.runtime.block_on(rotator.sweep_once()).unwrap();
    assert_eq!(report.refreshed, 1);
    assert!(world.is_live(world.stored().access_token.expose()));
}

#[test]
fn answers_that_never_come_hold_up_nobody_else() {
    let world = World::new();
    let (rotator, _) = world.rotator();
    world.runtime.advance(LIFE);
    (0..50_000)
        .for_each(|_| world.slack.with(|fake| fake.script("oauth.v2.access", Fault::RequestLost)));
    let began = world.runtime.elapsed();
    let report = world.runtime.block_on(rotator.sweep_once()).unwrap();
    assert_eq!((report.refreshed, report.failures.len()), (0, 2));
    assert!(world.runtime.elapsed().saturating_sub(began) < Duration::from_secs(70));
    let sweep = rotator.start_sweep();
    world.runtime.advance(Duration::from_secs(3_600));
    let pass = sweep.last_pass().unwrap();
    assert_eq!(pass.refreshed, 0);
    world.slack.with(slack_fake::FakeSlack::clear_faults);
    world.runtime.advance(Duration::from_secs(400));
    assert!(world.is_live(world.stored().access_token.expose()));
}

#[test]
fn a_pair_that_the_store_has_lost_is_stored_again_by_the_sweep_of_who_has_it() {
    let world = World::new();
    let (rotator, notices) = world.rotator();
    let load = || world.runtime.block_on(world.inner.load(&world.key)).unwrap().unwrap();
    let backup = load().installation;
    world.come_due();
    world.token(&rotator);
    world.runtime.advance(Duration::from_secs(1));
    let newest = world.stored().access_token;
    assert_eq!(world.refreshes(), 1);
    // A failover, or a backup, brings the row back; Slack's grace time is long over.
    world.runtime.advance(Duration::from_secs(600));
    let version = Precondition::Version(load().version);
    world.runtime.block_on(world.inner.put(&world.key, &backup, version)).unwrap();
    world.runtime.block_on(rotator.sweep_once()).unwrap();
    world.runtime.advance(Duration::from_secs(1));
    assert_eq!(world.stored().access_token.expose(), newest.expose());
    assert!(world.is_live(newest.expose()));
    assert_eq!(notices.count(|it| matches!(it, RotationEvent::StoreRolledBack { .. })), 1);
    // The second refresh is that of the user's token, which was due as well.
    assert_eq!((notices.count(is_dead), world.refreshes()), (0, 2));
}
