//! Installations of `slack-auth` in PostgreSQL: many hosts, with or without a connection pooler between.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod address;
mod builder;
mod database;
mod error;
mod names;
mod schema;
mod tls;
mod worker;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
pub use deadpool_postgres::Pool;
use slack_store::{
    Cursor, Entry, EntryKey, HeldLease, Item, LeaseHolder, LeaseOutcome, Page, Precondition, Query,
    StoreBackend, StoreError, StoreErrorKind, StoredVersion, Write,
};
use tokio_postgres::{Row, types::FromSql};

pub use self::builder::PostgresStoreBuilder;
use self::database::{Database, Parameter, bytes, flag, number, real, secret, text};
use self::error::Failure;

#[doc = include_str!("store.md")]
#[derive(Clone)]
pub struct PostgresStore {
    database: Arc<Database>,
}

impl PostgresStore {
    /// Opens a store with the defaults of the [builder](Self::builder).
    ///
    /// # Errors
    ///
    /// As [`PostgresStoreBuilder::open`].
    pub async fn open(connection: &str) -> Result<Self, StoreError> {
        Self::builder(connection).open().await
    }

    /// Creates a builder from a connection string, for example `postgres://app@db.example.com/app`.
    ///
    /// A server that is not on this machine is reached by TLS, and its certificate and name are checked, unless the string
    /// says `sslmode=disable`. One on this machine is reached so only if the string says `sslmode=require` or `verify-full`.
    pub fn builder(connection: &str) -> PostgresStoreBuilder {
        PostgresStoreBuilder::at(connection)
    }

    /// Creates a builder over a pool that the program has already.
    ///
    /// Its connections must be as PostgreSQL makes them: the store sets nothing, and expects that nobody hands a connection
    /// back in the middle of a transaction.
    pub fn builder_over(pool: Pool) -> PostgresStoreBuilder {
        PostgresStoreBuilder::over(pool)
    }

    async fn read(
        &self,
        statement: &str,
        parameters: Vec<Parameter>,
    ) -> Result<Vec<Row>, StoreError> {
        self.database.read(statement, parameters).await.map_err(Failure::of_read)
    }

    /// Sends a write; returns false if it changed nothing since something else stands there.
    async fn write(&self, statement: &str, parameters: Vec<Parameter>) -> Result<bool, StoreError> {
        match self.database.query(statement, parameters).await {
            Ok(rows) => Ok(!rows.is_empty()),
            Err(failure) if failure.came_second() => Ok(false),
            Err(failure) => Err(failure.of_write()),
        }
    }
}

#[async_trait]
impl StoreBackend for PostgresStore {
    async fn load(&self, key: &EntryKey) -> Result<Option<Entry>, StoreError> {
        let rows = self.read(&self.database.statements.load, vec![text(key.as_str())]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(Entry::new(StoredVersion::from_i64(column(row, 0)?), column(row, 1)?)))
    }

    async fn put(
        &self,
        key: &EntryKey,
        write: &Write,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let statements = &self.database.statements;
        let mut parameters = vec![
            text(key.as_str()),
            number(write.version.as_i64()),
            secret(write.value.clone()),
            number(write.due_in.map(millis)),
            flag(write.attention),
        ];
        let statement = match precondition {
            Precondition::Absent => &statements.insert,
            Precondition::Version(old) => {
                parameters.push(number(old.as_i64()));
                &statements.replace
            }
        };
        if self.write(statement, parameters).await? { Ok(()) } else { Err(StoreError::conflict()) }
    }

    async fn remove(&self, key: &EntryKey, version: StoredVersion) -> Result<(), StoreError> {
        let parameters = vec![text(key.as_str()), number(version.as_i64())];
        let removed = self.write(&self.database.statements.remove, parameters).await?;
        if removed { Ok(()) } else { Err(StoreError::conflict()) }
    }

