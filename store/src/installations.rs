//! Installations over a backend.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use slack_proto::{ClientId, Installation, Slot, StoreKey, Timestamp, rotation::RotationPolicy};

use crate::{
    Entry, EntryKey, HeldLease, LeaseHolder, LeaseOutcome, Loaded, Precondition, SecretBytes,
    StoreBackend, StoreError, StoreErrorKind, StoredVersion, Write, app, phase, settle,
};
#[cfg(feature = "sealing")]
use crate::{SealingKeys, sealing};

/// The installations of one app, over any backend: encoded, sealed if you like, and written by compare-and-swap.
///
/// It belongs to one app: the client id is written into the store at the first use, and compared from then on. So is the
/// name of the sealing key, if there is one.
///
/// No operation has a deadline here, since that needs a runtime's timer: `TokenRotator` of `slack-auth` sets one around
/// each. Clones share everything.
///
/// ```
/// use slack_proto::{ClientId, Installation, tokens::InstallationKey};
/// use slack_store::{InstallationStore, MemoryStore, Precondition};
///
/// # pollster::block_on(async {
/// let store = InstallationStore::new(MemoryStore::new(), ClientId::new("1.2")?);
/// let place = InstallationKey::Workspace("T0FAKE00001".into());
/// let key = place.clone().into();
/// let version = store.put(&key, &Installation::new(place), Precondition::Absent).await?;
/// assert_eq!(store.load(&key).await?.unwrap().version, version);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct InstallationStore {
    backend: Arc<dyn StoreBackend>,
    app: ClientId,
    is_checked: Arc<AtomicBool>,
    #[cfg(feature = "sealing")]
    keys: Option<Arc<SealingKeys>>,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    policy: RotationPolicy,
}

impl InstallationStore {
    /// Creates a store of this app's installations. Nothing is read or written yet.
    #[must_use]
    pub fn new(backend: impl StoreBackend, app: ClientId) -> Self {
        Self {
            backend: Arc::new(backend),
            app,
            is_checked: Arc::default(),
            #[cfg(feature = "sealing")]
            keys: None,
            clock: Arc::new(|| Timestamp::from(SystemTime::now())),
            policy: RotationPolicy::new(),
        }
    }

    /// Seals what is written, and opens what was sealed.
    #[cfg(feature = "sealing")]
    #[must_use]
    pub fn sealed(self, keys: SealingKeys) -> Self {
        Self { keys: Some(Arc::new(keys)), ..self }
    }

    /// Sets the clock. Default: the system's. It is used only to compute how long it takes until an installation is due.
    #[must_use]
    pub fn clock(self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Sets the policy that says when a credential is due.
    #[must_use]
    pub fn policy(self, policy: RotationPolicy) -> Self {
        Self { policy, ..self }
    }

    /// Returns the app's client id.
    #[must_use]
    pub fn app(&self) -> &ClientId {
        &self.app
    }

    /// Reads the installation under `key`; `None` if there is none.
    ///
    /// # Errors
    ///
    /// When the store fails, belongs to another app, or the entry cannot be read.
    pub async fn load(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        let key = EntryKey::try_from(key)?;
        let Some(entry) = self.backend().await?.load(&key).await? else { return Ok(None) };
        self.decode(&key, entry).map(Some)
    }

    /// Writes an installation if the precondition holds; returns its new version once it is durable.
    ///
    /// # Errors
    ///
    /// [`Conflict`](StoreErrorKind::Conflict) when another version is stored, or none; then nothing was written. After
    /// [`Unknown`](StoreErrorKind::Unknown) it is unknown whether it was.
    pub async fn put(
        &self,
        key: &StoreKey,
        installation: &Installation,
        precondition: Precondition,
    ) -> Result<StoredVersion, StoreError> {
        let version = StoredVersion::random().map_err(StoreError::no_randomness)?;
        self.put_as(key, installation, precondition, version).await.map(|()| version)
    }

    /// Writes an installation as [`put`](Self::put) does, with a version that was drawn before: for a caller who may
    /// give the future up, and then finds out by the version whether the write took place.
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put).
    pub async fn put_as(
        &self,
        key: &StoreKey,
        installation: &Installation,
        precondition: Precondition,
        version: StoredVersion,
    ) -> Result<(), StoreError> {
        let due_in = self.due_in(key, installation);
        let key = EntryKey::try_from(key)?;
        let plain = SecretBytes::from(installation.encode_exposing_secrets());
        let value = self.seal(&key, version, plain)?;
        if value.as_ref().len() > Self::MAX_VALUE_LEN {
            return Err(StoreError::new(
                StoreErrorKind::Refused,
                "the installation is larger than a mebibyte, and was not written; shorten its app data",
            ));
        }
        let mut write = Write::new(version, value);
        write.due_in = due_in;
        write.attention =
            SLOTS.iter().any(|slot| installation.needs_authorization(*slot).is_some());
        settle::put(self.backend().await?, &key, &write, precondition).await
    }

