//! CPU time per request of each transport beside the bare clients, and of a whole call beside its peers, in one run.
//!
//! `cargo run --release --bin transports` measures and exits with 1 if a limit is passed;
//! `-- smoke` runs everything once, and judges nothing. `-- --json` prints one object for each comparison and nothing
//! else. `-- --baseline PATH` builds and runs the same program of the checkout at PATH first, and compares.
//!
//! The variable `ONLY` picks the contenders with that in their names, which all whole calls have: `call`; `WIDTH` picks 1
//! or 64 at once. Contenders take turns, round by round. Nothing else may run beside it: the cores of a virtual machine
//! are often two halves of one.

mod baseline;
mod calls;
mod contenders;
mod crates;
mod floor;
mod report;
mod server;

use std::time::Instant;

use calls::{
    CURL_ALONE, CURL_PARSED, HYPER_ALONE, OAUTH2, OUR_CALL, OUR_CALL_CURL, OUR_CALL_HYPER,
    REQWEST_ALONE, REQWEST_PARSED, SLACK_MORPHISM,
};
use contenders::{BARE_CURL, BARE_REQWEST, ISAHC, OUR_CURL, OUR_CURL_BLOCKING, OUR_REQWEST, Run};
use cpu_time::ProcessTime;
use report::{Comparison, median};

/// Ours, what it is measured against, and the most CPU time it may take of that: one at a time, and 64.
const LIMITS: &[(&str, &str, f64, f64)] = &[
    (OUR_CALL_HYPER, SLACK_MORPHISM, 0.80, 0.80),
    (OUR_CALL_HYPER, OAUTH2, 0.67, 0.67),
    (OUR_CALL_HYPER, HYPER_ALONE, 1.45, 1.80),
    (OUR_CALL, REQWEST_ALONE, 1.12, 1.10),
    (OUR_CALL_CURL, CURL_ALONE, 1.45, 1.15),
    (OUR_CURL, ISAHC, 0.50, 0.50),
    (OUR_REQWEST, BARE_REQWEST, 1.05, 1.05),
    (OUR_CURL_BLOCKING, BARE_CURL, 1.10, 1.10),
];

/// The most crates that the feature `hyper` may need of those that `reqwest` needs. 93 of 126 are 0.74: six more would
/// have to go, and what can go is hyper-util with four that it brings, whose connector, tunnel and list of proxies would
/// then be written by hand.
const CRATES: f64 = 0.70;

/// What no call over that client can be below, and what the limits are not about. Not judged.
const FLOORS: &[(&str, &str)] = &[
    (REQWEST_PARSED, REQWEST_ALONE),
    (CURL_PARSED, CURL_ALONE),
    (OUR_CALL, REQWEST_PARSED),
    (OUR_CALL_CURL, CURL_PARSED),
    (REQWEST_ALONE, OAUTH2),
    (REQWEST_ALONE, SLACK_MORPHISM),
    (HYPER_ALONE, SLACK_MORPHISM),
    (OUR_CALL, OAUTH2),
    (OUR_CALL, SLACK_MORPHISM),
    (OUR_CURL, BARE_CURL),
];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut json, mut baseline) = (false, None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            server::SERVE => {
                stay_on(1);
                return server::serve();
            }
            "smoke" => return drop(measure(1, 64)),
            "--json" => json = true,
            "--baseline" => match arguments.next() {
                Some(path) => baseline = Some(path),
                None => wrong("--baseline needs the path of a checkout"),
            },
            other => wrong(&format!("unknown argument {other}")),
        }
    }
    // Before this program keeps to one core, which a child would inherit.
    let before = baseline.map(|path| baseline::run(path.as_ref())).unwrap_or_default();
    let series = measure(15, 1920);
    if !json {
        print(&series);
    }
    let mut comparisons = compare(&series);
    let counts = ["hyper", "reqwest"].map(crates::with_feature);
    comparisons.push(Comparison::of_counts(
        "crates with hyper",
        "crates with reqwest",
        counts,
        CRATES,
    ));
    comparisons.extend(before.iter().filter_map(|row| Comparison::with_baseline(&series, row)));
    for comparison in &comparisons {
        println!("{}", if json { comparison.json() } else { comparison.text() });
    }
    if !comparisons.iter().all(Comparison::passes) {
        std::process::exit(1);
    }
}

