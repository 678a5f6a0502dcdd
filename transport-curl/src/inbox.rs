//! What callers leave for the agent, and how it is woken.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use curl::easy::Easy2;
use curl::multi::MultiWaker;
use futures_channel::oneshot;
use http::Response;
use slack_transport::{Error, ErrorKind};

use crate::exchange::Exchange;

/// What becomes of a request.
pub(crate) type Answer = Result<Response<Vec<u8>>, Error>;

/// Something for the agent to do.
pub(crate) enum Command {
    /// Run a transfer and give the answer to whoever waits.
    Start { id: u64, easy: Easy2<Exchange>, answer: oneshot::Sender<Answer> },
    /// Give a request up.
    Cancel { id: u64 },
    /// Break down, to show what callers then see.
    #[cfg(test)]
    Panic,
}

/// The agent's letterbox.
#[derive(Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    /// Whether there is something to take, for a look without the lock.
    filled: AtomicBool,
    waker: OnceLock<MultiWaker>,
}

#[derive(Default)]
struct State {
    commands: Vec<Command>,
    next_id: u64,
    asleep: bool,
    closed: bool,
}

impl Inbox {
    /// Queues a transfer, and returns the number that cancels it.
    pub(crate) fn start(
        &self,
        easy: Easy2<Exchange>,
        answer: oneshot::Sender<Answer>,
    ) -> Result<u64, Error> {
        let mut state = self.lock();
        if state.closed {
            return Err(Error::unsent(ErrorKind::Closed, "the transport has been shut down"));
        }
        let id = state.next_id;
        state.next_id += 1;
        state.commands.push(Command::Start { id, easy, answer });
        self.wake(state);
        Ok(id)
    }

    /// Queues another command; a closed inbox ignores it.
    pub(crate) fn leave(&self, command: Command) {
        let mut state = self.lock();
        if !state.closed {
            state.commands.push(command);
            self.wake(state);
        }
    }

    /// Closes the inbox, which ends the agent; commands that it has not taken yet are dropped.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let dropped = std::mem::take(&mut state.commands);
        self.wake(state);
        drop(dropped);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Sets what wakes the agent.
    pub(crate) fn attach(&self, waker: MultiWaker) {
        // An inbox has one agent, which calls this once.
        drop(self.waker.set(waker));
    }

    /// Moves the commands into the empty `into`; `None` means that the inbox is closed.
    pub(crate) fn take(&self, into: &mut Vec<Command>) -> Option<()> {
        let mut state = self.lock();
        if state.closed {
            return None;
        }
        self.filled.store(false, Ordering::Relaxed);
        std::mem::swap(&mut state.commands, into);
        Some(())
    }

    /// Returns whether something may have come, without the lock that decides.
    pub(crate) fn is_filled(&self) -> bool {
        self.filled.load(Ordering::Relaxed)
    }

    /// Marks the agent as asleep, unless something came meanwhile.
    pub(crate) fn fall_asleep(&self) -> bool {
        let mut state = self.lock();
        state.asleep = state.commands.is_empty() && !state.closed;
        state.asleep
    }

    /// Marks the agent as awake.
    pub(crate) fn wake_up(&self) {
        self.lock().asleep = false;
    }

    /// Wakes the agent if it sleeps, once.
    fn wake(&self, mut state: MutexGuard<'_, State>) {
        self.filled.store(true, Ordering::Relaxed);
        let asleep = std::mem::replace(&mut state.asleep, false);
        drop(state);
        if let (true, Some(waker)) = (asleep, self.waker.get()) {
            // It fails only if the agent is gone, and then there is nobody to wake.
            drop(waker.wakeup());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
