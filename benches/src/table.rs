//! Measures every case from outside, and prints one line for each.

use std::process::Command;

use crate::cases::{Allowed, Case};

/// The two programs that do the work.
pub struct Programs {
    /// Runs a side under callgrind, or against the clock.
    pub case: &'static str,
    /// Counts allocations.
    pub heap: &'static str,
}

/// What one side costs.
struct Cost {
    instructions: u64,
    with_drop: u64,
    nanoseconds: u64,
    allocations: u64,
}

/// Prints the table, and gives the number of limits that were missed.
pub fn print(programs: &Programs, cases: &[Case]) -> usize {
    println!(
        "{:<23} {:>8} {:>9} {:>6} {:>6} {:>9} {:>7} {:>9} {:>7} {:>7}  verdict",
        "case",
        "instr",
        "yardstick",
        "ratio",
        "limit",
        "with drop",
        "ns",
        "yardstick",
        "allocs",
        "allowed"
    );
    cases.iter().filter(|case| !line(programs, case)).count()
}

/// Measures and prints one case; tells whether it is within its limits.
fn line(programs: &Programs, case: &Case) -> bool {
    let [ours, yardstick] = ["ours", "yardstick"].map(|side| programs.measure(case.name, side));
    let ratio = ratio(ours.instructions, yardstick.instructions);
    let allowed = match case.allocations {
        Allowed::Any => None,
        Allowed::AtMost(number) => Some(number),
        Allowed::AsYardstick => Some(yardstick.allocations),
    };
    let cheap = ratio <= case.limit;
    let lean = allowed.is_none_or(|allowed| ours.allocations <= allowed);
    let verdict = match (cheap, lean) {
        (true, true) => "pass",
        (false, true) => "MISS: instructions",
        (true, false) => "MISS: allocations",
        (false, false) => "MISS: both",
    };
    println!(
        "{:<23} {:>8} {:>9} {:>6.3} {:>6.2} {:>9.3} {:>7} {:>9} {:>3}/{:<3} {:>7}  {verdict}",
        case.name,
        ours.instructions,
        yardstick.instructions,
        ratio,
        case.limit,
        self::ratio(ours.with_drop, yardstick.with_drop),
        ours.nanoseconds,
        yardstick.nanoseconds,
        ours.allocations,
        yardstick.allocations,
        allowed.map_or_else(|| "any".to_owned(), |allowed| allowed.to_string()),
    );
    cheap && lean
}

/// Divides two counts.
#[expect(clippy::cast_precision_loss, reason = "counts of instructions are far below 2^52")]
pub fn ratio(ours: u64, yardstick: u64) -> f64 {
    ours as f64 / yardstick as f64
}

impl Programs {
    fn measure(&self, name: &str, side: &str) -> Cost {
        Cost {
            instructions: self.instructions(name, side, &["*measured_call*"]),
            with_drop: self.instructions(name, side, &["*measured_call*", "*measured_drop*"]),
            nanoseconds: number(
                &output(Command::new(self.case).args([name, side, "nanoseconds"])).0,
            ),
            allocations: number(&output(Command::new(self.heap).args([name, side])).0),
        }
    }

    fn instructions(&self, name: &str, side: &str, functions: &[&str]) -> u64 {
        collected(self.case, &[name, side, "instructions"], functions)
    }
}

/// Counts, under callgrind, the instructions of a program while it is inside of one of these functions.
///
/// # Panics
///
/// When valgrind cannot be run, or saw none of the functions.
pub fn collected(program: &str, arguments: &[&str], functions: &[&str]) -> u64 {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind.args(functions.iter().map(|function| format!("--toggle-collect={function}")));
    let (_, errors) = output(valgrind.arg(program).args(arguments));
    let collected = errors.lines().find_map(|line| line.split_once("Collected :"));
    let count = number(collected.expect("callgrind says what it collected").1);
    assert!(count > 0, "callgrind saw no call of {functions:?}");
    count
}

/// Gives what a program prints.
///
/// # Panics
///
/// When it cannot be run, or fails.
pub fn printed(program: &str, arguments: &[&str]) -> String {
    output(Command::new(program).args(arguments)).0
}

/// Runs a program and gives what it printed.
fn output(command: &mut Command) -> (String, String) {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let [out, err] =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{command:?} failed: {err}");
    (out, err)
}

fn number(text: &str) -> u64 {
    text.trim().parse().unwrap_or_else(|_| panic!("not a number: {text}"))
}
