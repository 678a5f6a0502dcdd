//! What to remove when an app is uninstalled or a token is revoked, from any store.

use slack_proto::{Installation, StoreKey, ids::UserId, tokens::InstallationKey};

use crate::{InstallationStore, Precondition, StoreError};

/// Removes the installation under a key, whatever its version, and returns it; `None` if there is none.
///
/// # Errors
///
/// When the store fails, or the entry cannot be read.
pub async fn remove_installation(
    store: &InstallationStore,
    key: &StoreKey,
) -> Result<Option<Installation>, StoreError> {
    change(store, key, |installation| Some(std::mem::take(installation))).await
}

/// Removes all installations at a place, people's own included, and returns them: for the event `app_uninstalled`.
///
/// # Errors
///
/// At the first that cannot be removed; those before it are.
pub async fn remove_place(
    store: &InstallationStore,
    place: &InstallationKey,
) -> Result<Vec<(StoreKey, Installation)>, StoreError> {
    let mut removed = Vec::new();
    let mut after = None;
    loop {
        let page = store.keys_at(place, after.as_ref(), PAGE).await?;
        for found in page.keys {
            if let Some(installation) = remove_installation(store, &found.key).await? {
                removed.push((found.key, installation));
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(removed);
        }
    }
}

/// Removes the bot's credential at a place: for the event `tokens_revoked` that lists a bot. Returns whether there was one.
///
/// # Errors
///
/// As [`remove_installation`].
pub async fn remove_bot(
    store: &InstallationStore,
    place: &InstallationKey,
) -> Result<bool, StoreError> {
    let removed = change(store, &place.clone().into(), |installation| {
        installation.bot.take().map(|_| installation.bot_user_id = None)
    })
    .await?;
    Ok(removed.is_some())
}

/// Removes a person's credential at a place, under the place or under the person's own key: for the event
/// `tokens_revoked` that lists the person. A configuration token stays: it is no app's. Returns whether there was one.
///
/// # Errors
///
/// As [`remove_installation`].
pub async fn remove_user(
    store: &InstallationStore,
    place: &InstallationKey,
    user: &UserId,
) -> Result<bool, StoreError> {
    let own = StoreKey::person(place.clone(), user.clone());
    let removed = change(store, &own, |installation| installation.user.take()).await?;
    let installer = change(store, &place.clone().into(), |installation| {
        // Who installed the app may be another.
        (installation.user_id.as_ref() == Some(user)).then(|| installation.user.take())?
    })
    .await?;
    Ok(removed.is_some() || installer.is_some())
}

/// Removes a part of an installation, and all of it if no credential is left; `None` if there was nothing to remove.
///
/// Each conflict means that another has got on, so that it comes to an end.
async fn change<T>(
    store: &InstallationStore,
    key: &StoreKey,
    take: impl Fn(&mut Installation) -> Option<T> + Send,
) -> Result<Option<T>, StoreError> {
    loop {
        let Some(stored) = store.load(key).await? else { return Ok(None) };
        let (mut installation, version) = (stored.installation, stored.version);
        let Some(taken) = take(&mut installation) else { return Ok(None) };
        let done = if has_credential(&installation) {
            store.put(key, &installation, Precondition::Version(version)).await.map(|_| ())
        } else {
            store.remove(key, version).await
        };
        match done {
            Err(error) if error.is_conflict() => {}
            done => return done.map(|()| Some(taken)),
        }
    }
}

/// How many keys are listed at a time.
const PAGE: usize = 100;

fn has_credential(installation: &Installation) -> bool {
    let Installation { bot, user, unplaced, configuration, .. } = installation;
    bot.is_some() || user.is_some() || unplaced.is_some() || configuration.is_some()
}

#[cfg(test)]
mod tests {
    use pollster::block_on;
    use slack_proto::{
        AccessToken, Timestamp,
        tokens::{ConfigurationCredential, ConfigurationToken, Credential, RefreshToken},
    };

    use super::*;
    use crate::installations::tests::in_memory;

    fn place() -> InstallationKey {
        InstallationKey::Workspace("T1".into())
    }

    fn person(user: &str) -> StoreKey {
        StoreKey::person(place(), user.into())
    }

    fn credential() -> Credential {
        Credential::new(AccessToken::new("xoxb-1").unwrap(), Timestamp::from_unix(1))
    }

    /// A bot and an installer, two people of their own, one with a configuration token, and another workspace.
    fn store() -> InstallationStore {
        let store = in_memory();
        let put = |key: StoreKey, change: &dyn Fn(&mut Installation)| {
            let mut installation = Installation::new(place());
            change(&mut installation);
            block_on(store.put(&key, &installation, Precondition::Absent)).unwrap();
        };
        put(place().into(), &|it| {
            (it.bot, it.bot_user_id) = (Some(credential()), Some("U0".into()));
            (it.user, it.user_id) = (Some(credential()), Some("U1".into()));
        });
        put(person("U1"), &|it| it.user = Some(credential()));
        put(person("U2"), &|it| {
            it.user = Some(credential());
            it.configuration = Some(ConfigurationCredential::new(
                ConfigurationToken::new("xoxe.xoxp-1-c").unwrap(),
                RefreshToken::new("xoxe-1-c").unwrap(),
                Timestamp::from_unix(1),
            ));
        });
        put(InstallationKey::Workspace("T2".into()).into(), &|it| it.bot = Some(credential()));
        store
    }

    fn load(store: &InstallationStore, key: &StoreKey) -> Option<Installation> {
        block_on(store.load(key)).unwrap().map(|stored| stored.installation)
    }

    #[test]
    fn an_uninstall_removes_all_at_a_place_and_nothing_elsewhere() {
        let store = store();
        let removed = block_on(remove_place(&store, &place())).unwrap();
        assert_eq!(removed.len(), 3);
        assert!(removed.iter().all(|(_, it)| it.bot.is_some() || it.user.is_some()));
        let left = block_on(store.keys(None, 10)).unwrap().keys;
        let left: Vec<_> = left.iter().map(|found| found.key.to_text()).collect();
        assert_eq!(left, ["team/T2"]);
        assert!(block_on(remove_installation(&store, &place().into())).unwrap().is_none());
    }

    #[test]
    fn a_revoked_token_goes_and_the_others_stay() {
        let store = store();
        assert!(block_on(remove_user(&store, &place(), &"U1".into())).unwrap());
        assert!(load(&store, &person("U1")).is_none(), "nothing is left of it");
        let main = load(&store, &place().into()).unwrap();
        assert!(main.user.is_none() && main.bot.is_some());
        assert!(block_on(remove_user(&store, &place(), &"U2".into())).unwrap());
        let own = load(&store, &person("U2")).unwrap();
        assert!(own.user.is_none() && own.configuration.is_some());
        assert!(!block_on(remove_user(&store, &place(), &"U3".into())).unwrap());
        assert!(block_on(remove_bot(&store, &place())).unwrap());
        assert!(load(&store, &place().into()).is_none(), "the last credential took it along");
        assert!(!block_on(remove_bot(&store, &place())).unwrap());
    }

    #[test]
    fn a_person_who_did_not_install_the_app_takes_no_others_credential_along() {
        let store = store();
        block_on(remove_user(&store, &place(), &"U2".into())).unwrap();
        assert!(load(&store, &place().into()).unwrap().user.is_some());
    }
}
