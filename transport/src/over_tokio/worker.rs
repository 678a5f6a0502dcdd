//! Where a request runs that is not polled inside Tokio.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError, mpsc};
use std::task::{Context, Poll};
use std::thread;

use http::{Request, Response};
use tokio::runtime::{self, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Exchange;
use crate::{Body, Error, ErrorKind};

type Answer = Result<Response<Vec<u8>>, Error>;

/// Runs exchanges on a runtime that was given, or on a worker thread that starts with the first.
pub(super) struct Elsewhere<E> {
    exchanger: E,
    given: Option<Handle>,
    name: &'static str,
    worker: Mutex<Option<Worker>>,
}

/// One thread that drives a runtime until this is dropped.
struct Worker {
    handle: Handle,
    _stop: oneshot::Sender<()>,
}

impl<E: Exchange> Elsewhere<E> {
    pub(super) fn new(exchanger: E, given: Option<Handle>, name: &'static str) -> Self {
        Self { exchanger, given, name, worker: Mutex::new(None) }
    }

    pub(super) async fn run(&self, request: Request<Body>) -> Answer {
        let exchanger = self.exchanger.clone();
        let task = self.handle()?.spawn(async move { exchanger.exchange(request).await });
        AbortOnDrop(task).await
    }

    pub(super) fn run_blocking(&self, request: Request<Body>) -> Answer {
        let exchanger = self.exchanger.clone();
        let (answer, waiting) = mpsc::sync_channel(1);
        self.handle()?.spawn(async move {
            // The receiver waits for as long as this lives, so a failure to send has nobody to hear of it.
            drop(answer.send(exchanger.exchange(request).await));
        });
        waiting.recv().unwrap_or_else(|_| Err(gone()))
    }

    fn handle(&self) -> Result<Handle, Error> {
        if let Some(handle) = &self.given {
            return Ok(handle.clone());
        }
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(worker) = &*worker {
            return Ok(worker.handle.clone());
        }
        let started = Worker::start(self.name)?;
        Ok(worker.insert(started).handle.clone())
    }
}

impl Worker {
    fn start(name: &'static str) -> Result<Self, Error> {
        let runtime =
            runtime::Builder::new_current_thread().enable_all().build().map_err(no_worker)?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        thread::Builder::new()
            .name(name.into())
            .spawn(move || drop(runtime.block_on(stopped)))
            .map_err(no_worker)?;
        Ok(Self { handle, _stop: stop })
    }
}

/// A task that ends when nobody waits for it any more.
struct AbortOnDrop(JoinHandle<Answer>);

impl Future for AbortOnDrop {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
        Pin::new(&mut self.0).poll(context).map(|ended| ended.unwrap_or_else(|_| Err(gone())))
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn gone() -> Error {
    Error::maybe_sent(ErrorKind::Closed, "the runtime that carried the request has ended")
}

fn no_worker(error: std::io::Error) -> Error {
    Error::unsent(ErrorKind::Refused, "the worker thread cannot start").with_source(error)
}
