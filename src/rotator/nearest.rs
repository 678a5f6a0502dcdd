//! Which stored installation serves a place: look-up with a memory.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use slack_proto::{Slot, StoreKey, Timestamp, tokens::InstallationKey};

use super::{TokenError, TokenRotator, ValidToken};
use crate::store::StoreError;

/// The key and slot of the credential that serves a place.
#[derive(Debug, Default)]
pub(super) struct Nearest(Mutex<HashMap<(StoreKey, Slot), (StoreKey, Timestamp)>>);

impl TokenRotator {
    /// Returns an access token that is valid at a place: of the place's own installation, or else, for a workspace of an
    /// organization, of the one that it had before it joined, or of the org-wide one ([`StoreKey::nearest_first`]).
    ///
    /// An event names the place (`EventCallback::place`, feature `events`); a person's own credential is asked for by
    /// [`StoreKey::person`]. Once it is known where the credential is, the store is not read
    /// again for an hour, unless this rotator stores an install or applies an event.
    ///
    /// # Errors
    ///
    /// As [`access_token`](Self::access_token). That a person must authorize the app is said only if no installation
    /// serves the place.
    pub async fn nearest_access_token(
        &self,
        key: &StoreKey,
        slot: Slot,
    ) -> Result<ValidToken, TokenError> {
        let Ok(home) = self.nearest_key(key, slot).await else {
            // The store's own error is what the rotator meets and tells as well.
            return self.access_token(key, slot).await;
        };
        let error = match self.access_token(&home, slot).await {
            Err(error) if error.is_missing() || error.nearest().is_some() => error,
            result => return result,
        };
        // What was known is out of date: another process has removed it, or a person must authorize the app there.
        self.nearest.forget(key, slot);
        match self.nearest_key(key, slot).await {
            Ok(other) if other != home => self.access_token(&other, slot).await,
            _ => Err(error),
        }
    }

    /// Names the installation that serves a place, for a caller who has found nothing there.
    pub(super) async fn point_to_nearest(&self, error: TokenError) -> TokenError {
        let (key, slot) = (error.key(), error.slot());
        if !error.is_missing() || !is_grid_workspace(key) {
            return error;
        }
        self.nearest.forget(key, slot);
        match self.find_nearest(key, slot).await {
            Ok(Some((home, true))) if home != *key => error.stored_at(home),
            _ => error,
        }
    }

    /// Returns the key of the installation that serves a place, for [`call`](Self::call) and the like; `key` itself if
    /// there is none.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn nearest_key(&self, key: &StoreKey, slot: Slot) -> Result<StoreKey, StoreError> {
        if !is_grid_workspace(key) {
            return Ok(key.clone());
        }
        let now = self.shared.runtime.now();
        if let Some(home) = self.nearest.get(key, slot, now) {
            return Ok(home);
        }
        let found = self.find_nearest(key, slot).await?;
        Ok(found.map_or_else(|| key.clone(), |(home, _)| home))
    }

    /// Finds the nearest credential that works and remembers its key, or else finds one that waits for a person. The flag
    /// says whether it works.
    async fn find_nearest(
        &self,
        key: &StoreKey,
        slot: Slot,
    ) -> Result<Option<(StoreKey, bool)>, StoreError> {
        let (rows, now) = (self.shared.calls(), self.shared.runtime.now());
        let mut fallback = None;
        for near in key.nearest_first() {
            let Some(stored) = rows.load(&near).await? else { continue };
            if stored.installation.any_credential(slot).is_none() {
                continue;
            }
            // One that waits for a person serves only if nothing else does.
            if stored.installation.needs_authorization(slot).is_some() {
                fallback.get_or_insert(near);
                continue;
            }
            self.nearest.put(key, slot, &near, now);
            return Ok(Some((near, true)));
        }
        Ok(fallback.map(|near| (near, false)))
    }
}

impl Nearest {
    /// Drops what is known of where credentials are.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn forget(&self, key: &StoreKey, slot: Slot) {
        self.lock().remove(&(key.clone(), slot));
    }

    fn get(&self, key: &StoreKey, slot: Slot, now: Timestamp) -> Option<StoreKey> {
        let map = self.lock();
        let (home, since) = map.get(&(key.clone(), slot))?;
        (now.since(*since) < MAX_AGE && since.since(now) < MAX_AGE).then(|| home.clone())
    }

    fn put(&self, key: &StoreKey, slot: Slot, home: &StoreKey, now: Timestamp) {
        let mut map = self.lock();
        if map.len() >= MAX_PLACES {
            map.clear();
        }
        map.insert((key.clone(), slot), (home.clone(), now));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(StoreKey, Slot), (StoreKey, Timestamp)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_grid_workspace(key: &StoreKey) -> bool {
    matches!(key.place(), InstallationKey::GridWorkspace { .. })
}

/// How long it is believed where a credential is: another process may have stored a nearer one.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// How many places are remembered.
const MAX_PLACES: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> StoreKey {
        StoreKey::from_text(text).unwrap()
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }

    #[test]
    fn what_is_known_is_believed_for_less_than_an_hour_whichever_way_the_clock_moves() {
        let (nearest, place, home) = (Nearest::default(), key("grid/E1/T1"), key("org/E1"));
        nearest.put(&place, Slot::Bot, &home, at(10_000));
        for (now, is_believed) in [
            (10_000, true),
            (13_599, true),
            (13_600, false),
            (20_000, false),
            (6_401, true),
            (6_400, false),
            (0, false),
        ] {
            let found = nearest.get(&place, Slot::Bot, at(now));
            assert_eq!(found, is_believed.then(|| home.clone()), "{now}");
        }
        assert_eq!(nearest.get(&place, Slot::User, at(10_000)), None);
    }

    #[test]
    fn a_bounded_number_of_places_is_remembered() {
        let (nearest, home) = (Nearest::default(), key("org/E1"));
        let place = |number: usize| key(&format!("grid/E1/T{number}"));
        for number in 0..MAX_PLACES {
            nearest.put(&place(number), Slot::Bot, &home, at(0));
        }
        assert_eq!(nearest.lock().len(), MAX_PLACES);
        nearest.put(&place(MAX_PLACES), Slot::Bot, &home, at(0));
        assert_eq!(nearest.lock().len(), 1);
    }
}
