//! What is sealed, and with which key it opens.

use super::*;

#[test]
fn a_sealed_file_shows_nothing_and_opens_with_its_key_alone() {
    let (_folder, store, file, _) = stored(Some(keys(1)));
    let bytes = fs::read(&file).unwrap();
    assert!(!bytes.windows(6).any(|part| part == b"C4n4ry"));
    assert_eq!(token(load(&store).unwrap().unwrap()), CANARY);
}

/// Nothing is replaced, removed or added, not even by who knows the version: the others could not read it.
#[test]
fn who_has_not_the_sealing_key_changes_nothing() {
    let (folder, store, file, version) = stored(Some(keys(1)));
    let (store_key, second) = (key(), StoreKey::from(InstallationKey::Workspace("T2".into())));
    for wrong in [None, Some(keys(2)), Some(keys(2).allow_unsealed())] {
        let wrong = open(folder.path(), wrong).unwrap();
        assert_left_alone(&wrong, &file, version, StoreErrorKind::Sealed);
        let other = installation("xoxb-new");
        let new = block_on(wrong.put(&second, &other, Precondition::Absent));
        assert_eq!(kind(new), StoreErrorKind::Sealed);
        assert_eq!(kind(block_on(wrong.keys(None, 100))), StoreErrorKind::Sealed);
        assert_eq!(kind(block_on(wrong.rewrite(None, 100))), StoreErrorKind::Sealed);
        let removed = block_on(wrong.remove(&store_key, version));
        assert_eq!(kind(removed), StoreErrorKind::Sealed);
    }
    assert_eq!(listed(&store), (vec![key()], 0));
}

#[test]
fn a_sealed_file_in_the_place_of_another_does_not_open() {
    let (folder, store, file, version) = stored(Some(keys(1)));
    let theirs: StoreKey = InstallationKey::Workspace("T2".into()).into();
    block_on(store.put(&theirs, &installation("xoxb-theirs"), Precondition::Absent)).unwrap();
    let other = fs::read(folder.path().join("installations/team-T2.slack")).unwrap();
    fs::write(&file, &other).unwrap();
    assert_left_alone(&store, &file, version, StoreErrorKind::Foreign);
    // With the name and the sum changed it is what the cipher binds that tells.
    let at = other.windows(7).position(|part| part == b"team/T2").unwrap();
    let mut renamed = other;
    renamed[at + 6] = b'1';
    fs::write(&file, renamed).unwrap();
    assert_left_alone(&store, &file, version, StoreErrorKind::Damaged);
}

#[test]
fn a_key_is_changed_while_the_old_one_still_opens() {
    let (folder, _, _, version) = stored(Some(keys(1)));
    let both = open(folder.path(), Some(keys(2).old_key(SealingKey::new([1; 32])))).unwrap();
    assert_eq!(token(load(&both).unwrap().unwrap()), CANARY);
    // From now on the new key is needed, and a process that seals with the old one may go on if it has both.
    assert_eq!(kind(load(&open(folder.path(), Some(keys(1))).unwrap())), StoreErrorKind::Sealed);
    let behind = open(folder.path(), Some(keys(1).old_key(SealingKey::new([2; 32])))).unwrap();
    assert_eq!(token(load(&behind).unwrap().unwrap()), CANARY);
    let both = open(folder.path(), Some(keys(2).old_key(SealingKey::new([1; 32])))).unwrap();
    put(&both, "xoxb-new", Precondition::Version(version)).unwrap();
    let new = open(folder.path(), Some(keys(2))).unwrap();
    assert_eq!(token(load(&new).unwrap().unwrap()), "xoxb-new");
    assert_eq!(kind(load(&open(folder.path(), Some(keys(1))).unwrap())), StoreErrorKind::Sealed);
}

#[test]
fn a_plain_file_is_taken_into_a_sealed_store_only_if_that_was_said() {
    let (folder, _, file, version) = stored(None);
    let sealed = open(folder.path(), Some(keys(1))).unwrap();
    assert_not_opened(&sealed, &file, StoreErrorKind::Foreign);
    let changing = open(folder.path(), Some(keys(1).allow_unsealed())).unwrap();
    assert_eq!(token(load(&changing).unwrap().unwrap()), CANARY);
    put(&changing, "xoxb-new", Precondition::Version(version)).unwrap();
    let plain = open(folder.path(), None).unwrap();
    assert_eq!(kind(load(&plain)), StoreErrorKind::Sealed);
    assert_eq!(token(load(&sealed).unwrap().unwrap()), "xoxb-new");
}
