//! Tasks on Tokio.

use std::{future::Future, panic::AssertUnwindSafe, pin::Pin, sync::Arc, thread, time::Duration};

use event_listener::Event;
use futures_lite::FutureExt as _;
use slack_proto::Timestamp;
use tokio::runtime::Handle;

use super::{Runtime, system_time::system_time};

/// Runs tasks on a runtime of Tokio's, which must have its timer switched on.
///
/// A runtime that is shut down drops its tasks: a pair on its way to the store then stays in the rotator, and the next
/// caller who asks for the token stores it. `ThreadRuntime` works beside Tokio too.
#[derive(Clone, Debug)]
pub struct TokioRuntime {
    handle: Handle,
}

impl TokioRuntime {
    /// Creates a runtime over Tokio's; inside of Tokio, [`Handle::current`] returns the handle.
    #[must_use]
    pub fn new(handle: Handle) -> Self {
        Self { handle }
    }
}

impl Runtime for TokioRuntime {
    fn now(&self) -> Timestamp {
        system_time()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let handle = self.handle.clone();
        let timer = async move {
            // Only where it is made must the timer be at hand: a caller may be on no thread of Tokio's.
            let sleep = {
                let _inside = handle.enter();
                tokio::time::sleep(duration)
            };
            sleep.await;
        };
        Box::pin(async move {
            let began = std::time::Instant::now();
            if AssertUnwindSafe(timer).catch_unwind().await.is_err() {
                // The runtime is shut down, and its timer with it.
                sleep_on_a_thread(duration.saturating_sub(began.elapsed())).await;
            }
        })
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.handle.spawn(task);
    }
}

/// Waits without a timer. On a system that starts no more threads it blocks: a wait must not end early.
async fn sleep_on_a_thread(duration: Duration) {
    let over = Arc::new(Event::new());
    let listener = over.listen();
    let sleeper = Arc::clone(&over);
    let started = thread::Builder::new().name("slack-auth-sleep".into()).spawn(move || {
        thread::sleep(duration);
        sleeper.notify(1);
    });
    match started {
        Ok(_) => listener.await,
        Err(_) => thread::sleep(duration),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_run_and_waits_end_for_callers_of_any_kind() {
        let tokio = tokio::runtime::Builder::new_multi_thread();
        let tokio = { tokio }.worker_threads(1).enable_time().build().unwrap();
        let runtime = TokioRuntime::new(tokio.handle().clone());
        let (sender, receiver) = std::sync::mpsc::channel();
        runtime.spawn(Box::pin(async move { sender.send(()).unwrap() }));
        receiver.recv_timeout(Duration::from_secs(20)).unwrap();
        futures_lite::future::block_on(runtime.sleep(Duration::from_millis(5)));
        assert!(runtime.now().as_unix() > 1_700_000_000);
    }
}
