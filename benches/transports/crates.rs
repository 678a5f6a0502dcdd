//! How many crates a program needs, by `cargo tree`.

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;

/// Counts the crates of the root package with one feature, those included that build others.
pub(crate) fn with_feature(feature: &str) -> usize {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let mut cargo = Command::new("cargo");
    cargo.args(["tree", "--locked", "--package", "slack-auth", "--edges", "normal,build"]);
    cargo.args(["--prefix", "none", "--no-dedupe", "--format", "{p}", "--features", feature]);
    let output = cargo.arg("--manifest-path").arg(root).output().expect("cargo can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let names = text.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "));
    names.collect::<HashSet<_>>().len()
}