    /// Removes the installation under `key` if it has this version; leases stay.
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put).
    pub async fn remove(&self, key: &StoreKey, version: StoredVersion) -> Result<(), StoreError> {
        let key = EntryKey::try_from(key)?;
        settle::remove(self.backend().await?, &key, version).await
    }

    /// Acquires the lease of one credential for `length` from now, or returns for how long another holder has it; does not
    /// wait for it. Nothing need be stored under `key`. The holder may acquire the lease again.
    ///
    /// A lease decides who may send a refresh token, and never what is stored: a pair that Slack has issued is written
    /// by its version, no matter who holds the lease by then.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or written, or belongs to another app.
    pub async fn acquire(
        &self,
        key: &StoreKey,
        slot: Slot,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<LeaseOutcome, StoreError> {
        let key = EntryKey::try_from(key)?;
        settle::acquire(self.backend().await?, &key, slot.as_str(), holder, length).await
    }

    /// Acquires the lease of one credential as [`acquire`](Self::acquire) does, and reads the installation if the lease is
    /// granted and the backend can do both at once.
    ///
    /// What it returns is stored at the moment of the grant, or later. [`Loaded::NotRead`] is the answer also if the
    /// installation cannot be read: [`load`](Self::load) then returns the error.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    pub async fn acquire_and_load(
        &self,
        key: &StoreKey,
        slot: Slot,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<(LeaseOutcome, Loaded<Stored>), StoreError> {
        let key = EntryKey::try_from(key)?;
        let backend = self.backend().await?;
        let (outcome, loaded) =
            settle::acquire_and_load(backend, &key, slot.as_str(), holder, length).await?;
        let loaded = match loaded {
            Loaded::NotRead => Loaded::NotRead,
            Loaded::Absent => Loaded::Absent,
            Loaded::Found(entry) => self.decode(&key, entry).map_or(Loaded::NotRead, Loaded::Found),
        };
        Ok((outcome, loaded))
    }

    /// Releases a lease before it expires; without effect if another holder has it, or nobody.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or written, or belongs to another app.
    pub async fn release(
        &self,
        key: &StoreKey,
        slot: Slot,
        holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        self.backend().await?.release(&EntryKey::try_from(key)?, slot.as_str(), holder).await
    }

    /// Returns who holds the lease of a credential, and for how long still.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or belongs to another app.
    pub async fn lease(&self, key: &StoreKey, slot: Slot) -> Result<Option<HeldLease>, StoreError> {
        self.backend().await?.lease(&EntryKey::try_from(key)?, slot.as_str()).await
    }

    /// Reserves room for this installation and one more pair of tokens, before a refresh token is spent.
    ///
    /// # Errors
    ///
    /// When there is no room.
    pub async fn reserve(
        &self,
        key: &StoreKey,
        installation: &Installation,
    ) -> Result<(), StoreError> {
        let length = installation.encode_exposing_secrets().as_ref().len();
        let length = length + PAIR_LEN;
        self.backend().await?.reserve(&EntryKey::try_from(key)?, length).await
    }

    /// Acquires the lease of the sweep, which refreshes tokens that nobody asks for: one process at a time.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    pub async fn acquire_sweep(
        &self,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<LeaseOutcome, StoreError> {
        settle::acquire(self.backend().await?, &EntryKey::sweep(), SWEEP, holder, length).await
    }

    /// Releases the lease of the sweep.
    ///
    /// # Errors
    ///
    /// As [`release`](Self::release).
    pub async fn release_sweep(&self, holder: LeaseHolder) -> Result<(), StoreError> {
        self.backend().await?.release(&EntryKey::sweep(), SWEEP, holder).await
    }

    /// How many bytes an encoded and sealed installation has at most.
    pub const MAX_VALUE_LEN: usize = 1 << 20;

    /// Returns the backend once it is known to belong to this app.
    pub(crate) async fn backend(&self) -> Result<&dyn StoreBackend, StoreError> {
        if !self.is_checked.load(Ordering::Relaxed) {
            app::check(&self.backend, &self.app, &self.key_names()).await?;
            self.is_checked.store(true, Ordering::Relaxed);
        }
        Ok(&self.backend)
    }

    /// Opens and decodes what was read.
    fn decode(&self, key: &EntryKey, entry: Entry) -> Result<Stored, StoreError> {
        let version = entry.version;
        let value = self.open(key, entry)?;
        let installation = Installation::decode(value.as_ref()).map_err(|error| {
            StoreError::new(
                StoreErrorKind::Foreign,
                "the entry holds no installation that this release can read; upgrade, or remove it and install again",
            )
            .because(error)
        })?;
        Ok(Stored { installation, version })
    }

    /// Returns the names of the sealing keys, the one that seals first.
    #[cfg(feature = "sealing")]
    fn key_names(&self) -> Vec<String> {
        self.keys.as_ref().map(|keys| keys.names()).unwrap_or_default()
    }

    #[cfg(not(feature = "sealing"))]
    #[expect(clippy::unused_self, reason = "sealing needs its keys")]
    fn key_names(&self) -> Vec<String> {
        Vec::new()
    }

    #[cfg(feature = "sealing")]
    fn seal(
        &self,
        key: &EntryKey,
        version: StoredVersion,
        value: SecretBytes,
    ) -> Result<SecretBytes, StoreError> {
        match &self.keys {
            Some(keys) => keys.seal(key, version, value.as_ref()),
            None => Ok(value),
        }
    }

    #[cfg(feature = "sealing")]
    fn open(&self, key: &EntryKey, entry: Entry) -> Result<SecretBytes, StoreError> {
        sealing::open(self.keys.as_deref(), key, entry)
    }

    #[cfg(not(feature = "sealing"))]
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "sealing can fail")]
    fn seal(
        &self,
        _: &EntryKey,
        _: StoredVersion,
        value: SecretBytes,
    ) -> Result<SecretBytes, StoreError> {
        Ok(value)
    }

    #[cfg(not(feature = "sealing"))]
    #[expect(clippy::unused_self, reason = "sealing needs its keys")]
    fn open(&self, _: &EntryKey, entry: Entry) -> Result<SecretBytes, StoreError> {
        if entry.value.as_ref().starts_with(b"slack-auth ") {
            return Err(StoreError::sealed());
        }
        Ok(entry.value)
    }

    /// Returns how long from now the first of the credentials is due, by its own phase. One that needs a person is not.
    fn due_in(&self, key: &StoreKey, installation: &Installation) -> Option<Duration> {
        let due_at = SLOTS.iter().filter_map(|slot| {
            let credential = installation.any_credential(*slot)?;
            let is_over = installation.needs_authorization(*slot).is_some();
            self.policy.due_at(&credential, phase(key, *slot)).filter(|_| !is_over)
        });
        due_at.min().map(|due_at| due_at.since((self.clock)()))
    }
}

impl fmt::Debug for InstallationStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstallationStore").field("app", &self.app).finish_non_exhaustive()
    }
}

/// An installation as it was read, and its version.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stored {
    /// The installation.
    pub installation: Installation,
    /// Its version, for the next write.
    pub version: StoredVersion,
}

impl Stored {
    /// Creates the pair of an installation and its version.
    #[must_use]
    pub fn new(installation: Installation, version: StoredVersion) -> Self {
        Self { installation, version }
    }
}

const SLOTS: [Slot; 4] = [Slot::Bot, Slot::User, Slot::Unknown, Slot::Configuration];
const SWEEP: &str = "sweep";
/// What a pair of tokens and the seal may take: twice the length of Slack's longest tokens.
const PAIR_LEN: usize = 2048;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::MemoryStore;

    pub(crate) fn in_memory() -> InstallationStore {
        InstallationStore::new(MemoryStore::new(), ClientId::new("1.2").unwrap())
    }
}
