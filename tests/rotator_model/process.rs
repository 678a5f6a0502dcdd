//! One process: a clock that may be wrong, tasks that end when it is killed, and a rotator.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering::SeqCst},
    },
    time::Duration,
};

use event_listener::Event;
use slack_auth::{
    Timestamp, TokenRotator,
    runtime::{ManualRuntime, Runtime},
};

/// A process, or one that took its place: each has a number of its own.
pub(crate) type Life = usize;

#[derive(Clone)]
pub(crate) struct Process {
    pub(crate) life: Life,
    pub(crate) clock: ProcessClock,
    pub(crate) rotator: TokenRotator,
}

/// The runtime of one process: that of the whole world, with a clock and an end of its own.
#[derive(Clone)]
pub(crate) struct ProcessClock {
    world: ManualRuntime,
    skew: Arc<AtomicI64>,
    end: Arc<End>,
}

#[derive(Default)]
struct End {
    killed: AtomicBool,
    event: Event,
}

impl ProcessClock {
    pub(crate) fn new(world: ManualRuntime, skew: i64) -> Self {
        Self { world, skew: Arc::new(AtomicI64::new(skew)), end: Arc::default() }
    }

    pub(crate) fn skew(&self) -> i64 {
        self.skew.load(SeqCst)
    }

    pub(crate) fn set_skew(&self, skew: i64) {
        self.skew.store(skew, SeqCst);
    }

    /// Ends the process: none of its tasks does another step.
    pub(crate) fn kill(&self) {
        self.end.killed.store(true, SeqCst);
        self.end.event.notify(usize::MAX);
    }

    /// Runs a future until the process ends; `None` if that came first.
    pub(crate) async fn run<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let end = Arc::clone(&self.end);
        let killed = async move {
            loop {
                let listener = end.event.listen();
                if end.killed.load(SeqCst) {
                    return;
                }
                listener.await;
            }
        };
        let ended = async {
            killed.await;
            None
        };
        futures_lite::future::or(ended, async { Some(future.await) }).await
    }
}

impl Runtime for ProcessClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.world.now().as_unix().saturating_add_signed(self.skew()))
    }

    fn sleep(&self, length: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.world.sleep(length)
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        let clock = self.clone();
        self.world.spawn(Box::pin(async move {
            clock.run(task).await;
        }));
    }

    fn elapsed(&self) -> Duration {
        self.world.elapsed()
    }
}
