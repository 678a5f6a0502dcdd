//! What the store in PostgreSQL costs beside the bare driver that sends the same statements, in one run.
//!
//! `SLACK_AUTH_POSTGRES=postgres://.. cargo run --release -p slack-store-benches` measures, and exits with 1 if a limit is
//! passed; it makes a schema of its own, and drops it. `-- smoke` runs everything once on few rows, and judges only what
//! does not depend on time. `-- --json` prints one object for each figure and nothing else.
//!
//! Both sides take turns, round by round, on one server, and the median of the rounds' ratios counts. Nothing else may run
//! beside it.

mod bare;
mod compare;
mod ours;
mod report;
mod wire;

use bare::Bare;
use compare::{Turns, compare};
use ours::Ours;
use report::{Asked, Figure};
use tokio::runtime::Builder;

/// How much is measured.
#[derive(Clone, Copy)]
struct Size {
    turns: Turns,
    rows: usize,
    judges_time: bool,
}

const FULL: Size =
    Size { turns: Turns { rounds: 15, calls: 400 }, rows: 1_000_000, judges_time: true };
const SMOKE: Size =
    Size { turns: Turns { rounds: 1, calls: 20 }, rows: 20_000, judges_time: false };

/// How many refreshes run at once, over how many connections.
const AT_ONCE: usize = 64;
const CONNECTIONS: usize = 8;
/// How many entries a page of what is due has.
const PAGE: usize = 500;

fn main() {
    let asked = Asked::by_arguments();
    let Ok(server) = std::env::var("SLACK_AUTH_POSTGRES") else {
        eprintln!(
            "SLACK_AUTH_POSTGRES names no server: postgres://USER:PASSWORD@127.0.0.1/DATABASE"
        );
        std::process::exit(2);
    };
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let size = if asked.smoke { SMOKE } else { FULL };
    asked.conclude(&runtime.block_on(measure(&server, size)));
}

async fn measure(server: &str, size: Size) -> Vec<Figure> {
    let limit = |limit: f64| size.judges_time.then_some(limit);
    let bare = Bare::connect(server).await;
    bare.drop_schema().await;
    let ours = Ours::open(server, 1).await;

    let mut figures = vec![round_trips(server).await];
    figures.push(Figure {
        name: "cycle: acquire, load, put, release",
        against: "the same statements by query_typed",
        value: compare(
            size.turns,
            async || ours.cycle("cycle").await,
            async || bare.cycle("bare").await,
        )
        .await,
        limit: limit(1.25),
    });
    figures.push(Figure {
        name: "load",
        against: "the same statement by query_typed",
        value: compare(
            size.turns,
            async || ours.load("cycle").await,
            async || bare.load("bare").await,
        )
        .await,
        limit: limit(1.15),
    });

    let wide = Ours::open(server, CONNECTIONS).await;
    let pool = bare::pool(server, CONNECTIONS);
    let few = size.turns.of_larger_calls(AT_ONCE);
    figures.push(Figure {
        name: "64 cycles at once on 8 connections",
        against: "the same statements over a pool of 8",
        value: compare(
            few,
            async || wide.cycles(AT_ONCE).await,
            async || {
                bare::cycles(&pool, AT_ONCE).await;
            },
        )
        .await,
        limit: limit(1.25),
    });
    figures.push(Figure {
        name: "connections of 64 cycles at once",
        against: "the server's list",
        value: bare.connections_of_store(CONNECTIONS).await,
        limit: Some(bare::float(CONNECTIONS)),
    });

    bare.fill(size.rows).await;
    figures.push(Figure {
        name: "due within an hour: scans and sorts of more than the page",
        against: "EXPLAIN",
        value: bare.bad_steps_of_due().await,
        limit: Some(0.0),
    });
    let few = size.turns.of_larger_calls(40);
    figures.push(Figure {
        name: "due within an hour: 500 of all rows",
        against: "500 of a range of the primary key",
        value: compare(few, async || ours.due().await, async || bare.range().await).await,
        limit: limit(3.0),
    });
    bare.drop_schema().await;
    figures
}

/// Returns how often one cycle waits for the server.
async fn round_trips(server: &str) -> Figure {
    let wire = wire::Counter::start(server).await;
    let store = Ours::open(&wire.address, 1).await;
    // The first makes the rows.
    store.cycle("wire").await;
    let before = wire.round_trips();
    store.cycle("wire").await;
    Figure {
        name: "round trips of a cycle",
        against: "a proxy that counts",
        value: bare::float(wire.round_trips() - before),
        limit: Some(4.0),
    }
}
