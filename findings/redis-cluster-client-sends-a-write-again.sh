#!/usr/bin/env bash
# redis 1.8.1 (crates.io), `cluster-async`: a write whose answer is lost is sent again, and what switches that off switches
# off `MOVED` as well.
#
# The cluster client counts lost connections and redirections with one number, `retries` (16 if nothing is set). Redirections
# are an everyday matter of a cluster: the refused command did nothing, and belongs to another node. A lost connection is
# not: the command may have taken place. `SET lease me NX` whose connection ends after the server has it is sent once more,
# and answered with nil: the caller has the lease, and is told that somebody else does. With `retries(0)` it is told of the
# lost connection, and then a key that has moved cannot be read any more.
# (A small server in Python plays the nodes, so that it can end a connection at the right moment.)
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
cat > nodes.py <<'PY'
import socketserver, threading

class Node(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True

def read(stream):
    line = stream.readline()
    if not line:
        return None
    words = []
    for _ in range(int(line[1:])):
        words.append(stream.read(int(stream.readline()[1:]) + 2)[:-2])
    return words

def slots(port):
    return b"*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:%d\r\n" % port

stored, sets = {}, []

def handler(home):
    """A node that has all slots, as it says; but every key has moved to the second one when it is read."""
    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            while (words := read(self.rfile)) is not None:
                name = words[0].upper()
                if name == b"CLUSTER":
                    self.wfile.write(slots(home()))
                elif name == b"SET":
                    sets.append(words[1])
                    is_new = words[1] not in stored
                    stored.setdefault(words[1], words[2])
                    if len([key for key in sets if key == words[1]]) == 1:
                        return  # It took place, and its answer is lost.
                    self.wfile.write(b"+OK\r\n" if is_new else b"$-1\r\n")
                elif name == b"GET" and self.server is not second:
                    self.wfile.write(b"-MOVED 1 127.0.0.1:%d\r\n" % second.server_address[1])
                elif name == b"GET":
                    self.wfile.write(b"$3\r\nbar\r\n")
                elif name == b"COUNT":
                    self.wfile.write(b":%d\r\n" % sets.count(words[1]))
                else:
                    self.wfile.write(b"+OK\r\n")
    return Handler

first = Node(("127.0.0.1", 0), handler(lambda: first.server_address[1]))
second = Node(("127.0.0.1", 0), handler(lambda: second.server_address[1]))
for node in (first, second):
    threading.Thread(target=node.serve_forever, daemon=True).start()
with open("port.new", "w") as file:
    file.write(str(first.server_address[1]))
import os, time
os.rename("port.new", "port")
time.sleep(600)
PY
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "cluster"
version = "0.0.0"
edition = "2024"

[dependencies]
redis = { version = "=1.8.1", default-features = false, features = ["aio", "cluster-async", "tokio-comp"] }
tokio = { version = "1", features = ["macros", "rt", "time"] }
TOML
cat > src/main.rs <<'RUST'
use redis::{RedisResult, cluster::ClusterClientBuilder};

fn short<T: std::fmt::Debug>(answer: &RedisResult<T>) -> String {
    match answer {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("an error ({})", error.code().unwrap_or("the connection")),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let address = format!("redis://127.0.0.1:{}", std::env::args().nth(1).unwrap());
    let mut seen = Vec::new();
    for retries in [None, Some(0)] {
        let builder = ClusterClientBuilder::new(vec![address.clone()]);
        let builder = retries.into_iter().fold(builder, |builder, it| builder.retries(it));
        let mut connection = builder.build().unwrap().get_async_connection().await.unwrap();
        let key = format!("lease-{retries:?}");
        let mut set = redis::cmd("SET");
        set.arg(&key).arg("me").arg("NX").arg("PX").arg(30_000);
        let set: RedisResult<Option<String>> = set.query_async(&mut connection).await;
        let mut connection = redis::Client::open(&*address).unwrap().get_multiplexed_async_connection().await.unwrap();
        let sent: usize = redis::cmd("COUNT").arg(&key).query_async(&mut connection).await.unwrap();
        let builder = ClusterClientBuilder::new(vec![address.clone()]);
        let builder = retries.into_iter().fold(builder, |builder, it| builder.retries(it));
        let mut connection = builder.build().unwrap().get_async_connection().await.unwrap();
        let got: RedisResult<String> = redis::cmd("GET").arg("foo").query_async(&mut connection).await;
        let retries = retries.map_or("retries as they are set by default".to_owned(), |it| format!("retries({it})"));
        println!("{retries}");
        println!("    SET .. NX, its answer lost: sent {sent} times, the caller is told {}", short(&set));
        println!("    GET of a key that has moved: {}", short(&got));
        seen.push((sent, set.is_ok_and(|it| it.is_none()), got.is_ok()));
    }
    std::process::exit(if seen == [(2, true, true), (1, false, false)] { 0 } else { 1 });
}
RUST
python3 nodes.py &
cargo fetch --quiet || exit 75
cargo build --quiet
while [ ! -f port ]; do sleep 0.1; done
cargo run --quiet -- "$(cat port)"
