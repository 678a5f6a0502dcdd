//! A cluster: commands go to the node that has the key, while slots move as well.

mod failover;
mod nodes;
#[expect(dead_code, reason = "each test program needs a part of it")]
#[path = "../support/own.rs"]
mod own;
#[expect(dead_code, reason = "each test program needs a part of it")]
#[path = "../support/mod.rs"]
mod support;
mod tls;

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use nodes::{Node, Nodes};
use own::{Relay, Server};
use slack_store::{
    EntryKey, LeaseHolder, LeaseOutcome, Loaded, Precondition, Query, SecretBytes,
    StoreBackend as _, StoreErrorKind, StoredVersion, Write, conformance::Suite,
};
use slack_store_redis::RedisStore;
use support::{in_tokio, words};

const LENGTH: Duration = Duration::from_secs(20);

fn key(number: usize) -> EntryKey {
    EntryKey::from_text(&format!("team/T{number}")).unwrap()
}

fn write(number: u64) -> Write {
    let mut write = Write::new(StoredVersion::new(number), SecretBytes::new(b"hush".to_vec()));
    write.due_in = Some(LENGTH);
    write
}

fn then(number: u64) -> Precondition {
    match number {
        0 => Precondition::Absent,
        number => Precondition::Version(StoredVersion::new(number)),
    }
}

/// What a refresh does.
async fn refresh(store: &RedisStore, key: &EntryKey, number: u64) {
    let holder = LeaseHolder::random().unwrap();
    let (outcome, loaded) = store.acquire_and_load(key, "bot", holder, LENGTH).await.unwrap();
    assert_eq!(outcome, LeaseOutcome::Granted);
    match loaded {
        Loaded::Absent => assert_eq!(number, 0),
        Loaded::Found(found) => assert_eq!(found.version, StoredVersion::new(number)),
        Loaded::NotRead => panic!("nothing was read"),
    }
    store.put(key, &write(number + 1), then(number)).await.unwrap();
    assert_eq!(store.lease(key, "bot").await.unwrap().unwrap().holder, holder);
    store.release(key, "bot", holder).await.unwrap();
}

async fn count(store: &RedisStore, query: &Query) -> usize {
    store.find(query, None, 100).await.unwrap().items.len()
}

fn all() -> Query {
    Query::Keys { prefix: String::new() }
}

#[test]
fn the_whole_suite_over_a_cluster() {
    in_tokio(async {
        let test = "the_whole_suite_over_a_cluster";
        let Some(cluster) = Nodes::start(test, 3, false, &[]).await else { return };
        let addresses: Vec<_> = cluster.nodes.iter().map(|node| node.server.address()).collect();
        // Any node will do, and a place is a prefix of its own.
        let suite = Suite::new(move |place| {
            let address = &addresses[place.name.len() % 3];
            RedisStore::builder(address).prefix(format!("suite-{}", place.name)).open()
        });
        let report = suite.run().await;
        println!("{report}");
        report.assert_passed();
        for node in cluster.primaries() {
            let keys: u32 = redis::from_redis_value(node.tell("DBSIZE").await.unwrap()).unwrap();
            assert!(keys > 0, "a node was left out");
        }
        assert_eq!(cluster.errors("CROSSSLOT").await, 0);
    });
}

/// Each of the nodes is looked at, and the one that is refused is named.
#[test]
fn a_cluster_is_opened_by_any_node_if_all_keep_what_they_acknowledge() {
    in_tokio(async {
        let test = "a_cluster_is_opened_by_any_node_if_all_keep_what_they_acknowledge";
        let Some(cluster) = Nodes::start(test, 3, false, &[]).await else { return };
        for node in &cluster.nodes {
            let store = RedisStore::open(&node.server.address()).await.unwrap();
            assert_eq!(count(&store, &all()).await, 0);
        }
        let [first, bad, last] = &*cluster.nodes else { panic!("three nodes were started") };
        for (setting, good) in
            [("appendfsync everysec", "always"), ("maxmemory-policy volatile-lru", "noeviction")]
        {
            bad.tell(&format!("CONFIG SET {setting}")).await.unwrap();
            let error = RedisStore::open(&first.server.address()).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Refused);
            let (words, port) = (words(&error), bad.server.port);
            let name = setting.split(' ').next().unwrap();
            assert!(words.contains(&format!("{name} {good}")), "{words}");
            assert!(words.contains(&format!("127.0.0.1:{port}: {}", setting.replace(' ', " is "))));
            bad.tell(&format!("CONFIG SET {name} {good}")).await.unwrap();
        }
        // The address does not answer, and a startup node does.
        let address = |node: &Node| format!("127.0.0.1:{}", node.server.port);
        let store = RedisStore::builder("redis://127.0.0.1:1");
        let store = store.startup_nodes(["127.0.0.1:2".to_owned(), address(last)]);
        refresh(&store.open().await.unwrap(), &key(1), 0).await;
        let alone = Server::start(test, &[]).unwrap();
        let error = RedisStore::builder(&alone.address()).startup_nodes([address(last)]);
        let error = error.open().await.unwrap_err();
        assert!(error.to_string().contains("no node of a cluster"), "{}", words(&error));
        let error = RedisStore::builder(&alone.address()).startup_nodes(["one"]);
        assert_eq!(error.open().await.unwrap_err().kind(), StoreErrorKind::Refused);
    });
}

