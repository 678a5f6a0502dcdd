//! The default: a few threads of its own.

use std::{
    future::{self, Future},
    pin::Pin,
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use async_executor::Executor;
use futures_timer::Delay;
use slack_proto::Timestamp;

use super::{Runtime, system_time::system_time};

/// Runs tasks on two threads of its own, which all values of this type share, and which start with the first task.
///
/// So a rotator works in a program without any async runtime, and in one with any.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ThreadRuntime;

impl ThreadRuntime {
    /// Creates a handle; no thread starts yet.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Runtime for ThreadRuntime {
    fn now(&self) -> Timestamp {
        system_time()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(Delay::new(duration.min(LONGEST)))
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        // If the system starts no thread the task is dropped here, and its owner sees to it.
        if let Some(executor) = executor() {
            executor.spawn(task).detach();
        }
    }
}

/// Returns the executor of this process: a fork has none of the threads of its parent.
fn executor() -> Option<&'static Executor<'static>> {
    static STARTED: Mutex<Option<(u32, &'static Executor<'static>)>> = Mutex::new(None);
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    match *started {
        Some((process, executor)) if process == std::process::id() => Some(executor),
        _ => {
            let executor = start()?;
            *started = Some((std::process::id(), executor));
            Some(executor)
        }
    }
}

/// Starts the threads; a machine that starts fewer runs the tasks on those there are.
fn start() -> Option<&'static Executor<'static>> {
    let executor: &'static Executor<'static> = Box::leak(Box::default());
    let started = (0..THREADS).filter(|number| {
        let thread = thread::Builder::new().name(format!("slack-auth-{number}"));
        let run = move || futures_lite::future::block_on(executor.run(future::pending::<()>()));
        thread.spawn(run).is_ok()
    });
    (started.count() > 0).then_some(executor)
}

/// Two, so that one slow store does not hold up all other refreshes.
const THREADS: usize = 2;

/// A longer time cannot be added to every instant.
const LONGEST: Duration = Duration::from_secs(86_400 * 365);

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_time_that_no_clock_reaches_is_waited_for() {
        let waited = ThreadRuntime::new().sleep(Duration::MAX);
        let first = futures_lite::future::or(
            async {
                waited.await;
                1
            },
            async { 2 },
        );
        assert_eq!(futures_lite::future::block_on(first), 2);
    }

    #[test]
    fn a_task_runs_while_another_blocks_and_after_one_has_panicked() {
        let runtime = ThreadRuntime::new();
        let (sender, receiver) = mpsc::channel();
        runtime.spawn(Box::pin(async { panic!("a task of the test's panics") }));
        let (block, blocked) = mpsc::channel::<()>();
        runtime.spawn(Box::pin(async move { blocked.recv().unwrap_or_default() }));
        runtime.spawn(Box::pin(async move {
            runtime.sleep(Duration::from_millis(5)).await;
            sender.send(runtime.now()).unwrap();
        }));
        let now = receiver.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(now.as_unix() > 1_700_000_000);
        drop(block);
    }
}
