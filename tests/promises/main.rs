//! Every test that `SECURITY.md` or `docs/compare.md` names is a test that `cargo test --workspace` runs.

mod tree;

use std::{collections::BTreeMap, fs, path::Path};

use tree::Tests;

/// One row of a table: what is promised, and what shows it.
struct Promise<'a> {
    row: &'a str,
    /// Paths of files, each with the names of tests in it.
    tests: Vec<(&'a str, Vec<&'a str>)>,
    /// Steps of `.ci/run`.
    steps: Vec<&'a str>,
}

#[test]
fn every_promise_names_tests_that_run() {
    let text = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let count = check_rows(&text);
    assert!(count > 60, "only {count} tests were found in the tables");
}

#[test]
fn every_fault_of_others_names_tests_that_run() {
    let text = fs::read_to_string(root().join("docs/compare.md")).unwrap();
    let (_, table) = text.split_once("\n## Known faults of others\n").unwrap();
    let count = check_rows(table);
    assert!(count > 25, "only {count} tests were found in the table");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Checks the rows of all tables in a text, and returns how many tests they name.
fn check_rows(text: &str) -> usize {
    let root = root();
    let run = fs::read_to_string(root.join(".ci/run")).unwrap();
    let tests = Tests::of_workspace(root);
    let mut count = 0;
    for row in text.lines().filter(|line| line.starts_with("| ") && line.contains('`')) {
        let promise = Promise::parse(row);
        assert!(
            !promise.steps.is_empty() || promise.tests.iter().any(|(_, names)| !names.is_empty()),
            "a promise without a test: {}",
            promise.row
        );
        for (file, names) in promise.tests {
            for name in names {
                assert!(
                    tests.runs(&root.join(file), name),
                    "{file}: {name} is not a test that runs"
                );
                count += 1;
            }
        }
        for step in promise.steps {
            let listed = run.split_whitespace().any(|word| word == step);
            assert!(listed && root.join(".ci/steps").join(step).exists(), "no step {step}");
        }
    }
    count
}

impl<'a> Promise<'a> {
    fn parse(row: &'a str) -> Self {
        let mut promise = Self { row, tests: Vec::new(), steps: Vec::new() };
        let shown_by = row.rsplit(" | ").next().unwrap();
        for quoted in shown_by.split('`').skip(1).step_by(2) {
            if let Some(step) = quoted.strip_prefix(".ci/run ") {
                promise.steps.push(step);
            } else if Path::new(quoted).extension().is_some_and(|extension| extension == "rs") {
                promise.tests.push((quoted, Vec::new()));
            } else {
                let (_, names) =
                    promise.tests.last_mut().unwrap_or_else(|| panic!("{quoted} follows no file"));
                names.push(quoted);
            }
        }
        promise
    }
}

/// The search refuses what looks like a test and is none.
#[test]
fn what_does_not_run_is_no_test() {
    let folder = tempfile::tempdir().unwrap();
    let files = BTreeMap::from([
        (
            "lib.rs",
            "mod used; mod inline { mod deep { #[test] fn inside() {} } }
             #[cfg(any())] mod switched_off { #[test] fn off() {} }
             #[cfg(test)] #[path = \"else/where.rs\"] mod elsewhere;
             #[test] fn runs() {}
             #[test] #[ignore] fn ignored() {}
             fn helper() {}
             // #[test] fn commented() {}
             const TEXT: &str = \"#[test] fn quoted() {}\";
             proptest! { #[test] fn a_property(x in 0..1) {} #[test] #[ignore] fn an_ignored_one(x in 0..1) {} }",
        ),
        ("used.rs", "mod below; #[tokio::test] async fn other() {} #[test] fn used() {}"),
        ("used/below.rs", "#[test] fn below() {}"),
        ("else/where.rs", "#[test] fn elsewhere() {}"),
        ("orphan.rs", "#[test] fn orphan() {}"),
    ]);
    for (file, text) in &files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mut tests = Tests::default();
    tests.add_target(&folder.path().join("lib.rs"));
    let names: Vec<_> =
        files.keys().map(|file| (file, tests.names(&folder.path().join(file)))).collect();
    assert_eq!(
        names,
        [
            (&"else/where.rs", vec!["elsewhere"]),
            (&"lib.rs", vec!["a_property", "inside", "runs"]),
            (&"orphan.rs", vec![]),
            (&"used.rs", vec!["used"]),
            (&"used/below.rs", vec!["below"]),
        ]
    );
}
