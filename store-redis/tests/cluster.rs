//! A cluster: no script touches two hash slots, and a node that does not have a slot says what to do.

#[expect(dead_code, reason = "each test program needs a part of it")]
#[path = "support/own.rs"]
mod own;
#[expect(dead_code, reason = "each test program needs a part of it")]
mod support;

use std::time::Duration;

use own::{Server, free_port};
use slack_store::{
    EntryKey, LeaseHolder, LeaseOutcome, Loaded, Precondition, Query, SecretBytes,
    StoreBackend as _, StoreErrorKind, StoredVersion, Write,
};
use slack_store_redis::RedisStore;
use support::{in_tokio, words};

struct Node {
    server: Server,
    bus: u16,
}

impl Node {
    fn start(test: &str) -> Option<Self> {
        let bus = free_port();
        let options = ["--cluster-enabled", "yes", "--cluster-port", &bus.to_string()];
        Some(Self { server: Server::start(test, &options)?, bus })
    }

    async fn tell(&self, words: &[&str]) -> String {
        let client = redis::Client::open(self.server.address()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut command = redis::cmd("CLUSTER");
        for word in words {
            command.arg(word);
        }
        command.query_async(&mut connection).await.unwrap()
    }

    async fn wait(&self) {
        for _ in 0..200 {
            if self.tell(&["INFO"]).await.contains("cluster_state:ok") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the cluster is not ready: {}", self.tell(&["INFO"]).await);
    }
}

const LENGTH: Duration = Duration::from_secs(20);

fn write(number: u64) -> Write {
    let mut write = Write::new(StoredVersion::new(number), SecretBytes::new(b"hush".to_vec()));
    write.due_in = Some(LENGTH);
    write
}

#[test]
fn no_script_crosses_slots() {
    let Some(node) = Node::start("no_script_crosses_slots") else { return };
    in_tokio(async {
        node.tell(&["ADDSLOTSRANGE", "0", "16383"]).await;
        node.wait().await;
        let store = RedisStore::open(&node.server.address()).await.unwrap();
        let holder = LeaseHolder::random().unwrap();
        for number in 0..40 {
            let key = EntryKey::from_text(&format!("team/T{number}")).unwrap();
            store.put(&key, &write(1), Precondition::Absent).await.unwrap();
            let (outcome, loaded) =
                store.acquire_and_load(&key, "bot", holder, LENGTH).await.unwrap();
            assert_eq!(outcome, LeaseOutcome::Granted);
            let Loaded::Found(found) = loaded else { panic!("{loaded:?}") };
            assert_eq!(found.version, StoredVersion::new(1));
            let then = Precondition::Version(found.version);
            store.put(&key, &write(2), then).await.unwrap();
            assert_eq!(store.lease(&key, "bot").await.unwrap().unwrap().holder, holder);
            store.release(&key, "bot", holder).await.unwrap();
            assert_eq!(store.acquire(&key, "bot", holder, LENGTH).await.unwrap(), outcome);
        }
        let all = Query::Keys { prefix: String::new() };
        for query in [all, Query::DueWithin(2 * LENGTH)] {
            assert_eq!(store.find(&query, None, 100).await.unwrap().items.len(), 40);
        }
        let key = EntryKey::from_text("team/T0").unwrap();
        store.remove(&key, StoredVersion::new(2)).await.unwrap();
        assert!(store.load(&key).await.unwrap().is_none());
    });
}

#[test]
fn a_node_without_the_slot_says_what_to_do() {
    let test = "a_node_without_the_slot_says_what_to_do";
    let (Some(one), Some(other)) = (Node::start(test), Node::start(test)) else { return };
    in_tokio(async {
        let halves = [["0", "8191"], ["8192", "16383"]];
        for (node, [first, last]) in [&one, &other].into_iter().zip(halves) {
            node.tell(&["ADDSLOTSRANGE", first, last]).await;
        }
        let (port, bus) = (other.server.port.to_string(), other.bus.to_string());
        one.tell(&["MEET", "127.0.0.1", &port, &bus]).await;
        one.wait().await;
        other.wait().await;
        let mut refused = 0;
        for node in [&one, &other] {
            let store = match RedisStore::open(&node.server.address()).await {
                Ok(store) => store,
                Err(error) => {
                    assert!(words(&error).contains("a node of a cluster"), "{}", words(&error));
                    refused += 1;
                    continue;
                }
            };
            for number in 0..40 {
                let key = EntryKey::from_text(&format!("team/T{number}")).unwrap();
                if let Err(error) = store.load(&key).await {
                    assert_eq!(error.kind(), StoreErrorKind::Refused);
                    assert!(words(&error).contains("a node of a cluster"), "{}", words(&error));
                    refused += 1;
                }
            }
        }
        assert!(refused > 1, "neither node has all slots");
    });
}
