//! Stored tokens, kept alive.

#[cfg(feature = "events")]
mod apply_event;
mod builder;
mod cache;
mod call;
mod caller;
mod carry;
mod drain;
mod entries;
mod entry;
mod error;
mod guard;
mod health;
mod install;
mod move_in;
mod nearest;
mod observer;
mod pacer;
#[cfg(feature = "metrics")]
mod record;
mod retry;
mod revoke;
mod row_reader;
mod run;
mod send;
mod shared;
mod stop;
mod store_calls;
mod sweep;
mod valid_token;

use std::{
    fmt,
    sync::{Arc, PoisonError},
    time::Duration,
};

#[cfg(feature = "events")]
pub use apply_event::{
    ApplyEventError, EventOutcome, RemovedCredential, SpareReason, SparedCredential,
};
pub use builder::TokenRotatorBuilder;
pub use call::RotatedCallError;
pub use drain::Drained;
pub use error::{InvalidRotator, InvalidRotatorKind, TokenError, TokenErrorKind};
pub use health::{
    CredentialHealth, HealthPage, HealthState, HealthSummary, InstallationHealth, RefreshTokenEnd,
};
pub use install::{InstallError, InstallOutcome, InstalledRow};
use nearest::Nearest;
pub use observer::RotationObserver;
pub use revoke::{RevokeError, RevokeErrorKind};
use run::Run;
use shared::Shared;
use slack_proto::{
    ClientSecret, ConfidentialClient, Slot, StoreKey, oauth::ClientCredentials, rotation::Input,
};
pub use sweep::{PlannedRefresh, SweepFailure, SweepHandle, SweepPlan, SweepReport, SweepSummary};
use valid_token::AnyToken;
pub use valid_token::{ValidConfigurationToken, ValidToken};

use crate::{Client, InstallationStore};

/// Returns access tokens from a store, and refreshes them in time, so that none is lost.
///
/// It is not called a token cache or a credential provider: Slack replaces the refresh token at each refresh (token rotation),
/// and the new pair must be stored before anybody gets it.
///
///
/// * While a token works nobody waits: it is refreshed in the background when it is due.
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
    _owner: Arc<Owner>,
}

/// All clones together: when the last one is dropped, what runs in the background ends.
struct Owner(Arc<Shared>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.closing.set();
    }
}

impl TokenRotator {
    /// Returns a builder for the rotator of an app, over a client and the app's store.
    pub fn builder(
        client: Client,
        app: impl Into<ClientCredentials>,
        store: InstallationStore,
    ) -> TokenRotatorBuilder {
        TokenRotatorBuilder::new(client, app.into(), store)
    }

    fn over(shared: Shared) -> Self {
        let shared = Arc::new(shared);
        let owner = Arc::new(Owner(Arc::clone(&shared)));
        Self { shared, nearest: Arc::default(), _owner: owner }
    }

    /// Returns an access token that is valid for as long as the [builder](TokenRotatorBuilder::min_validity) has set, 10 s
    /// by default.
    ///
    /// It waits only if there is no such token: the first time, when the store is read, and when the old token has expired
    /// before a new one came. Dropping the future stops no refresh.
    ///
    /// # Errors
    ///
    /// When a person must authorize again, when the refresh fails or takes too long, and when the slot holds an app
    /// configuration token. A token that is still valid is never withheld.
    #[inline]
    pub async fn access_token(&self, key: &StoreKey, slot: Slot) -> Result<ValidToken, TokenError> {
        self.token(key, slot, self.shared.settings.min_validity, AnyToken::access).await
    }

    /// Returns an access token that is valid for at least the duration `min_validity`, by an early refresh if necessary.
    ///
    /// # Errors
    ///
    /// As [`access_token`](Self::access_token), and if no token of this app is valid for that long.
    pub async fn access_token_for(
        &self,
        key: &StoreKey,
        slot: Slot,
        min_validity: Duration,
    ) -> Result<ValidToken, TokenError> {
        self.token(key, slot, min_validity, AnyToken::access).await
    }

    /// Returns the app configuration token that is stored under `key`; otherwise as [`access_token`](Self::access_token).
    ///
    /// # Errors
    ///
    /// As [`access_token`](Self::access_token).
    pub async fn configuration_token(
        &self,
        key: &StoreKey,
    ) -> Result<ValidConfigurationToken, TokenError> {
        let min_validity = self.shared.settings.min_validity;
        self.token(key, Slot::Configuration, min_validity, AnyToken::configuration).await
    }

    /// Exchanges a token that does not rotate for a pair that does, after token rotation was switched on for the app, and
    /// stores the pair. A token that rotates already is returned as it is.
    ///
    /// # Errors
    ///
    /// When Slack refuses, for instance because it was exchanged before: the old token then goes on working. When the
    /// app has no client secret, which the call needs. And as [`access_token`](Self::access_token).
    pub async fn exchange(&self, key: &StoreKey, slot: Slot) -> Result<ValidToken, TokenError> {
        if !matches!(*self.shared.app(), ClientCredentials::Confidential(_)) {
            return Err(TokenError::of(key, slot, TokenErrorKind::NoClientSecret));
        }
        self.settle(key, slot, Input::Exchange).await?;
        self.access_token_for(key, slot, Duration::ZERO).await
    }

    /// Refreshes a credential in the background if it is due, and waits for nothing.
    pub fn refresh_if_due(&self, key: &StoreKey, slot: Slot) {
        let entry = self.shared.entry(key, slot);
        let (_, started) = entry.tell(&self.shared, Input::Tick);
        if let Some((running, action)) = started {
            Run::spawn(running, action);
        }
    }

    /// Drops what is cached of an installation, so that the next caller reads the store: after a person has installed
    /// the app again, or another part of the program has changed what is stored.
    ///
    /// A refresh that is under way ends by itself: it replaces only what it was sent for.
    pub fn invalidate(&self, key: &StoreKey) {
        self.nearest.clear();
        self.shared.invalidate(key);
    }

    /// Replaces the app's client secret while the program runs. Refreshes that Slack refused because of the old one go on
    /// at once.
    pub fn replace_client_secret(&self, secret: ClientSecret) {
        let old = self.shared.app();
        let new = match &*old {
            ClientCredentials::Confidential(old) => old.with_secret(secret),
            _ => ConfidentialClient::new(old.id().clone(), secret),
        };
        *self.shared.app.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(new.into());
        self.shared.pacer.client_replaced(self.shared.runtime.elapsed());
        for entry in self.shared.entries.all() {
            if entry.is_client_refused() {
                entry.wake();
            }
        }
    }
}

impl fmt::Debug for TokenRotator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRotator")
            .field("client", &self.shared.client)
            .field("policy", &self.shared.policy)
            .field("credentials_in_memory", &self.shared.entries.len())
            .finish_non_exhaustive()
    }
}

const SLOTS: [Slot; 4] = [Slot::Bot, Slot::User, Slot::Configuration, Slot::Unknown];
