//! The time of a scenario, real or manual, and what runs its tasks.

use std::{
    future::Future,
    pin::Pin,
    sync::OnceLock,
    time::{Duration, Instant, SystemTime},
};

use futures_timer::Delay;
use tokio::runtime::Handle;

use crate::{
    adapter::{self, ManualRuntime, Runtime, Timestamp, TokenRotatorBuilder, TokioRuntime},
    slack::Clock,
};

/// What a scenario runs on.
#[derive(Clone)]
pub(crate) enum Time {
    Real(Handle, Instant),
    Manual(ManualRuntime),
}

impl Time {
    pub(crate) fn real() -> Self {
        Self::Real(tokio(), Instant::now())
    }

    pub(crate) fn manual() -> Self {
        Self::Manual(ManualRuntime::new(Timestamp::from_unix(1_795_219_200)))
    }

    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::Real(..) => SystemTime::now().into(),
            Self::Manual(runtime) => runtime.now(),
        }
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        match self {
            Self::Real(tokio, _) => tokio.block_on(future),
            Self::Manual(runtime) => runtime.block_on(future),
        }
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        match self {
            Self::Real(tokio, _) => drop(tokio.spawn(task)),
            Self::Manual(runtime) => runtime.spawn(Box::pin(task)),
        }
    }

    /// Lets time pass until something is so, but no longer than `most`.
    pub(crate) fn pass_until(&self, most: Duration, is_so: impl Fn() -> bool) {
        // The baseline sends so many requests that an hour of manual time takes one of real time.
        let most = if cfg!(feature = "baseline") { most.min(LONGEST_FOR_BASELINE) } else { most };
        let end = self.elapsed() + most;
        self.block_on(async {
            while !is_so() && self.elapsed() < end {
                self.sleep(LOOK).await;
            }
        });
    }

    /// Lets so much time pass.
    pub(crate) fn advance(&self, by: Duration) {
        match self {
            Self::Real(..) => std::thread::sleep(by),
            Self::Manual(runtime) => runtime.advance(by),
        }
    }

    /// Sets the runtime of a rotator.
    pub(crate) fn drive(&self, builder: TokenRotatorBuilder) -> TokenRotatorBuilder {
        match self {
            Self::Real(tokio, _) => builder.runtime(TokioRuntime::new(tokio.clone())),
            Self::Manual(runtime) => builder.runtime(runtime.clone()),
        }
    }
}

impl Clock for Time {
    fn elapsed(&self) -> Duration {
        match self {
            Self::Real(_, began) => began.elapsed(),
            Self::Manual(runtime) => adapter::elapsed(runtime),
        }
    }

    fn sleep(&self, length: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        match self {
            // Tokio's timer goes by whole milliseconds, and is late by one on average.
            Self::Real(..) => Box::pin(Delay::new(length)),
            Self::Manual(runtime) => runtime.sleep(length),
        }
    }
}

/// Returns the handle of a runtime that lasts as long as the process.
fn tokio() -> Handle {
    static TOKIO: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    let start = || {
        let mut tokio = tokio::runtime::Builder::new_multi_thread();
        tokio.worker_threads(2).enable_time().build().expect("threads can be started")
    };
    TOKIO.get_or_init(start).handle().clone()
}

/// How often it is looked whether a scenario has ended.
const LOOK: Duration = Duration::from_millis(100);

/// How long the baseline is waited for at most.
const LONGEST_FOR_BASELINE: Duration = Duration::from_secs(150);
