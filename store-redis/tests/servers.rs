//! Servers that crash, stand still, become replicas, or are set up in a way that loses tokens.

#[path = "support/own.rs"]
mod own;
#[expect(dead_code, reason = "each test program needs a part of it")]
mod support;

use std::time::{Duration, Instant};

use own::{Relay, Server, Tls, free_port};
use slack_store::{
    EntryKey, LeaseHolder, LeaseOutcome, Precondition, Query, SecretBytes, StoreBackend as _,
    StoreError, StoreErrorKind, StoredVersion, Write,
};
use slack_store_redis::RedisStore;
use support::{in_tokio, words};

fn key() -> EntryKey {
    EntryKey::from_text("team/T1").unwrap()
}

fn write(number: u64) -> Write {
    Write::new(StoredVersion::new(number), SecretBytes::new(b"hush-hush".to_vec()))
}

fn then(number: u64) -> Precondition {
    Precondition::Version(StoredVersion::new(number))
}

async fn version(store: &RedisStore) -> Result<Option<u64>, StoreError> {
    Ok(store.load(&key()).await?.map(|entry| entry.version.as_u64()))
}

/// Sends one command; words are parted by blanks.
async fn run(address: &str, command: &str) -> redis::Value {
    let client = redis::Client::open(address).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut words = command.split(' ');
    let mut built = redis::cmd(words.next().unwrap());
    for word in words {
        built.arg(word);
    }
    built.query_async(&mut connection).await.unwrap()
}

#[test]
fn a_server_that_may_lose_writes_is_refused_unless_it_is_allowed() {
    let test = "a_server_that_may_lose_writes_is_refused_unless_it_is_allowed";
    let Some(server) = Server::start(test, &["--appendfsync", "everysec"]) else { return };
    in_tokio(async {
        let error = RedisStore::open(&server.address()).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused);
        assert!(error.to_string().contains("appendfsync always"), "{error}");
        run(&server.address(), "CONFIG SET appendfsync always").await;
        RedisStore::open(&server.address()).await.unwrap();
        run(&server.address(), "CONFIG SET maxmemory-policy volatile-lru").await;
        let error = RedisStore::open(&server.address()).await.unwrap_err();
        assert!(error.to_string().contains("maxmemory-policy noeviction"), "{error}");
        let allowed = RedisStore::builder(&server.address()).may_lose_writes(true);
        allowed.open().await.unwrap();
    });
}

/// The permissions are those that the documentation names.
#[test]
fn a_user_with_the_documented_permissions_is_enough() {
    let test = "a_user_with_the_documented_permissions_is_enough";
    let Some(server) = Server::start(test, &[]) else { return };
    let documentation = include_str!("../src/store.md");
    let command = documentation.lines().find(|line| line.starts_with("ACL SETUSER")).unwrap();
    in_tokio(async {
        run(&server.address(), command).await;
        let address = server.address().replace("redis://", "redis://app:PASSWORD@");
        let store = RedisStore::open(&address).await.unwrap();
        let mut due = write(7);
        (due.due_in, due.attention) = (Some(Duration::ZERO), true);
        store.put(&key(), &due, Precondition::Absent).await.unwrap();
        assert_eq!(version(&store).await.unwrap(), Some(7));
        let queries = [
            Query::Keys { prefix: String::new() },
            Query::DueWithin(Duration::ZERO),
            Query::Attention,
        ];
        for query in queries {
            assert_eq!(store.find(&query, None, 9).await.unwrap().items.len(), 1, "{query:?}");
        }
        let holder = LeaseHolder::random().unwrap();
        let length = Duration::from_secs(9);
        let taken = store.acquire(&key(), "bot", holder, length).await.unwrap();
        assert_eq!(taken, LeaseOutcome::Granted);
        assert!(store.lease(&key(), "bot").await.unwrap().is_some());
        store.release(&key(), "bot", holder).await.unwrap();
        store.remove(&key(), StoredVersion::new(7)).await.unwrap();
        // Without one of them it is said what is missing.
        run(&server.address(), "ACL SETUSER app -config|get").await;
        let error = RedisStore::open(&address).await.unwrap_err();
        assert!(error.to_string().contains("CONFIG GET"), "{}", words(&error));
        run(&server.address(), "ACL SETUSER app -eval").await;
        let error = version(&store).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused, "{}", words(&error));
        assert!(error.to_string().contains("permission"), "{error}");
    });
}

