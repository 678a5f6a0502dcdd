//! The names of the tables, and the statements over them.

use slack_store::{StoreError, StoreErrorKind};

/// The names that a store uses in its database.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) schema: String,
    pub(crate) prefix: String,
}

impl Names {
    /// Returns the qualified name of a table. Nothing relies on `search_path`, which a pooler shares between clients.
    pub(crate) fn table(&self, name: &str) -> String {
        format!("\"{}\".\"{}{name}\"", self.schema, self.prefix)
    }

    /// Checks that the names need no escaping and are not cut by the server.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let plain = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        let starts = |text: &str| text.bytes().next().is_none_or(|byte| !byte.is_ascii_digit());
        let good = !self.schema.is_empty()
            && [&self.schema, &self.prefix]
                .into_iter()
                .all(|text| plain(text) && starts(text) && text.len() <= 40);
        if good {
            return Ok(());
        }
        Err(StoreError::new(
            StoreErrorKind::Refused,
            "the schema and the table prefix have at most 40 lowercase letters, digits and underscores, and begin with \
             no digit",
        ))
    }
}

/// The statements, each of which is sent alone and does one operation as a whole.
#[derive(Debug)]
pub(crate) struct Statements {
    pub(crate) load: String,
    pub(crate) insert: String,
    pub(crate) replace: String,
    pub(crate) remove: String,
    pub(crate) find_keys: String,
    pub(crate) find_due: String,
    pub(crate) find_attention: String,
    pub(crate) acquire: String,
    pub(crate) release: String,
    pub(crate) lease: String,
}

impl Statements {
    pub(crate) fn new(names: &Names) -> Self {
        let (entry, lease) = (names.table("entry"), names.table("lease"));
        Self {
            load: format!("SELECT version, value FROM {entry} WHERE key = $1"),
            insert: format!(
                "INSERT INTO {entry} (key, version, value, due_at, attention)
                 VALUES ($1, $2, $3, {NOW} + $4, $5) ON CONFLICT (key) DO NOTHING RETURNING 1"
            ),
            replace: format!(
                "UPDATE {entry} SET version = $2, value = $3, due_at = {NOW} + $4, attention = $5
                 WHERE key = $1 AND version = $6 RETURNING 1"
            ),
            remove: format!("DELETE FROM {entry} WHERE key = $1 AND version = $2 RETURNING 1"),
            find_keys: format!(
                "SELECT key, due_at, due_at - {START} FROM {entry}
                 WHERE key > $1 AND key >= $2 AND key < $3 ORDER BY key LIMIT $4"
            ),
            // The clock of the statement's start stands still, so that the index can be asked for what lies before it.
            find_due: format!(
                "SELECT key, due_at, due_at - {START} FROM {entry}
                 WHERE due_at <= {START} + $1 AND (due_at, key) > ($2, $3) ORDER BY due_at, key LIMIT $4"
            ),
            find_attention: format!(
                "SELECT key, due_at, due_at - {START} FROM {entry}
                 WHERE attention AND key > $1 ORDER BY key LIMIT $2"
            ),
            // What stands in VALUES is read before the wait for the row. So it holds no time: a row that was not there is
            // made as one that has run out, and taken by the same statement, sent again.
            acquire: format!(
                "INSERT INTO {lease} AS held (key, part, holder, until) VALUES ($1, $2, $3, '-infinity')
                 ON CONFLICT (key, part) DO UPDATE
                 SET holder = excluded.holder, until = clock_timestamp() + $4 * interval '1 millisecond'
                 WHERE held.holder = excluded.holder OR held.until <= clock_timestamp()
                 RETURNING until > clock_timestamp()"
            ),
            // The row stays, so that the next one who acquires needs one statement.
            release: format!(
                "UPDATE {lease} SET until = '-infinity' WHERE key = $1 AND part = $2 AND holder = $3 RETURNING 1"
            ),
            lease: format!(
                "SELECT holder, (EXTRACT(EPOCH FROM until - clock_timestamp()) * 1000)::int8 FROM {lease}
                 WHERE key = $1 AND part = $2 AND until > clock_timestamp()"
            ),
        }
    }
}

/// The server's clock, in milliseconds since 1970.
const NOW: &str = "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::int8";
/// The server's clock when the statement began.
const START: &str = "(EXTRACT(EPOCH FROM statement_timestamp()) * 1000)::int8";

#[cfg(test)]
mod tests {
    use tokio_postgres::types::{ToSql, Type};

    use super::*;

    #[test]
    fn a_name_that_would_need_escaping_is_refused() {
        for (schema, prefix, good) in [
            ("slack_auth", "", true),
            ("s2", "app_", true),
            ("", "", false),
            ("1st", "", false),
            ("Slack", "", false),
            ("public", "2_", false),
            ("public", "a\"; DROP TABLE b; --", false),
            ("public", &"x".repeat(41), false),
        ] {
            let names = Names { schema: schema.into(), prefix: prefix.into() };
            assert_eq!(names.check().is_ok(), good, "{schema:?} {prefix:?}");
        }
    }

    /// The clock in VALUES would be that of before the wait for another's lock.
    #[test]
    fn no_lease_is_reckoned_in_values() {
        let names = Names { schema: "s".into(), prefix: "p_".into() };
        let acquire = Statements::new(&names).acquire;
        let values =
            acquire.split("VALUES").nth(1).and_then(|rest| rest.split("ON CONFLICT").next());
        assert!(!values.unwrap().contains("timestamp"), "{acquire}");
        assert!(acquire.contains(r#""s"."p_lease""#), "{acquire}");
    }

    /// What is due among many is found by an index, and needs no sorting.
    #[test]
    fn finding_goes_by_an_index() {
        let Ok(address) = std::env::var("SLACK_AUTH_POSTGRES") else {
            println!(
                "skipped: finding_goes_by_an_index needs a server; SLACK_AUTH_POSTGRES names none"
            );
            return;
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let schema = format!("plans_{}", std::process::id());
            crate::PostgresStore::builder(&address).schema(&*schema).open().await.unwrap();
            let (client, connection) =
                tokio_postgres::connect(&address, tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            let names = Names { schema, prefix: String::new() };
            let fill = format!(
                "INSERT INTO {0} SELECT 'team/T' || n, n, 'x', n, n % 1000 = 0 FROM generate_series(1, 50000) n;
                 ANALYZE {0}",
                names.table("entry")
            );
            client.batch_execute(&fill).await.unwrap();
            let statements = Statements::new(&names);
            let text = |text: &'static str| (Box::new(text) as Box<dyn ToSql + Sync>, Type::TEXT);
            let number = |number: i64| (Box::new(number) as Box<dyn ToSql + Sync>, Type::INT8);
            for (statement, parameters, expected) in [
                (
                    &statements.find_due,
                    vec![number(1), number(40_000), text("team/T1"), number(500)],
                    "entry_due",
                ),
                (&statements.find_attention, vec![text("team/T2"), number(10)], "entry_attention"),
                (
                    &statements.find_keys,
                    vec![text("team/T2"), text("team/"), text("team/\u{7f}"), number(100)],
                    "entry_pkey",
                ),
            ] {
                let typed: Vec<(&(dyn ToSql + Sync), Type)> =
                    parameters.iter().map(|(value, kind)| (&**value, kind.clone())).collect();
                let rows = client.query_typed(&format!("EXPLAIN {statement}"), &typed).await.unwrap();
                let plan = rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n");
                assert!(plan.contains(expected), "{plan}");
                assert!(!plan.contains("Seq Scan") && !plan.contains("Sort"), "{plan}");
            }
        });
    }
}
