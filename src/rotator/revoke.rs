//! The end of an installation.

use std::{error::Error, fmt, time::Duration};

use slack_proto::{
    AccessToken, Recovery, Slot, StoreKey,
    error::{CommonError, ErrorCode, MethodError},
    methods::AuthRevoke,
    rotation::{AnyCredential, Input, RefreshFailure, RefreshRequest},
};

use super::{SLOTS, TokenRotator, guard, send, shared::Shared};
use crate::{
    error::CallError,
    store::{LeaseHolder, LeaseOutcome, StoreError, Stored},
};

impl TokenRotator {
    /// Revokes all access and refresh tokens of an installation, and then deletes it from the store.
    ///
    /// Refreshes are held off meanwhile by the leases, in every process. A token that has been revoked already counts as
    /// revoked. Of an app without token rotation this ends the whole installation at Slack; of one with, only its
    /// tokens: [`AppsUninstall`](crate::methods::AppsUninstall) does the rest.
    ///
    /// Another process may have received a pair that it has not stored yet. So a credential that somebody may be
    /// refreshing is refreshed here first: the pair that comes is the newest, and is revoked with the stored one. If the
    /// stored refresh token turns out to be spent, the pair in the air is not known here, and the call fails with
    /// [`RevokeErrorKind::PairInTheAir`]: repeat it after that process has stored its pair.
    ///
    /// An installation that is not there is no error.
    ///
    /// # Errors
    ///
    /// When the store fails, when another process keeps refreshing, when a pair is in the air, or when Slack refuses or
    /// does not answer: then what is left stays in the store, and the call can be repeated.
    pub async fn revoke_all(&self, key: &StoreKey) -> Result<(), RevokeError> {
        let holder = LeaseHolder::random().map_err(|error| {
            RevokeError::new(RevokeErrorKind::NoRandomness, Some(Box::new(error)))
        })?;
        let result = self.revoke_under_lease(key, holder).await;
        for slot in SLOTS {
            // A lease that cannot be given back runs out.
            let _ = self.shared.calls().release(key, slot, holder).await;
        }
        self.invalidate(key);
        result
    }