    async fn find(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let statements = &self.database.statements;
        let last = text(after.map_or("", |after| after.key.as_str()));
        // One row more than was asked for tells whether another page follows.
        let most = number(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1));
        let rows = match query {
            Query::Keys { prefix } => {
                // No key has a character as high as the last of ASCII.
                let end = text(format!("{prefix}\u{7f}"));
                self.read(&statements.find_keys, vec![last, text(prefix.as_str()), end, most])
                    .await?
            }
            Query::Attention => self.read(&statements.find_attention, vec![last, most]).await?,
            Query::DueWithin(length) => {
                let from = after
                    .map_or(i64::MIN, |after| i64::try_from(after.position).unwrap_or(i64::MAX));
                let parameters = vec![number(millis(*length)), number(from), last, most];
                self.read(&statements.find_due, parameters).await?
            }
        };
        let rows: Result<Vec<_>, StoreError> = rows.iter().map(found).collect();
        Ok(Page::collect(
            rows?.into_iter().map(|(key, due_at, due_in)| (Item::from_row(&key, due_in), due_at)),
            limit,
        ))
    }

    async fn acquire(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<LeaseOutcome, StoreError> {
        // The first time a lease is asked for there is no row of it: the statement makes one that has run out.
        for _ in 0..2 {
            let length = i32::try_from(length.as_millis()).unwrap_or(i32::MAX);
            let parameters =
                vec![text(key.as_str()), text(part), bytes(holder.as_bytes()), real(length.into())];
            let taken =
                match self.database.query(&self.database.statements.acquire, parameters).await {
                    Ok(rows) => rows,
                    Err(failure) if failure.came_second() => break,
                    Err(failure) => return Err(failure.of_write()),
                };
            match taken.first() {
                None => break,
                Some(row) if column::<bool>(row, 0)? => return Ok(LeaseOutcome::Granted),
                Some(_) => {}
            }
        }
        // If it has ended meanwhile whoever asks again gets it.
        let held = self.lease(key, part).await?;
        Ok(LeaseOutcome::HeldFor(held.map_or(Duration::ZERO, |held| held.remaining)))
    }

    // `acquire_and_load` stays the default: one statement reads by the snapshot that it takes before it waits for the row of
    // the lease, and would return what was stored before the lease was granted.

    async fn release(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        let parameters = vec![text(key.as_str()), text(part), bytes(holder.as_bytes())];
        self.write(&self.database.statements.release, parameters).await.map(drop)
    }

    async fn lease(&self, key: &EntryKey, part: &str) -> Result<Option<HeldLease>, StoreError> {
        let parameters = vec![text(key.as_str()), text(part)];
        let rows = self.read(&self.database.statements.lease, parameters).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let holder = column::<Vec<u8>>(row, 0)?.try_into().map_err(|_| altered("a lease"))?;
        let remaining = Duration::from_millis(column::<i64>(row, 1)?.max(0).unsigned_abs());
        Ok(Some(HeldLease::new(LeaseHolder::from_bytes(holder), remaining)))
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresStore").field(&self.database).finish()
    }
}

/// Reads a row of what was found: the key, when it is due, and how long that is from now.
fn found(row: &Row) -> Result<(String, u64, Option<Duration>), StoreError> {
    let (due_at, due_in): (Option<i64>, Option<i64>) = (column(row, 1)?, column(row, 2)?);
    let due_in = due_in.map(|millis| Duration::from_millis(millis.max(0).unsigned_abs()));
    Ok((column(row, 0)?, due_at.unwrap_or_default().max(0).unsigned_abs(), due_in))
}

fn column<'r, T: FromSql<'r>>(row: &'r Row, index: usize) -> Result<T, StoreError> {
    row.try_get(index).map_err(|_| altered("a column"))
}

fn altered(what: &'static str) -> StoreError {
    let cause = error::Cause::new(format!("{what} is not of the type that the store has given it"));
    StoreError::new(
        StoreErrorKind::Damaged,
        "a table of the store has been altered: restore its columns and keys",
    )
    .because(cause)
}

fn millis(length: Duration) -> i64 {
    // Far below what a sum would overflow at, and 140 million years still.
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX).min(1 << 62)
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
