//! `TokenRotator::access_token` of a fresh token beside a bare `RwLock<HashMap<_, Arc<_>>>`, in one run.
//!
//!     cargo run --release -p slack-rotator-benches [-- --strict]
//!
//! Rounds of both sides take turns, and the medians are compared. With `--strict` a missed limit is a failure.

mod sides;

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use sides::{Bare, Rotator, Side};

fn main() {
    let strict = std::env::args().any(|arg| arg == "--strict");
    let (bare, rotator) = (Bare::new(KEYS), Rotator::new(KEYS));

    let allocations = allocation_counter::measure(|| rotator.ask(0)).count_total;
    println!("allocations of a call: {allocations}");

    let alone = compare(ROUNDS, || one_thread(&bare), || one_thread(&rotator));
    println!(
        "one thread: bare {:.1} ns, rotator {:.1} ns, {:.2} times",
        alone.0,
        alone.1,
        alone.1 / alone.0
    );

    let mut behind = Vec::new();
    for threads in [2, 4] {
        let crowd =
            compare(ROUNDS, || many_threads(&bare, threads), || many_threads(&rotator, threads));
        println!(
            "{threads} threads, while tokens are replaced: bare {:.1} ns, rotator {:.1} ns, {:.2} times",
            crowd.0,
            crowd.1,
            crowd.1 / crowd.0
        );
        behind.extend((crowd.1 >= crowd.0).then_some(threads));
    }
    println!("refreshes that went on meanwhile: {}", rotator.refreshes());

    let missed = allocations > 0 || alone.1 > 2.0 * alone.0 || !behind.is_empty();
    println!(
        "limits (no allocation, 2.00 times alone, less than 1.00 in a crowd): {}",
        if missed { "missed" } else { "met" }
    );
    std::process::exit(i32::from(strict && missed));
}

/// Medians of both sides, round by round in turns.
fn compare(
    rounds: usize,
    mut one: impl FnMut() -> f64,
    mut other: impl FnMut() -> f64,
) -> (f64, f64) {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    one();
    other();
    for _ in 0..rounds {
        ones.push(one());
        others.push(other());
    }
    (median(ones), median(others))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Nanoseconds of a call.
#[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
fn one_thread(side: &impl Side) -> f64 {
    const CALLS: usize = 200_000;
    let began = Instant::now();
    for call in 0..CALLS {
        side.ask(call * 7 % KEYS);
    }
    began.elapsed().as_nanos() as f64 / CALLS as f64
}

/// Nanoseconds between two calls of all threads together, each of which asks for keys of its own, while one more thread
/// has tokens replaced.
#[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
fn many_threads(side: &impl Side, threads: usize) -> f64 {
    let (calls, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let part = KEYS / threads;
    let began = Instant::now();
    thread::scope(|scope| {
        for number in 0..threads {
            let (calls, stop) = (&calls, &stop);
            scope.spawn(move || {
                let mut count = 0;
                while !stop.load(Ordering::Relaxed) {
                    for key in 0..part {
                        side.ask(number * part + key);
                    }
                    count += part as u64;
                }
                calls.fetch_add(count, Ordering::Relaxed);
            });
        }
        scope.spawn(|| {
            // A panic must not leave the others asking for ever.
            let _stop = StopOnDrop(&stop);
            while began.elapsed() < CROWD {
                side.replace_next();
                thread::sleep(Duration::from_millis(1));
            }
        });
    });
    began.elapsed().as_nanos() as f64 / calls.load(Ordering::Relaxed) as f64
}

struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// More than can be replaced in all rounds, one in a millisecond: the rotator refreshes no token twice within a minute.
const KEYS: usize = 4_000;
const ROUNDS: usize = 9;
const CROWD: Duration = Duration::from_millis(150);