    async fn revoke_under_lease(
        &self,
        key: &StoreKey,
        holder: LeaseHolder,
    ) -> Result<(), RevokeError> {
        let mut revoked = Vec::new();
        let mut contended = [false; SLOTS.len()];
        // Another round begins only if somebody has written meanwhile.
        for _ in 0..ROUNDS {
            for (slot, contended) in SLOTS.into_iter().zip(&mut contended) {
                *contended |= self.take_lease(key, slot, holder).await?;
            }
            let Some(mut stored) = self.load(key).await.map_err(RevokeError::store)? else {
                return Ok(());
            };
            for (slot, contended) in SLOTS.into_iter().zip(contended) {
                let credential = stored.installation.any_credential(slot);
                let Some(held) = credential.filter(|it| !revoked.contains(&it.pair_fingerprint()))
                else {
                    continue;
                };
                if contended || self.may_be_in_the_air(key, slot, &held) {
                    if let Some(newest) = self.newest(&held).await? {
                        // If anything fails from here on, the next try must find it.
                        let kept = self.keep(key, &mut stored, &held, &newest).await;
                        revoke_credential(&self.shared, &newest).await?;
                        kept.map_err(RevokeError::store)?;
                        revoked.push(newest.pair_fingerprint());
                    }
                }
                revoke_credential(&self.shared, &held).await?;
                revoked.push(held.pair_fingerprint());
            }
            match self.shared.calls().remove(key, stored.version).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(RevokeError::store(error)),
            }
        }
        Err(RevokeError::new(RevokeErrorKind::Busy, None))
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        self.shared.calls().load(key).await
    }

    /// Returns whether somebody may have received a pair that is not stored: the token is due, or this process is at it.
    fn may_be_in_the_air(&self, key: &StoreKey, slot: Slot, held: &AnyCredential) -> bool {
        let phase = crate::pace::phase(key, slot);
        let due = self.shared.policy.due_at(held, phase);
        let busy = self.shared.entries.get(key, slot).is_some_and(|entry| entry.is_busy());
        held.refresh_token().is_some()
            && (busy || due.is_some_and(|due| self.shared.runtime.now() >= due))
    }

    /// Refreshes a credential, so that the newest pair is known; `None` if there is no newer one.
    async fn newest(&self, held: &AnyCredential) -> Result<Option<AnyCredential>, RevokeError> {
        let Some(request) = RefreshRequest::refresh(held) else { return Ok(None) };
        let method = request.method();
        let mut answer = send::send(&self.shared, request.clone()).await;
        if let (Input::Failed(RefreshFailure::Unknown { .. }), _) = answer {
            // The refresh token may be spent: it is sent again while Slack takes it still.
            guard::sleep(&*self.shared.runtime, RESEND_WAIT).await;
            answer = send::send(&self.shared, request).await;
        }
        match answer {
            (Input::Issued(issued), _) => Ok(Some(issued.credential)),
            (Input::Failed(RefreshFailure::Spent { code }), cause) => {
                if code.as_str() == "account_inactive" || code.as_str() == "token_revoked" {
                    // Nothing of the installation is valid any more.
                    return Ok(None);
                }
                Err(RevokeError::shared(RevokeErrorKind::PairInTheAir, cause))
            }
            (Input::Failed(RefreshFailure::RateLimited { after }), cause) => {
                self.shared.pacer.limit(self.shared.runtime.elapsed(), method, after);
                let recovery = Recovery::RetryLater { after };
                Err(RevokeError::shared(RevokeErrorKind::Slack(recovery), cause))
            }
            (_, cause) => Err(RevokeError::shared(
                RevokeErrorKind::Slack(Recovery::RetryLater { after: None }),
                cause,
            )),
        }
    }

    /// Stores the newest pair in place of the one that it was given for.
    async fn keep(
        &self,
        key: &StoreKey,
        stored: &mut Stored,
        held: &AnyCredential,
        newest: &AnyCredential,
    ) -> Result<(), StoreError> {
        match (newest, held.refresh_token()) {
            (AnyCredential::Credential(new), Some(sent)) => {
                let _ = stored.installation.refreshed(sent, new.clone());
            }
            (AnyCredential::Configuration(new), _) => {
                stored.installation.configuration = Some(new.clone());
            }
            _ => {}
        }
        let mut waits = KEEP_WAITS.into_iter();
        loop {
            match self.shared.calls().replace(key, &stored.installation, stored.version).await {
                Ok(version) => stored.version = version,
                // Somebody has written meanwhile: the next round reads what it is.
                Err(error) if error.is_conflict() => {}
                Err(error) => match waits.next() {
                    Some(wait) => {
                        guard::sleep(&*self.shared.runtime, wait).await;
                        continue;
                    }
                    None => return Err(error),
                },
            }
            return Ok(());
        }
    }

    /// Waits for at most as long as a lease can last; returns whether somebody else had it.
    async fn take_lease(
        &self,
        key: &StoreKey,
        slot: Slot,
        holder: LeaseHolder,
    ) -> Result<bool, RevokeError> {
        let runtime = &self.shared.runtime;
        let length = self.shared.policy.lease_length();
        let give_up = runtime.elapsed() + length + Duration::from_secs(1);
        let mut contended = false;
        loop {
            let acquired = self.shared.calls().acquire(key, slot, holder, length).await;
            match acquired.map_err(RevokeError::store)? {
                LeaseOutcome::Granted => return Ok(contended),
                _ if runtime.elapsed() < give_up => {
                    contended = true;
                    guard::sleep(&**runtime, Duration::from_millis(250)).await;
                }
                LeaseOutcome::HeldFor(_) => {
                    return Err(RevokeError::new(RevokeErrorKind::Busy, None));
                }
            }
        }
    }
}

