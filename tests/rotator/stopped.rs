//! A runtime that is shut down while a rotator has something to store.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use event_listener::Event;
use slack_auth::{
    AccessToken, Installation, Slot, StoreKey, Timestamp, TokenRotator,
    rotation::Rejection,
    runtime::{ManualRuntime, Runtime},
    store::Precondition,
    tokens::{Credential, Fingerprint, InstallationKey},
};
use slack_fake::{App, Fault};

use crate::support::{LIFE, World};

/// Runs tasks by hand-moved time until it is stopped: then it drops them, as Tokio does.
#[derive(Clone)]
struct Mortal {
    inner: ManualRuntime,
    stopped: Arc<AtomicBool>,
    stop: Arc<Event>,
}

impl Mortal {
    fn stop(&self) {
        self.stopped.store(true, SeqCst);
        self.stop.notify(usize::MAX);
        self.inner.run_until_stalled();
    }
}

impl Runtime for Mortal {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.inner.sleep(duration)
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        if self.stopped.load(SeqCst) {
            return;
        }
        let stop = self.stop.listen();
        self.inner.spawn(Box::pin(futures_lite::future::or(task, stop)));
    }

    fn elapsed(&self) -> Duration {
        self.inner.elapsed()
    }
}

fn rotator(world: &World) -> (TokenRotator, Mortal) {
    let runtime = Mortal {
        inner: world.runtime.clone(),
        stopped: Arc::default(),
        stop: Arc::new(Event::new()),
    };
    let rotator = TokenRotator::builder(world.client.clone(), World::app(), world.store.clone())
        .runtime(runtime.clone())
        .build()
        .unwrap();
    (rotator, runtime)
}

/// Lets a refresh bring a pair that the store does not take, and stops the runtime.
fn pair_in_hand(world: &World, rotator: &TokenRotator, runtime: &Mortal) {
    world.hooks.fail_writes(true);
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.advance(Duration::from_millis(200));
    assert_eq!(world.refreshes(), 1);
    runtime.stop();
    world.hooks.fail_writes(false);
}

