//! The store in a folder passes the suite for stores, plain and sealed.

use std::{fs, path::Path};

use slack_store::{
    SealingKey, SealingKeys,
    conformance::{Report, Suite},
};
use slack_store_file::FileStore;

#[test]
fn the_store_in_a_folder_passes() {
    let folder = tempfile::tempdir().unwrap();
    assert_passed(&suite(folder.path()).run_blocking());
    assert!(holds_the_suites_values(folder.path()));
}

#[test]
fn the_store_in_a_folder_passes_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let keys = SealingKeys::new(SealingKey::new([7; 32]));
    assert_passed(&suite(folder.path()).sealed(keys).run_blocking());
    assert!(!holds_the_suites_values(folder.path()));
}

fn suite(folder: &Path) -> Suite {
    let folder = folder.to_owned();
    Suite::new(move |place| {
        let store = FileStore::open(folder.join(place.name));
        async move { store }
    })
}

fn assert_passed(report: &Report) {
    println!("{report}");
    report.assert_passed();
    assert_eq!(report.cases(), 45);
}

/// Whether any file has a token, or a text, that the suite has put there.
fn holds_the_suites_values(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().map(Result::unwrap).any(|entry| {
        if entry.file_type().unwrap().is_dir() {
            return holds_the_suites_values(&entry.path());
        }
        let bytes = fs::read(entry.path()).unwrap();
        let value = bytes.iter().position(|byte| *byte == b'\n').map_or(&[][..], |at| &bytes[at..]);
        [&b"xoxe.xoxb"[..], b"OR 1=1", b"C4n4ry"]
            .iter()
            .any(|text| value.windows(text.len()).any(|part| part == *text))
    })
}
