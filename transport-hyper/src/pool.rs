//! Connections that wait for their next request.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::Uri;
use http::uri::{Authority, Scheme};
use tokio::runtime::{Handle, Id};

use crate::connect::Connection;

/// Where a connection leads, and on which runtime it lives.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Place {
    encrypted: bool,
    server: Option<Authority>,
    runtime: Id,
}

/// Kept connections, the latest last.
#[derive(Default)]
pub(crate) struct Pool {
    kept: Mutex<Vec<Kept>>,
}

struct Kept {
    place: Place,
    since: Instant,
    connection: Connection,
}

impl Place {
    /// Returns where a request to `url` goes from the current runtime.
    pub(crate) fn of(url: &Uri) -> Self {
        Self {
            encrypted: url.scheme() == Some(&Scheme::HTTPS),
            server: url.authority().cloned(),
            runtime: Handle::current().id(),
        }
    }
}

impl Pool {
    /// Returns a connection that may carry a request. One whose end has arrived is closed.
    pub(crate) fn take(&self, place: &Place, now: Instant) -> Option<Connection> {
        loop {
            let kept = {
                let mut all = self.lock();
                let at = all.iter().rposition(|kept| kept.place == *place)?;
                match &all[at].connection {
                    Connection::Http2(shared) if shared.is_open() => {
                        return Some(Connection::Http2(shared.clone()));
                    }
                    Connection::Http1(_) | Connection::Http2(_) => all.remove(at),
                }
            };
            match kept.connection {
                Connection::Http1(own)
                    if now.saturating_duration_since(kept.since) < LONGEST && own.is_quiet() =>
                {
                    return Some(Connection::Http1(own));
                }
                // Dropped, and so closed.
                Connection::Http1(_) | Connection::Http2(_) => {}
            }
        }
    }

    /// Keeps a connection for the next request, if it can carry one. Its last one began at `since`.
    pub(crate) fn keep(&self, place: Place, connection: Connection, since: Instant) {
        let dropped = {
            let mut all = self.lock();
            let wanted = match &connection {
                Connection::Http1(own) => own.can_be_kept(),
                Connection::Http2(shared) => {
                    shared.is_open() && !all.iter().any(|kept| kept.place == place)
                }
            };
            if wanted {
                all.push(Kept { place, since, connection });
            }
            (all.len() > MOST).then(|| all.remove(0))
        };
        drop(dropped);
    }

    /// Keeps the shared connection to a place no longer.
    pub(crate) fn forget_shared(&self, place: &Place) {
        let is_it =
            |kept: &Kept| kept.place == *place && matches!(kept.connection, Connection::Http2(_));
        let forgotten = {
            let mut all = self.lock();
            all.iter().position(is_it).map(|at| all.remove(at))
        };
        drop(forgotten);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const MOST: usize = 128;
const LONGEST: Duration = Duration::from_secs(90);
