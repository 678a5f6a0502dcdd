//! The store in a folder passes the suite for stores.

use slack_store::conformance::Suite;
use slack_store_file::FileStore;

#[test]
fn the_store_in_a_folder_passes() {
    let folder = tempfile::tempdir().unwrap();
    let suite = Suite::new(move |place| {
        let store = FileStore::open(folder.path().join(place.name));
        async move { store }
    });
    let report = suite.run_blocking();
    println!("{report}");
    report.assert_passed();
}
