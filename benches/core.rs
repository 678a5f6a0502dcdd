//! Prints what the core costs. A missed limit is printed, and fails the run only with `--strict`.

use slack_benches::{
    cases,
    table::{self, Programs},
};

fn main() {
    let programs = Programs { case: env!("CARGO_BIN_EXE_case"), heap: env!("CARGO_BIN_EXE_heap") };
    let missed = table::print(&programs, &cases::all());
    println!("{missed} limits missed; instructions decide, nanoseconds are medians of this run");
    if missed > 0 && std::env::args().any(|arg| arg == "--strict") {
        std::process::exit(1);
    }
}
