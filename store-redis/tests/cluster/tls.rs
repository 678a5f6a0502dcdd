//! Nodes that a cluster announces are reached by TLS, with the user and the password of the address.

use std::time::Duration;

use slack_store::StoreErrorKind;
use slack_store_redis::RedisStore;

use crate::{
    all, count, key,
    nodes::Nodes,
    own::Tls,
    refresh,
    support::{in_tokio, words},
};

#[test]
fn announced_nodes_are_reached_by_tls_and_as_the_documented_user() {
    in_tokio(async {
        let test = "announced_nodes_are_reached_by_tls_and_as_the_documented_user";
        // The certificate names no address: the announced name must be taken.
        let tls = Tls::of("localhost");
        let own = ["--tls-port", "FREE", "--tls-cluster", "yes"];
        let names = ["--cluster-announce-hostname", "localhost"];
        let kind = ["--cluster-preferred-endpoint-type", "hostname"];
        let options = tls.options();
        let options: Vec<_> = options.iter().map(String::as_str).collect();
        let options = [&own[..], &names, &kind, &options].concat();
        let Some(cluster) = Nodes::start(test, 2, false, &options).await else { return };
        let documentation = include_str!("../../src/store.md");
        let user = documentation.lines().find(|line| line.starts_with("ACL SETUSER")).unwrap();
        for node in &cluster.nodes {
            node.tell(user).await.unwrap();
        }
        let port = cluster.nodes[0].setting("tls-port").await;
        let open = |user: &str, ca: &str| {
            let store = RedisStore::builder(&format!("rediss://{user}@localhost:{port}"));
            store.ca_certificates(ca).timeout(Duration::from_secs(3)).open()
        };
        let store = open("app:PASSWORD", &tls.ca).await.unwrap();
        for number in 0..8 {
            refresh(&store, &key(number), 0).await;
        }
        assert_eq!(count(&store, &all()).await, 8);
        let slot = cluster.slot("{team/T0}").await;
        let from = cluster.first_owner(slot);
        // A slot that moves is followed by what each node says, even where nobody tells the layout any more.
        for node in &cluster.nodes {
            node.tell("ACL SETUSER app -cluster|slots").await.unwrap();
        }
        let refreshing = tokio::spawn({
            let store = store.clone();
            async move {
                for number in 1..20 {
                    refresh(&store, &key(0), number).await;
                }
            }
        });
        cluster.move_slot(slot, from, 1 - from, Duration::from_millis(100)).await;
        refreshing.await.unwrap();
        for node in &cluster.nodes {
            let keys: u32 = redis::from_redis_value(node.tell("DBSIZE").await.unwrap()).unwrap();
            assert!(keys > 0, "a node was left out");
        }
        let error = open("app:PASSWORD", &tls.ca).await.unwrap_err();
        assert!(error.to_string().contains("permission"), "{}", words(&error));
        for (user, ca) in [("app:hush-hush", &tls.ca), ("app:PASSWORD", &Tls::of("localhost").ca)] {
            let error = open(user, ca).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Refused, "{}", words(&error));
            assert!(!words(&error).contains("hush"));
        }
    });
}
