//! What is wrong with a server is said, with what to do about it; nothing is overwritten, and nothing waits for ever.

mod support;

use std::{
    thread,
    time::{Duration, Instant},
};

use deadpool_postgres::{Manager, Pool};
use slack_proto::{ClientId, Installation, StoreKey, tokens::InstallationKey};
use slack_store::{
    EntryKey, InstallationStore, LeaseHolder, LeaseOutcome, Precondition, Query, SecretBytes,
    StoreBackend, StoreErrorKind, StoredVersion, Write,
};
use slack_store_postgres::PostgresStore;
use support::{beside, fresh, schema, sql, with_server, words};
use tokio::time::timeout;
use tokio_postgres::NoTls;

fn key() -> EntryKey {
    EntryKey::from_text("team/T0FAKE00001").unwrap()
}

fn write(value: &str) -> Write {
    Write::new(StoredVersion::random().unwrap(), SecretBytes::new(value.into()))
}

#[test]
fn eight_programs_may_start_at_once() {
    with_server("eight_programs_may_start_at_once", |address| async move {
        let schema = schema();
        let open = || PostgresStore::builder(&address).schema(&*schema).open();
        // Each on a thread without Tokio, as a process of its own would be.
        thread::scope(|scope| {
            let opened: Vec<_> =
                (0..8).map(|_| scope.spawn(|| pollster::block_on(open()))).collect();
            for opened in opened {
                opened.join().unwrap().unwrap();
            }
        });
        let select = format!("SELECT version FROM {schema}.version");
        let rows = beside(&address).await.query(&select, &[]).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.get(0)).collect::<Vec<i64>>(), [1]);
    });
}

#[test]
fn who_is_refused_is_told_why_and_the_password_is_not_shown() {
    with_server("who_is_refused_is_told_why", |address| async move {
        let role = schema();
        sql(&address, &format!("CREATE ROLE {role} LOGIN PASSWORD 'hush'")).await;
        let as_role = address.replace("//app:", &format!("//{role}:"));
        for (wrong, expected) in [
            (as_role.replace("hush", "hushhush"), "check the user, the password"),
            (address.replace("/postgres", "/nowhere"), "there is no such database"),
        ] {
            let builder = fresh(&wrong);
            assert!(!format!("{builder:?}").contains("hush"), "{builder:?}");
            let error = builder.open().await.unwrap_err();
            assert!(error.to_string().contains(expected), "{}", words(&error));
            assert!(!format!("{error:?} {}", words(&error)).contains("hush"), "{error:?}");
        }
        let store = fresh(&address).open().await.unwrap();
        assert!(!format!("{store:?}").contains("hush"), "{store:?}");
    });
}

#[test]
fn tables_of_a_newer_release_are_left_alone() {
    with_server("tables_of_a_newer_release_are_left_alone", |address| async move {
        let schema = schema();
        let open = || PostgresStore::builder(&address).schema(&*schema).open();
        open().await.unwrap();
        sql(&address, &format!("UPDATE {schema}.version SET version = 99")).await;
        let error = open().await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Foreign);
        assert!(error.to_string().contains("upgrade"), "{error}");
        // No release has left such a number behind, and nobody waits for one that comes.
        for wrong in ["UPDATE {}.version SET version = 0", "DELETE FROM {}.version"] {
            sql(&address, &wrong.replace("{}", &schema)).await;
            let began = Instant::now();
            let error = open().await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Damaged, "{wrong}: {}", words(&error));
            assert!(error.to_string().contains("restore"), "{error}");
            assert!(began.elapsed() < Duration::from_secs(2), "{wrong}: {:?}", began.elapsed());
        }
    });
}

