//! Which installation is valid at a place.

use slack_proto::{Slot, StoreKey};

use crate::{InstallationStore, StoreError, Stored};

/// An installation that was found, and the key that it is stored under.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InstallationMatch {
    /// The key, which need not be the one that was asked for.
    pub key: StoreKey,
    /// The installation.
    pub stored: Stored,
}

/// Finds the installation that is valid at a place: its own, or else, for a workspace of an organization, the one it had
/// before it joined, or the org-wide one ([`StoreKey::nearest_first`]).
///
/// ```
/// use slack_proto::{ClientId, Installation, tokens::InstallationKey};
/// use slack_store::{InstallationStore, MemoryStore, Precondition, find_installation};
///
/// # pollster::block_on(async {
/// let store = InstallationStore::new(MemoryStore::new(), ClientId::new("1.2")?);
/// let org = InstallationKey::Organization("E0FAKE00001".into());
/// store.put(&org.clone().into(), &Installation::new(org), Precondition::Absent).await?;
///
/// // An event names the workspace that it came from.
/// let place = InstallationKey::of(Some(&"T0FAKE00001".into()), Some(&"E0FAKE00001".into()), false);
/// let found = find_installation(&store, &place.expect("it names a place").into()).await?;
/// assert_eq!(found.expect("installed for the organization").key.to_text(), "org/E0FAKE00001");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// When the store fails. What cannot be read is not passed over: the next one is good for another place.
pub async fn find_installation(
    store: &InstallationStore,
    key: &StoreKey,
) -> Result<Option<InstallationMatch>, StoreError> {
    find(store, key, |_| true).await
}

/// Finds the nearest installation, as [`find_installation`] does, that has a credential in this slot: a person may have
/// signed in at a workspace for which the bot is installed org-wide.
///
/// # Errors
///
/// As [`find_installation`].
pub async fn find_credential(
    store: &InstallationStore,
    key: &StoreKey,
    slot: Slot,
) -> Result<Option<InstallationMatch>, StoreError> {
    find(store, key, |stored| match slot {
        Slot::Configuration => stored.installation.configuration.is_some(),
        slot => stored.installation.credential(slot).is_some(),
    })
    .await
}

async fn find(
    store: &InstallationStore,
    key: &StoreKey,
    is_wanted: impl Fn(&Stored) -> bool + Send,
) -> Result<Option<InstallationMatch>, StoreError> {
    for key in key.nearest_first() {
        match store.load(&key).await? {
            Some(stored) if is_wanted(&stored) => {
                return Ok(Some(InstallationMatch { key, stored }));
            }
            _ => {}
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use pollster::block_on;
    use slack_proto::{
        AccessToken, Installation, Timestamp,
        tokens::{Credential, InstallationKey},
    };

    use super::*;
    use crate::{Precondition, installations::tests::in_memory};

    fn put(store: &InstallationStore, key: &InstallationKey, slot: Slot) {
        let mut installation = Installation::new(key.clone());
        let token = AccessToken::new("xoxb-1").unwrap();
        let credential = Some(Credential::new(token, Timestamp::from_unix(1)));
        match slot {
            Slot::Bot => installation.bot = credential,
            _ => installation.user = credential,
        }
        let key = key.clone().into();
        block_on(store.put(&key, &installation, Precondition::Absent)).unwrap();
    }

    #[test]
    fn the_nearest_installation_is_found() {
        let store = in_memory();
        let grid = InstallationKey::grid_workspace("E1".into(), "T1".into());
        let (team, org) =
            (InstallationKey::Workspace("T1".into()), InstallationKey::Organization("E1".into()));
        let found = |key: &InstallationKey, slot| {
            let key = key.clone().into();
            let found = match slot {
                None => block_on(find_installation(&store, &key)),
                Some(slot) => block_on(find_credential(&store, &key, slot)),
            };
            found.unwrap().map(|found| found.key.to_text())
        };
        assert_eq!(found(&grid, None), None);
        put(&store, &org, Slot::Bot);
        assert_eq!(found(&grid, None).as_deref(), Some("org/E1"));
        assert_eq!(found(&team, None), None, "without its organization a workspace is alone");
        put(&store, &team, Slot::Bot);
        assert_eq!(found(&grid, None).as_deref(), Some("team/T1"));
        put(&store, &grid, Slot::User);
        assert_eq!(found(&grid, None).as_deref(), Some("grid/E1/T1"));
        assert_eq!(found(&grid, Some(Slot::Bot)).as_deref(), Some("team/T1"));
        assert_eq!(found(&grid, Some(Slot::User)).as_deref(), Some("grid/E1/T1"));
        assert_eq!(found(&org, Some(Slot::User)), None);
        assert_eq!(found(&grid, Some(Slot::Configuration)), None);
    }
}
