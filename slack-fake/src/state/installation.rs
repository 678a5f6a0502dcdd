//! Where credentials are found without looking at all of them, and how installations end.

use std::collections::{BTreeMap, BTreeSet};

use super::credential::{Credential, Target};
use super::key::Key;
use super::memory::State;

/// The living credentials, by owner and by place.
#[derive(Clone, Default)]
pub(crate) struct Indexes {
    owners: BTreeMap<Key, u32>,
    places: BTreeMap<Key, BTreeSet<u32>>,
}

impl Indexes {
    /// Creates the indexes of a state that was read from a file.
    pub(crate) fn of(credentials: &[Credential]) -> Self {
        let mut indexes = Self::default();
        for (index, credential) in credentials.iter().enumerate().filter(|(_, c)| !c.gone) {
            indexes.add(credential, index);
        }
        indexes
    }

    pub(crate) fn add(&mut self, credential: &Credential, index: usize) {
        let Ok(index) = u32::try_from(index) else { return };
        self.owners.insert(credential.owner_key(), index);
        let place = place_key(&credential.client_id, credential.target.id());
        self.places.entry(place).or_default().insert(index);
    }

    pub(crate) fn living(&self, owner: &Key) -> Option<usize> {
        self.owners.get(owner).map(|index| *index as usize)
    }

    fn remove(&mut self, credential: &Credential, index: u32) {
        self.owners.remove(&credential.owner_key());
        let place = place_key(&credential.client_id, credential.target.id());
        if let Some(living) = self.places.get_mut(&place) {
            living.remove(&index);
        }
    }
}

fn place_key(client_id: &str, place: &str) -> Key {
    Key::of_all(&[client_id, place])
}

impl State {
    /// Ends one credential.
    pub(crate) fn end_credential(&mut self, index: usize) {
        let credential = &mut self.credentials[index];
        if !credential.gone {
            credential.gone = true;
            self.indexes.remove(credential, u32::try_from(index).unwrap_or(u32::MAX));
        }
    }

    /// Ends every credential of an app in one place, and returns their indexes.
    pub(crate) fn end_installation(&mut self, client_id: &str, place: &str) -> Vec<usize> {
        let living = self.indexes.places.remove(&place_key(client_id, place)).unwrap_or_default();
        for index in &living {
            let credential = &mut self.credentials[*index as usize];
            credential.gone = true;
            self.indexes.owners.remove(&credential.owner_key());
        }
        living.into_iter().map(|index| index as usize).collect()
    }

    /// Returns whether `target` lies in an organization in which the app is installed org-wide.
    pub(crate) fn is_under_org_install(&self, client_id: &str, target: &Target) -> bool {
        let Some(enterprise) = target.enterprise.as_deref().filter(|_| !target.is_org_wide())
        else {
            return false;
        };
        let living = self.indexes.places.get(&place_key(client_id, enterprise));
        living.is_some_and(|living| !living.is_empty())
    }
}
