//! Which app a store belongs to, and which key seals it.

use slack_proto::{ClientId, methods::UntrustedText};

use crate::{
    EntryKey, Precondition, SecretBytes, StoreBackend, StoreError, StoreErrorKind, StoredVersion,
    Write, settle,
};

/// Writes the store's mark, or compares the one that is there.
///
/// `keys` are the names of the sealing keys at hand, the one that seals first; none if nothing is sealed. A process that
/// was started without the key, or with a wrong one, is refused here: otherwise it would store new installations that
/// the others cannot read.
pub(crate) async fn check(
    backend: &dyn StoreBackend,
    app: &ClientId,
    keys: &[String],
) -> Result<(), StoreError> {
    let key = EntryKey::app();
    let found = match backend.load(&key).await? {
        Some(found) => found,
        None => match write(backend, &key, app, keys, Precondition::Absent).await {
            Ok(()) => return Ok(()),
            // Another process was first.
            Err(error) => backend.load(&key).await?.ok_or(error)?,
        },
    };
    let mark = Mark::parse(found.value.as_ref()).ok_or_else(|| {
        StoreError::new(
            StoreErrorKind::Foreign,
            "the store does not say which app it belongs to; upgrade, or choose another store",
        )
    })?;
    mark.compare(app, keys)?;
    if mark.key != keys.first().map(String::as_str) {
        // From here on the new key is needed. If the write fails, the next process tries it again.
        let seen = Precondition::Version(found.version);
        let _ = write(backend, &key, app, keys, seen).await;
    }
    Ok(())
}

async fn write(
    backend: &dyn StoreBackend,
    key: &EntryKey,
    app: &ClientId,
    keys: &[String],
    precondition: Precondition,
) -> Result<(), StoreError> {
    let version = StoredVersion::random().map_err(StoreError::no_randomness)?;
    let start = keys.first().map_or_else(|| PLAIN.to_owned(), |name| format!("{SEALED}{name} "));
    let value = SecretBytes::new(format!("{start}{}\n", app.as_str()).into_bytes());
    settle::put(backend, key, &Write::new(version, value), precondition).await
}

/// What the mark says.
struct Mark<'a> {
    app: &'a str,
    /// The name of the key that seals; `None` if nothing is sealed.
    key: Option<&'a str>,
}

impl<'a> Mark<'a> {
    fn parse(value: &'a [u8]) -> Option<Self> {
        let line = std::str::from_utf8(value).ok()?.strip_suffix('\n')?;
        if let Some(app) = line.strip_prefix(PLAIN) {
            return Some(Self { app, key: None });
        }
        let (key, app) = line.strip_prefix(SEALED)?.split_once(' ')?;
        Some(Self { app, key: Some(key) })
    }

    fn compare(&self, app: &ClientId, keys: &[String]) -> Result<(), StoreError> {
        if self.app != app.as_str() {
            return Err(StoreError::other_app(format!(
                "the store belongs to the app with the client id {}, not to {}; give each app a store of its own",
                UntrustedText::from(self.app),
                UntrustedText::from(app.as_str()),
            )));
        }
        match self.key {
            None => Ok(()),
            Some(name) if keys.iter().any(|key| key == name) => Ok(()),
            Some(_) if keys.is_empty() => Err(StoreError::sealed()),
            Some(_) => Err(StoreError::wrong_key()),
        }
    }
}

const PLAIN: &str = "slack-auth app 1 ";
const SEALED: &str = "slack-auth sealed-app 1 ";
