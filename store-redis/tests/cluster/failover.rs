//! A primary of a cluster is killed, and its replica takes over; replicas are waited for at the node that has the key.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use slack_store::{StoreBackend as _, StoreErrorKind, StoredVersion};
use slack_store_redis::RedisStore;

use crate::{
    key,
    nodes::{Node, Nodes},
    refresh,
    support::{in_tokio, words},
    then, write,
};

/// Primaries with replicas, and a key of each primary.
struct Scene {
    cluster: Nodes,
    keys: Vec<usize>,
    /// The primary that has the indexes, and another one.
    indexes: usize,
    other: usize,
}

impl Scene {
    async fn set(test: &str) -> Option<Self> {
        let options = ["--cluster-node-timeout", "1000", "--cluster-require-full-coverage", "no"];
        let cluster = Nodes::start(test, 3, true, &options).await?;
        let mut keys = Vec::new();
        for primary in 0..3 {
            let mut number = 0;
            while cluster.first_owner(cluster.slot(&format!("{{team/T{number}}}")).await) != primary
            {
                number += 1;
            }
            keys.push(number);
        }
        let indexes = cluster.first_owner(cluster.slot("{slack-auth}").await);
        Some(Self { cluster, keys, indexes, other: (indexes + 1) % 3 })
    }

    fn primary(&self, number: usize) -> &Node {
        &self.cluster.nodes[number]
    }

    fn replica(&self, number: usize) -> &Node {
        &self.cluster.nodes[number + 3]
    }
}

