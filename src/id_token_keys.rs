//! A cache of the keys that Slack signs ID tokens with.

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
    AccessToken, Timestamp,
    openid::{
        ExpectedIdToken, IdToken, IdTokenError, IdTokenVerifier, KeySet, Rs256, VerifiedIdToken,
    },
};

use self::{
    cache::{Cache, Next, Pace},
    fetch::Source,
};
use crate::Client;

pub use self::error::{FetchKeysError, FetchKeysErrorKind, VerifyIdTokenError};

/// Verifies ID tokens by the keys that the client's endpoint publishes.
///
/// The keys are fetched for the first token, and again when they are an hour old or a token names a key that is not among
/// them, as after a key change at Slack. Concurrent callers share one fetch, which continues while one of them waits. At
/// least 30 s lie between two fetches, so a flood of bad tokens causes no flood of requests; until then such a token fails
/// with [`IdTokenError::UnknownKey`]. If a fetch fails, the keys that are cached stay in use.
///
/// Create one and clone it: clones share the keys. It needs no async runtime, and reads no clock.
///
/// # Examples
///
/// ```no_run
/// # #[cfg(all(feature = "reqwest", feature = "id-token-aws-lc"))]
/// # async fn example(
/// #     exchange: slack_auth::methods::OpenidConnectToken,
/// #     app: slack_auth::ConfidentialClient,
/// #     expected: slack_auth::openid::ExpectedIdToken,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::SystemTime;
/// use slack_auth::{Client, Endpoint, Limits, openid::IdTokenKeys};
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
    /// Creates an empty cache for the client's endpoint; `rs256` checks signatures.
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

    /// Creates an empty cache for the client's endpoint; aws-lc-rs checks signatures.
    #[cfg(feature = "id-token-aws-lc")]
    #[must_use]
    pub fn with_aws_lc(client: Client) -> Self {
        Self::new(client, Arc::new(slack_proto::openid::AwsLcRs256))
    }

    /// Sets the verifier, for instance one that expects another issuer or allows for more clock skew.
    ///
    /// The discovery document must name this verifier's issuer.
    #[must_use]
    pub fn verifier(self, verifier: IdTokenVerifier) -> Self {
        // What was fetched under another issuer does not count.
        Self { source: Source { verifier, ..self.source }, cache: Arc::default(), ..self }
    }

    /// Sets the shortest time between two fetches while keys are cached. The default is 30 s.
    ///
    /// While none are cached, a fetch that failed is repeated after 0, 1, 2, 4, … s, up to this delay.
    #[must_use]
    pub fn refetch_interval(self, interval: Duration) -> Self {
        Self { pace: Pace { interval, ..self.pace }, ..self }
    }

    /// Sets the age at which cached keys are fetched again. The default is one hour.
    #[must_use]
    pub fn max_age(self, max_age: Duration) -> Self {
        Self { pace: Pace { max_age, ..self.pace }, ..self }
    }

    /// Verifies a token, and fetches keys if necessary.
    ///
    /// Pass the access token of the same response if there is one: the ID token is then checked to belong to it. Dropping
    /// the future cancels the fetch, unless another caller waits for it.
    ///
    /// # Errors
    ///
    /// Fails if the token does not verify, or if there are no keys to verify it with.
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
            // A signature that does not fit is a sign of old keys as well: a key may have changed under its name.
            Err(IdTokenError::UnknownKey(_) | IdTokenError::WrongSignature) => {
                let newer = self.keys(Some(&keys), now).await?;
                Ok(check(&newer)?)
            }
            checked => Ok(checked?),
        }
    }

    /// Verifies a token like [`verify`](Self::verify), and blocks the thread while it fetches keys.
    ///
    /// Blocking callers share one fetch with each other, but not with asynchronous ones.
    ///
    /// # Errors
    ///
    /// Fails like [`verify`](Self::verify), and if the client has no blocking transport.
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
            Err(IdTokenError::UnknownKey(_) | IdTokenError::WrongSignature) => {
                Ok(check(&*self.keys_blocking(Some(&keys), now)?)?)
            }
            checked => Ok(checked?),
        }
    }

    /// Returns keys, if possible others than `known`, which lack the key that a token names.
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

/// Locks a mutex, poisoned or not: no code under these locks can panic halfway.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
