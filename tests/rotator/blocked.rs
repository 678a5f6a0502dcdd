//! Transports that block, and systems that start no more threads.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use slack_auth::{
    Client, Endpoint, InstallationStore, Recovery, Slot, StoreKey, Timestamp, TokenRotator,
    rotation::{RefreshFailure, RotationEvent, RotationPolicy, TokenErrorKind},
    runtime::{Runtime, ThreadRuntime},
    store::MemoryStore,
    transport::{self, BlockingTransport},
};

use crate::{
    incidents::seconds,
    support::{LIFE, World},
};

/// Blocks for so long, and then gives a pair.
struct Slow(Duration, AtomicUsize);

impl BlockingTransport for Slow {
    fn send_blocking(
        &self,
        _: http::Request<transport::Body>,
    ) -> Result<http::Response<Vec<u8>>, transport::Error> {
        let number = self.1.fetch_add(1, SeqCst);
        std::thread::sleep(self.0);
        let body = format!(
            r#"{{"ok":true,"token_type":"bot","access_token":"xoxe.xoxb-1-b{number}",
            "refresh_token":"xoxe-1-b{number}","expires_in":43200}}"#
        );
        Ok(http::Response::new(body.into_bytes()))
    }
}

#[test]
fn the_total_timeout_holds_although_the_transport_blocks() {
    let store = InstallationStore::new(MemoryStore::new(), World::app().id().clone());
    let key = crate::runtimes::put(&store, "T1");
    let client = Client::new_blocking(
        Endpoint::slack(),
        Arc::new(Slow(Duration::from_secs(6), AtomicUsize::new(0))),
    );
    let given_up = Arc::new(Mutex::new(None));
    let (seen, began) = (Arc::clone(&given_up), Instant::now());
    let rotator = TokenRotator::builder(client, World::app(), store)
        .runtime(ThreadRuntime::new())
        .total_timeout(Duration::from_secs(1))
        .policy(RotationPolicy::new().lease(Duration::from_secs(15)))
        .observer(move |_: &StoreKey, _: Slot, event: &RotationEvent| {
            if let RotationEvent::Retrying { failure: RefreshFailure::Unknown { .. }, .. } = event {
                seen.lock().unwrap().get_or_insert(began.elapsed());
            }
        })
        .wait_timeout(Duration::from_secs(3))
        .build()
        .unwrap();
    let late = pollster::block_on(rotator.access_token(&key, Slot::Bot)).unwrap_err();
    let kinds = [TokenErrorKind::TimedOut, TokenErrorKind::RefreshFailed];
    assert!(kinds.contains(&late.kind()), "{late:?}");
    let given_up = given_up.lock().unwrap().expect("the request is given up");
    assert!(
        given_up >= Duration::from_secs(1) && given_up < Duration::from_secs(3),
        "{given_up:?}"
    );
}

/// A runtime of a system that starts no more threads: what blocks is dropped, or tasks as well.
#[derive(Clone)]
struct Exhausted {
    inner: slack_auth::runtime::ManualRuntime,
    runs_tasks: bool,
}

impl Runtime for Exhausted {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.inner.sleep(duration)
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        if self.runs_tasks {
            self.inner.spawn(task);
        }
    }

    fn run_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        drop(work);
    }

    fn elapsed(&self) -> Duration {
        self.inner.elapsed()
    }
}

fn exhausted(world: &World, client: Client, runs_tasks: bool) -> TokenRotator {
    TokenRotator::builder(client, World::app(), world.store.clone())
        .runtime(Exhausted { inner: world.runtime.clone(), runs_tasks })
        .build()
        .unwrap()
}

#[test]
fn a_system_that_starts_no_thread_for_a_request_is_an_error_to_retry() {
    let world = World::new();
    world.runtime.advance(LIFE + seconds(1));
    let slow = Arc::new(Slow(Duration::ZERO, AtomicUsize::new(0)));
    let client = Client::new_blocking(Endpoint::slack(), slow.clone());
    let rotator = exhausted(&world, client, true);
    let asked = world.runtime.block_on(rotator.access_token(&world.key, Slot::Bot));
    let error = asked.unwrap_err();
    assert!(matches!(
        error.recovery(),
        Recovery::RetryLater { .. } | Recovery::ResendSameRefreshToken { .. }
    ));
    assert_eq!(slow.1.load(SeqCst), 0);
    assert!(std::error::Error::source(&error).is_some(), "{error:?}");
}

#[test]
fn a_system_that_runs_no_task_leaves_the_work_to_the_callers() {
    let world = World::new();
    let old = world.stored().access_token;
    world.runtime.advance(LIFE + seconds(1));
    let rotator = exhausted(&world, world.client.clone(), false);
    let token = world.token(&rotator);
    assert!(token != old.expose() && world.is_live(&token));
    let sweep = rotator.start_sweep();
    assert!(!sweep.is_running(), "it says so");
    world.runtime.block_on(sweep.stop());
    assert!(world.runtime.block_on(rotator.drain(seconds(1))).is_complete());
}

#[test]
fn a_lease_covers_a_request_and_a_write() {
    let world = World::new();
    let build = |lease, total, store| {
        TokenRotator::builder(world.client.clone(), World::app(), world.store.clone())
            .policy(RotationPolicy::new().lease(seconds(lease)))
            .total_timeout(seconds(total))
            .store_timeout(seconds(store))
            .build()
            .is_ok()
    };
    for (lease, total, store) in [(45, 34, 10), (45, 24, 20), (13, 2, 10), (45, 14, 30)] {
        assert!(build(lease, total, store), "{lease} {total} {store}");
        assert!(!build(lease - 1, total, store), "{lease} {total} {store}");
        assert!(!build(lease, total + 1, store), "{lease} {total} {store}");
        assert!(!build(lease, total, store + 1), "{lease} {total} {store}");
    }
}
