//! Runs one side of one case: once for callgrind, or many times for the clock.
//!
//!     case NAME ours|yardstick instructions|nanoseconds

use slack_benches::{cases, meter::Meter};

const ROUNDS: usize = 20_000;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [name, side, what] = args.as_slice() else {
        panic!("usage: case NAME ours|yardstick instructions|nanoseconds")
    };
    let side = cases::side(name, side);
    for _ in 0..3 {
        side(&mut Meter::Warm);
    }
    match what.as_str() {
        "instructions" => side(&mut Meter::Instructions),
        "nanoseconds" => {
            let mut meter = Meter::Nanoseconds(Vec::with_capacity(ROUNDS));
            for _ in 0..ROUNDS {
                side(&mut meter);
            }
            let Meter::Nanoseconds(mut rounds) = meter else { unreachable!() };
            rounds.sort_unstable();
            println!("{}", rounds[ROUNDS / 2]);
        }
        _ => panic!("no such measure: {what}"),
    }
}
