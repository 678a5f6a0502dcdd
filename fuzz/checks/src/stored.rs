//! What must hold for installations that a store reads.

use std::{collections::HashSet, fs, path::PathBuf, sync::OnceLock, time::Duration};

use pollster::block_on;
use sha2::{Digest, Sha256};
use slack_auth::{
    ClientId, Installation, InstallationStore, Slot, StoreKey,
    ids::{EnterpriseId, TeamId},
    store::{FileStore, LeaseHolder, LeaseOutcome, Precondition, StoreErrorKind, StoredVersion},
    tokens::{ConfigurationCredential, Credential, InstallationKey, RefreshToken},
};

use crate::{oracle::Members, secrets};

/// Decodes an installation: what is taken is what any reader of JSON finds there, and comes back from being encoded.
pub(crate) fn check_encoding(input: &[u8]) {
    for refused in [
        Installation::decode(input).map(|found| check_installation(input, &found)).err(),
        Credential::decode(input).map(|found| check_credential(input, &found)).err(),
        ConfigurationCredential::decode(input).map(|found| secrets::assert_hidden(&found)).err(),
    ]
    .into_iter()
    .flatten()
    {
        secrets::assert_hidden_error(&refused);
    }
}

fn check_installation(input: &[u8], found: &Installation) {
    secrets::assert_hidden(found);
    let whole = Members::of(input).expect("no JSON, and yet it was taken");
    assert_eq!(whole.once("version"), Some("1"), "another version was taken");
    assert_eq!(whole.text("kind").as_deref(), Some("installation"), "another kind was taken");
    for (name, credential) in
        [("bot", &found.bot), ("user", &found.user), ("unplaced", &found.unplaced)]
    {
        let there = |token| whole.object(name).and_then(|slot| slot.text(token));
        let read = credential.as_ref().map(|credential| credential.access_token.expose());
        assert_eq!(read, there("access_token").as_deref(), "a token was lost or changed");
        let read = credential.as_ref().and_then(|credential| credential.refresh_token.as_ref());
        let read = read.map(RefreshToken::expose);
        assert_eq!(read, there("refresh_token").as_deref(), "a token was lost or changed");
    }
    let once = found.encode_exposing_secrets();
    let again = Installation::decode(once.as_ref()).expect("what was encoded is refused");
    assert_eq!(again.encode_exposing_secrets().as_ref(), once.as_ref(), "it changed on the way");
}

fn check_credential(input: &[u8], found: &Credential) {
    secrets::assert_hidden(found);
    let whole = Members::of(input).expect("no JSON, and yet it was taken");
    let token = found.access_token.expose();
    assert_eq!(Some(token), whole.text("access_token").as_deref(), "a token was lost or changed");
    let once = found.encode_exposing_secrets();
    let again = Credential::decode(once.as_ref()).expect("what was encoded is refused");
    assert_eq!(again.encode_exposing_secrets().as_ref(), once.as_ref(), "it changed on the way");
}

/// Reads a file of the store in a folder. What is taken has the sum that the documentation asks for; what is refused
/// is left alone by every write.
///
/// An input that begins with `=` is the value of a file whose line is right, so that the fuzzer gets behind the sum.
pub(crate) fn check_file(input: &[u8]) {
    let (folder, store) = place();
    let key: StoreKey = InstallationKey::Workspace("T1".into()).into();
    let file = folder.join("installations/team-T1.slack");
    let whole = input.strip_prefix(b"=").map(with_line);
    let bytes = whole.as_deref().unwrap_or(input);
    fs::write(&file, bytes).expect("the folder can be written");
    match block_on(store.load(&key)) {
        Ok(stored) => {
            let stored = stored.expect("a file is there, and was not seen");
            secrets::assert_hidden(&stored);
            let number = stored.version.as_u64();
            let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
            let value = &bytes[line.len() + 1..];
            let text = std::str::from_utf8(line).expect("a line that is not text was taken");
            let (start, check) = text.split_at(text.rfind(' ').expect("no check") + 1);
            let first = format!("slack-auth installation 1 plain {number:016x} team/T1 ");
            let current = format!("slack-auth entry 2 {number:016x} team/T1 ");
            assert!(
                (start == first || start.starts_with(&current)) && check == sum(start, value),
                "a line was taken that is not as documented"
            );
            let installation = Installation::decode(value).expect("the value is taken");
            assert_eq!(
                installation.encode_exposing_secrets().as_ref(),
                stored.installation.encode_exposing_secrets().as_ref(),
                "it changed on the way"
            );
        }
        Err(error) => {
            secrets::assert_hidden_error(&error);
            let kinds = [StoreErrorKind::Damaged, StoreErrorKind::Foreign, StoreErrorKind::Sealed];
            assert!(kinds.contains(&error.kind()), "{error}");
        }
    }
    // A version that the file does not have: nothing may be written, whatever stands there.
    let empty = Installation::new(InstallationKey::Workspace("T1".into()));
    for expected in [Precondition::Absent, Precondition::Version(StoredVersion::new(0xdead_beef))] {
        let put = block_on(store.put(&key, &empty, expected)).expect_err("a file was overwritten");
        secrets::assert_hidden_error(&put);
    }
    assert!(fs::read(&file).is_ok_and(|found| found == bytes), "a file was changed");
}

