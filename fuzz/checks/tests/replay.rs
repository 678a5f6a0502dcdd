//! Every target has its program, its seeds and its row in the table, and every input that is kept passes its check.
//!
//! `FUZZ_CORPORA` names one more folder of inputs by targets, such as `target/fuzz-corpus` after a long run: so a check
//! that became stricter is tried over all that was ever found.

use std::{
    collections::BTreeSet,
    env, fs,
    panic::catch_unwind,
    path::{Path, PathBuf},
};

use slack_auth_fuzz_checks::targets;

#[test]
fn kept_inputs_pass() {
    let more = env::var_os("FUZZ_CORPORA").map(PathBuf::from);
    let folders = [Some(fuzz().join("corpus")), Some(fuzz().join("regressions")), more];
    let mut failed = Vec::new();
    let mut replayed = 0;
    for (name, check) in targets::ALL {
        for folder in folders.iter().flatten() {
            for file in entries(&folder.join(name)) {
                let input = fs::read(&file).unwrap();
                replayed += 1;
                if catch_unwind(|| check(&input)).is_err() {
                    failed.push(file);
                }
            }
        }
    }
    println!("{replayed} inputs of {} targets", targets::ALL.len());
    assert!(failed.is_empty(), "these inputs fail their target's check: {failed:#?}");
}

#[test]
fn every_target_has_all_that_belongs_to_it() {
    let table = targets::ALL.iter().map(|(name, _)| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(table.len(), targets::ALL.len(), "a target stands twice in the table");
    let names = |folder: &str| -> BTreeSet<String> {
        let paths = entries(&fuzz().join(folder));
        paths.iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        names("fuzz_targets"),
        table,
        "each row of the table has a program, and no other is"
    );
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    let bins = manifest.split("[[bin]]").skip(1).map(|bin| bin.split('"').nth(1).unwrap().into());
    assert_eq!(bins.collect::<BTreeSet<String>>(), table, "fuzz/Cargo.toml names each program");
    assert_eq!(names("corpus"), table, "each target has a folder of seeds");
    for name in &table {
        assert!(!entries(&fuzz().join("corpus").join(name)).is_empty(), "{name} has no seed");
        let source = fuzz().join("fuzz_targets").join(format!("{name}.rs"));
        let source = fs::read_to_string(source).unwrap();
        assert!(source.contains(&format!("targets::{name}(")), "{name} runs another's check");
    }
    let strange: Vec<_> = names("regressions").difference(&table).cloned().collect();
    assert!(strange.is_empty(), "findings of no target: {strange:?}");
}

/// The folder of the targets.
fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// What is in a folder, in order; nothing if there is none.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(found) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = found.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
