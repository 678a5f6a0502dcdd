//! Work that is done once for each callback, however often the browser loads it.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use slack_auth::{Timestamp, oauth::Callback, tokens::Fingerprint};
use tokio::sync::OnceCell;

use crate::problem::Problem;

/// What became of each callback, as long as its state may come again.
///
/// A stateless state is not single use, and a code works once: a person who loads the callback twice gets the first
/// answer again, not `invalid_code`. A failure is not kept, so that a reload tries once more.
#[derive(Clone, Debug)]
pub(crate) struct Once<T> {
    by_ticket: Arc<Mutex<HashMap<Ticket, Attempt<T>>>>,
}

/// The name of a callback: its state **and** its code. Who goes back to Slack's page and chooses another workspace comes
/// with the same state and a new code; and a code that somebody else has seen must not get the first one's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ticket(Fingerprint, Fingerprint);

impl Ticket {
    /// Names a callback that has both.
    pub(crate) fn of(callback: &Callback) -> Option<Self> {
        let (state, code) = (callback.state()?, callback.unchecked_code()?);
        Some(Self(Fingerprint::of(state.expose()), Fingerprint::of(code.expose())))
    }
}

/// What became of one callback, and when its state has expired.
#[derive(Debug)]
struct Attempt<T> {
    outcome: Arc<OnceCell<T>>,
    end: Timestamp,
}

impl<T: Clone + Send + Sync + 'static> Once<T> {
    /// Does `work`, unless it was done for this callback; waits if it is being done.
    ///
    /// The state must have been checked. The work goes on if the browser hangs up: the code in it works once, and so
    /// the token that it gives must be stored.
    pub(crate) async fn run<F>(&self, ticket: Ticket, now: Timestamp, work: F) -> Result<T, Problem>
    where
        F: Future<Output = Result<T, Problem>> + Send + 'static,
    {
        let (once, cell) = (self.clone(), self.cell(ticket, now));
        let done = tokio::spawn(async move {
            let done = cell.get_or_try_init(|| work).await.cloned();
            if done.is_err() {
                once.lock().remove(&ticket);
            }
            done
        });
        done.await.unwrap_or(Err(Problem::Ours))
    }

    fn cell(&self, ticket: Ticket, now: Timestamp) -> Arc<OnceCell<T>> {
        let mut cells = self.lock();
        cells.retain(|_, attempt| now <= attempt.end);
        let end = now + crate::AUTHORIZATION_LIFE;
        let attempt =
            cells.entry(ticket).or_insert_with(|| Attempt { outcome: Arc::default(), end });
        Arc::clone(&attempt.outcome)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Ticket, Attempt<T>>> {
        self.by_ticket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self { by_ticket: Arc::default() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn ticket(callback: &str) -> Ticket {
        Ticket::of(&Callback::parse(callback).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_success_is_kept_and_a_failure_is_not() {
        let once = Once::default();
        let first = ticket("code=a&state=s");
        let count = Arc::new(AtomicU32::new(0));
        let work = |fails: bool| {
            let count = Arc::clone(&count);
            async move {
                let number = count.fetch_add(1, Ordering::Relaxed);
                if fails { Err(Problem::SlackIsDown) } else { Ok(number) }
            }
        };
        let now = Timestamp::from_unix(1_000);
        assert!(once.run(first, now, work(true)).await.is_err());
        assert!(once.lock().is_empty());
        let (left, right) =
            tokio::join!(once.run(first, now, work(false)), once.run(first, now, work(false)));
        assert_eq!((left.ok(), right.ok()), (Some(1), Some(1)));
        let later = now + crate::AUTHORIZATION_LIFE;
        assert_eq!(once.run(first, later, work(false)).await.ok(), Some(1));
        let other = ticket("code=b&state=s");
        assert_ne!(other, ticket("code=b&state=t"));
        let over = later + std::time::Duration::from_secs(1);
        assert_eq!(once.run(other, over, work(false)).await.ok(), Some(2));
        assert_eq!(once.lock().len(), 1, "what cannot come again is forgotten");
    }

    #[tokio::test]
    async fn the_work_goes_on_if_nobody_waits() {
        let once = Once::default();
        let (first, now) = (ticket("code=a&state=s"), Timestamp::from_unix(1_000));
        let (started, go_on) =
            (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
        let work = {
            let (started, go_on) = (Arc::clone(&started), Arc::clone(&go_on));
            async move {
                started.notify_one();
                go_on.notified().await;
                Ok(7)
            }
        };
        tokio::select! {
            _ = once.run(first, now, work) => unreachable!("it waits"),
            () = started.notified() => {}
        }
        go_on.notify_one();
        assert_eq!(once.run(first, now, async { Ok(8) }).await.ok(), Some(7));
    }
}