/// Reads a lease of the store in a folder, and asks for it. It is held if the file says so, and then the file stays as it
/// is; otherwise it is granted, and the file says that.
pub(crate) fn check_lease(input: &[u8]) {
    let (folder, store) = place();
    let key: StoreKey = InstallationKey::Workspace("T1".into()).into();
    let file = folder.join("leases/team-T1.bot");
    fs::write(&file, input).expect("the folder can be written");
    let (holder, length) = (LeaseHolder::from_bytes([7; 16]), Duration::from_secs(45));
    let acquired = store.acquire(&key, Slot::Bot, holder, length);
    let acquired = block_on(acquired).expect("the folder is there");
    let found = fs::read(&file).expect("the file is there");
    match acquired {
        LeaseOutcome::Granted => {
            let line = format!("slack-auth lease 2 {} ", "07".repeat(16));
            assert!(
                found.starts_with(line.as_bytes()),
                "a lease was granted, and nobody else can see it"
            );
        }
        LeaseOutcome::HeldFor(remaining) => {
            assert!(found == input, "somebody else's lease was changed");
            assert!(!remaining.is_zero(), "a lease that ran out holds everybody up");
            block_on(store.release(&key, Slot::Bot, holder)).expect("the folder is there");
            assert!(
                fs::read(&file).is_ok_and(|found| found == input),
                "it was given up for another"
            );
        }
    }
}

/// Reads a key from text, and writes the one that three lines name. No two keys have one text.
pub(crate) fn check_key(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match StoreKey::from_text(text) {
        Ok(key) => {
            secrets::assert_hidden(&key);
            assert!(key.to_text() == text, "another spelling of a key was taken");
        }
        Err(error) => secrets::assert_hidden_error(&error),
    }
    let mut ids = text.splitn(3, '\n');
    let (team, enterprise, user) = (ids.next().unwrap_or_default(), ids.next(), ids.next());
    let team = || TeamId::from(team);
    let enterprise = || EnterpriseId::from(enterprise.unwrap_or_default());
    let places = [
        InstallationKey::Workspace(team()),
        InstallationKey::Organization(enterprise()),
        InstallationKey::grid_workspace(enterprise(), team()),
    ];
    let mut texts = HashSet::new();
    for place in places {
        let person = user.map(|user| StoreKey::person(place.clone(), user.into()));
        for key in [Some(StoreKey::from(place)), person].into_iter().flatten() {
            let text = key.to_text();
            assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "no key for a table");
            assert!(
                StoreKey::from_text(&text).is_ok_and(|again| again == key),
                "a key was changed"
            );
            assert!(texts.insert(text), "two keys with one text");
            assert!(key.nearest_first().first() == Some(&key), "something is nearer than itself");
        }
    }
}

fn with_line(value: &[u8]) -> Vec<u8> {
    let start = "slack-auth installation 1 plain 0123456789abcdef team/T1 ";
    [start.as_bytes(), sum(start, value).as_bytes(), b"\n", value].concat()
}

fn sum(start: &str, value: &[u8]) -> String {
    let sum = Sha256::new().chain_update(start).chain_update(value).finalize();
    sum.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// One folder for the life of the process, in memory if the system has such a place.
fn place() -> &'static (PathBuf, InstallationStore) {
    static PLACE: OnceLock<(PathBuf, InstallationStore)> = OnceLock::new();
    PLACE.get_or_init(|| {
        let memory = PathBuf::from("/dev/shm");
        let base = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let folder = base.join(format!("slack-auth-fuzz-{}", std::process::id()));
        let store = FileStore::open(&folder).expect("a folder can be made");
        let store = InstallationStore::new(store, ClientId::new("1.2").expect("not empty"));
        (folder, store)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_the_right_sum_is_taken() {
        let value = br#"{"version":1,"kind":"installation","is_enterprise_install":false}"#;
        check_file(&[b"=", &value[..]].concat());
        let (_, store) = place();
        let key: StoreKey = InstallationKey::Workspace("T1".into()).into();
        assert!(block_on(store.load(&key)).unwrap().is_some());
        check_file(&with_line(value)[1..]);
        assert!(block_on(store.load(&key)).is_err());
    }
}
