//! CPU time per request of each transport beside the bare clients, and of a whole call beside its peers, in one run.
//!
//! `cargo run --release --bin transports` measures and exits with 1 if a limit is passed;
//! `-- smoke` runs everything once, and judges nothing. The variable `ONLY` picks the contenders with that in their names,
//! which all whole calls have: `call`; `WIDTH` picks 1 or 64 at once. Nothing else may run beside it: the cores of a
//! virtual machine are often two halves of one.

mod calls;
mod contenders;
mod server;

use std::time::Instant;

use calls::{OAUTH2, OUR_CALL, REQWEST_ALONE, SLACK_MORPHISM};
use contenders::{BARE_CURL, BARE_REQWEST, ISAHC, OUR_CURL, OUR_CURL_BLOCKING, OUR_REQWEST, Run};
use cpu_time::ProcessTime;

/// Ours, what it is measured against, how many at once, and the most it may cost of that.
const LIMITS: &[(&str, &str, usize, f64)] = &[
    (OUR_REQWEST, BARE_REQWEST, 1, 1.05),
    (OUR_REQWEST, BARE_REQWEST, 64, 1.05),
    (OUR_CURL, BARE_CURL, 1, 1.30),
    (OUR_CURL, ISAHC, 1, 0.45),
    (OUR_CURL, ISAHC, 64, 0.45),
    (OUR_CURL_BLOCKING, BARE_CURL, 1, 1.10),
    (OUR_CALL, OAUTH2, 1, 0.85),
    (OUR_CALL, OAUTH2, 64, 0.85),
    (OUR_CALL, SLACK_MORPHISM, 1, 1.00),
    (OUR_CALL, SLACK_MORPHISM, 64, 1.00),
];

/// What a call over reqwest can be at best, with nothing built and nothing parsed. Not judged.
const FLOORS: &[(&str, &str)] = &[(REQWEST_ALONE, OAUTH2), (REQWEST_ALONE, SLACK_MORPHISM)];

fn main() {
    let argument = std::env::args().nth(1);
    match argument.as_deref() {
        Some(server::SERVE) => {
            stay_on(1);
            server::serve();
        }
        Some("smoke") => drop(measure(1, 64)),
        None => judge(&measure(15, 1920)),
        Some(other) => {
            eprintln!("unknown argument {other}: give none, or smoke");
            std::process::exit(2);
        }
    }
}

/// What one contender did at one width: CPU and wall seconds per request, one of each a round.
struct Series {
    name: &'static str,
    at_once: usize,
    cpu: Vec<f64>,
    wall: Vec<f64>,
}

/// Measures the transports, and then, when their sockets are closed again, the whole calls: libcurl's blocking call
/// takes no socket numbers above 1023 where it waits by select(2).
fn measure(rounds: usize, requests: usize) -> Vec<Series> {
    let server = server::Server::start();
    stay_on(0);
    let origin = format!("http://{}", server.address);
    let transports = contenders::all(&format!("{origin}/api/oauth.v2.access"));
    let mut series = measure_group(transports, rounds, requests);
    series.extend(measure_group(calls::all(&origin), rounds, requests));
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
    for Series { name, at_once, cpu, wall } in &series {
        println!(
            "{name:<26} {at_once:>2} at once: {:>7.1} us CPU, {:>7.0} requests/s",
            median(cpu) * 1e6,
            1.0 / median(wall)
        );
    }
    series
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

/// Compares round by round, and takes the median of the ratios.
fn judge(series: &[Series]) {
    let compare = |one: &str, other: &str, at_once| {
        let find = |name: &str| series.iter().find(|s| s.name == name && s.at_once == at_once);
        let (a, b) = (find(one)?, find(other)?);
        let ratio =
            |a: &[f64], b: &[f64]| median(&a.iter().zip(b).map(|(a, b)| a / b).collect::<Vec<_>>());
        Some((ratio(&a.cpu, &b.cpu), ratio(&b.wall, &a.wall)))
    };
    let mut passed = true;
    for &(ours, other, at_once, limit) in LIMITS {
        let Some((cpu, speed)) = compare(ours, other, at_once) else { continue };
        let verdict = if cpu <= limit { "pass" } else { "MISS" };
        println!(
            "{ours} / {other}, {at_once} at once: CPU {cpu:.2} (limit {limit:.2}) {verdict}; requests/s {speed:.2}"
        );
        passed &= cpu <= limit;
    }
    for at_once in [1, 64] {
        for &(floor, other) in FLOORS {
            if let Some((cpu, _)) = compare(floor, other, at_once) {
                println!(
                    "{floor} / {other}, {at_once} at once: CPU {cpu:.2}, the least a call can have"
                );
            }
        }
    }
    if !passed {
        std::process::exit(1);
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
