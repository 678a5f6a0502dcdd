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
    /// When its runtime is shut down, though the process goes on.
    shutdown: Arc<End>,
}

#[derive(Default)]
struct End {
    has_come: AtomicBool,
    event: Event,
}

impl End {
    fn come(&self) {
        self.has_come.store(true, SeqCst);
        self.event.notify(usize::MAX);
    }

    async fn reached(&self) {
        loop {
            let listener = self.event.listen();
            if self.has_come.load(SeqCst) {
                return;
            }
            listener.await;
        }
    }

    /// Runs a future until the end comes; `None` if that came first.
    async fn cuts<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let ended = async {
            self.reached().await;
            None
        };
        futures_lite::future::or(ended, async { Some(future.await) }).await
    }
}

impl ProcessClock {
    pub(crate) fn new(world: ManualRuntime, skew: i64) -> Self {
        let skew = Arc::new(AtomicI64::new(skew));
        Self { world, skew, end: Arc::default(), shutdown: Arc::default() }
    }

    pub(crate) fn skew(&self) -> i64 {
        self.skew.load(SeqCst)
    }

    pub(crate) fn set_skew(&self, skew: i64) {
        self.skew.store(skew, SeqCst);
    }

    /// Ends the process: none of its tasks does another step.
    pub(crate) fn kill(&self) {
        self.end.come();
    }

    /// Shuts the runtime down, as Tokio is: its tasks are dropped, and so is what it is given from now on. Callers go on.
    pub(crate) fn shut_down(&self) {
        self.shutdown.come();
    }

    pub(crate) fn is_shut_down(&self) -> bool {
        self.shutdown.has_come.load(SeqCst)
    }

    /// Runs a future until the process ends; `None` if that came first.
    pub(crate) async fn run<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        self.end.cuts(future).await
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
            clock.run(clock.shutdown.cuts(task)).await;
        }));
    }

    fn elapsed(&self) -> Duration {
        self.world.elapsed()
    }
}
