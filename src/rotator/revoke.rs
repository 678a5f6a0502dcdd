//! The end of an installation.

use std::{error::Error, fmt, time::Duration};

use slack_proto::{
    AccessToken, Recovery, Slot, StoreKey,
    error::{CommonError, ErrorCode, MethodError},
    methods::AuthRevoke,
    rotation::AnyCredential,
};

use super::{SLOTS, TokenRotator};
use crate::{
    error::CallError,
    store::{LeaseHolder, LeaseOutcome, StoreError, Stored, remove_installation},
};

impl TokenRotator {
    /// Revokes all access and refresh tokens of an installation, and then deletes it from the store.
    ///
    /// Refreshes are held off meanwhile by the leases, in every process. A token that is dead already counts as
    /// revoked. Of an app without token rotation this ends the whole installation at Slack; of one with, only its
    /// tokens: [`AppsUninstall`](crate::methods::AppsUninstall) does the rest.
    ///
    /// An installation that is not there is no error.
    ///
    /// # Errors
    ///
    /// When the store fails, when another process keeps refreshing, or when Slack refuses or does not answer: then what
    /// is left stays in the store, and the call can be repeated.
    pub async fn revoke_all(&self, key: &StoreKey) -> Result<(), RevokeError> {
        let holder = LeaseHolder::random()
            .map_err(|error| RevokeError::new(Part::Randomness, Some(Box::new(error))))?;
        let result = self.revoke_under_lease(key, holder).await;
        for slot in SLOTS {
            // A lease that cannot be given back runs out.
            let _ = self.shared.store.release(key, slot, holder).await;
        }
        self.invalidate(key);
        result
    }

    /// Deletes an installation from the store, and tells Slack nothing: after Slack has said that the app was
    /// uninstalled or its tokens revoked (`app_uninstalled`, `tokens_revoked`).
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn remove(&self, key: &StoreKey) -> Result<(), RevokeError> {
        let result = remove_installation(&self.shared.store, key).await;
        self.invalidate(key);
        result.map(drop).map_err(RevokeError::store)
    }

    async fn revoke_under_lease(
        &self,
        key: &StoreKey,
        holder: LeaseHolder,
    ) -> Result<(), RevokeError> {
        let mut revoked = Vec::new();
        // Another round begins only if somebody has written meanwhile.
        for _ in 0..ROUNDS {
            for slot in SLOTS {
                self.take_lease(key, slot, holder).await?;
            }
            let Some(stored) = self.load(key).await? else { return Ok(()) };
            for slot in SLOTS {
                let credential = stored.installation.any_credential(slot);
                if let Some(new) = credential.filter(|it| !revoked.contains(&it.pair_fingerprint()))
                {
                    self.revoke(&new).await?;
                    revoked.push(new.pair_fingerprint());
                }
            }
            match self.shared.store.remove(key, stored.version).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(RevokeError::store(error)),
            }
        }
        Err(RevokeError::new(Part::Busy, None))
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<Stored>, RevokeError> {
        self.shared.store.load(key).await.map_err(RevokeError::store)
    }

    /// Waits for at most as long as a lease can last.
    async fn take_lease(
        &self,
        key: &StoreKey,
        slot: Slot,
        holder: LeaseHolder,
    ) -> Result<(), RevokeError> {
        let runtime = &self.shared.runtime;
        let length = self.shared.policy.lease_length();
        let give_up = runtime.now() + length + Duration::from_secs(1);
        loop {
            let now = runtime.now();
            let acquired = self.shared.store.acquire(key, slot, holder, length).await;
            match acquired.map_err(RevokeError::store)? {
                LeaseOutcome::Granted => return Ok(()),
                LeaseOutcome::HeldFor(_) if now < give_up => {
                    runtime.sleep(Duration::from_millis(250)).await;
                }
                _ => return Err(RevokeError::new(Part::Busy, None)),
            }
        }
    }

    /// The access token first: the refresh token could still give another.
    async fn revoke(&self, credential: &AnyCredential) -> Result<(), RevokeError> {
        let client = &self.shared.client;
        let configuration = credential
            .configuration_token()
            .and_then(|token| AccessToken::new(token.expose()).ok());
        if let Some(token) = credential.access_token().or(configuration.as_ref()) {
            done(client.call_by_any_means(&AuthRevoke::new(), token).await)?;
        }
        if let Some(token) = credential.refresh_token() {
            done(client.call_by_any_means(&AuthRevoke::refresh_token(), token).await)?;
        }
        Ok(())
    }
}

/// Tells whether the token is dead now.
fn done<T, E: MethodError>(answer: Result<T, CallError<E>>) -> Result<(), RevokeError> {
    let Err(error) = answer else { return Ok(()) };
    let gone = error.response().and_then(|response| response.code()).is_some_and(|code| {
        // The installation behind the token is gone, and so is the token.
        matches!(code, ErrorCode::Common(CommonError::AccountInactive))
    });
    let recovery = error.recovery();
    // An expired token calls nothing any more.
    if gone || matches!(recovery, Recovery::AlreadyDone | Recovery::Refresh) {
        return Ok(());
    }
    Err(RevokeError::new(Part::Slack(recovery), Some(Box::new(error))))
}

/// How often others may write while an installation is removed.
const ROUNDS: usize = 8;

/// Why an installation was not deleted. What is left of it is stored still.
#[derive(Debug)]
pub struct RevokeError {
    part: Part,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Slack(Recovery),
    Store,
    Busy,
    Randomness,
}

impl RevokeError {
    fn new(part: Part, cause: Option<Box<dyn Error + Send + Sync>>) -> Self {
        Self { part, cause }
    }

    fn store(error: StoreError) -> Self {
        Self::new(Part::Store, Some(Box::new(error)))
    }

    /// Tells what to do next.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self.part {
            Part::Slack(recovery) => recovery,
            Part::Store | Part::Busy | Part::Randomness => Recovery::RetryLater { after: None },
        }
    }
}

impl fmt::Display for RevokeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.part {
            Part::Slack(_) => "slack did not revoke a token; the installation is still stored",
            Part::Store => "the store failed; try again",
            Part::Busy => "other processes are at the installation all the time; try again",
            Part::Randomness => "the system gives no randomness",
        })
    }
}

impl Error for RevokeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}
