//! What the store in Redis costs beside the bare crate `redis` that sends the same scripts, in one run.
//!
//! `SLACK_AUTH_REDIS=redis://127.0.0.1:PORT cargo bench --bench cost` measures, and exits with 1 if a limit is passed; its keys
//! have a prefix of their own, and are removed. `cargo test --bench cost -- smoke` runs everything once, and judges only what
//! does not depend on time. `-- --json` prints one object for each figure and nothing else.
//!
//! Both sides take turns, round by round, on one server, and the median of the rounds' ratios counts. Nothing else may run
//! beside it.

mod bare;
#[path = "../../../benches/stores/compare.rs"]
mod compare;
mod ours;
#[path = "../../../benches/stores/report.rs"]
mod report;
#[expect(dead_code, reason = "a cycle needs a part of them")]
#[path = "../../src/scripts.rs"]
mod scripts;
mod wire;

use std::time::{Duration, Instant};

use bare::Bare;
use compare::{Turns, compare};
use ours::Ours;
use report::{Asked, Figure};
use tokio::runtime::Builder;

/// Many short rounds: what else the machine and its disk do meets both sides.
const FULL: Turns = Turns { rounds: 101, calls: 50 };
const SMOKE: Turns = Turns { rounds: 1, calls: 20 };

/// How many refreshes run at once, over one connection.
const AT_ONCE: usize = 64;
/// How long an answer takes on its way through the proxy: long beside all else.
const DELAY: Duration = Duration::from_millis(50);

const PREFIX: &str = "slack-store-benches";
/// How long either side waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(5);
const LEASE: Duration = Duration::from_secs(45);
const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// How long a value is: an installation with two pairs.
const VALUE: usize = 700;

fn main() {
    let asked = Asked::by_arguments();
    let Ok(server) = std::env::var("SLACK_AUTH_REDIS") else {
        eprintln!("SLACK_AUTH_REDIS names no server: redis://127.0.0.1:PORT");
        std::process::exit(2);
    };
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    asked.conclude(&runtime.block_on(measure(&server, asked.smoke)));
}

async fn measure(server: &str, smoke: bool) -> Vec<Figure> {
    let turns = if smoke { SMOKE } else { FULL };
    let limit = |limit: f64| (!smoke).then_some(limit);
    let bare = Bare::connect(server).await;
    bare.remove_all().await;
    let ours = Ours::open(server).await;

    let mut figures = vec![round_trips(server).await];
    figures.push(Figure {
        name: "cycle: acquire and load, put, release",
        against: "the same scripts by the crate redis",
        value: compare(
            turns,
            async || ours.cycle("cycle").await,
            async || bare.cycle("bare").await,
        )
        .await,
        limit: limit(1.25),
    });
    // It is quick, since nothing is flushed.
    let more = Turns { calls: turns.calls * 3, ..turns };
    figures.push(Figure {
        name: "load",
        against: "the same script by the crate redis",
        value: compare(more, async || ours.load("cycle").await, async || bare.load("bare").await)
            .await,
        limit: limit(1.15),
    });
    figures.push(Figure {
        name: "64 cycles at once on one connection",
        against: "the same scripts on one connection",
        value: compare(
            turns.of_larger_calls(AT_ONCE),
            async || ours.cycles(AT_ONCE).await,
            async || bare.cycles(AT_ONCE).await,
        )
        .await,
        limit: limit(1.25),
    });
    bare.remove_all().await;
    figures
}

/// Returns how often one cycle waits for the server: how many delays of an answer it takes.
async fn round_trips(server: &str) -> Figure {
    let store = Ours::open(&wire::start(server, DELAY).await).await;
    let mut least = Duration::MAX;
    // The least of many: on a busy machine a delay takes longer than it is.
    for _ in 0..16 {
        let begin = Instant::now();
        store.cycle("wire").await;
        least = least.min(begin.elapsed());
    }
    Figure {
        name: "round trips that a cycle waits for",
        against: "a proxy that delays each answer",
        value: (least.as_secs_f64() / DELAY.as_secs_f64()).floor(),
        limit: Some(3.0),
    }
}

/// Runs the same so many times at once, each as a task of its own.
async fn at_once<F: Future<Output = ()> + Send + 'static>(count: usize, run: impl Fn(usize) -> F) {
    let tasks: Vec<_> = (0..count).map(|number| tokio::spawn(run(number))).collect();
    for task in tasks {
        task.await.unwrap();
    }
}
