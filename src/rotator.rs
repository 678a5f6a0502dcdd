//! Stored tokens, kept alive.

#[cfg(feature = "events")]
mod apply_event;
mod builder;
mod call;
mod drive;
mod entry;
mod error;
mod install;
mod live;
mod nearest;
mod observer;
mod revoke;
mod rows;
mod shared;

use std::{fmt, sync::Arc, time::Duration};

#[cfg(feature = "events")]
pub use apply_event::{
    ApplyEventError, EventOutcome, RemovedCredential, SpareReason, SparedCredential,
};
pub use builder::TokenRotatorBuilder;
pub use call::RotatedCallError;
pub use error::{InvalidRotator, TokenError};
pub use install::{InstallError, InstallOutcome, InstalledRow};
use live::{AnyToken, Found};
pub use live::{ValidConfigurationToken, ValidToken};
use nearest::Nearest;
pub use observer::RotationObserver;
pub use revoke::RevokeError;
use shared::Shared;
use slack_proto::{Slot, StoreKey, Timestamp, oauth::ClientCredentials, rotation::Input};

use crate::{Client, InstallationStore};
use entry::Told;

/// Gives access tokens out of a store, and refreshes them in time, so that none is lost.
///
/// * While a token works nobody waits: it is refreshed behind the callers' backs when it is due.
/// * One refresh at a time for each credential, in this process and, by the store's leases, in all.
/// * A refresh runs to its end and is stored even if every caller has gone away.
/// * Nobody gets a token that is not stored durably.
/// * Nothing is ever deleted because of an error.
///
/// The rules are those of [`Rotation`](crate::rotation::Rotation), a machine without I/O. Clones share everything.
///
/// ```
/// use std::sync::Arc;
/// use slack_auth::{
///     AccessToken, Client, ClientId, ClientSecret, ConfidentialClient, Endpoint, Installation,
///     InstallationStore, Slot, StoreKey, Timestamp, TokenRotator,
///     store::{MemoryStore, Precondition},
///     tokens::{Credential, InstallationKey},
/// };
/// # use slack_auth::{transport, transport::BlockingTransport};
/// # struct Nowhere;
/// # impl BlockingTransport for Nowhere {
/// #     fn send_blocking(&self, _: http::Request<transport::Body>) -> Result<http::Response<Vec<u8>>, transport::Error> {
/// #         Ok(http::Response::new(Vec::new()))
/// #     }
/// # }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # pollster::block_on(async {
/// # let client = Client::new_blocking(Endpoint::slack(), Arc::new(Nowhere));
/// let store = InstallationStore::new(MemoryStore::new(), ClientId::new("1.2")?);
/// let key = StoreKey::from(InstallationKey::Workspace("T0FAKE00001".into()));
/// let mut installation = Installation::new(key.place().clone());
/// installation.bot = Some(Credential::new(AccessToken::new("xoxb-FAKE")?, Timestamp::from_unix(1_795_219_200)));
/// store.put(&key, &installation, Precondition::Absent).await?;
///
/// let app = ConfidentialClient::new(ClientId::new("1.2")?, ClientSecret::new("hush")?);
/// let rotator = TokenRotator::builder(client, app, store).build()?;
/// let token = rotator.access_token(&key, Slot::Bot).await?;
/// assert_eq!(token.expose(), "xoxb-FAKE");
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Clone)]
pub struct TokenRotator {
    shared: Arc<Shared>,
    nearest: Arc<Nearest>,
}

impl TokenRotator {
    /// Joins a client, the app that it acts for, and the store of that app.
    pub fn builder(
        client: Client,
        app: impl Into<ClientCredentials>,
        store: InstallationStore,
    ) -> TokenRotatorBuilder {
        TokenRotatorBuilder::new(client, app.into(), store)
    }

    fn over(shared: Shared) -> Self {
        Self { shared: Arc::new(shared), nearest: Arc::default() }
    }

    /// Gives an access token that is good for as long as the [builder](TokenRotatorBuilder::min_validity) was told, 10 s if
    /// nothing else.
    ///
    /// It waits only if there is no such token: the first time, when the store is read, and when the old token has ended
    /// before a new one came. Dropping the future stops no refresh.
    ///
    /// # Errors
    ///
    /// When a person must authorize again, when the refresh fails or takes too long, and when the slot holds an app
    /// configuration token. A token that is still good is never withheld.
    #[inline]
    pub async fn access_token(&self, key: &StoreKey, slot: Slot) -> Result<ValidToken, TokenError> {
        self.token(key, slot, self.shared.min_validity, AnyToken::access).await
    }

    /// Gives an access token that is good for at least this time, if need be by a refresh before it is due.
    ///
    /// # Errors
    ///
    /// As [`access_token`](Self::access_token), and if no token of this app lives so long.
    pub async fn access_token_for(
        &self,
        key: &StoreKey,
        slot: Slot,
        min_validity: Duration,
    ) -> Result<ValidToken, TokenError> {
        self.token(key, slot, min_validity, AnyToken::access).await
    }

