//! The same scenarios over the library of another checkout.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::scenarios::Size;

/// Builds and runs this program over the checkout, in a package of its own, and prints its lines.
pub(crate) fn run(checkout: &Path, size: Size, only: &str) {
    let checkout = fs::canonicalize(checkout).expect("the checkout is there");
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = target_folder().join("fleet-baseline");
    fs::create_dir_all(&package).expect("the target folder can be written");
    let manifest = package.join("Cargo.toml");
    let own = fs::read_to_string(here.join("Cargo.toml")).expect("it is in the repository");
    fs::write(&manifest, over(&own, here, &checkout)).expect("the target folder can be written");
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--quiet", "--release", "--features", "baseline", "--manifest-path"]);
    cargo.arg(manifest).env("CARGO_TARGET_DIR", package.join("target")).arg("--");
    if size == Size::Quick {
        cargo.arg("--quick");
    }
    // Scenarios that it does not bring to their end decide its exit status, which is of no interest here.
    cargo.args(["--only", only]).status().expect("cargo can be started");
}

/// Returns this package's manifest, with the library of the checkout in place of ours.
fn over(manifest: &str, here: &Path, checkout: &Path) -> String {
    // A string of JSON is one of TOML.
    let path = |path: &Path| format!("path = {}", Value::from(path.to_string_lossy()));
    let (library, main) = (path(checkout), path(&here.join("main.rs")));
    let manifest = manifest.replace("path = \"main.rs\"", &main);
    // The baseline's runtime on threads is not a feature, but always there.
    let manifest =
        manifest.replace("path = \"../..\"", &library).replace("\"thread-runtime\", ", "");
    format!("[workspace]\n\n{manifest}")
}

/// Returns the folder `target` that this program was built in.
fn target_folder() -> PathBuf {
    let program = std::env::current_exe().expect("the program has a path");
    program.ancestors().nth(2).expect("cargo built it").to_owned()
}
