//! A cluster that a test starts by itself.

use std::time::{Duration, Instant};

use redis::Value;

use crate::own::{Server, free_port};

/// A node, which is told what to do by commands of its own.
pub(crate) struct Node {
    pub(crate) server: Server,
    bus: u16,
    pub(crate) id: String,
}

/// The first ones are primaries; replica `n` follows primary `n`.
pub(crate) struct Nodes {
    pub(crate) nodes: Vec<Node>,
    primaries: usize,
}

impl Node {
    /// Starts a node; `FREE` among the settings becomes a free port.
    pub(crate) async fn start(test: &str, options: &[&str]) -> Option<Self> {
        let bus = free_port();
        let free = free_port().to_string();
        let options: Vec<_> =
            options.iter().map(|it| if *it == "FREE" { &*free } else { *it }).collect();
        let bus_port = bus.to_string();
        let own = ["--cluster-enabled", "yes", "--cluster-port", &bus_port];
        let server = Server::start(test, &[&own[..], &options].concat())?;
        let mut node = Self { server, bus, id: String::new() };
        node.id = node.text("CLUSTER MYID").await;
        Some(node)
    }

    /// Sends one command; words are parted by blanks.
    pub(crate) async fn tell(&self, command: &str) -> redis::RedisResult<Value> {
        let client = redis::Client::open(self.server.address()).unwrap();
        let settings = redis::AsyncConnectionConfig::new().set_response_timeout(None);
        let connection = client.get_multiplexed_async_connection_with_config(&settings).await;
        let mut connection = connection?;
        // `WAIT` waits for what was written before the last command on its connection.
        redis::cmd("PING").exec_async(&mut connection).await?;
        let mut words = command.split(' ');
        let mut built = redis::cmd(words.next().unwrap());
        for word in words {
            built.arg(word);
        }
        built.query_async(&mut connection).await
    }

    pub(crate) async fn text(&self, command: &str) -> String {
        redis::from_redis_value(self.tell(command).await.unwrap()).unwrap()
    }

    pub(crate) async fn setting(&self, name: &str) -> String {
        let answer = self.tell(&format!("CONFIG GET {name}")).await.unwrap();
        let [_, value]: [String; 2] = redis::from_redis_value(answer).unwrap();
        value
    }
}

impl Nodes {
    /// Starts so many primaries, each with a replica if there are to be some, and gives each a part of the slots.
    pub(crate) async fn start(
        test: &str,
        primaries: usize,
        with_replicas: bool,
        options: &[&str],
    ) -> Option<Self> {
        let count = if with_replicas { primaries * 2 } else { primaries };
        let mut nodes = Vec::new();
        for _ in 0..count {
            nodes.push(Node::start(test, options).await?);
        }
        let cluster = Self { nodes, primaries };
        cluster.form().await;
        Some(cluster)
    }

    async fn form(&self) {
        for (number, node) in self.nodes.iter().enumerate() {
            node.tell(&format!("CLUSTER SET-CONFIG-EPOCH {}", number + 1)).await.unwrap();
            if number < self.primaries {
                let at = |number: usize| 16384 * number / self.primaries;
                let slots = format!("CLUSTER ADDSLOTSRANGE {} {}", at(number), at(number + 1) - 1);
                node.tell(&slots).await.unwrap();
            }
            for other in &self.nodes[..number] {
                let (port, bus) = (other.server.port, other.bus);
                node.tell(&format!("CLUSTER MEET 127.0.0.1 {port} {bus}")).await.unwrap();
            }
        }
        let known = format!("cluster_known_nodes:{}", self.nodes.len());
        self.until(|info| info.contains(&known)).await;
        for (replica, primary) in self.nodes[self.primaries..].iter().zip(&self.nodes) {
            replica.tell(&format!("CLUSTER REPLICATE {}", primary.id)).await.unwrap();
        }
        self.until(|info| info.contains("cluster_state:ok")).await;
        for primary in &self.nodes[..self.nodes.len() - self.primaries] {
            primary.until("INFO replication", |info| info.contains("state=online")).await;
        }
    }

    async fn until(&self, holds: impl Fn(&str) -> bool) {
        for node in &self.nodes {
            node.until("CLUSTER INFO", &holds).await;
        }
    }

    pub(crate) fn primaries(&self) -> &[Node] {
        &self.nodes[..self.primaries]
    }

    /// How often the primaries have answered with this error.
    pub(crate) async fn errors(&self, code: &str) -> u64 {
        let line = format!("errorstat_{code}:count=");
        let mut sum = 0;
        for node in self.primaries() {
            let stats = node.text("INFO errorstats").await;
            let count = stats.lines().find_map(|it| it.strip_prefix(&line));
            sum += count.map_or(0, |count| count.parse::<u64>().unwrap());
        }
        sum
    }

    pub(crate) async fn slot(&self, key: &str) -> u16 {
        let slot = self.nodes[0].tell(&format!("CLUSTER KEYSLOT {key}")).await.unwrap();
        redis::from_redis_value(slot).unwrap()
    }

    /// The number of the primary that was given the slot at the start.
    pub(crate) fn first_owner(&self, slot: u16) -> usize {
        let owns = |number: &usize| usize::from(slot) < 16384 * (number + 1) / self.primaries;
        (0..self.primaries).find(owns).unwrap()
    }

    /// Moves a slot with its keys to another primary, as resharding does, and stays for a while on the way.
    pub(crate) async fn move_slot(&self, slot: u16, from: usize, to: usize, pause: Duration) {
        let (source, target) = (&self.nodes[from], &self.nodes[to]);
        // Nodes that speak TLS to one another do so here as well.
        let port = match &*target.setting("tls-port").await {
            "0" => target.server.port,
            port => port.parse().unwrap(),
        };
        let set = format!("CLUSTER SETSLOT {slot}");
        target.tell(&format!("{set} IMPORTING {}", source.id)).await.unwrap();
        source.tell(&format!("{set} MIGRATING {}", target.id)).await.unwrap();
        tokio::time::sleep(pause).await;
        loop {
            let keys = source.tell(&format!("CLUSTER GETKEYSINSLOT {slot} 1")).await.unwrap();
            let keys: Vec<String> = redis::from_redis_value(keys).unwrap();
            let Some(key) = keys.first() else { break };
            source.tell(&format!("MIGRATE 127.0.0.1 {port} {key} 0 5000")).await.unwrap();
            tokio::time::sleep(pause).await;
        }
        for node in [target, source].into_iter().chain(self.primaries()) {
            node.tell(&format!("{set} NODE {}", target.id)).await.unwrap();
        }
    }
}

impl Node {
    pub(crate) async fn until(&self, command: &str, holds: impl Fn(&str) -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let info = self.text(command).await;
            if holds(&info) {
                return;
            }
            assert!(Instant::now() < end, "{info}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
