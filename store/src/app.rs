//! Which app a store belongs to.

use slack_proto::ClientId;

use crate::{
    EntryKey, Precondition, SecretBytes, StoreBackend, StoreError, StoreErrorKind, StoredVersion,
    Write, settle,
};

/// Writes the app's mark, or compares the one that is there.
pub(crate) async fn check(backend: &dyn StoreBackend, app: &ClientId) -> Result<(), StoreError> {
    let key = EntryKey::app();
    if let Some(entry) = backend.load(&key).await? {
        return compare(entry.value.as_ref(), app);
    }
    let version = StoredVersion::random()
        .map_err(|error| StoreError::unavailable("the system gives no randomness", error))?;
    let value = format!("{MARK}{}\n", app.as_str()).into_bytes();
    let write = Write::new(version, SecretBytes::new(value));
    match settle::put(backend, &key, &write, Precondition::Absent).await {
        Err(error) if error.is_conflict() => {
            // Another process was first.
            let entry = backend.load(&key).await?.ok_or(error)?;
            compare(entry.value.as_ref(), app)
        }
        done => done,
    }
}

fn compare(mark: &[u8], app: &ClientId) -> Result<(), StoreError> {
    let stored = std::str::from_utf8(mark)
        .ok()
        .and_then(|mark| mark.strip_prefix(MARK)?.strip_suffix('\n'))
        .ok_or_else(|| {
            StoreError::new(
                StoreErrorKind::Foreign,
                "the store does not say which app it belongs to; upgrade, or choose another store",
            )
        })?;
    if stored == app.as_str() {
        return Ok(());
    }
    Err(StoreError::other_app(format!(
        "the store belongs to the app with the client id {}, not to {}; give each app a store of its own",
        slack_proto::methods::UntrustedText::from(stored),
        slack_proto::methods::UntrustedText::from(app.as_str()),
    )))
}

const MARK: &str = "slack-auth app 1 ";
