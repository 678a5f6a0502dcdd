//! The same program of another checkout, for comparison.

use std::path::Path;
use std::process::Command;

/// CPU microseconds of one contender at one width.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) at_once: usize,
    pub(crate) cpu: f64,
}

/// Builds and runs the program of the checkout at `path`, and returns what it measured.
pub(crate) fn run(path: &Path) -> Vec<Row> {
    let manifest = path.join("benches/Cargo.toml");
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--release", "--locked", "--bin", "transports", "--manifest-path"]);
    // Its limits decide its exit status, which is of no interest here.
    let output = cargo.arg(manifest).output().expect("cargo can be started");
    let rows: Vec<Row> = String::from_utf8_lossy(&output.stdout).lines().filter_map(row).collect();
    assert!(!rows.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    rows
}

/// Reads a line such as `reqwest, bare               1 at once:    47.1 us CPU,   12345 requests/s`.
fn row(line: &str) -> Option<Row> {
    let (before, after) = line.split_once(" at once: ")?;
    let (name, at_once) = before.trim_end().rsplit_once(' ')?;
    let (cpu, _) = after.trim_start().split_once(" us CPU")?;
    Some(Row {
        name: name.trim_end().to_owned(),
        at_once: at_once.parse().ok()?,
        cpu: cpu.parse().ok()?,
    })
}
