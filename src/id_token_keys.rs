//! Slack's signing keys, fetched when they are needed, and kept.

mod cache;
mod error;
mod fetch;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::FutureExt as _;
use slack_proto::{
    AccessToken, ExpectedIdToken, IdToken, IdTokenError, IdTokenVerifier, KeySet, Rs256, Timestamp,
    VerifiedIdToken,
};

use self::{
    cache::{Cache, Next, Pace},
    fetch::Source,
};
use crate::Client;

pub use self::error::{FetchKeysError, VerifyIdTokenError};

/// Verifies ID tokens by the keys that the client's endpoint publishes.
///
/// The keys are fetched when the first token comes, and again when they are an hour old or a token names a key that is
/// not among them, as it happens after Slack has changed its keys. Callers that need keys at the same time share one
/// fetch, which goes on as long as one of them still waits. Between two fetches lie 30 s at least, so that a flood of
/// bad tokens is no flood of requests; meanwhile such tokens are refused by [`IdTokenError::UnknownKey`]. If keys cannot
/// be fetched anew, those that are there stay in use.
///
/// Make one and clone it: clones share the keys. It needs no runtime, and reads no clock.
///
/// ```no_run
/// # #[cfg(all(feature = "reqwest", feature = "id-token-aws-lc"))]
/// # async fn example(
/// #     exchange: slack_auth::OpenidConnectToken,
/// #     app: slack_auth::ConfidentialClient,
/// #     expected: slack_auth::ExpectedIdToken,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::SystemTime;
/// use slack_auth::{Client, Endpoint, IdTokenKeys, Limits};
///
/// let slack = Client::with_reqwest(Endpoint::slack(), Limits::new())?;
/// let keys = IdTokenKeys::with_aws_lc(slack.clone()); // once, beside the client
///
/// let signed_in = slack.call(&exchange, &app).await?.value;
/// let id_token = signed_in.id_token.ok_or("no ID token")?;
/// let access_token = &signed_in.credential.access_token;
/// let verified = keys.verify(&id_token, &expected, Some(access_token), SystemTime::now().into()).await?;
/// println!("{:?} signed in", verified.user.identity());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct IdTokenKeys {
    source: Source,
    pace: Pace,
    cache: Arc<Mutex<Cache>>,
    /// Held by the one blocking caller that fetches.
    gate: Arc<Mutex<()>>,
}

impl IdTokenKeys {
    /// Keeps the keys of the client's endpoint; signatures are checked by `rs256`.
    #[must_use]
    pub fn new(client: Client, rs256: Arc<dyn Rs256>) -> Self {
        let verifier = IdTokenVerifier::new(client.endpoint());
        Self {
            source: Source { client, rs256, verifier },
            pace: Pace::DEFAULT,
            cache: Arc::default(),
            gate: Arc::default(),
        }
    }

    /// Keeps the keys of the client's endpoint; signatures are checked by aws-lc-rs.
    #[cfg(feature = "id-token-aws-lc")]
    #[must_use]
    pub fn with_aws_lc(client: Client) -> Self {
        Self::new(client, Arc::new(slack_proto::AwsLcRs256))
    }

    /// Checks tokens by another verifier: one that expects another issuer, or allows for other clocks.
    ///
    /// The discovery document must name this verifier's issuer.
    #[must_use]
    pub fn verifier(self, verifier: IdTokenVerifier) -> Self {
        // What was fetched under another issuer does not count.
        Self { source: Source { verifier, ..self.source }, cache: Arc::default(), ..self }
    }

    /// Leaves at least so much time between two fetches, if there are keys; 30 s unless told otherwise.
    ///
    /// As long as there are none, a fetch that failed is repeated after 0, 1, 2, 4, … s, up to this time.
    #[must_use]
    pub fn refetch_interval(self, interval: Duration) -> Self {
        Self { pace: Pace { interval, ..self.pace }, ..self }
    }

    /// Fetches the keys anew when they are so old; an hour unless told otherwise.
    #[must_use]
    pub fn max_age(self, max_age: Duration) -> Self {
        Self { pace: Pace { max_age, ..self.pace }, ..self }
    }

