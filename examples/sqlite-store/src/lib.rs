//! Installations of slack-auth in a database of one's own, here SQLite.
//!
//! It is written to be copied for another database. What matters is the same everywhere:
//!
//! * An entry is one row. Its value holds tokens in clear unless the store is sealed (`InstallationStore::sealed`).
//! * `put` and `remove` compare the version and write in **one** statement, and look at how many rows it changed.
//! * A lease is taken in one statement as well, by the database's clock and no other.
//! * A commit of which it is unknown whether it took place is [`StoreErrorKind::Unknown`].
//!
//! Durable means that SQLite has flushed its log to the disk. `tests/suite.rs` runs the suite for stores over it.

use std::{
    fs::OpenOptions,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use blocking::unblock;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter, types::Value};
use slack_auth::store::{
    Cursor, Entry, EntryKey, HeldLease, Item, LeaseHolder, LeaseOutcome, Page, Precondition, Query,
    StoreBackend, StoreError, StoreErrorKind, StoredVersion, Write,
};

/// Keeps entries in a file of SQLite that any number of processes of one machine share. Clones share one connection.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    connection: Arc<Mutex<Connection>>,
}

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;                   -- what is told to be stored must be on the disk
    CREATE TABLE IF NOT EXISTS entry (
        key       TEXT    NOT NULL PRIMARY KEY,  -- compared byte by byte, as SQLite does
        version   INTEGER NOT NULL,
        value     BLOB    NOT NULL,
        due_at    INTEGER,                       -- milliseconds since 1970, by the database's clock
        attention INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS entry_due ON entry (due_at, key) WHERE due_at IS NOT NULL;
    CREATE INDEX IF NOT EXISTS entry_attention ON entry (key) WHERE attention;
    CREATE TABLE IF NOT EXISTS lease (
        key TEXT NOT NULL, part TEXT NOT NULL, holder BLOB NOT NULL, until INTEGER NOT NULL,
        PRIMARY KEY (key, part)
    ) STRICT;
";
/// The database's clock in milliseconds.
const NOW: &str = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

impl SqliteStore {
    /// Opens the database at `path`, or creates it there.
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
        made.map_err(|error| StoreError::unavailable("the file cannot be created", error))?;
        let connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(Duration::from_secs(10)).map_err(failed)?;
        connection.execute_batch(SCHEMA).map_err(failed)?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    /// Runs one statement on a thread that may wait for the disk.
    async fn run<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = Arc::clone(&self.connection);
        let run = move || run(&connection.lock().unwrap_or_else(PoisonError::into_inner));
        unblock(run).await.map_err(failed)
    }

    /// Runs a compare-and-swap: it changes one row, or there is a conflict.
    async fn change(
        &self,
        run: impl FnOnce(&Connection) -> rusqlite::Result<usize> + Send + 'static,
    ) -> Result<(), StoreError> {
        if self.run(run).await? == 0 { Err(StoreError::conflict()) } else { Ok(()) }
    }
}

#[async_trait]
impl StoreBackend for SqliteStore {
    async fn load(&self, key: &EntryKey) -> Result<Option<Entry>, StoreError> {
        const SELECT: &str = "SELECT version, value FROM entry WHERE key = ?1";
        let key = key.clone();
        let entry =
            |row: &Row<'_>| Ok(Entry::new(StoredVersion::from_i64(row.get(0)?), row.get(1)?));
        self.run(move |sql| sql.query_row(SELECT, [key.as_str()], entry).optional()).await
    }

    async fn put(
        &self,
        key: &EntryKey,
        write: &Write,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let (key, write) = (key.clone(), write.clone());
        let due_at = format!("{NOW} + ?4");
        self.change(move |sql| {
            let (version, value) = (write.version.as_i64(), write.value.as_ref());
            let values = params![key.as_str(), version, value, write.due_in.map(millis), write.attention];
            match precondition {
                Precondition::Absent => sql.execute(
                    &format!("INSERT INTO entry VALUES (?1, ?2, ?3, {due_at}, ?5) ON CONFLICT DO NOTHING"),
                    values,
                ),
                Precondition::Version(old) => sql.execute(
                    &format!(
                        "UPDATE entry SET version = ?2, value = ?3, due_at = {due_at}, attention = ?5
                         WHERE key = ?1 AND version = {}",
                        old.as_i64()
                    ),
                    values,
                ),
            }
        })
        .await
    }

    async fn remove(&self, key: &EntryKey, version: StoredVersion) -> Result<(), StoreError> {
        const DELETE: &str = "DELETE FROM entry WHERE key = ?1 AND version = ?2";
        let key = key.clone();
        self.change(move |sql| sql.execute(DELETE, params![key.as_str(), version.as_i64()])).await
    }

