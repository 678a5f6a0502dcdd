//! The tables: made once, in whatever order programs start, and looked at each time a store is opened.

use std::{sync::Arc, time::Duration};

use slack_store::{StoreError, StoreErrorKind};
use tokio::time::sleep;
use tokio_postgres::{Row, error::SqlState};

use crate::{
    database::{Database, text},
    error::{Cause, Failure},
    names::Names,
};

/// Creates or completes the tables, and checks that the server keeps what it acknowledges.
pub(crate) async fn prepare(
    database: &Arc<Database>,
    may_lose_commits: bool,
) -> Result<(), StoreError> {
    check_server(database, may_lose_commits).await?;
    migrate(database).await?;
    check_tables(database).await
}

async fn check_server(database: &Arc<Database>, may_lose_commits: bool) -> Result<(), StoreError> {
    const SETTINGS: &str =
        "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool,
        current_setting('synchronous_commit') = 'off', current_setting('fsync') = 'off'";
    let rows = database.query(SETTINGS, Vec::new()).await.map_err(Failure::of_read)?;
    let [read_only, asynchronous, unflushed] = match rows.first() {
        Some(row) => [flag_of(row, 0)?, flag_of(row, 1)?, flag_of(row, 2)?],
        None => return Err(not_postgres()),
    };
    let refused = |what| Err(StoreError::new(StoreErrorKind::Refused, what));
    if read_only {
        return refused("the server takes no writes, as a replica does: name the primary");
    }
    if may_lose_commits {
        return Ok(());
    }
    if asynchronous {
        return refused(
            "a crash of the server would lose tokens: set synchronous_commit to on for this role, or say that commits may \
             be lost",
        );
    }
    if unflushed {
        return refused(
            "a crash of the server would lose tokens: set fsync to on, or say that commits may be lost",
        );
    }
    Ok(())
}

/// Brings the tables to the newest version. Eight programs that start at once may all try: the server lets one be the
/// first, and the others find its work.
async fn migrate(database: &Arc<Database>) -> Result<(), StoreError> {
    let newest = MIGRATIONS.len();
    for attempt in 1.. {
        let stored = version(database).await?;
        if stored > newest {
            return Err(StoreError::new(
                StoreErrorKind::Foreign,
                "a newer release has made these tables: upgrade this program",
            ));
        }
        if stored == newest {
            break;
        }
        let statements = statements(database, stored).await?;
        match database.execute_together(statements).await {
            Ok(()) => {}
            // Somebody else may have come first, which the next look tells.
            Err(Failure::Refused(code, _)) if attempt < ATTEMPTS && is_a_race(&code) => {
                sleep(PAUSE * attempt).await;
            }
            Err(failure) => return Err(failure.of_write()),
        }
    }
    Ok(())
}

/// Returns how many migrations the tables have seen.
async fn version(database: &Arc<Database>) -> Result<usize, StoreError> {
    let select = format!("SELECT version FROM {}", database.names.table("version"));
    match database.query(&select, Vec::new()).await {
        Ok(rows) => {
            let version = rows.first().and_then(|row| row.try_get::<_, i64>(0).ok());
            // The number 0 is seen by nobody: the first migration ends with 1.
            let version = version.and_then(|version| usize::try_from(version).ok());
            version.filter(|version| *version > 0).ok_or_else(|| {
                StoreError::new(
                    StoreErrorKind::Damaged,
                    "the table of the store's version is empty or wrong: restore its row",
                )
            })
        }
        Err(failure) if failure.code().is_some_and(is_missing) => Ok(0),
        Err(failure) => Err(failure.of_read()),
    }
}

async fn statements(database: &Arc<Database>, stored: usize) -> Result<String, StoreError> {
    // `IF NOT EXISTS` would ask for the right to make schemas even where there is one.
    const IS_THERE: &str = "SELECT to_regnamespace($1) IS NOT NULL";
    let Names { schema, prefix } = &database.names;
    let parameters = vec![text(schema.as_str())];
    let rows = database.query(IS_THERE, parameters).await.map_err(Failure::of_read)?;
    let is_there = rows.first().map_or(Ok(false), |row| flag_of(row, 0))?;
    let schema = if is_there { String::new() } else { format!("CREATE SCHEMA \"{schema}\";\n") };
    let [version, entry, lease] =
        ["version", "entry", "lease"].map(|name| database.names.table(name));
    let migrations = MIGRATIONS.iter().zip(1..).skip(stored).map(|(migration, number)| {
        let statements = migration
            .replace("{version}", &version)
            .replace("{entry}", &entry)
            .replace("{lease}", &lease)
            .replace("{prefix}", prefix);
        format!("{statements}UPDATE {version} SET version = {number};\n")
    });
    Ok([schema].into_iter().chain(migrations).collect())
}