#[test]
fn a_killed_primary_stops_nobody_else_and_its_replica_is_found() {
    in_tokio(async {
        let test = "a_killed_primary_stops_nobody_else_and_its_replica_is_found";
        let Some(mut scene) = Scene::set(test).await else { return };
        let address = scene.primary(scene.other).server.address();
        let timeout = Duration::from_secs(2);
        let store = RedisStore::builder(&address).timeout(timeout).open().await.unwrap();
        for number in &scene.keys {
            refresh(&store, &key(*number), 0).await;
        }
        let victim = scene.other;
        assert_eq!(scene.primary(victim).tell("WAIT 1 5000").await.unwrap(), redis::Value::Int(1));

        scene.cluster.nodes[victim].server.kill();
        let mut versions = [1; 3];
        let (killed, lost) = (Instant::now(), key(scene.keys[victim]));
        let mut tried = 0;
        while !scene.replica(victim).text("INFO replication").await.contains("role:master") {
            assert!(killed.elapsed() < Duration::from_secs(20), "no replica takes over");
            for (place, number) in scene.keys.iter().enumerate() {
                if place != victim {
                    let begin = Instant::now();
                    refresh(&store, &key(*number), versions[place]).await;
                    versions[place] += 1;
                    assert!(begin.elapsed() < timeout, "{:?}", begin.elapsed());
                }
            }
            if tried < 2 {
                tried += 1;
                let begin = Instant::now();
                let error = store.put(&lost, &write(2), then(1)).await.unwrap_err();
                // Only the first one may have been sent.
                let unknown = tried == 1 && error.is_unknown();
                assert!(
                    unknown || error.kind() == StoreErrorKind::Unavailable,
                    "{}",
                    words(&error)
                );
                let error = store.load(&lost).await.unwrap_err();
                assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{}", words(&error));
                assert!(begin.elapsed() < timeout * 2, "{:?}", begin.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(tried, 2, "the primary was not missed");
        // The others have heard of it by then.
        tokio::time::sleep(Duration::from_millis(500)).await;
        for (place, number) in scene.keys.iter().enumerate() {
            refresh(&store, &key(*number), versions[place]).await;
        }

        // It comes back as a replica, by which the cluster is found as well.
        scene.cluster.nodes[victim].server.crash_and_start_again();
        let online = |info: &str| info.contains("master_link_status:up");
        scene.primary(victim).until("INFO replication", online).await;
        let careful = RedisStore::builder(&address).wait_for_replicas(1).open().await.unwrap();
        for (place, number) in scene.keys.iter().enumerate() {
            refresh(&careful, &key(*number), versions[place] + 1).await;
        }
    });
}

/// As for maintenance: the replica has everything before it takes over.
#[test]
fn a_failover_that_somebody_asks_for_fails_no_call() {
    in_tokio(async {
        let test = "a_failover_that_somebody_asks_for_fails_no_call";
        let Some(scene) = Scene::set(test).await else { return };
        let address = scene.primary(scene.indexes).server.address();
        let store = RedisStore::open(&address).await.unwrap();
        let ends = Arc::new(AtomicBool::new(false));
        let refreshing: Vec<_> = scene
            .keys
            .iter()
            .map(|number| {
                let (store, key, ends) = (store.clone(), key(*number), ends.clone());
                tokio::spawn(async move {
                    let mut version = 0;
                    while !ends.load(Ordering::SeqCst) {
                        refresh(&store, &key, version).await;
                        version += 1;
                    }
                    version
                })
            })
            .collect();
        for number in [scene.other, scene.indexes] {
            scene.replica(number).tell("CLUSTER FAILOVER").await.unwrap();
            let leads = |info: &str| info.contains("role:master");
            scene.replica(number).until("INFO replication", leads).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        ends.store(true, Ordering::SeqCst);
        for (number, refreshing) in scene.keys.iter().zip(refreshing) {
            let version = refreshing.await.unwrap();
            let found = store.load(&key(*number)).await.unwrap().unwrap();
            assert_eq!(found.version, StoredVersion::new(version));
        }
    });
}

#[test]
fn a_node_that_stands_still_holds_up_nobody_else() {
    in_tokio(async {
        let test = "a_node_that_stands_still_holds_up_nobody_else";
        let Some(cluster) = Nodes::start(test, 2, false, &[]).await else { return };
        let indexes = cluster.first_owner(cluster.slot("{slack-auth}").await);
        let mut keys = [None; 2];
        for number in 0..20 {
            let slot = cluster.slot(&format!("{{team/T{number}}}")).await;
            keys[cluster.first_owner(slot)] = Some(number);
        }
        let (near, far) = (key(keys[indexes].unwrap()), key(keys[1 - indexes].unwrap()));
        let timeout = Duration::from_millis(800);
        let store = RedisStore::builder(&cluster.nodes[1 - indexes].server.address());
        let store = store.timeout(timeout).open().await.unwrap();
        refresh(&store, &far, 0).await;
        let stopped = &cluster.nodes[1 - indexes].server;
        stopped.signal("STOP");
        for number in 0..3 {
            let held_up = tokio::spawn({
                let (store, far) = (store.clone(), far.clone());
                async move {
                    let begin = Instant::now();
                    (store.put(&far, &write(2), then(1)).await, begin.elapsed())
                }
            });
            let begin = Instant::now();
            refresh(&store, &near, number).await;
            assert!(begin.elapsed() < timeout / 2, "{:?}", begin.elapsed());
            let (written, took) = held_up.await.unwrap();
            let kind = written.unwrap_err().kind();
            assert!(matches!(kind, StoreErrorKind::Unknown | StoreErrorKind::Unavailable));
            assert!(took < timeout * 2, "{took:?}");
        }
        stopped.signal("CONT");
        // One of those writes may have taken place once the node went on.
        let found = store.load(&far).await.unwrap().unwrap().version.as_u64();
        assert!(matches!(found, 1 | 2), "{found}");
    });
}

#[test]
fn replicas_are_waited_for_at_the_node_that_has_the_key() {
    in_tokio(async {
        let test = "replicas_are_waited_for_at_the_node_that_has_the_key";
        let Some(scene) = Scene::set(test).await else { return };
        let store = RedisStore::builder(&scene.primary(scene.indexes).server.address());
        let store = store.wait_for_replicas(1).timeout(Duration::from_millis(1500));
        let store = store.open().await.unwrap();
        for number in &scene.keys {
            refresh(&store, &key(*number), 0).await;
        }
        let paused = scene.replica(scene.other);
        paused.server.signal("STOP");
        for (place, number) in scene.keys.iter().enumerate() {
            let written = store.put(&key(*number), &write(2), then(1)).await;
            if place == scene.other {
                let error = written.unwrap_err();
                assert!(error.is_unknown(), "{}", words(&error));
                let port = scene.primary(place).server.port;
                assert!(words(&error).contains(&format!("127.0.0.1:{port}: 0 of 1 replicas")));
                // It took place, and does not count yet.
                let unread = store.load(&key(*number)).await.unwrap_err();
                assert_eq!(unread.kind(), StoreErrorKind::Unavailable, "{}", words(&unread));
            } else {
                written.unwrap();
            }
        }
        paused.server.signal("CONT");
        let number = scene.keys[scene.other];
        let end = Instant::now() + Duration::from_secs(20);
        let found = loop {
            match store.load(&key(number)).await {
                Ok(found) => break found.unwrap(),
                Err(error) => assert!(Instant::now() < end, "{}", words(&error)),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        assert_eq!(found.version, StoredVersion::new(2));

        // Without the replica of the indexes nothing is written, which is known.
        let paused = scene.replica(scene.indexes);
        paused.server.signal("STOP");
        let written = store.put(&key(number), &write(3), then(2)).await.unwrap_err();
        assert_eq!(written.kind(), StoreErrorKind::Unavailable, "{}", words(&written));
        assert!(words(&written).contains("the entry was not"), "{}", words(&written));
        let found = store.load(&key(number)).await.unwrap().unwrap();
        assert_eq!(found.version, StoredVersion::new(2));
        paused.server.signal("CONT");
        let end = Instant::now() + Duration::from_secs(20);
        while let Err(error) = store.put(&key(number), &write(3), then(2)).await {
            assert!(Instant::now() < end && !error.is_conflict(), "{}", words(&error));
        }
    });
}