#[test]
fn a_pair_of_a_token_that_has_ended_is_stored_by_the_next_caller() {
    let world = World::new();
    let (rotator, runtime) = rotator(&world);
    let old = world.token(&rotator);
    world.runtime.advance(LIFE + Duration::from_secs(1));
    pair_in_hand(&world, &rotator, &runtime);
    let token = world.token(&rotator);
    assert!(token != old && world.is_live(&token));
    assert_eq!(world.stored().access_token.expose(), token);
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_pair_of_a_token_that_still_works_is_stored_by_the_next_caller() {
    let world = World::new();
    let (rotator, runtime) = rotator(&world);
    let old = world.token(&rotator);
    world.come_due();
    pair_in_hand(&world, &rotator, &runtime);
    assert_eq!(world.stored().access_token.expose(), old);
    world.token(&rotator);
    let stored = world.stored().access_token.expose().to_owned();
    assert!(stored != old && world.is_live(&stored));
    assert_eq!(world.token(&rotator), stored);
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_pair_of_an_exchange_is_stored_by_the_next_caller() {
    let world = World::with(App::new("1.2", "hush"));
    let (rotator, runtime) = rotator(&world);
    let old = world.token(&rotator);
    world.slack.with(|fake| fake.turn_rotation_on("1.2"));
    world.hooks.fail_writes(true);
    let (exchanging, key) = (rotator.clone(), world.key.clone());
    world.runtime.spawn(Box::pin(async move {
        drop(exchanging.exchange(&key, Slot::Bot).await);
    }));
    world.runtime.advance(Duration::from_millis(200));
    assert_eq!(world.slack.with(|fake| fake.calls("oauth.v2.exchange")), 1);
    assert_eq!(world.stored().access_token.expose(), old);
    world.hooks.fail_writes(false);
    runtime.stop();
    world.runtime.advance(Duration::from_secs(1));
    let token = world.token(&rotator);
    let stored = world.stored();
    assert!(token != old || stored.access_token.expose() != old, "the pair is stored");
    assert!(stored.refresh_token.is_some());
    assert_eq!(world.token(&rotator), stored.access_token.expose());
    assert_eq!(world.slack.with(|fake| fake.calls("oauth.v2.exchange")), 1);
}

#[test]
fn an_exchange_that_was_cut_off_keeps_nobody_from_reading_again() {
    let world = World::with(App::new("1.2", "hush"));
    let (rotator, runtime) = rotator(&world);
    let old = world.token(&rotator);
    world.slack.with(|fake| fake.turn_rotation_on("1.2"));
    // It hangs at the lease, its caller gives it up, and its task is dropped with the runtime.
    world.hooks.trip_at(0, false);
    world.runtime.block_on(futures_lite::future::or(
        async { drop(rotator.exchange(&world.key, Slot::Bot).await) },
        world.runtime.sleep(Duration::from_millis(200)),
    ));
    runtime.stop();
    // Another process exchanges the token, and later the pair: then the old token is dead.
    let (other, _) = world.rotator();
    world.runtime.block_on(other.exchange(&world.key, Slot::Bot)).unwrap();
    world.runtime.advance(LIFE);
    let new = world.token(&other);
    assert!(world.is_live(&new) && !world.is_live(&old));
    // Nobody has asked this process in the idle time, until somebody asks for another token.
    let key = StoreKey::from(InstallationKey::Workspace("T0FAKE00002".into()));
    let mut installation = Installation::new(key.place().clone());
    let another = AccessToken::new("xoxb-another").unwrap();
    installation.bot = Some(Credential::new(another, world.runtime.now()));
    world.runtime.block_on(world.inner.put(&key, &installation, Precondition::Absent)).unwrap();
    world.runtime.block_on(rotator.access_token(&key, Slot::Bot)).unwrap();
    assert_eq!(world.token(&rotator), new);
}

#[test]
fn a_settling_caller_does_the_work_of_a_runtime_that_is_stopped() {
    let world = World::with(App::new("1.2", "hush"));
    let (rotator, runtime) = rotator(&world);
    world.token(&rotator);
    world.slack.with(|fake| fake.turn_rotation_on("1.2"));
    runtime.stop();
    let token = world.runtime.block_on(rotator.exchange(&world.key, Slot::Bot)).unwrap();
    assert_eq!(world.stored().access_token.expose(), token.expose());
    assert!(world.stored().refresh_token.is_some());
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Does with each task what it is given.
#[derive(Clone)]
struct Spawning(ManualRuntime, fn(&ManualRuntime, Task));

impl Runtime for Spawning {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> Task {
        self.0.sleep(duration)
    }

    fn spawn(&self, task: Task) {
        self.1(&self.0, task);
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Takes a task, and drops it a moment later.
fn forget(runtime: &ManualRuntime, task: Task) {
    let moment = runtime.sleep(Duration::from_millis(1));
    runtime.spawn(Box::pin(async move {
        moment.await;
        drop(task);
    }));
}

/// Runs a task at once, as far as it goes without waiting.
fn run_at_once(runtime: &ManualRuntime, task: Task) {
    runtime.spawn(task);
    runtime.run_until_stalled();
}

#[test]
fn a_caller_whose_task_was_dropped_hands_the_work_to_no_other_task() {
    let world = World::new();
    let rotator = TokenRotator::builder(world.client.clone(), World::app(), world.store.clone())
        .runtime(Spawning(world.runtime.clone(), forget))
        .build()
        .unwrap();
    world.runtime.advance(LIFE + Duration::from_secs(1));
    let began = world.runtime.elapsed();
    assert!(world.is_live(&world.token(&rotator)));
    let took = world.runtime.elapsed().saturating_sub(began);
    assert!(took < Duration::from_secs(1), "{took:?}");
}

/// Has timers until they are taken away: then each wait panics.
#[derive(Clone)]
struct Timerless {
    inner: ManualRuntime,
    stopped: Arc<AtomicBool>,
}

impl Runtime for Timerless {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        assert!(!self.stopped.load(SeqCst), "a timer of the test's panics");
        self.inner.sleep(duration)
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.inner.spawn(task);
    }

    fn elapsed(&self) -> Duration {
        self.inner.elapsed()
    }
}

#[test]
fn without_a_timer_nothing_is_tried_again_and_again() {
    let world = World::new();
    let (inner, stopped) = (world.runtime.clone(), Arc::new(AtomicBool::new(false)));
    let rotator = TokenRotator::builder(world.client.clone(), World::app(), world.store.clone())
        .runtime(Timerless { inner, stopped: Arc::clone(&stopped) })
        .build()
        .unwrap();
    world.token(&rotator);
    world.runtime.advance(LIFE + Duration::from_secs(1));
    for _ in 0..50 {
        world.slack.with(|fake| fake.script("oauth.v2.access", slack_fake::Fault::RequestLost));
    }
    stopped.store(true, SeqCst);
    rotator.refresh_if_due(&world.key, Slot::Bot);
    world.runtime.run_until_stalled();
    assert_eq!(world.refreshes(), 1);
    let sweep = rotator.start_sweep();
    world.runtime.run_until_stalled();
    assert!(!sweep.is_running());
}

#[test]
fn a_task_that_has_ended_at_once_is_not_done_again() {
    let world = World::new();
    let (first, _) = world.rotator();
    world.runtime.advance(LIFE + Duration::from_secs(1));
    world.slack.with(|fake| {
        let code = "account_inactive".into();
        fake.script("oauth.v2.access", slack_fake::Fault::Refused { code });
    });
    world.runtime.block_on(first.access_token(&world.key, Slot::Bot)).unwrap_err();
    // What it knows of the credential it reads once.
    let rotator = TokenRotator::builder(world.client.clone(), World::app(), world.store.clone())
        .runtime(Spawning(world.runtime.clone(), run_at_once))
        .build()
        .unwrap();
    let before = world.hooks.reads.load(SeqCst);
    world.runtime.block_on(rotator.access_token(&world.key, Slot::Bot)).unwrap_err();
    assert_eq!(world.hooks.reads.load(SeqCst) - before, 1);
}

#[test]
fn a_settling_caller_goes_on_with_what_a_stopping_runtime_drops() {
    let world = World::new();
    let (rotator, runtime) = rotator(&world);
    let old = world.token(&rotator);
    world.slack.with(|fake| {
        fake.script("oauth.v2.access", Fault::ReplyDelayed(Duration::from_secs(5)));
    });
    let (calling, key, got) = (rotator.clone(), world.key.clone(), Arc::new(Mutex::new(None)));
    let (rejected, answer) = (Fingerprint::of(&old), Arc::clone(&got));
    world.runtime.spawn(Box::pin(async move {
        let reported = calling.report_rejected(&key, Slot::Bot, rejected, Rejection::Expired);
        *answer.lock().unwrap() = Some(reported.await.map(|token| token.expose().to_owned()));
    }));
    world.runtime.advance(Duration::from_secs(1));
    runtime.stop();
    world.runtime.advance(Duration::from_secs(60));
    let token = got.lock().unwrap().take().expect("an answer").unwrap();
    assert!(token != old && world.is_live(&token));
    assert_eq!(world.stored().access_token.expose(), token);
}

#[test]
fn a_drain_stores_what_a_stopped_runtime_has_dropped() {
    let world = World::new();
    let (rotator, runtime) = rotator(&world);
    let old = world.token(&rotator);
    world.come_due();
    pair_in_hand(&world, &rotator, &runtime);
    assert_eq!(world.stored().access_token.expose(), old);
    let drained = world.runtime.block_on(rotator.drain(Duration::from_secs(10)));
    assert!(drained.is_complete(), "{drained:?}");
    assert_ne!(world.stored().access_token.expose(), old);
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_drain_over_a_store_that_fails_ends_in_time_and_says_what_is_lost() {
    let world = World::new();
    let (rotator, runtime) = rotator(&world);
    world.token(&rotator);
    world.come_due();
    pair_in_hand(&world, &rotator, &runtime);
    world.hooks.fail_writes(true);
    let before = world.runtime.elapsed();
    let drained = world.runtime.block_on(rotator.drain(Duration::from_secs(10)));
    assert_eq!(drained.unsaved, 1);
    assert!(world.runtime.elapsed() <= before + Duration::from_secs(11));
}

#[test]
fn after_an_invalidation_the_old_token_is_not_given_beside_a_dropped_pair() {
    let world = World::new();
    let (rotator, runtime) = rotator(&world);
    let old = world.token(&rotator);
    world.come_due();
    pair_in_hand(&world, &rotator, &runtime);
    rotator.invalidate(&world.key);
    let token = world.token(&rotator);
    assert!(token != old && world.is_live(&token));
    assert_eq!(world.stored().access_token.expose(), token);
    assert_eq!(world.refreshes(), 1);
}