#[test]
fn what_was_acknowledged_outlives_a_crash() {
    let test = "what_was_acknowledged_outlives_a_crash";
    let Some(mut server) = Server::start(test, &[]) else { return };
    in_tokio(async {
        let store = RedisStore::open(&server.address()).await.unwrap();
        store.put(&key(), &write(1), Precondition::Absent).await.unwrap();
        for number in 1..20 {
            store.put(&key(), &write(number + 1), then(number)).await.unwrap();
            if number % 6 == 0 {
                server.crash_and_start_again();
                // The connection that is gone is noticed once; nothing is sent again by itself.
                let _ = version(&store).await;
                assert_eq!(version(&store).await.unwrap(), Some(number + 1));
            }
        }
    });
}

#[test]
fn a_write_whose_answer_is_lost_is_unknown_and_was_done_once() {
    let test = "a_write_whose_answer_is_lost_is_unknown_and_was_done_once";
    let Some(server) = Server::start(test, &[]) else { return };
    in_tokio(async {
        let relay = Relay::to(server.socket());
        let store = RedisStore::open(&relay.address()).await.unwrap();
        store.put(&key(), &write(1), Precondition::Absent).await.unwrap();
        relay.swallow(true);
        let error = store.put(&key(), &write(2), then(1)).await.unwrap_err();
        assert!(error.is_unknown(), "{}", words(&error));
        let holder = LeaseHolder::random().unwrap();
        let lost = store.acquire(&key(), "bot", holder, Duration::from_secs(9)).await.unwrap_err();
        assert!(matches!(lost.kind(), StoreErrorKind::Unknown | StoreErrorKind::Unavailable));
        relay.swallow(false);
        assert_eq!(version(&store).await.unwrap(), Some(2));
        // Whoever holds a lease without knowing it gets it by asking again.
        let again = store.acquire(&key(), "bot", holder, Duration::from_secs(9)).await.unwrap();
        assert_eq!(again, LeaseOutcome::Granted);
    });
}

#[test]
fn a_server_that_stands_still_holds_nobody_for_longer_than_the_timeout() {
    let test = "a_server_that_stands_still_holds_nobody_for_longer_than_the_timeout";
    let Some(server) = Server::start(test, &[]) else { return };
    in_tokio(async {
        let timeout = Duration::from_millis(800);
        let store = RedisStore::builder(&server.address()).timeout(timeout).open().await.unwrap();
        store.put(&key(), &write(1), Precondition::Absent).await.unwrap();
        server.signal("STOP");
        for _ in 0..3 {
            let begin = Instant::now();
            let error = store.put(&key(), &write(2), then(1)).await.unwrap_err();
            assert!(begin.elapsed() < timeout * 3, "{:?}", begin.elapsed());
            assert!(
                matches!(error.kind(), StoreErrorKind::Unknown | StoreErrorKind::Unavailable),
                "{}",
                words(&error)
            );
        }
        server.signal("CONT");
        // The first of the three may have taken place once the server went on.
        assert!(matches!(version(&store).await.unwrap(), Some(1 | 2)));
    });
}

#[test]
fn a_failover_is_followed_and_a_demoted_server_is_not_believed() {
    let test = "a_failover_is_followed_and_a_demoted_server_is_not_believed";
    let Some(old) = Server::start(test, &[]) else { return };
    let Some(new) = Server::start(test, &[]) else { return };
    in_tokio(async {
        run(&new.address(), &format!("REPLICAOF 127.0.0.1 {}", old.port)).await;
        let relay = Relay::to(old.socket());
        let store = RedisStore::builder(&relay.address()).wait_for_replicas(1);
        let store = store.open().await.unwrap();
        until_connected(&old).await;
        store.put(&key(), &write(1), Precondition::Absent).await.unwrap();

        // The replica takes over; the address leads to it, and the connection still to the other one.
        run(&new.address(), "REPLICAOF NO ONE").await;
        run(&old.address(), &format!("REPLICAOF 127.0.0.1 {}", new.port)).await;
        relay.lead_to(new.socket());
        until_connected(&new).await;
        let error = version(&store).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert!(error.to_string().contains("replica"), "{error}");
        // The next operation goes where the address leads.
        assert_eq!(version(&store).await.unwrap(), Some(1));
        store.put(&key(), &write(2), then(1)).await.unwrap();
        assert_eq!(version(&store).await.unwrap(), Some(2));
    });
}

