//! What the store in PostgreSQL costs beside the bare driver that sends the same statements, in one run.
//!
//! `SLACK_AUTH_POSTGRES=postgres://.. cargo run --release -p slack-store-benches` measures, and exits with 1 if a limit is
//! passed; it makes a schema of its own, and drops it. `-- smoke` runs everything once on few rows, and judges only what
//! does not depend on time. `-- --json` prints one object for each figure and nothing else.
//!
//! Both sides take turns, round by round, on one server, and the median of the rounds' ratios counts. Nothing else may run
//! beside it.

mod bare;
mod ours;
mod report;
mod wire;

use std::time::Instant;

use bare::Bare;
use ours::Ours;
use report::{Figure, median};
use tokio::runtime::Builder;

/// How much is measured.
#[derive(Clone, Copy)]
struct Size {
    rounds: usize,
    calls: usize,
    rows: usize,
    judges_time: bool,
}

const FULL: Size = Size { rounds: 15, calls: 400, rows: 1_000_000, judges_time: true };
const SMOKE: Size = Size { rounds: 1, calls: 20, rows: 20_000, judges_time: false };

/// How many refreshes run at once, over how many connections.
const AT_ONCE: usize = 64;
const CONNECTIONS: usize = 8;
/// How many entries a page of what is due has.
const PAGE: usize = 500;

fn main() {
    let (mut size, mut json) = (FULL, false);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "smoke" => size = SMOKE,
            "--json" => json = true,
            other => {
                eprintln!("unknown argument {other}: give none, smoke, or --json");
                std::process::exit(2);
            }
        }
    }
    let Ok(server) = std::env::var("SLACK_AUTH_POSTGRES") else {
        eprintln!(
            "SLACK_AUTH_POSTGRES names no server: postgres://USER:PASSWORD@127.0.0.1/DATABASE"
        );
        std::process::exit(2);
    };
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let figures = runtime.block_on(measure(&server, size));
    for figure in &figures {
        println!("{}", if json { figure.json() } else { figure.text() });
    }
    if !figures.iter().all(Figure::passes) {
        std::process::exit(1);
    }
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
        value: compare(size, async || ours.cycle("cycle").await, async || bare.cycle("bare").await)
            .await,
        limit: limit(1.25),
    });
    figures.push(Figure {
        name: "load",
        against: "the same statement by query_typed",
        value: compare(size, async || ours.load("cycle").await, async || bare.load("bare").await)
            .await,
        limit: limit(1.15),
    });

    let wide = Ours::open(server, CONNECTIONS).await;
    let pool = bare::pool(server, CONNECTIONS);
    let few = Size { calls: (size.calls / AT_ONCE).max(1), ..size };
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
    let few = Size { calls: (size.calls / 40).max(1), ..size };
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

/// Returns the median of the ratios of the times of one and of the other, round by round.
async fn compare(size: Size, one: impl AsyncFn(), other: impl AsyncFn()) -> f64 {
    let mut ratios = Vec::new();
    one().await;
    other().await;
    for _ in 0..size.rounds {
        let one = time(size.calls, &one).await;
        let other = time(size.calls, &other).await;
        ratios.push(one / other);
    }
    median(&ratios)
}

async fn time(calls: usize, call: &impl AsyncFn()) -> f64 {
    let begin = Instant::now();
    for _ in 0..calls {
        call().await;
    }
    begin.elapsed().as_secs_f64()
}
