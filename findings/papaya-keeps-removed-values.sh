#!/usr/bin/env bash
# papaya 0.2.5 (crates.io): a value that was removed from a map is not dropped until about thirty more were removed.
#
# Whoever keeps secrets in such a map and wipes them on drop keeps them longer than the code suggests: after one removal
# nothing is dropped, however many reads follow and although no guard is held. The batch of retired values is freed when it
# is full. With `Collector::batch_size(1)` the value is dropped with the guard of its removal. While one guard is held
# nothing is dropped at all, whatever the batch size: 10,000 removals, no drop.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "papaya-drops"
version = "0.0.0"
edition = "2024"

[dependencies]
papaya = "=0.2.5"
seize = "=0.5.1"
TOML
cat > src/main.rs <<'RUST'
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

static DROPPED: AtomicUsize = AtomicUsize::new(0);

struct Value;

impl Drop for Value {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, SeqCst);
    }
}

fn dropped_since(before: usize) -> usize {
    DROPPED.load(SeqCst) - before
}

fn main() {
    let map = papaya::HashMap::new();
    map.pin().insert(0, Value);
    map.pin().remove(&0);
    for _ in 0..1000 {
        let _ = map.pin().get(&0);
    }
    let after_one = dropped_since(0);
    let mut removals = 1;
    while DROPPED.load(SeqCst) == 0 && removals < 1000 {
        map.pin().insert(0, Value);
        map.pin().remove(&0);
        removals += 1;
    }

    let eager = papaya::HashMap::builder().collector(seize::Collector::new().batch_size(1)).build();
    eager.pin().insert(0, Value);
    let before = DROPPED.load(SeqCst);
    eager.pin().remove(&0);
    let after_one_eager = dropped_since(before);

    let before = DROPPED.load(SeqCst);
    let held = eager.guard();
    for _ in 0..10_000 {
        eager.pin().insert(0, Value);
        eager.pin().remove(&0);
    }
    let under_a_guard = dropped_since(before);
    drop(held);

    println!("default: {after_one} dropped after one removal and 1,000 reads; the first drop came after {removals} removals");
    println!("batch size 1: {after_one_eager} dropped after one removal; {under_a_guard} of 10,000 under a held guard");
    let as_seen = after_one == 0 && (20..=100).contains(&removals) && after_one_eager == 1 && under_a_guard == 0;
    std::process::exit(i32::from(!as_seen));
}
RUST
cargo fetch --quiet || exit 75
cargo run --quiet
