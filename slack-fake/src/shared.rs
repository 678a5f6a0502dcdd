//! One fake and one clock, shared by a test and whatever serves it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::{Request, Response};

use crate::{Clock, FakeSlack};

/// A fake that several handles share: the test's, a transport's, a server's.
///
/// ```
/// use slack_fake::{App, Clock, FakeSlack, SharedFake};
///
/// let fake = FakeSlack::new().app(App::new("1.2", "hush"));
/// let shared = SharedFake::new(fake, Clock::manual(1_795_219_200));
/// let test = shared.clone();
/// let response = shared.handle(&http::Request::get("/api/auth.test").body(Vec::new())?);
/// assert_eq!(response.body(), br#"{"error":"not_authed","ok":false}"#);
/// assert_eq!(test.with(|fake| fake.calls("auth.test")), 1);
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone)]
pub struct SharedFake {
    fake: Arc<Mutex<FakeSlack>>,
    clock: Clock,
}

impl SharedFake {
    /// Creates a shared fake that reads the time from `clock`.
    #[must_use]
    pub fn new(fake: FakeSlack, clock: Clock) -> Self {
        Self { fake: Arc::new(Mutex::new(fake)), clock }
    }

    /// Returns the clock, which a test may move at any time.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Calls `look` with the fake, to inspect or change it; no request is answered meanwhile.
    pub fn with<R>(&self, look: impl FnOnce(&mut FakeSlack) -> R) -> R {
        look(&mut self.fake.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Answers one request at the clock's time; the caller must apply the [`Delivery`](crate::Delivery)
    /// in the extensions of the response.
    pub fn handle<B: AsRef<[u8]>>(&self, request: &Request<B>) -> Response<Vec<u8>> {
        self.with(|fake| fake.handle(request, self.clock.now()))
    }
}

impl fmt::Debug for SharedFake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedFake").field("clock", &self.clock).finish_non_exhaustive()
    }
}
