//! Tasks on Tokio.

use std::{future::Future, pin::Pin, time::Duration};

use slack_proto::Timestamp;
use tokio::runtime::Handle;

use super::{Runtime, system_time::system_time};

/// Runs tasks on a runtime of Tokio's, which must have its timer switched on.
///
/// A runtime that is shut down drops its tasks: a pair on its way to the store then stays in the rotator, and is stored
/// when somebody asks for the token again. `ThreadRuntime` works beside Tokio too.
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
        Box::pin(async move {
            // Only where it is made must the timer be at hand: a caller may be on no thread of Tokio's.
            let sleep = {
                let _inside = handle.enter();
                tokio::time::sleep(duration)
            };
            sleep.await;
        })
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.handle.spawn(task);
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
