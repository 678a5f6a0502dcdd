//! Counts the heap allocations of one side of one case. A program of its own, since counting costs instructions.
//!
//!     heap NAME ours|yardstick

use slack_benches::{cases, meter::Meter};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [name, side] = args.as_slice() else { panic!("usage: heap NAME ours|yardstick") };
    let side = cases::side(name, side);
    side(&mut Meter::Warm);
    let mut meter = Meter::Allocations(|work| allocation_counter::measure(work).count_total, 0);
    side(&mut meter);
    let Meter::Allocations(_, count) = meter else { unreachable!() };
    println!("{count}");
}
