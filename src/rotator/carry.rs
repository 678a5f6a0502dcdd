//! Calls over the client's transport; a blocking one runs on a thread of its own.

use std::sync::{Arc, Mutex, PoisonError};

use event_listener::Event;
use http::{Request, Response};
use slack_proto::{
    ApiMethod,
    methods::{Reply, RequestBody},
};

use super::{
    guard::{self, Cut},
    shared::Shared,
};
use crate::{
    client,
    error::CallError,
    transport::{Error, ErrorKind},
};

type Answer = Result<Response<Vec<u8>>, Error>;

impl Shared {
    /// Sends a method once, and gives the answer up after the total timeout. It neither blocks nor panics, whatever the
    /// transport does.
    pub(super) async fn call<M: ApiMethod>(
        &self,
        method: &M,
        auth: &M::Auth,
    ) -> Result<Reply<M::Response>, CallError<M::Error>> {
        let request = method.to_request(self.client.endpoint(), auth);
        let answer = async {
            if self.client.is_blocking() {
                self.send_on_thread(request).await
            } else {
                self.client.send(request).await
            }
        };
        let answer = guard::within(&*self.runtime, self.settings.total_timeout, answer).await;
        client::read::<M>(answer.unwrap_or_else(|cut| {
            Err(match cut {
                Cut::TimedOut => Error::maybe_sent(ErrorKind::Timeout, "no answer came in time"),
                Cut::Panicked => Error::maybe_sent(ErrorKind::Closed, "the transport panicked"),
            })
        }))
    }

    async fn send_on_thread(&self, request: Request<RequestBody>) -> Answer {
        let slot = Arc::new(Slot::default());
        let (writer, client) = (Writer(Arc::clone(&slot)), self.client.clone());
        self.runtime.run_blocking(Box::new(move || {
            let send = || writer.0.put(client.send_blocking(request));
            guard::contained(send);
            drop(writer);
        }));
        loop {
            let filled = slot.filled.listen();
            let state = std::mem::take(&mut *slot.state());
            match state {
                State::Filled(answer) => return answer,
                State::Dropped => return Err(Error::maybe_sent(ErrorKind::Closed, GONE)),
                State::Empty => filled.await,
            }
        }
    }
}

#[derive(Default)]
struct Slot {
    state: Mutex<State>,
    filled: Event,
}

#[derive(Default)]
enum State {
    #[default]
    Empty,
    Filled(Answer),
    Dropped,
}

/// Says so if no answer comes, because the transport panicked or its thread was never started.
struct Writer(Arc<Slot>);

impl Slot {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, answer: Answer) {
        *self.state() = State::Filled(answer);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if matches!(*state, State::Empty) {
            *state = State::Dropped;
        }
        drop(state);
        self.0.filled.notify(usize::MAX);
    }
}

const GONE: &str = "the transport panicked, or the system could not start a thread";