/// Compares the columns with what the statements expect, and asks whether the role may use them.
async fn check_tables(database: &Arc<Database>) -> Result<(), StoreError> {
    for (table, columns) in TABLES {
        let select = "SELECT a.attname::text, format_type(a.atttypid, NULL), coalesce(l.collname::text, ''),
                has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
                AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                LEFT JOIN pg_collation l ON l.oid = a.attcollation
            WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped";
        let Names { schema, prefix } = &database.names;
        let parameters = vec![text(schema.as_str()), text(format!("{prefix}{table}"))];
        let rows = database.query(select, parameters).await.map_err(Failure::of_read)?;
        for (name, kind, collation) in *columns {
            let there = rows.iter().any(|row| {
                let part = |index| row.try_get::<_, String>(index).unwrap_or_default();
                part(0) == *name && part(1) == *kind && part(2) == *collation
            });
            if !there {
                let cause = Cause::new(format!("column {name} of {}", database.names.table(table)));
                let what = "a table of the store has been altered: restore its columns and keys";
                return Err(StoreError::new(StoreErrorKind::Damaged, what).because(cause));
            }
        }
        if !rows.first().map_or(Ok(false), |row| flag_of(row, 3))? {
            let cause = Cause::new(format!(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON {}",
                database.names.table(table)
            ));
            let what = "the role lacks a privilege: see PostgresStore for what to grant";
            return Err(StoreError::new(StoreErrorKind::Refused, what).because(cause));
        }
    }
    Ok(())
}

fn flag_of(row: &Row, index: usize) -> Result<bool, StoreError> {
    row.try_get(index).map_err(|_| not_postgres())
}

fn not_postgres() -> StoreError {
    StoreError::new(StoreErrorKind::Refused, "the server does not answer as PostgreSQL does")
}

/// No table, or no schema.
fn is_missing(code: &SqlState) -> bool {
    *code == SqlState::UNDEFINED_TABLE || *code == SqlState::INVALID_SCHEMA_NAME
}

/// What a migration is answered if another one runs at the same time: something is there already, or a deadlock.
fn is_a_race(code: &SqlState) -> bool {
    matches!(code.code(), "23505" | "42P06" | "42P07" | "42710" | "40P01" | "XX000")
}

const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(20);

/// Each is run once, in this order; what is released is never changed.
const MIGRATIONS: &[&str] = &["CREATE TABLE {version} (version int8 NOT NULL);
INSERT INTO {version} VALUES (0);
CREATE TABLE {entry} (
    key text COLLATE \"C\" NOT NULL PRIMARY KEY,
    version int8 NOT NULL,
    value bytea NOT NULL,
    due_at int8,
    attention bool NOT NULL
);
CREATE INDEX \"{prefix}entry_due\" ON {entry} (due_at, key) WHERE due_at IS NOT NULL;
CREATE INDEX \"{prefix}entry_attention\" ON {entry} (key) WHERE attention;
CREATE TABLE {lease} (
    key text COLLATE \"C\" NOT NULL,
    part text COLLATE \"C\" NOT NULL,
    holder bytea NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (key, part)
);
"];

type Columns = &'static [(&'static str, &'static str, &'static str)];

const TABLES: &[(&str, Columns)] = &[
    (
        "entry",
        &[
            ("key", "text", "C"),
            ("version", "bigint", ""),
            ("value", "bytea", ""),
            ("due_at", "bigint", ""),
            ("attention", "boolean", ""),
        ],
    ),
    (
        "lease",
        &[
            ("key", "text", "C"),
            ("part", "text", "C"),
            ("holder", "bytea", ""),
            ("until", "timestamp with time zone", ""),
        ],
    ),
];
