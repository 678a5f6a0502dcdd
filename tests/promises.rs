//! Every test that `SECURITY.md` names exists.

use std::{collections::BTreeMap, fs, path::Path};

#[test]
fn every_promise_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let mut sources = BTreeMap::new();
    let mut count = 0;
    for row in text.lines().filter(|line| line.starts_with("| ") && line.contains('`')) {
        let shown_by = row.rsplit(" | ").next().unwrap();
        let mut file = None;
        // Between back quotes: a path, and then the names of tests in it.
        for quoted in shown_by.split('`').skip(1).step_by(2) {
            if Path::new(quoted).extension().is_some_and(|extension| extension == "rs") {
                file = Some(quoted);
                sources.entry(quoted).or_insert_with(|| {
                    fs::read_to_string(root.join(quoted))
                        .unwrap_or_else(|_| panic!("no file {quoted}"))
                });
            } else if !quoted.contains('/') {
                let file = file.unwrap_or_else(|| panic!("{quoted} stands behind no file"));
                let function = format!("fn {quoted}(");
                assert!(sources[file].contains(&function), "{file} has no test {quoted}");
                count += 1;
            }
        }
        assert!(file.is_some(), "a promise without a test: {row}");
    }
    assert!(count > 30, "only {count} tests were found in the tables");
}