#[test]
fn slots_move_while_they_are_in_use() {
    in_tokio(async {
        let test = "slots_move_while_they_are_in_use";
        let Some(cluster) = Nodes::start(test, 3, false, &[]).await else { return };
        let store = RedisStore::open(&cluster.nodes[0].server.address()).await.unwrap();
        let ends = Arc::new(AtomicBool::new(false));
        let mut workers = Vec::new();
        for number in 0..WORKERS {
            let (store, ends) = (store.clone(), ends.clone());
            workers.push(tokio::spawn(async move {
                let mut done = 0;
                while !ends.load(Ordering::SeqCst) {
                    refresh(&store, &key(number), done).await;
                    done += 1;
                    let found = count(&store, &all()).await;
                    assert!((1..=WORKERS).contains(&found), "{found}");
                }
                done
            }));
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut moved = vec!["slack-auth:index:{slack-auth}:all".to_owned()];
        moved.extend((0..4).map(|number| format!("slack-auth:entry:{{{}}}", key(number).as_str())));
        for key in moved {
            let slot = cluster.slot(&key).await;
            let from = cluster.first_owner(slot);
            let pause = Duration::from_millis(60);
            cluster.move_slot(slot, from, (from + 1) % 3, pause).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        ends.store(true, Ordering::SeqCst);
        for (number, worker) in workers.into_iter().enumerate() {
            let done = worker.await.unwrap();
            let found = store.load(&key(number)).await.unwrap().unwrap();
            assert_eq!(found.version, StoredVersion::new(done));
        }
        for query in [all(), Query::DueWithin(2 * LENGTH)] {
            assert_eq!(count(&store, &query).await, WORKERS);
        }
        for code in ["MOVED", "ASK", "TRYAGAIN"] {
            assert!(cluster.errors(code).await > 0, "no node has answered {code}");
        }
        // Who was sent elsewhere once goes there by itself from then on.
        let slot = cluster.slot(&format!("{{{}}}", key(0).as_str())).await;
        let from = (cluster.first_owner(slot) + 1) % 3;
        let before = cluster.errors("MOVED").await;
        cluster.move_slot(slot, from, (from + 1) % 3, Duration::ZERO).await;
        for _ in 0..3 {
            assert!(store.load(&key(0)).await.unwrap().is_some());
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
        assert_eq!(cluster.errors("MOVED").await, before + 1);
        // A process that starts now finds the same.
        let later = RedisStore::open(&cluster.nodes[2].server.address()).await.unwrap();
        assert_eq!(count(&later, &all()).await, WORKERS);
    });
}

/// How many installations are refreshed meanwhile.
const WORKERS: usize = 6;

#[test]
fn a_slot_that_nobody_has_is_an_error_in_time() {
    in_tokio(async {
        let test = "a_slot_that_nobody_has_is_an_error_in_time";
        let options = ["--cluster-require-full-coverage", "no"];
        let Some(node) = Node::start(test, &options).await else { return };
        node.tell("CLUSTER ADDSLOTSRANGE 0 16383").await.unwrap();
        node.until("CLUSTER INFO", |info| info.contains("cluster_state:ok")).await;
        let store = RedisStore::builder(&node.server.address());
        let store = store.timeout(Duration::from_millis(400)).open().await.unwrap();
        refresh(&store, &key(1), 0).await;
        let slot = node.tell("CLUSTER KEYSLOT {team/T1}").await.unwrap();
        let slot: u16 = redis::from_redis_value(slot).unwrap();
        node.tell(&format!("CLUSTER DELSLOTS {slot}")).await.unwrap();
        let begin = std::time::Instant::now();
        for error in [
            store.load(&key(1)).await.unwrap_err(),
            store.put(&key(1), &write(2), then(1)).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{}", words(&error));
            assert!(error.to_string().contains("no primary for the key"), "{}", words(&error));
        }
        // A listing does not leave out what it cannot look at.
        let error = store.find(&all(), None, 10).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{}", words(&error));
        assert!(begin.elapsed() < Duration::from_secs(6), "{:?}", begin.elapsed());
        refresh(&store, &key(2), 0).await;
        // As soon as a node has it calls that wait go on. One that says nothing is not waited for.
        let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = silent.local_addr().unwrap().to_string();
        let store = RedisStore::builder(&node.server.address()).startup_nodes([address]);
        let store = store.timeout(Duration::from_secs(2)).open().await.unwrap();
        let waiting = tokio::spawn(async move { store.put(&key(1), &write(2), then(1)).await });
        tokio::time::sleep(Duration::from_millis(500)).await;
        node.tell(&format!("CLUSTER ADDSLOTS {slot}")).await.unwrap();
        waiting.await.unwrap().unwrap();
    });
}

/// What a node has refused is sent to another one, and nothing else is sent twice.
#[test]
fn nothing_is_sent_again_whose_answer_is_lost() {
    in_tokio(async {
        let test = "nothing_is_sent_again_whose_answer_is_lost";
        // The cluster announces the relay.
        let relay = Relay::to((Ipv4Addr::LOCALHOST, 1).into());
        let options = ["--cluster-announce-port", &relay.port.to_string()];
        let Some(node) = Node::start(test, &options).await else { return };
        relay.lead_to(node.server.socket());
        node.tell("CLUSTER ADDSLOTSRANGE 0 16383").await.unwrap();
        node.until("CLUSTER INFO", |info| info.contains("cluster_state:ok")).await;
        let store = RedisStore::open(&node.server.address()).await.unwrap();
        refresh(&store, &key(1), 0).await;
        // What was sent and not waited for has come there.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let before = scripts(&node).await;
        relay.swallow(true);
        // The indexes come first; without their word the entry is not sent.
        let error = store.put(&key(1), &write(2), then(1)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{}", words(&error));
        assert_eq!(scripts(&node).await, before + 1);
        let holder = LeaseHolder::random().unwrap();
        let lost = store.acquire(&key(1), "bot", holder, LENGTH).await.unwrap_err();
        assert!(lost.is_unknown(), "{}", words(&lost));
        assert_eq!(scripts(&node).await, before + 2);
        relay.swallow(false);
        let again = store.acquire(&key(1), "bot", holder, LENGTH).await.unwrap();
        assert_eq!(again, LeaseOutcome::Granted);
        refresh(&store, &key(2), 0).await;
        let found = store.load(&key(1)).await.unwrap().unwrap();
        assert_eq!(found.version, StoredVersion::new(1));
    });
}

/// How many scripts a node was sent.
async fn scripts(node: &Node) -> u64 {
    let stats = node.text("INFO commandstats").await;
    let calls = stats.lines().find_map(|line| line.strip_prefix("cmdstat_eval:calls=")).unwrap();
    calls.split(',').next().unwrap().parse().unwrap()
}

/// Whoever speaks for the cluster cannot make the store send the password over an open line.
#[test]
fn a_node_elsewhere_is_not_reached_without_tls() {
    in_tokio(async {
        let test = "a_node_elsewhere_is_not_reached_without_tls";
        let options = ["--cluster-announce-ip", "192.0.2.7"];
        let Some(node) = Node::start(test, &options).await else { return };
        node.tell("CLUSTER ADDSLOTSRANGE 0 16383").await.unwrap();
        node.until("CLUSTER INFO", |info| info.contains("cluster_state:ok")).await;
        let error = RedisStore::open(&node.server.address()).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused, "{}", words(&error));
        assert!(words(&error).contains("192.0.2.7"), "{}", words(&error));
        assert!(error.to_string().contains("unencrypted"), "{error}");
    });
}
