//! The driver alone: the store's statements, sent the same way, and what the server says of itself.

use std::time::Duration;

use deadpool_postgres::{Manager, Pool};
use tokio_postgres::{
    Client, NoTls, Row,
    types::{ToSql, Type},
};

use crate::PAGE;

pub(crate) const SCHEMA: &str = "slack_store_benches";
/// What the store's connections call themselves, and how many they are at most.
pub(crate) const STORE_NAME: &str = "slack_store_";
pub(crate) const LEASE: Duration = Duration::from_secs(45);
/// How long a value is: an installation with two pairs.
pub(crate) const VALUE: usize = 700;

const ACQUIRE: &str = "INSERT INTO slack_store_benches.lease AS held (key, part, holder, until)
    VALUES ($1, $2, $3, '-infinity') ON CONFLICT (key, part) DO UPDATE
    SET holder = excluded.holder, until = clock_timestamp() + $4 * interval '1 millisecond'
    WHERE held.holder = excluded.holder OR held.until <= clock_timestamp()
    RETURNING until > clock_timestamp()";
const LOAD: &str = "SELECT version, value FROM slack_store_benches.entry WHERE key = $1";
const INSERT: &str =
    "INSERT INTO slack_store_benches.entry (key, version, value, due_at, attention)
    VALUES ($1, $2, $3, (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::int8 + $4, $5)
    ON CONFLICT (key) DO NOTHING RETURNING 1";
const REPLACE: &str = "UPDATE slack_store_benches.entry
    SET version = $2, value = $3, due_at = (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::int8 + $4, attention = $5
    WHERE key = $1 AND version = $6 RETURNING 1";
const RELEASE: &str = "UPDATE slack_store_benches.lease SET until = '-infinity'
    WHERE key = $1 AND part = $2 AND holder = $3 RETURNING 1";
const RANGE: &str = "SELECT key, due_at, due_at FROM slack_store_benches.entry
    WHERE key > $1 ORDER BY key LIMIT $2";
/// The store's, with the clock written out.
const DUE: &str = "SELECT key, due_at, due_at - (EXTRACT(EPOCH FROM statement_timestamp()) * 1000)::int8
    FROM slack_store_benches.entry
    WHERE due_at <= (EXTRACT(EPOCH FROM statement_timestamp()) * 1000)::int8 + $1 AND (due_at, key) > ($2, $3)
    ORDER BY due_at, key LIMIT $4";

pub(crate) struct Bare {
    client: Client,
}

impl Bare {
    pub(crate) async fn connect(server: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(server, NoTls).await.unwrap();
        tokio::spawn(async move { connection.await.unwrap() });
        Self { client }
    }

    pub(crate) async fn drop_schema(&self) {
        let drop = format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE");
        self.client.batch_execute(&drop).await.unwrap();
    }

    pub(crate) async fn cycle(&self, key: &str) {
        cycle(&self.client, key).await;
    }

    pub(crate) async fn load(&self, key: &str) {
        let rows = self.client.query_typed(LOAD, &[(&key, Type::TEXT)]).await.unwrap();
        assert_eq!(rows[0].get::<_, Vec<u8>>(1).len(), VALUE);
    }

    /// Reads as many rows by the primary key as a page of what is due has, and one more, as the store does.
    pub(crate) async fn range(&self) {
        let most = int(PAGE) + 1;
        let parameters: Typed<'_> = &[(&"team/", Type::TEXT), (&most, Type::INT8)];
        let rows = self.client.query_typed(RANGE, parameters).await.unwrap();
        let read = |row: &Row| (row.get::<_, String>(0), row.get::<_, Option<i64>>(1));
        assert_eq!(rows.iter().map(read).collect::<Vec<_>>().len(), PAGE + 1);
    }

    /// Returns how many connections the store with so many at most has, or has had and not given up.
    pub(crate) async fn connections_of_store(&self, most: usize) -> f64 {
        let count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1";
        let name = format!("{STORE_NAME}{most}");
        let rows = self.client.query_typed(count, &[(&name, Type::TEXT)]).await.unwrap();
        float(usize::try_from(rows[0].get::<_, i64>(0)).unwrap())
    }

    /// Writes so many entries that are due within twenty hours, in no order.
    pub(crate) async fn fill(&self, rows: usize) {
        let fill = format!(
            "INSERT INTO {SCHEMA}.entry
             SELECT 'team/T' || lpad(n::text, 9, '0'), n, decode(repeat('07', {VALUE}), 'hex'),
                (EXTRACT(EPOCH FROM now()) * 1000)::int8 + mod(n * 7919, 72000) * 1000, false
             FROM generate_series(1::int8, {rows}) n;
             ANALYZE {SCHEMA}.entry"
        );
        self.client.batch_execute(&fill).await.unwrap();
    }

    /// Returns how many steps of the plan for what is due read or sort more than the page needs.
    pub(crate) async fn bad_steps_of_due(&self) -> f64 {
        let (hour, from, most) = (3_600_000_i64, i64::MIN, int(PAGE) + 1);
        let parameters: Typed<'_> =
            &[(&hour, Type::INT8), (&from, Type::INT8), (&"", Type::TEXT), (&most, Type::INT8)];
        let explain = format!("EXPLAIN {DUE}");
        let plan = self.client.query_typed(&explain, parameters).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        let by_index = |step: &String| step.contains("Scan using entry_due on");
        assert!(plan.iter().any(by_index), "{plan:?}");
        float(plan.iter().filter(|step| step.contains("Seq Scan") || step.contains("Sort")).count())
    }
}

type Typed<'a> = &'a [(&'a (dyn ToSql + Sync), Type)];

pub(crate) fn pool(server: &str, connections: usize) -> Pool {
    let manager = Manager::new(server.parse().unwrap(), NoTls);
    Pool::builder(manager).max_size(connections).build().unwrap()
}

/// Runs so many cycles at once over a pool, each statement on a connection of its own, as the store does.
pub(crate) async fn cycles(pool: &Pool, at_once: usize) {
    let cycles: Vec<_> = (0..at_once)
        .map(|number| {
            let pool = pool.clone();
            tokio::spawn(async move { cycle_over(&pool, &format!("bare/{number}")).await })
        })
        .collect();
    for cycle in cycles {
        cycle.await.unwrap();
    }
}

async fn cycle(client: &Client, key: &str) {
    let holder = holder();
    while !acquire(client, key, &holder).await {}
    let version = load(client, key).await;
    put(client, key, version).await;
    release(client, key, &holder).await;
}

async fn cycle_over(pool: &Pool, key: &str) {
    let holder = holder();
    while !acquire(&pool.get().await.unwrap(), key, &holder).await {}
    let version = load(&pool.get().await.unwrap(), key).await;
    put(&pool.get().await.unwrap(), key, version).await;
    release(&pool.get().await.unwrap(), key, &holder).await;
}

/// Returns false where the row of the lease was made and not taken: then the same is sent again, as the store does.
async fn acquire(client: &Client, key: &str, holder: &[u8]) -> bool {
    let millis = 45_000_f64;
    let parameters: Typed<'_> = &[
        (&key, Type::TEXT),
        (&"bot", Type::TEXT),
        (&holder, Type::BYTEA),
        (&millis, Type::FLOAT8),
    ];
    client.query_typed(ACQUIRE, parameters).await.unwrap()[0].get(0)
}

async fn load(client: &Client, key: &str) -> Option<i64> {
    let rows = client.query_typed(LOAD, &[(&key, Type::TEXT)]).await.unwrap();
    let row = rows.first()?;
    assert_eq!(row.get::<_, Vec<u8>>(1).len(), VALUE);
    Some(row.get(0))
}

async fn put(client: &Client, key: &str, stored: Option<i64>) {
    let (value, week) = (vec![7_u8; VALUE], 7 * 86_400_000_i64);
    let new = stored.unwrap_or_default() + 1;
    let mut parameters: Vec<(&(dyn ToSql + Sync), Type)> = vec![
        (&key, Type::TEXT),
        (&new, Type::INT8),
        (&value, Type::BYTEA),
        (&week, Type::INT8),
        (&false, Type::BOOL),
    ];
    let statement = if stored.is_some() { REPLACE } else { INSERT };
    parameters.extend(stored.as_ref().map(|old| (old as &(dyn ToSql + Sync), Type::INT8)));
    assert_eq!(client.query_typed(statement, &parameters).await.unwrap().len(), 1);
}

async fn release(client: &Client, key: &str, holder: &[u8]) {
    let parameters: Typed<'_> = &[(&key, Type::TEXT), (&"bot", Type::TEXT), (&holder, Type::BYTEA)];
    assert_eq!(client.query_typed(RELEASE, parameters).await.unwrap().len(), 1);
}

/// Draws a holder, as the store's callers do.
fn holder() -> Vec<u8> {
    slack_store::LeaseHolder::random().unwrap().as_bytes().to_vec()
}

fn int(count: usize) -> i64 {
    i64::try_from(count).unwrap()
}

pub(crate) fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}
