//! A cached token beside a bare map behind a lock, in turns.

use std::{
    collections::HashMap,
    future::Future,
    hint::black_box,
    pin::pin,
    sync::{Arc, RwLock},
    task::{Context, Poll, Waker},
    thread,
    time::Instant,
};

use serde_json::json;

use crate::{
    adapter::{Credential, Slot, StoreKey, TokenRotator},
    fleet::{self, Fleet},
    report::{Limit, Row, ratio, rounded},
    scenarios::Size,
};

/// One thread and two, over so many tokens that they stay in the processor's cache.
pub(crate) fn cached(size: Size) -> Vec<Row> {
    let fleet = Fleet::fresh_in_real_time(KEYS);
    let now = fleet.time.now();
    let credential = |key: &StoreKey| fleet::installation(key, now, fleet::LIFE).bot;
    let tokens =
        fleet.keys.iter().filter_map(|key| Some((key.clone(), Arc::new(credential(key)?))));
    let bare = Bare(RwLock::new(tokens.collect()));
    let rotator = &fleet.processes[0];
    for key in &fleet.keys {
        fleet.time.block_on(rotator.access_token(key, Slot::Bot)).expect("it is in the store");
    }
    let rounds = size.pick(41, 5);
    let row = |scenario, threads| {
        let (mut ratios, mut nanoseconds) = (Vec::new(), (Vec::new(), Vec::new()));
        for round in 0..=rounds {
            let bare = time(&bare, &fleet.keys, threads);
            let ours = time(rotator, &fleet.keys, threads);
            // The first one warms up.
            if round > 0 {
                ratios.push(ours / bare);
                nanoseconds.0.push(ours);
                nanoseconds.1.push(bare);
            }
        }
        let raw = json!({
            "threads": threads, "rounds": rounds, "calls_a_round": CALLS * threads,
            "rotator_ns": rounded(median(nanoseconds.0)), "bare_ns": rounded(median(nanoseconds.1)),
        });
        Row::new(scenario, median(ratios), Limit::AtMost(1.0), &raw)
    };
    vec![row("cached, 1 thread: of a bare map", 1), row("cached, 2 threads: of a bare map", 2)]
}

/// What is asked for tokens.
trait Side: Sync {
    fn ask(&self, key: &StoreKey);
}

/// What a program would write by itself.
struct Bare(RwLock<HashMap<StoreKey, Arc<Credential>>>);

impl Side for Bare {
    fn ask(&self, key: &StoreKey) {
        let tokens = self.0.read().expect("nobody panics");
        black_box(Arc::clone(&tokens[key]));
    }
}

impl Side for TokenRotator {
    fn ask(&self, key: &StoreKey) {
        let asked = pin!(self.access_token(key, Slot::Bot));
        match asked.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(token) => drop(black_box(token)),
            Poll::Pending => unreachable!("the token is at hand"),
        }
    }
}

/// Returns the nanoseconds of a call, as each of the threads sees them.
fn time(side: &impl Side, keys: &[StoreKey], threads: usize) -> f64 {
    let began = Instant::now();
    let ask_for_all = |number: usize| {
        let first = number * KEYS / threads;
        for call in 0..CALLS {
            side.ask(&keys[(first + call * 7) % KEYS]);
        }
    };
    if threads == 1 {
        ask_for_all(0);
    } else {
        thread::scope(|scope| {
            for number in 0..threads {
                scope.spawn(move || ask_for_all(number));
            }
        });
    }
    began.elapsed().as_secs_f64() * 1e9 / ratio(CALLS, 1)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

const KEYS: usize = 1_000;
const CALLS: usize = 100_000;
