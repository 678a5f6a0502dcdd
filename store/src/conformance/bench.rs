//! What every case works with: a store that waits, and installations to put into it.

use std::{error::Error, pin::pin, sync::Arc, time::Duration};

use slack_proto::{
    AccessToken, Installation, Slot, StoreKey, Timestamp,
    tokens::{Credential, InstallationKey, RefreshToken},
};

use super::{Suite, report::Outcome};
use crate::{
    InstallationStore, Lease, LeaseHolder, LeaseOutcome, Precondition, StoreError, StoreErrorKind,
    Stored, StoredVersion,
};

/// A store that the thread waits for.
pub(super) struct Bench<'s> {
    suite: &'s Suite,
    place: String,
    store: Arc<dyn InstallationStore>,
}

impl<'s> Bench<'s> {
    pub(super) fn new(suite: &'s Suite, place: &str) -> Result<Self, String> {
        let store = (suite.open)(place).map_err(|error| format!("it does not open: {error}"))?;
        Ok(Self { suite, place: place.to_owned(), store })
    }

    /// Opens the same place once more.
    pub(super) fn again(&self) -> Result<Self, String> {
        Self::new(self.suite, &self.place)
    }

    pub(super) fn load(&self, key: &StoreKey) -> Result<Option<Stored>, String> {
        self.wait(self.store.load(key))?.map_err(|error| told("load", &error))
    }

    /// Loads what must be there.
    pub(super) fn found(&self, key: &StoreKey) -> Result<Stored, String> {
        self.load(key)?.ok_or_else(|| "what was put is not there".to_owned())
    }

    /// Puts what must be taken.
    pub(super) fn put(
        &self,
        key: &StoreKey,
        installation: &Installation,
        expected: Precondition,
    ) -> Result<StoredVersion, String> {
        self.try_put(key, installation, expected)?
            .ok_or_else(|| "a put with the right expectation is refused as a conflict".to_owned())
    }

    /// Puts; `None` is a conflict.
    pub(super) fn try_put(
        &self,
        key: &StoreKey,
        installation: &Installation,
        expected: Precondition,
    ) -> Result<Option<StoredVersion>, String> {
        or_conflict("put", self.wait(self.store.put(key, installation, expected))?)
    }

    /// Removes; `None` is a conflict.
    pub(super) fn try_remove(
        &self,
        key: &StoreKey,
        expected: StoredVersion,
    ) -> Result<Option<()>, String> {
        or_conflict("remove", self.wait(self.store.remove(key, expected))?)
    }

    pub(super) fn keys(&self) -> Result<Vec<StoreKey>, String> {
        self.wait(self.store.keys())?.map_err(|error| told("keys", &error))
    }

    pub(super) fn acquire(
        &self,
        key: &StoreKey,
        slot: Slot,
        holder: LeaseHolder,
        now: u64,
    ) -> Result<LeaseOutcome, String> {
        let wanted = Lease::new(holder, Timestamp::from_unix(now), LENGTH);
        self.wait(self.store.acquire(key, slot, &wanted))?.map_err(|error| told("acquire", &error))
    }

    pub(super) fn release(
        &self,
        key: &StoreKey,
        slot: Slot,
        holder: LeaseHolder,
    ) -> Result<(), String> {
        self.wait(self.store.release(key, slot, holder))?.map_err(|error| told("release", &error))
    }

    /// Gives the error of a put that must fail.
    pub(super) fn put_error(
        &self,
        key: &StoreKey,
        installation: &Installation,
        expected: Precondition,
    ) -> Result<Option<StoreError>, String> {
        self.wait(self.store.put(key, installation, expected)).map(Result::err)
    }

    fn wait<T: Send>(&self, future: impl Future<Output = T> + Send) -> Result<T, String> {
        let mut out = None;
        {
            let filling = pin!(async { out = Some(future.await) });
            (self.suite.block_on)(filling);
        }
        out.ok_or_else(|| "`block_on` returned before the future had ended".to_owned())
    }
}

fn or_conflict<T>(what: &str, result: Result<T, StoreError>) -> Result<Option<T>, String> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == StoreErrorKind::Conflict => Ok(None),
        Err(error) => Err(told(what, &error)),
    }
}

fn told(what: &str, error: &StoreError) -> String {
    let mut text = format!("{what} failed: {error} ({:?})", error.kind());
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// How long the leases of the suite last.
pub(super) const LENGTH: Duration = Duration::from_secs(10);
pub(super) const OURS: LeaseHolder = LeaseHolder::from_bytes([1; 16]);
pub(super) const THEIRS: LeaseHolder = LeaseHolder::from_bytes([2; 16]);

pub(super) fn workspace(team: &str) -> StoreKey {
    InstallationKey::Workspace(team.into()).into()
}

/// An installation whose tokens hold a number, so that states can be told apart, and a mixture seen.
pub(super) fn numbered(number: u64) -> Installation {
    let mut installation = Installation::new(InstallationKey::Workspace("T1".into()));
    let token = AccessToken::new(format!("xoxe.xoxb-1-{number}")).expect("visible ASCII");
    let mut bot = Credential::new(token, Timestamp::from_unix(number));
    let token = RefreshToken::new(format!("xoxe-1-{number}")).expect("visible ASCII");
    bot.refresh_token = Some(token);
    bot.refresh_token_issued_at = Some(Timestamp::from_unix(number));
    bot.expires_at = Some(Timestamp::from_unix(number) + Duration::from_secs(43_200));
    installation.bot = Some(bot);
    installation
}

/// Finds the number again; an error if the parts are of different states.
pub(super) fn number_of(installation: &Installation) -> Result<u64, String> {
    let number = installation.bot.as_ref().map_or(0, |bot| bot.issued_at.as_unix());
    same(installation, &numbered(number))
        .map(|()| number)
        .map_err(|_| "a state is a mixture of two".to_owned())
}

/// Tells whether two installations are the same, by what would be stored of them.
pub(super) fn same(found: &Installation, put: &Installation) -> Outcome {
    let (found, put) = (found.encode_exposing_secrets(), put.encode_exposing_secrets());
    ensure(found.as_ref() == put.as_ref(), "what is loaded is not what was put")
}

pub(super) fn ensure(holds: bool, otherwise: &str) -> Outcome {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}