/// The access token first: the refresh token could still give another.
pub(super) async fn revoke_credential(
    shared: &Shared,
    credential: &AnyCredential,
) -> Result<(), RevokeError> {
    let configuration =
        credential.configuration_token().and_then(|token| AccessToken::new(token.expose()).ok());
    if let Some(token) = credential.access_token().or(configuration.as_ref()) {
        done(shared.call(&AuthRevoke::new(), token).await, Token::Access)?;
    }
    if let Some(token) = credential.refresh_token() {
        done(shared.call(&AuthRevoke::refresh_token(), token).await, Token::Refresh)?;
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Access,
    Refresh,
}

/// Decides whether the token is dead now.
fn done<T, E: MethodError>(
    answer: Result<T, CallError<E>>,
    token: Token,
) -> Result<(), RevokeError> {
    let Err(error) = answer else { return Ok(()) };
    let gone = error.response().and_then(|response| response.code()).is_some_and(|code| {
        match code {
            // The installation behind the token is gone, and so is the token.
            ErrorCode::Common(CommonError::AccountInactive) => true,
            // A refresh token that is spent is unknown to Slack, and gives nothing any more.
            ErrorCode::Common(CommonError::InvalidAuth) => token == Token::Refresh,
            _ => false,
        }
    });
    let recovery = error.recovery();
    // An expired token calls nothing any more.
    if gone || matches!(recovery, Recovery::AlreadyDone | Recovery::Refresh) {
        return Ok(());
    }
    Err(RevokeError::new(RevokeErrorKind::Slack(recovery), Some(Box::new(error))))
}

/// How long to wait before a refresh of unknown outcome is sent again.
const RESEND_WAIT: Duration = Duration::from_millis(500);

/// How long to wait before the newest pair is stored once more.
const KEEP_WAITS: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// How often others may write while an installation is removed.
const ROUNDS: usize = 8;

/// Why an installation was not deleted. What is left of it is stored still.
#[derive(Debug)]
pub struct RevokeError {
    kind: RevokeErrorKind,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

/// What kept an installation from being deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevokeErrorKind {
    /// Slack did not revoke a token.
    Slack(Recovery),
    /// The store failed.
    Store,
    /// Other processes refresh or change the installation all the time.
    Busy,
    /// The stored refresh token is spent: another process has received a pair that it has not stored yet.
    PairInTheAir,
    /// The system has no randomness to give.
    NoRandomness,
}

impl RevokeError {
    fn new(kind: RevokeErrorKind, cause: Option<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, cause }
    }

    fn shared(kind: RevokeErrorKind, cause: super::entry::Cause) -> Self {
        Self::new(kind, cause.map(|cause| Box::new(Shown(cause)) as _))
    }

    fn store(error: StoreError) -> Self {
        Self::new(RevokeErrorKind::Store, Some(Box::new(error)))
    }

    /// Returns what kept the installation from being deleted.
    #[must_use]
    pub fn kind(&self) -> RevokeErrorKind {
        self.kind
    }

    /// Returns what to do next.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self.kind {
            RevokeErrorKind::Slack(recovery) => recovery,
            _ => Recovery::RetryLater { after: None },
        }
    }
}

impl fmt::Display for RevokeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            RevokeErrorKind::Slack(_) => {
                "slack did not revoke a token; the installation is still stored"
            }
            RevokeErrorKind::Store => "the store failed; try again",
            RevokeErrorKind::Busy => {
                "other processes changed the installation at each try; try again"
            }
            RevokeErrorKind::PairInTheAir => {
                "another process has received a pair that is not stored yet; try again when it is"
            }
            RevokeErrorKind::NoRandomness => {
                "the system's random number generator failed; try again"
            }
        })
    }
}

impl Error for RevokeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

/// An error that others hold as well.
#[derive(Debug)]
struct Shown(std::sync::Arc<dyn Error + Send + Sync>);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Shown {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