    /// Gives the app configuration token that is stored under `key`; otherwise as [`access_token`](Self::access_token).
    ///
    /// # Errors
    ///
    /// As [`access_token`](Self::access_token).
    pub async fn configuration_token(
        &self,
        key: &StoreKey,
    ) -> Result<ValidConfigurationToken, TokenError> {
        let min_validity = self.shared.min_validity;
        self.token(key, Slot::Configuration, min_validity, AnyToken::configuration).await
    }

    /// Trades a token that lives for ever for a pair that rotates, after token rotation was switched on for the app, and
    /// stores the pair. A token that rotates already is given as it is.
    ///
    /// # Errors
    ///
    /// When Slack refuses, for instance because it was exchanged before: the old token then goes on working. When the
    /// app has no client secret, which the call needs. And as [`access_token`](Self::access_token).
    pub async fn exchange(&self, key: &StoreKey, slot: Slot) -> Result<ValidToken, TokenError> {
        if !matches!(self.shared.app, ClientCredentials::Confidential(_)) {
            return Err(TokenError::no_secret());
        }
        self.settle(key, slot, Input::Exchange).await?;
        self.access_token_for(key, slot, Duration::ZERO).await
    }

    /// Looks after a credential as [`access_token`](Self::access_token) does, and waits for nothing: for a program that
    /// goes through all its installations now and then, so that none that is seldom used loses its refresh token.
    pub fn refresh_if_due(&self, key: &StoreKey, slot: Slot) {
        self.shared.entry(key, slot).tell(&self.shared, Input::Tick);
    }

    /// Forgets what is known of an installation, so that the next caller reads the store: after a person has installed
    /// the app again, or another part of the program has changed what is stored.
    pub fn invalidate(&self, key: &StoreKey) {
        self.nearest.clear();
        for slot in SLOTS {
            self.shared.cache.put(key, slot, None);
            let held = self.shared.entries[live::number(slot)].pin().get(key).cloned();
            if let Some(entry) = held {
                if entry.invalidate() {
                    self.shared.remove(&entry);
                }
            }
        }
    }

    #[inline]
    async fn token<T>(
        &self,
        key: &StoreKey,
        slot: Slot,
        min_validity: Duration,
        pick: fn(&AnyToken) -> Option<T>,
    ) -> Result<T, TokenError> {
        let now = self.shared.runtime.now();
        match self.shared.cache.find(key, slot, now, now + min_validity, pick) {
            Found::Good(token) => Ok(token),
            Found::Due(token) => {
                self.refresh_if_due(key, slot);
                Ok(token)
            }
            Found::Nothing => {
                let token = Box::pin(self.wait_for(key, slot, min_validity, now)).await?;
                pick(&token).ok_or_else(TokenError::other_kind)
            }
        }
    }

    async fn wait_for(
        &self,
        key: &StoreKey,
        slot: Slot,
        min_validity: Duration,
        now: Timestamp,
    ) -> Result<AnyToken, TokenError> {
        let deadline = now + self.shared.wait_timeout;
        let mut entry = self.shared.entry(key, slot);
        let mut round = None;
        let mut wait_timeout = self.shared.runtime.sleep(self.shared.wait_timeout);
        loop {
            let changed = entry.listen();
            match entry.ask(&self.shared, min_validity, round, deadline) {
                Told::Token(token) => return Ok(token),
                Told::Failed(error) => return Err(error),
                Told::Wait(began) => round = Some(began),
                Told::Retired => {
                    self.shared.remove(&entry);
                    entry = self.shared.entry(key, slot);
                    continue;
                }
            }
            if !changed_in_time(changed, &mut wait_timeout).await {
                return Err(entry.too_late());
            }
        }
    }

    /// Tells a machine something, and waits until it rests.
    async fn settle(&self, key: &StoreKey, slot: Slot, event: Input) -> Result<(), TokenError> {
        let deadline = self.shared.runtime.now() + self.shared.wait_timeout;
        let mut wait_timeout = self.shared.runtime.sleep(self.shared.wait_timeout);
        let entry = self.shared.entry(key, slot);
        let Some(round) = entry.tell(&self.shared, event) else { return Ok(()) };
        loop {
            let changed = entry.listen();
            if entry.is_over(round) {
                return entry.problem().map_or(Ok(()), Err);
            }
            match entry.held_up() {
                Some((resumes_at, error)) if resumes_at > deadline => return Err(error),
                _ => {}
            }
            if !changed_in_time(changed, &mut wait_timeout).await {
                return Err(entry.too_late());
            }
        }
    }
}

impl fmt::Debug for TokenRotator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRotator")
            .field("client", &self.shared.client)
            .field("policy", &self.shared.policy)
            .finish_non_exhaustive()
    }
}

async fn changed_in_time(
    changed: event_listener::EventListener,
    wait_timeout: &mut (impl Future<Output = ()> + Unpin),
) -> bool {
    let changed = async {
        changed.await;
        true
    };
    let late = async {
        wait_timeout.await;
        false
    };
    futures_lite::future::or(changed, late).await
}

const SLOTS: [Slot; 4] = [Slot::Bot, Slot::User, Slot::Configuration, Slot::Unknown];