#[test]
fn an_altered_table_is_reported_by_name() {
    with_server("an_altered_table_is_reported_by_name", |address| async move {
        for (alter, named) in [
            ("ALTER TABLE {}.entry DROP COLUMN due_at", "due_at"),
            ("ALTER TABLE {}.entry ALTER COLUMN version TYPE int4", "version"),
            ("ALTER TABLE {}.lease ALTER COLUMN key TYPE text COLLATE \"POSIX\"", "key"),
            ("DROP TABLE {}.lease", "holder"),
        ] {
            let schema = schema();
            let open = || PostgresStore::builder(&address).schema(&*schema).open();
            open().await.unwrap();
            sql(&address, &alter.replace("{}", &schema)).await;
            let error = open().await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Damaged, "{alter}");
            assert!(words(&error).contains(named) || named == "holder", "{}", words(&error));
        }
        // While the store is open, too.
        let schema = schema();
        let store = PostgresStore::builder(&address).schema(&*schema).open().await.unwrap();
        store.put(&key(), &write("old"), Precondition::Absent).await.unwrap();
        sql(&address, &format!("ALTER TABLE {schema}.entry DROP CONSTRAINT entry_pkey")).await;
        let error = store.put(&key(), &write("new"), Precondition::Absent).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Damaged);
        let entry = store.load(&key()).await.unwrap().unwrap();
        assert_eq!(entry.value.as_ref(), b"old");
    });
}

#[test]
fn a_server_that_takes_no_writes_or_may_lose_them_is_refused() {
    with_server("a_server_that_takes_no_writes_is_refused", |address| async move {
        let role = schema();
        sql(
            &address,
            &format!(
                "CREATE ROLE {role} LOGIN PASSWORD 'hush'; GRANT CREATE ON DATABASE postgres TO {role};
                 ALTER ROLE {role} SET default_transaction_read_only = on"
            ),
        )
        .await;
        let as_role = address.replace("//app:", &format!("//{role}:"));
        let error = fresh(&as_role).open().await.unwrap_err();
        assert!(error.to_string().contains("name the primary"), "{}", words(&error));
        sql(
            &address,
            &format!(
                "ALTER ROLE {role} RESET default_transaction_read_only; ALTER ROLE {role} SET synchronous_commit = off"
            ),
        )
        .await;
        let error = fresh(&as_role).open().await.unwrap_err();
        assert!(error.to_string().contains("synchronous_commit"), "{}", words(&error));
        fresh(&as_role).may_lose_commits(true).open().await.unwrap();
    });
}

/// The privileges are those that the documentation names.
#[test]
fn a_role_without_the_right_to_make_tables_is_enough_afterwards() {
    with_server("a_role_without_the_right_to_make_tables_is_enough", |address| async move {
        let (schema, role) = (schema(), schema());
        sql(&address, &format!("CREATE ROLE {role} LOGIN PASSWORD 'hush'")).await;
        let as_role = address.replace("//app:", &format!("//{role}:"));
        let open = || PostgresStore::builder(&as_role).schema(&*schema).open();
        let error = open().await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused);
        assert!(error.to_string().contains("lacks a privilege"), "{}", words(&error));

        PostgresStore::builder(&address).schema(&*schema).open().await.unwrap();
        sql(&address, &format!("GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT ON {schema}.version TO {role}"))
            .await;
        let error = open().await.unwrap_err();
        assert!(
            words(&error).contains("GRANT SELECT, INSERT, UPDATE, DELETE ON"),
            "{}",
            words(&error)
        );
        sql(
            &address,
            &format!(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.entry, {schema}.lease TO {role}"
            ),
        )
        .await;
        let store = open().await.unwrap();
        let first = write("one");
        store.put(&key(), &first, Precondition::Absent).await.unwrap();
        let holder = LeaseHolder::random().unwrap();
        let taken = store.acquire(&key(), "bot", holder, Duration::from_secs(9)).await.unwrap();
        assert_eq!(taken, LeaseOutcome::Granted);
        store.release(&key(), "bot", holder).await.unwrap();
        store.remove(&key(), first.version).await.unwrap();
    });
}

