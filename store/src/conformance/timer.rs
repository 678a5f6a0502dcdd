//! Time without a runtime: a thread that waits.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    task::{Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use super::report::Outcome;

/// Waits for this duration.
pub(super) async fn sleep(length: Duration) {
    let end = Instant::now() + length;
    let alarm = Alarm::after(length);
    poll_fn(|context| {
        *alarm.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
        if Instant::now() >= end { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Waits for a case, but not for longer than this.
pub(super) async fn within(case: impl Future<Output = Outcome>, length: Duration) -> Outcome {
    let (mut case, mut timeout) = (pin!(case), pin!(sleep(length)));
    poll_fn(|context| {
        if let Poll::Ready(outcome) = case.as_mut().poll(context) {
            return Poll::Ready(outcome);
        }
        let late = || Err(format!("an operation does not come to an end within {length:?}"));
        timeout.as_mut().poll(context).map(|()| late())
    })
    .await
}

/// A thread that wakes a task once, unless it is dropped before.
struct Alarm {
    waker: Arc<Mutex<Option<Waker>>>,
    _stop: Sender<()>,
}

impl Alarm {
    fn after(length: Duration) -> Self {
        let (stop, stopped) = channel();
        let waker = Arc::<Mutex<Option<Waker>>>::default();
        let held = Arc::clone(&waker);
        thread::spawn(move || {
            // A little longer, so that the time has come for sure.
            if stopped.recv_timeout(length + Duration::from_millis(1))
                == Err(RecvTimeoutError::Timeout)
            {
                let waker = held.lock().unwrap_or_else(PoisonError::into_inner).take();
                waker.into_iter().for_each(Waker::wake);
            }
        });
        Self { waker, _stop: stop }
    }
}
