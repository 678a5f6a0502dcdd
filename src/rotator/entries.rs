//! The credentials that this process is busy with, or was not long ago.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use slack_proto::{Slot, StoreKey, Timestamp};

use super::{cache::CredentialKey, entry::Entry};

/// Holds a bounded number of entries, except for those that are busy or hold a pair that is not stored.
pub(super) struct Entries {
    table: Mutex<Table>,
    capacity: usize,
    idle_time: Duration,
}

#[derive(Default)]
struct Table {
    map: HashMap<CredentialKey, Held, foldhash::quality::RandomState>,
    /// From the one that was asked for longest ago, as far as is known.
    order: VecDeque<CredentialKey>,
}

struct Held {
    entry: Arc<Entry>,
    used_at: Timestamp,
}

impl Entries {
    pub(super) fn new(capacity: usize, idle_time: Duration) -> Self {
        Self { table: Mutex::default(), capacity: capacity.max(1), idle_time }
    }

    /// Returns the entry of a credential, made by `make` if there is none.
    pub(super) fn get_or_insert(
        &self,
        key: &StoreKey,
        slot: Slot,
        now: Timestamp,
        make: impl FnOnce(CredentialKey) -> Entry,
    ) -> Arc<Entry> {
        let name = CredentialKey { key: key.clone(), slot };
        let mut table = self.table();
        if let Some(held) = table.map.get_mut(&name) {
            held.used_at = now;
            return Arc::clone(&held.entry);
        }
        self.make_room(&mut table, now);
        let entry = Arc::new(make(name.clone()));
        table.map.insert(name.clone(), Held { entry: Arc::clone(&entry), used_at: now });
        table.order.push_back(name);
        entry
    }

    pub(super) fn get(&self, key: &StoreKey, slot: Slot) -> Option<Arc<Entry>> {
        let name = CredentialKey { key: key.clone(), slot };
        self.table().map.get(&name).map(|held| Arc::clone(&held.entry))
    }

    /// Removes an entry; another one that has taken its place stays.
    pub(super) fn remove(&self, entry: &Entry) {
        let mut table = self.table();
        let same = |held: &Held| std::ptr::eq(Arc::as_ptr(&held.entry), entry);
        if table.map.get(&entry.name).is_some_and(same) {
            table.map.remove(&entry.name);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.table().map.len()
    }

    /// Returns all entries, for what concerns each of them.
    pub(super) fn all(&self) -> Vec<Arc<Entry>> {
        self.table().map.values().map(|held| Arc::clone(&held.entry)).collect()
    }

    /// Looks at the oldest few: drops those that are idle, and others as well if the table is full.
    fn make_room(&self, table: &mut Table, now: Timestamp) {
        for _ in 0..LOOKS {
            let Some(name) = table.order.pop_front() else { return };
            let Some(held) = table.map.get(&name) else { continue };
            let is_idle = now.since(held.used_at) > self.idle_time;
            if held.entry.is_busy() || !is_idle && table.map.len() < self.capacity {
                table.order.push_back(name);
                continue;
            }
            table.map.remove(&name);
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many entries are looked at for each that comes.
const LOOKS: usize = 8;

#[cfg(test)]
mod tests {
    use slack_proto::rotation::{Rotation, RotationPolicy};

    use super::*;
    use crate::pace;

    fn ask(entries: &Entries, team: &str, now: u64) -> Arc<Entry> {
        let key = StoreKey::from_text(&format!("team/{team}")).unwrap();
        entries.get_or_insert(&key, Slot::Bot, Timestamp::from_unix(now), |name| {
            let phase = pace::phase(&name.key, name.slot);
            Entry::new(name, Rotation::new(RotationPolicy::new(), phase))
        })
    }

    fn held(entries: &Entries) -> Vec<String> {
        let mut keys: Vec<_> = entries.all().iter().map(|it| it.name.key.to_text()).collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn no_more_entries_are_held_than_there_is_room_for() {
        let entries = Entries::new(3, Duration::from_secs(100));
        for team in ["T1", "T2", "T3", "T4"] {
            ask(&entries, team, 0);
        }
        assert_eq!(held(&entries), ["team/T2", "team/T3", "team/T4"]);
        assert_eq!(entries.len(), 3);
    }

    #[test]
    fn what_nobody_has_asked_for_in_the_idle_time_is_dropped() {
        let entries = Entries::new(10, Duration::from_secs(100));
        ask(&entries, "T1", 0);
        ask(&entries, "T2", 1);
        ask(&entries, "T3", 100);
        assert_eq!(
            held(&entries),
            ["team/T1", "team/T2", "team/T3"],
            "a hundred seconds are not over"
        );
        ask(&entries, "T2", 100);
        ask(&entries, "T4", 101);
        assert_eq!(held(&entries), ["team/T2", "team/T3", "team/T4"]);
    }

    #[test]
    fn an_entry_that_has_taken_the_place_of_another_stays() {
        let entries = Entries::new(10, Duration::from_secs(100));
        let old = ask(&entries, "T1", 0);
        assert!(Arc::ptr_eq(&old, &ask(&entries, "T1", 0)));
        entries.remove(&old);
        assert!(entries.get(&old.name.key, Slot::Bot).is_none());
        let new = ask(&entries, "T1", 0);
        entries.remove(&old);
        let found = entries.get(&new.name.key, Slot::Bot).unwrap();
        assert!(Arc::ptr_eq(&found, &new));
    }
}