#[test]
fn a_row_of_somebody_else_stops_nobody() {
    with_server("a_row_of_somebody_else_stops_nobody", |address| async move {
        let schema = schema();
        let store = PostgresStore::builder(&address).schema(&*schema).open().await.unwrap();
        store.put(&key(), &write("one"), Precondition::Absent).await.unwrap();
        sql(
            &address,
            &format!("INSERT INTO {schema}.entry VALUES ('no key at all', 1, 'x', NULL, false)"),
        )
        .await;
        let page = store.find(&Query::Keys { prefix: String::new() }, None, 10).await.unwrap();
        assert_eq!((page.items.len(), page.unreadable.len()), (1, 1), "{page:?}");

        // More of them than a page holds do not end a listing, in whatever order.
        let insert = format!(
            "INSERT INTO {schema}.entry SELECT 'no key ' || n, 1, 'x', 5, true FROM generate_series(1, 7) n;
             UPDATE {schema}.entry SET due_at = 6, attention = true WHERE version <> 1"
        );
        sql(&address, &insert).await;
        for query in [
            Query::Keys { prefix: String::new() },
            Query::DueWithin(Duration::ZERO),
            Query::Attention,
        ] {
            let (mut keys, mut unreadable, mut after) = (0, 0, None);
            loop {
                let page = store.find(&query, after.as_ref(), 2).await.unwrap();
                keys += page.items.len();
                unreadable += page.unreadable.len();
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            let all = if matches!(query, Query::Keys { .. }) { 8 } else { 7 };
            assert_eq!((keys, unreadable), (1, all), "{query:?}");
        }
    });
}

#[test]
fn a_value_of_somebody_else_is_told_and_left_alone() {
    with_server("a_value_of_somebody_else_is_told_and_left_alone", |address| async move {
        let schema = schema();
        let backend = PostgresStore::builder(&address).schema(&*schema).open().await.unwrap();
        let store = InstallationStore::new(backend.clone(), ClientId::new("1.2").unwrap());
        let place = InstallationKey::Workspace("T0FAKE00001".into());
        let (theirs, ours) = (StoreKey::from(place.clone()), Installation::new(place));
        sql(
            &address,
            &format!(
                "INSERT INTO {schema}.entry VALUES ('{}', 1, 'not ours', NULL, false)",
                key().as_str()
            ),
        )
        .await;
        let error = store.load(&theirs).await.unwrap_err();
        assert!(
            matches!(error.kind(), StoreErrorKind::Foreign | StoreErrorKind::Damaged),
            "{}",
            words(&error)
        );
        assert!(!format!("{error:?}").contains("not ours"), "{error:?}");
        let error = store.put(&theirs, &ours, Precondition::Absent).await.unwrap_err();
        assert!(error.is_conflict(), "{}", words(&error));
        let entry = backend.load(&key()).await.unwrap().unwrap();
        assert_eq!(entry.value.as_ref(), b"not ours");
    });
}

/// With one connection, the dropped operation and the next one share it.
#[test]
fn a_dropped_future_and_a_late_answer_leave_no_half_used_connection() {
    with_server("a_dropped_future_leaves_no_half_used_connection", |address| async move {
        let schema = schema();
        let builder = PostgresStore::builder(&address).schema(&*schema).max_connections(1);
        let store = builder.timeout(Duration::from_millis(700)).open().await.unwrap();
        let first = write("one");
        store.put(&key(), &first, Precondition::Absent).await.unwrap();
        let other = beside(&address).await;
        other
            .batch_execute(&format!("BEGIN; SELECT 1 FROM {schema}.entry FOR UPDATE"))
            .await
            .unwrap();

        let second = write("two");
        let key = key();
        let waiting = store.put(&key, &second, Precondition::Version(first.version));
        assert!(timeout(Duration::from_millis(100), waiting).await.is_err(), "the row is locked");
        // The operation goes on without its caller, and ends at its deadline: only then there is a connection.
        tokio::time::sleep(Duration::from_millis(800)).await;
        assert_eq!(store.load(&key).await.unwrap().unwrap().version, first.version);

        let began = Instant::now();
        let third = write("three");
        let error =
            store.put(&key, &third, Precondition::Version(first.version)).await.unwrap_err();
        assert!(error.is_unknown(), "{}", words(&error));
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        assert_eq!(store.load(&key).await.unwrap().unwrap().version, first.version);
        other.batch_execute("ROLLBACK").await.unwrap();
    });
}

/// Who uses it besides may leave nothing: then the wait is bounded, and nothing was sent.
#[test]
fn a_pool_of_ones_own_is_used_and_not_waited_for_without_end() {
    with_server("a_pool_of_ones_own", |address| async move {
        let manager = Manager::new(address.parse().unwrap(), NoTls);
        let pool = Pool::builder(manager).max_size(1).build().unwrap();
        let builder = PostgresStore::builder_over(pool.clone()).schema(schema());
        let store = builder.timeout(Duration::from_millis(500)).open().await.unwrap();
        store.put(&key(), &write("one"), Precondition::Absent).await.unwrap();
        let taken = pool.get().await.unwrap();
        let began = Instant::now();
        let other = EntryKey::from_text("team/T0FAKE00002").unwrap();
        let error = store.put(&other, &write("two"), Precondition::Absent).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{}", words(&error));
        assert!(words(&error).contains("no connection was free"), "{}", words(&error));
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        drop(taken);
        assert!(store.load(&other).await.unwrap().is_none());
        assert!(store.load(&key()).await.unwrap().is_some());
        assert_eq!(pool.status().size, 1);
    });
}

#[test]
fn connections_that_the_server_ended_are_replaced() {
    with_server("connections_that_the_server_ended_are_replaced", |address| async move {
        let store = fresh(&address).max_connections(3).open().await.unwrap();
        store.put(&key(), &write("one"), Precondition::Absent).await.unwrap();
        let other = beside(&address).await;
        for _ in 0..5 {
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                       WHERE query LIKE '%test\\_%' AND pid <> pg_backend_pid() AND state = 'idle'";
            // Other tests' connections end as well, which must not matter to them either.
            let _ended = other.query(end, &[]).await.unwrap();
            // Whether their ends have arrived or not: a read is sent again on another connection.
            let read = || {
                let store = store.clone();
                tokio::spawn(async move { store.load(&key()).await })
            };
            for read in [read(), read(), read()] {
                assert!(read.await.unwrap().unwrap().is_some());
            }
        }
    });
}

/// A server that nobody reaches is told within the timeout.
#[test]
fn a_server_that_is_not_there_is_told_in_time() {
    let store = PostgresStore::builder("postgres://app:hush@127.0.0.1:1/app");
    let began = Instant::now();
    let error = pollster::block_on(store.timeout(Duration::from_secs(1)).open()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(began.elapsed() < Duration::from_secs(3));
    assert!(!format!("{error:?}").contains("hush"));
}

#[test]
fn a_timeout_that_no_clock_reaches_is_as_good_as_none() {
    with_server("a_timeout_that_no_clock_reaches_is_as_good_as_none", |address| async move {
        let builder = PostgresStore::builder(&address).schema(schema()).timeout(Duration::MAX);
        let store = builder.open().await.unwrap();
        assert!(store.load(&key()).await.unwrap().is_none());
    });
}

/// Whoever waited for another's row has the lease for as long as it asked for: the wait is not counted.
#[test]
fn a_wait_for_the_row_takes_nothing_from_a_lease() {
    with_server("a_wait_for_the_row_takes_nothing_from_a_lease", |address| async move {
        let schema = schema();
        let store = PostgresStore::builder(&address).schema(&*schema).open().await.unwrap();
        let insert = format!(
            "BEGIN; INSERT INTO {schema}.lease VALUES ('{}', 'bot', decode(repeat('00', 16), 'hex'), clock_timestamp() + interval '1 hour')",
            key().as_str()
        );
        for end in ["ROLLBACK", "COMMIT; UPDATE {}.lease SET until = '-infinity'"] {
            sql(&address, &format!("DELETE FROM {schema}.lease")).await;
            let other = beside(&address).await;
            other.batch_execute(&insert).await.unwrap();
            let (holder, length) = (LeaseHolder::random().unwrap(), Duration::from_millis(1_500));
            let taking = {
                let store = store.clone();
                tokio::spawn(async move { store.acquire(&key(), "bot", holder, length).await })
            };
            tokio::time::sleep(Duration::from_millis(1_200)).await;
            other.batch_execute(&end.replace("{}", &schema)).await.unwrap();
            let mut outcome = taking.await.unwrap().unwrap();
            if outcome != LeaseOutcome::Granted {
                // What was committed was held at first.
                outcome = store.acquire(&key(), "bot", holder, length).await.unwrap();
            }
            assert_eq!(outcome, LeaseOutcome::Granted, "{end}");
            let held = store.lease(&key(), "bot").await.unwrap().unwrap();
            assert!(held.remaining > Duration::from_millis(1_200), "{end}: {:?}", held.remaining);
        }
    });
}