    async fn find(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        // A page goes on behind the last row of the one before; no key has a character as high as the last of ASCII.
        let (last, due_at) = after.map_or((String::new(), i64::MIN), |after| {
            (after.key.as_str().to_owned(), i64::try_from(after.position).unwrap_or(i64::MAX))
        });
        let (filter, values): (_, Vec<Value>) = match query {
            Query::Keys { prefix } => (
                "key > ?1 AND key >= ?2 AND key < ?2 || char(127) ORDER BY key".to_owned(),
                vec![last.into(), prefix.clone().into()],
            ),
            Query::Attention => {
                ("attention AND key > ?1 ORDER BY key".to_owned(), vec![last.into()])
            }
            Query::DueWithin(length) => (
                format!("due_at <= {NOW} + ?3 AND (due_at, key) > (?2, ?1) ORDER BY due_at, key"),
                vec![last.into(), due_at.into(), millis(*length).into()],
            ),
        };
        // One row more than was asked for tells whether another page follows.
        let most = limit.min(1 << 31) + 1;
        let select =
            format!("SELECT key, due_at, due_at - {NOW} FROM entry WHERE {filter} LIMIT {most}");
        let rows = self.run(move |sql| {
            let mut select = sql.prepare(&select)?;
            let rows = select.query_map(params_from_iter(values), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
            rows.collect::<Result<Vec<(String, Option<i64>, Option<i64>)>, _>>()
        });
        let found = rows.await?.into_iter().map(|(key, due_at, due_in)| {
            let due_in = due_in.map(|millis| Duration::from_millis(millis.max(0).unsigned_abs()));
            let position = due_at.unwrap_or_default().max(0).unsigned_abs();
            (Item::from_row(&key, due_in), position)
        });
        Ok(Page::collect(found, limit))
    }

    async fn acquire(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<LeaseOutcome, StoreError> {
        let (lease, name) = (key.clone(), part.to_owned());
        let take = format!(
            "INSERT INTO lease VALUES (?1, ?2, ?3, {NOW} + ?4) ON CONFLICT (key, part) DO UPDATE
             SET holder = excluded.holder, until = excluded.until
             WHERE holder = excluded.holder OR until <= {NOW}"
        );
        let taken = self.run(move |sql| {
            let values = params![lease.as_str(), name, holder.as_bytes(), millis(length)];
            sql.execute(&take, values)
        });
        if taken.await? > 0 {
            return Ok(LeaseOutcome::Granted);
        }
        // If it has ended meanwhile whoever asks again gets it.
        let held = self.lease(key, part).await?;
        Ok(LeaseOutcome::HeldFor(held.map_or(Duration::ZERO, |held| held.remaining)))
    }

    async fn release(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        const DELETE: &str = "DELETE FROM lease WHERE key = ?1 AND part = ?2 AND holder = ?3";
        let (key, part) = (key.clone(), part.to_owned());
        let deleted = self
            .run(move |sql| sql.execute(DELETE, params![key.as_str(), part, holder.as_bytes()]));
        deleted.await.map(drop)
    }

    async fn lease(&self, key: &EntryKey, part: &str) -> Result<Option<HeldLease>, StoreError> {
        let (key, part) = (key.clone(), part.to_owned());
        let select = format!(
            "SELECT holder, until - {NOW} FROM lease WHERE key = ?1 AND part = ?2 AND until > {NOW}"
        );
        let held = |row: &Row<'_>| {
            let remaining = Duration::from_millis(row.get::<_, i64>(1)?.max(0).unsigned_abs());
            Ok(HeldLease::new(LeaseHolder::from_bytes(row.get(0)?), remaining))
        };
        self.run(move |sql| sql.query_row(&select, [key.as_str(), &part], held).optional()).await
    }
}

fn millis(length: Duration) -> i64 {
    // Far below what a sum would overflow at, and 140 million years still.
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX).min(1 << 62)
}

/// The words of SQLite show no value: all are bound, and none stands in a statement.
fn failed(error: rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase, ReadOnly,
    };
    let kind = match error.sqlite_error_code() {
        Some(NotADatabase) => StoreErrorKind::Foreign,
        Some(DatabaseCorrupt) => StoreErrorKind::Damaged,
        Some(CannotOpen | DatabaseBusy | DatabaseLocked | DiskFull | ReadOnly) => {
            StoreErrorKind::Unavailable
        }
        _ => StoreErrorKind::Unknown,
    };
    StoreError::new(kind, "the database failed; see the cause").because(error)
}
