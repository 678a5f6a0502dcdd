//! The Tokio runtime in which commands run.

use std::{future::Future, io, thread};

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

use crate::error::Cause;

/// The runtime that the store was opened in, or one on a thread of the store's own.
#[derive(Debug)]
pub(crate) struct Worker {
    handle: Handle,
    // The thread ends when this goes.
    _end: Option<oneshot::Sender<()>>,
}

impl Worker {
    /// Creates a worker: the current runtime, or a thread where there is none.
    pub(crate) fn new() -> io::Result<Self> {
        if let Ok(handle) = Handle::try_current() {
            return Ok(Self { handle, _end: None });
        }
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        let run = move || {
            // An error is the other side's end.
            let _: Result<(), _> = runtime.block_on(ended);
        };
        thread::Builder::new().name("slack-auth redis".to_owned()).spawn(run)?;
        Ok(Self { handle, _end: Some(end) })
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Runs something as a task of its own, which comes to its end whoever waits for it.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Cause> {
        let ended = "the Tokio runtime that the store was opened in has ended";
        self.handle.spawn(task).await.map_err(|_| Cause::new(ended))
    }
}
