//! A server that cannot write: a replica, and one whose disk is full. `.ci/run stores` makes both.

mod support;

use slack_store::{
    EntryKey, Precondition, SecretBytes, StoreBackend, StoreErrorKind, StoredVersion, Write,
};
use slack_store_postgres::PostgresStore;
use support::{fresh, schema, server, sql, with_server, words};

#[test]
fn a_replica_is_refused() {
    let Some(replica) = server("SLACK_AUTH_POSTGRES_REPLICA", "a_replica_is_refused") else {
        return;
    };
    with_server("a_replica_is_refused", |_| async move {
        let error = fresh(&replica).open().await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused);
        assert!(error.to_string().contains("name the primary"), "{}", words(&error));
    });
}

/// The tables lie on a disk of a few megabytes.
#[test]
fn a_full_disk_is_told_and_overwrites_nothing() {
    const TEST: &str = "a_full_disk_is_told_and_overwrites_nothing";
    let Some(disk) = server("SLACK_AUTH_POSTGRES_SMALL_DISK", TEST) else { return };
    with_server(TEST, |address| async move {
        let (role, tables) = (schema(), schema());
        // Each statement by itself: a tablespace is not made in a transaction.
        for statement in [
            format!("CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'hush'"),
            format!("CREATE TABLESPACE {role} LOCATION '{disk}'"),
            format!("ALTER ROLE {role} SET default_tablespace = {role}"),
            format!("CREATE SCHEMA {tables}"),
            format!(
                "CREATE TABLE {tables}.ballast TABLESPACE {role} AS
                 SELECT repeat(n::text, 300) FROM generate_series(10000, 10500) n"
            ),
        ] {
            sql(&address, &statement).await;
        }
        let as_role = address.replace("//app:", &format!("//{role}:"));
        let store = PostgresStore::builder(&as_role).schema(&*tables).open().await.unwrap();
        let value = |fill: u8| {
            // What compresses well would not fill a disk.
            let mut state = u32::from(fill) + 1;
            let bytes = (0..200_000).map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_be_bytes()[0]
            });
            Write::new(StoredVersion::random().unwrap(), SecretBytes::new(bytes.collect()))
        };
        let key = |number: u8| EntryKey::from_text(&format!("team/T{number:03}")).unwrap();
        let mut written = Vec::new();
        let error = loop {
            let number = u8::try_from(written.len()).unwrap();
            let write = value(number);
            match store.put(&key(number), &write, Precondition::Absent).await {
                Ok(()) => written.push(write),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{}", words(&error));
        assert!(error.to_string().contains("disk is full: make room"), "{}", words(&error));
        assert!(written.len() > 2, "{} fitted", written.len());
        let error = store
            .put(&key(0), &value(99), Precondition::Version(written[0].version))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{}", words(&error));
        for (number, write) in (0..).zip(&written) {
            let entry = store.load(&key(number)).await.unwrap().unwrap();
            assert_eq!(entry.version, write.version);
            assert!(entry.value.as_ref() == write.value.as_ref(), "another value");
        }
        // With room again it goes on.
        sql(&address, &format!("DROP TABLE {tables}.ballast")).await;
        store.put(&key(200), &value(200), Precondition::Absent).await.unwrap();
        sql(&address, &format!("DROP SCHEMA {tables} CASCADE")).await;
        sql(&address, &format!("DROP TABLESPACE {role}")).await;
    });
}
