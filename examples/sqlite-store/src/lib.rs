//! Installations of slack-auth in a database of one's own, here SQLite.
//!
//! It is written to be copied for another database. What matters is the same everywhere:
//!
//! * An installation is one row: its key as text, a version, and the value as slack-auth encodes it. The value holds
//!   tokens in clear, so the file belongs to its owner alone; a database that others can read needs the value sealed.
//! * `put` and `remove` compare the version and write in **one** statement, and look at how many rows it changed. To
//!   look first and write afterwards would let two writers do so at the same time.
//! * Versions come from a counter that never goes back, so that none returns after a removal.
//! * A lease is read, decided on by [`Lease::take`], and written in one transaction that no other writer can enter.
//!
//! `tests/suite.rs` runs the suite for stores over it.

use std::{
    fs::OpenOptions,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use blocking::unblock;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use slack_auth::{
    Installation, InstallationStore, Slot, StoreKey, Timestamp,
    store::{
        Lease, LeaseHolder, LeaseOutcome, Precondition, StoreError, StoreErrorKind, Stored,
        StoredVersion,
    },
};

/// Keeps installations in a file of SQLite that any number of processes of one machine share.
#[derive(Clone, Debug)]
pub struct SqliteInstallationStore {
    connection: Arc<Mutex<Connection>>,
}

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS installation (
        key     TEXT    NOT NULL PRIMARY KEY,   -- StoreKey::to_text
        version INTEGER NOT NULL,
        value   BLOB    NOT NULL                -- Installation::encode_exposing_secrets
    ) STRICT;
    CREATE TABLE IF NOT EXISTS lease (
        key      TEXT    NOT NULL,
        slot     TEXT    NOT NULL,              -- Slot::as_str
        holder   BLOB    NOT NULL,
        taken_at INTEGER NOT NULL,              -- Unix seconds
        until    INTEGER NOT NULL,
        PRIMARY KEY (key, slot)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS counter (
        only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
        last INTEGER NOT NULL                   -- the last version that was given
    ) STRICT;
    INSERT OR IGNORE INTO counter VALUES (1, 0);
";

impl SqliteInstallationStore {
    /// Opens the database at `path`, or makes it there.
    ///
    /// # Errors
    ///
    /// When the file cannot be made or read, or holds something else.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        // SQLite would make a file that others can read.
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let made = options.create(true).truncate(false).read(true).write(true).open(&path);
        made.map_err(|error| {
            StoreError::new(StoreErrorKind::Unavailable, "the database cannot be made")
                .because(error)
        })?;
        let connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(Duration::from_secs(10)).map_err(failed)?;
        // A pair of tokens that is told to be stored must be on the disk: no less than FULL.
        connection
            .execute_batch(&format!(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; {SCHEMA}"
            ))
            .map_err(failed)?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    /// Runs a transaction on a thread that may wait for the disk. IMMEDIATE takes SQLite's one write lock at the start:
    /// a transaction that reads first and then wants to write could not have it any more.
    async fn transaction<T: Send + 'static>(
        &self,
        behavior: TransactionBehavior,
        run: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = Arc::clone(&self.connection);
        unblock(move || {
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction = connection.transaction_with_behavior(behavior).map_err(failed)?;
            // An error drops the transaction, which takes all of it back.
            let value = run(&transaction)?;
            transaction.commit().map_err(failed)?;
            Ok(value)
        })
        .await
    }
}

#[async_trait]
impl InstallationStore for SqliteInstallationStore {
    async fn load(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        let key = key.to_text();
        let row: Option<(i64, Vec<u8>)> = self
            .transaction(TransactionBehavior::Deferred, move |transaction| {
                const SELECT: &str = "SELECT version, value FROM installation WHERE key = ?1";
                let row = transaction
                    .query_row(SELECT, [key], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional();
                row.map_err(failed)
            })
            .await?;
        let Some((version, value)) = row else { return Ok(None) };
        let installation = Installation::decode(&value).map_err(|error| {
            StoreError::new(StoreErrorKind::Damaged, "the value in the database cannot be read")
                .because(error)
        })?;
        Ok(Some(Stored::new(installation, StoredVersion::new(version.unsigned_abs()))))
    }

    async fn put(
        &self,
        key: &StoreKey,
        installation: &Installation,
        expected: Precondition,
    ) -> Result<StoredVersion, StoreError> {
        let (key, value) = (key.to_text(), installation.encode_exposing_secrets());
        self.transaction(TransactionBehavior::Immediate, move |transaction| {
            const COUNT: &str = "UPDATE counter SET last = last + 1 RETURNING last";
            let new: i64 = transaction.query_row(COUNT, [], |row| row.get(0)).map_err(failed)?;
            let value = value.as_ref();
            let changed = match expected {
                Precondition::Absent => transaction.execute(
                    "INSERT INTO installation VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                    params![key, new, value],
                ),
                Precondition::Version(version) => transaction.execute(
                    "UPDATE installation SET version = ?2, value = ?3 WHERE key = ?1 AND version = ?4",
                    params![key, new, value, number_of(version)],
                ),
                _ => return Err(StoreError::conflict()),
            };
            match changed.map_err(failed)? {
                0 => Err(StoreError::conflict()),
                _ => Ok(StoredVersion::new(new.unsigned_abs())),
            }
        })
        .await
    }

    async fn remove(&self, key: &StoreKey, expected: StoredVersion) -> Result<(), StoreError> {
        let key = key.to_text();
        self.transaction(TransactionBehavior::Immediate, move |transaction| {
            const DELETE: &str = "DELETE FROM installation WHERE key = ?1 AND version = ?2";
            match transaction.execute(DELETE, params![key, number_of(expected)]).map_err(failed)? {
                0 => Err(StoreError::conflict()),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn keys(&self) -> Result<Vec<StoreKey>, StoreError> {
        let keys = self.transaction(TransactionBehavior::Deferred, |transaction| {
            let mut select = transaction.prepare("SELECT key FROM installation").map_err(failed)?;
            let rows = select.query_map([], |row| row.get(0)).map_err(failed)?;
            rows.collect::<Result<Vec<String>, _>>().map_err(failed)
        });
        let parse = |key: &String| {
            StoreKey::from_text(key).map_err(|error| {
                StoreError::new(StoreErrorKind::Foreign, "a key in the database cannot be read")
                    .because(error)
            })
        };
        keys.await?.iter().map(parse).collect()
    }

    async fn acquire(
        &self,
        key: &StoreKey,
        slot: Slot,
        wanted: &Lease,
    ) -> Result<LeaseOutcome, StoreError> {
        let (key, wanted) = (key.to_text(), *wanted);
        self.transaction(TransactionBehavior::Immediate, move |transaction| {
            const SELECT: &str =
                "SELECT holder, taken_at, until FROM lease WHERE key = ?1 AND slot = ?2";
            let found = transaction
                .query_row(SELECT, params![key, slot.as_str()], |row| {
                    let (taken_at, until) = (time(row.get(1)?), time(row.get(2)?));
                    Ok(Lease::stored(LeaseHolder::from_bytes(row.get(0)?), taken_at, until))
                })
                .optional()
                .map_err(failed)?;
            let acquired = Lease::take(found, &wanted);
            if acquired == LeaseOutcome::Granted {
                let (taken_at, until) = (seconds(wanted.taken_at), seconds(wanted.until));
                let values = params![key, slot.as_str(), wanted.holder.as_bytes(), taken_at, until];
                transaction
                    .execute("INSERT OR REPLACE INTO lease VALUES (?1, ?2, ?3, ?4, ?5)", values)
                    .map_err(failed)?;
            }
            Ok(acquired)
        })
        .await
    }

    async fn release(
        &self,
        key: &StoreKey,
        slot: Slot,
        holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        let key = key.to_text();
        self.transaction(TransactionBehavior::Immediate, move |transaction| {
            const DELETE: &str = "DELETE FROM lease WHERE key = ?1 AND slot = ?2 AND holder = ?3";
            let values = params![key, slot.as_str(), holder.as_bytes()];
            transaction.execute(DELETE, values).map(|_| ()).map_err(failed)
        })
        .await
    }
}

/// The words of SQLite show no value: all are bound, and none stands in a statement.
fn failed(error: rusqlite::Error) -> StoreError {
    let kind = match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => StoreErrorKind::Foreign,
        Some(rusqlite::ErrorCode::DatabaseCorrupt) => StoreErrorKind::Damaged,
        _ => StoreErrorKind::Unavailable,
    };
    StoreError::new(kind, "the database does not do what it should").because(error)
}

/// Gives a version as SQLite keeps it; one that the counter cannot have given is none.
fn number_of(version: StoredVersion) -> i64 {
    i64::try_from(version.as_u64()).unwrap_or(-1)
}

/// Gives a time as SQLite keeps it, up to the year 292 billion.
fn seconds(time: Timestamp) -> i64 {
    i64::try_from(time.as_unix()).unwrap_or(i64::MAX)
}

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_unix(u64::try_from(seconds).unwrap_or_default())
}