#[test]
fn a_write_that_too_few_replicas_have_is_unknown() {
    let test = "a_write_that_too_few_replicas_have_is_unknown";
    let Some(server) = Server::start(test, &[]) else { return };
    in_tokio(async {
        let store = RedisStore::builder(&server.address());
        let store = store.wait_for_replicas(1).timeout(Duration::from_secs(1));
        let store = store.open().await.unwrap();
        let begin = Instant::now();
        let error = store.put(&key(), &write(1), Precondition::Absent).await.unwrap_err();
        assert!(error.is_unknown(), "{}", words(&error));
        assert!(words(&error).contains("0 of 1 replicas"), "{}", words(&error));
        assert!(begin.elapsed() < Duration::from_secs(3));
        // It took place, and does not count: its own process is not told of it. Others see it.
        let unread = version(&store).await.unwrap_err();
        assert_eq!(unread.kind(), StoreErrorKind::Unavailable);
        assert!(words(&unread).contains("too few replicas have what this process wrote"));
        let other = RedisStore::open(&server.address()).await.unwrap();
        assert_eq!(version(&other).await.unwrap(), Some(1));
        // What writes nothing waits for nobody.
        let conflict = store.put(&key(), &write(2), Precondition::Absent).await.unwrap_err();
        assert!(conflict.is_conflict(), "{}", words(&conflict));
    });
}

#[test]
fn who_reads_does_not_wait_for_replicas() {
    let test = "who_reads_does_not_wait_for_replicas";
    let Some(server) = Server::start(test, &[]) else { return };
    in_tokio(async {
        let store = RedisStore::builder(&server.address()).wait_for_replicas(1);
        let store = store.timeout(Duration::from_secs(4)).open().await.unwrap();
        let writer = store.clone();
        let writing = tokio::spawn(async move {
            let other = EntryKey::from_text("team/T2").unwrap();
            writer.put(&other, &write(1), Precondition::Absent).await
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        let begin = Instant::now();
        assert_eq!(version(&store).await.unwrap(), None);
        let took = begin.elapsed();
        assert!(!writing.is_finished(), "no replica is there, and it was not waited for");
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert!(writing.await.unwrap().unwrap_err().is_unknown());
    });
}

#[test]
fn a_replica_is_no_store() {
    let test = "a_replica_is_no_store";
    let Some(primary) = Server::start(test, &[]) else { return };
    let Some(replica) = Server::start(test, &[]) else { return };
    in_tokio(async {
        run(&replica.address(), &format!("REPLICAOF 127.0.0.1 {}", primary.port)).await;
        let error = RedisStore::open(&replica.address()).await.unwrap_err();
        assert!(error.to_string().contains("replica"), "{}", words(&error));
    });
}

#[test]
fn a_full_memory_is_said_and_loses_nothing() {
    let test = "a_full_memory_is_said_and_loses_nothing";
    let Some(server) = Server::start(test, &[]) else { return };
    in_tokio(async {
        let store = RedisStore::open(&server.address()).await.unwrap();
        store.put(&key(), &write(1), Precondition::Absent).await.unwrap();
        let holder = LeaseHolder::random().unwrap();
        let length = Duration::from_secs(60);
        let taken = store.acquire(&key(), "bot", holder, length).await.unwrap();
        assert_eq!(taken, LeaseOutcome::Granted);
        run(&server.address(), "CONFIG SET maxmemory 1").await;
        let error = store.put(&key(), &write(2), then(1)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{}", words(&error));
        assert!(error.to_string().contains("maxmemory"), "{error}");
        run(&server.address(), "CONFIG SET maxmemory 0").await;
        assert_eq!(version(&store).await.unwrap(), Some(1));
    });
}

#[test]
fn a_server_is_reached_by_tls_if_its_certificate_is_good() {
    let test = "a_server_is_reached_by_tls_if_its_certificate_is_good";
    let (tls, port) = (Tls::of("localhost"), free_port());
    let options = [vec!["--tls-port".to_owned(), port.to_string()], tls.options()].concat();
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let Some(_server) = Server::start(test, &options) else { return };
    let (pem, other) = (&tls.ca, &Tls::of("localhost").ca);
    in_tokio(async {
        let store = |host: &str, pem: &str| {
            let address = format!("rediss://{host}:{port}");
            RedisStore::builder(&address)
                .ca_certificates(pem)
                .timeout(Duration::from_secs(3))
                .open()
        };
        let good = store("localhost", pem).await.unwrap();
        good.put(&key(), &write(1), Precondition::Absent).await.unwrap();
        assert_eq!(version(&good).await.unwrap(), Some(1));
        for (host, pem) in [("localhost", other), ("127.0.0.1", pem)] {
            let error = store(host, pem).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Refused, "{host}: {}", words(&error));
            assert!(error.to_string().contains("certificate"), "{host}: {}", words(&error));
        }
    });
}

async fn until_connected(primary: &Server) {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let info = run(&primary.address(), "INFO replication").await;
        let info: String = redis::from_redis_value(info).unwrap();
        if info.contains("state=online") {
            return;
        }
        assert!(Instant::now() < end, "{info}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