fn wrong(what: &str) -> ! {
    eprintln!("{what}: give none, smoke, --json, or --baseline PATH");
    std::process::exit(2);
}

/// What one contender did at one width: CPU and wall seconds per request, one of each a round.
struct Series {
    name: &'static str,
    at_once: usize,
    cpu: Vec<f64>,
    wall: Vec<f64>,
}

/// Measures the contenders group by group, so that the sockets of one are closed before the next begins: a blocking
/// handle of libcurl's holds five, and libcurl takes no socket numbers above 1023 where it waits by select(2).
fn measure(rounds: usize, requests: usize) -> Vec<Series> {
    let server = server::Server::start();
    stay_on(0);
    let address = server.address;
    let url = format!("http://{address}/api/oauth.v2.access");
    let mut series = measure_group(contenders::over_libcurl(&url), rounds, requests);
    series.extend(measure_group(contenders::over_hyper(&url), rounds, requests));
    series.extend(measure_group(calls::over_libcurl(address), rounds, requests));
    series.extend(measure_group(calls::over_hyper(address), rounds, requests));
    series
}

/// Runs every contender in turn, `rounds` times, so that noise hits all alike.
fn measure_group(
    mut runs: Vec<(&'static str, Run)>,
    rounds: usize,
    requests: usize,
) -> Vec<Series> {
    if let Ok(only) = std::env::var("ONLY") {
        runs.retain(|(name, _)| name.contains(&only));
    }
    let mut series = Vec::new();
    for at_once in [1, 64]
        .into_iter()
        .filter(|width| std::env::var("WIDTH").map_or(true, |only| only == width.to_string()))
    {
        let first = series.len();
        for (name, run) in &mut runs {
            run(at_once, at_once);
            series.push(Series { name, at_once, cpu: Vec::new(), wall: Vec::new() });
        }
        for _ in 0..rounds {
            for ((_, run), series) in runs.iter_mut().zip(&mut series[first..]) {
                let (cpu, wall) = time(run, requests, at_once);
                series.cpu.push(cpu);
                series.wall.push(wall);
            }
        }
    }
    series
}

fn print(series: &[Series]) {
    for Series { name, at_once, cpu, wall } in series {
        println!(
            "{name:<30} {at_once:>2} at once: {:>7.1} us CPU, {:>7.0} requests/s",
            median(cpu) * 1e6,
            1.0 / median(wall)
        );
    }
}

fn time(run: &mut Run, requests: usize, at_once: usize) -> (f64, f64) {
    let (cpu, wall) = (ProcessTime::now(), Instant::now());
    run(requests, at_once);
    let requests = f64::from(u32::try_from(requests).expect("a few thousand"));
    (cpu.elapsed().as_secs_f64() / requests, wall.elapsed().as_secs_f64() / requests)
}

/// Keeps this thread, and those it starts, on one core: client and server have one each, so that the
/// scheduler's choices do not decide.
fn stay_on(core: usize) {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    if let Some(&core) = cores.get(core) {
        core_affinity::set_for_current(core);
    }
}

/// Compares what was measured; a part of it was left out by `ONLY` or `WIDTH`.
fn compare(series: &[Series]) -> Vec<Comparison> {
    let mut comparisons = Vec::new();
    for &(ours, other, one, many) in LIMITS {
        for (at_once, limit) in [(1, one), (64, many)] {
            comparisons.extend(Comparison::of(series, ours, other, at_once, Some(limit)));
        }
    }
    for &(floor, other) in FLOORS {
        for at_once in [1, 64] {
            comparisons.extend(Comparison::of(series, floor, other, at_once, None));
        }
    }
    comparisons
}