    /// Verifies a token, and fetches keys if they are needed.
    ///
    /// Give the access token whenever there is one, so that the two are known to belong together. Dropping the future
    /// gives the fetch up, unless somebody else waits for it.
    ///
    /// # Errors
    ///
    /// When the token proves nothing, and when there are no keys to check it by.
    pub async fn verify(
        &self,
        token: &IdToken,
        expected: &ExpectedIdToken,
        access_token: Option<&AccessToken>,
        now: Timestamp,
    ) -> Result<VerifiedIdToken, VerifyIdTokenError> {
        let check =
            |keys: &KeySet| self.source.verifier.verify(keys, token, expected, access_token, now);
        let keys = self.keys(None, now).await?;
        match check(&keys) {
            Err(IdTokenError::UnknownKey(_)) => {
                let newer = self.keys(Some(&keys), now).await?;
                Ok(check(&newer)?)
            }
            checked => Ok(checked?),
        }
    }

    /// Verifies a token while the thread waits; otherwise as [`verify`](Self::verify).
    ///
    /// Blocking callers share one fetch with each other, but not with those that wait asynchronously.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify), and if the client has no blocking transport.
    pub fn verify_blocking(
        &self,
        token: &IdToken,
        expected: &ExpectedIdToken,
        access_token: Option<&AccessToken>,
        now: Timestamp,
    ) -> Result<VerifiedIdToken, VerifyIdTokenError> {
        let check =
            |keys: &KeySet| self.source.verifier.verify(keys, token, expected, access_token, now);
        let keys = self.keys_blocking(None, now)?;
        match check(&keys) {
            Err(IdTokenError::UnknownKey(_)) => Ok(check(&*self.keys_blocking(Some(&keys), now)?)?),
            checked => Ok(checked?),
        }
    }

    /// Gives keys, if possible others than those that were `known` not to do.
    async fn keys(
        &self,
        known: Option<&Arc<KeySet>>,
        now: Timestamp,
    ) -> Result<Arc<KeySet>, FetchKeysError> {
        let flight = {
            let mut cache = self.lock();
            match cache.next(&self.pace, known, now) {
                Next::Use(keys) => return Ok(keys),
                Next::Refuse(error) => return Err(error),
                Next::Join(flight) => flight,
                Next::Start => {
                    let (source, shared) = (self.source.clone(), Arc::clone(&self.cache));
                    let fetch = async move {
                        let fetched = source.fetch().await;
                        lock(&shared).landed(fetched, now)
                    };
                    let flight = fetch.boxed().shared();
                    cache.started(&flight, now);
                    flight
                }
            }
        };
        let fetched = flight.await;
        self.or_stale(fetched, known)
    }

    fn keys_blocking(
        &self,
        known: Option<&Arc<KeySet>>,
        now: Timestamp,
    ) -> Result<Arc<KeySet>, FetchKeysError> {
        let next = |cache: &mut Cache| match cache.next(&self.pace, known, now) {
            Next::Use(keys) => Some(Ok(keys)),
            Next::Refuse(error) => Some(Err(error)),
            // A flight of somebody's runtime may need that runtime's threads.
            Next::Join(_) | Next::Start => None,
        };
        if let Some(decided) = next(&mut self.lock()) {
            return decided;
        }
        let _gate = lock(&self.gate);
        {
            let mut cache = self.lock();
            // Somebody may have fetched while this thread waited.
            if let Some(decided) = next(&mut cache) {
                return decided;
            }
            cache.started_blocking(now);
        }
        let fetched = self.source.fetch_blocking();
        let fetched = self.lock().landed(fetched, now);
        self.or_stale(fetched, known)
    }

    /// Keys that are too old are better than none, unless it is they that did not do.
    fn or_stale(
        &self,
        fetched: Result<Arc<KeySet>, FetchKeysError>,
        known: Option<&Arc<KeySet>>,
    ) -> Result<Arc<KeySet>, FetchKeysError> {
        fetched.or_else(|error| match self.lock().held() {
            Some(keys) if known.is_none() => Ok(keys),
            _ => Err(error),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Cache> {
        lock(&self.cache)
    }
}

impl fmt::Debug for IdTokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdTokenKeys")
            .field("client", &self.source.client)
            .field("verifier", &self.source.verifier)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}

/// Nothing that is done under a lock here can panic halfway.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
