//! A fleet of installations against its limits: one JSON object a line.
//!
//!     cargo run --release --bin fleet [-- [--strict] [--quick] [--only NAME] [--baseline PATH]]
//!
//! Each line has the scenario, the figure, its limit and whether it passes, and the raw counts. With `--strict` a missed
//! limit makes the exit status 1; a scenario that does not come to its end always does. `--quick` takes smaller fleets, for which the limits are not meant. `--only` picks the
//! scenario of that name, or else those with that in their names. `--baseline` first builds and runs the same scenarios over the library of a
//! checkout at PATH, whose API is that of the commit 69314ce; its lines have another `side`.
//!
//! Requests are all that were sent, those that were answered by 429 included. Times run from the first request to the
//! last stored pair. Scenarios in real time want a quiet machine.

#[cfg(not(feature = "baseline"))]
mod adapter;
mod baseline;
mod fleet;
mod report;
mod scenarios;
mod slack;
mod time;

#[cfg(feature = "baseline")]
#[path = "baseline/adapter.rs"]
mod adapter;

use scenarios::Size;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut size, mut strict, mut only, mut checkout) = (Size::Full, false, String::new(), None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--strict" => strict = true,
            "--quick" => size = Size::Quick,
            "--only" => only = arguments.next().unwrap_or_else(|| wrong("--only needs a name")),
            "--baseline" => {
                let path = arguments.next();
                checkout = Some(path.unwrap_or_else(|| wrong("--baseline needs a path")));
            }
            other => wrong(&format!("unknown argument {other}")),
        }
    }
    if let Some(checkout) = checkout {
        baseline::run(checkout.as_ref(), size, &only);
    }
    let mut failed = false;
    for run in scenarios::named(&only) {
        for row in run(size) {
            println!("{}", row.json(SIDE));
            let fails = if strict { !row.passes() } else { !row.is_whole() };
            failed |= fails;
        }
    }
    std::process::exit(i32::from(failed));
}

fn wrong(what: &str) -> ! {
    eprintln!("{what}: give --strict, --quick, --only NAME, --baseline PATH, or none");
    std::process::exit(2);
}

/// Whose figures these are.
const SIDE: &str = if cfg!(feature = "baseline") { "baseline" } else { "now" };
