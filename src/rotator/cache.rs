//! Valid tokens at hand: bounded, and read without a lock that all callers share.

use std::{
    hash::Hash,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use foldhash::fast::RandomState;
use quick_cache::{Equivalent, UnitWeighter, sync::DefaultLifecycle};
use slack_proto::{Slot, StoreKey, Timestamp, rotation::AnyCredential};

use super::valid_token::{AnyToken, Times};

/// The name of a credential: where it is stored, and which of the installation's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct CredentialKey {
    pub(super) key: StoreKey,
    pub(super) slot: Slot,
}

/// The same, borrowed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Borrowed<'a> {
    key: &'a StoreKey,
    slot: Slot,
}

impl Equivalent<CredentialKey> for Borrowed<'_> {
    #[inline]
    fn equivalent(&self, other: &CredentialKey) -> bool {
        self.slot == other.slot && *self.key == other.key
    }
}

/// What a caller finds.
pub(super) enum Found<T> {
    Valid(T),
    /// Valid, but somebody must refresh it.
    Due(T),
    Nothing,
}

/// Slack names its workspaces by itself: of the fast hashers any will do.
type Tokens = quick_cache::sync::Cache<CredentialKey, AnyToken, UnitWeighter, RandomState>;

/// Holds a bounded number of tokens: those that are asked for most. A token that is replaced, removed or evicted is dropped at
/// once, and so wiped as soon as no caller holds it.
pub(super) struct Cache {
    tokens: Tokens,
    idle_time: Duration,
    /// The minute in which idle tokens were last looked for.
    cleaned_at: AtomicU64,
}

impl Cache {
    pub(super) fn new(capacity: usize, idle_time: Duration) -> Self {
        let weight = u64::try_from(capacity).unwrap_or(u64::MAX);
        let tokens = Tokens::with(
            capacity,
            weight,
            UnitWeighter,
            RandomState::default(),
            DefaultLifecycle::default(),
        );
        Self { tokens, idle_time, cleaned_at: AtomicU64::new(0) }
    }

    /// Finds a token that lives until `needed`, and returns what `pick` makes of it.
    #[inline]
    pub(super) fn find<T>(
        &self,
        key: &StoreKey,
        slot: Slot,
        now: Timestamp,
        needed: Timestamp,
        pick: impl FnOnce(AnyToken) -> Option<T>,
    ) -> Found<T> {
        let Some(token) = self.tokens.get(&Borrowed { key, slot }) else { return Found::Nothing };
        let times = token.times();
        if times.end.is_some_and(|end| needed > end || now >= end) {
            return Found::Nothing;
        }
        let is_due = times.due_at.is_some_and(|due_at| now >= due_at);
        let minute = minute(now);
        if times.used_at.load(Ordering::Relaxed) != minute {
            times.used_at.store(minute, Ordering::Relaxed);
        }
        match pick(token) {
            None => Found::Nothing,
            Some(token) if is_due => Found::Due(token),
            Some(token) => Found::Valid(token),
        }
    }

    /// Puts a token there, with the time from when on somebody must refresh it.
    pub(super) fn put(
        &self,
        name: &CredentialKey,
        credential: &AnyCredential,
        due_at: Option<Timestamp>,
        now: Timestamp,
    ) {
        let used_at = AtomicU64::new(minute(now));
        let times = Times { end: credential.expires_at(), due_at, used_at };
        if let Some(token) = AnyToken::with_times(credential, times) {
            self.tokens.insert(name.clone(), token);
        }
        self.clean(now);
    }

    pub(super) fn remove(&self, key: &StoreKey, slot: Slot) {
        self.tokens.remove(&Borrowed { key, slot });
    }

    /// Drops what nobody has asked for in the idle time; at most once a minute.
    fn clean(&self, now: Timestamp) {
        let minute = minute(now);
        if self.cleaned_at.swap(minute, Ordering::Relaxed) == minute {
            return;
        }
        let idle = self.idle_time.as_secs() / 60;
        self.tokens.retain(|_, token| {
            minute.saturating_sub(token.times().used_at.load(Ordering::Relaxed)) <= idle
        });
    }
}

fn minute(now: Timestamp) -> u64 {
    now.as_unix() / 60
}

#[cfg(test)]
mod tests {
    use slack_proto::{AccessToken, tokens::Credential};

    use super::*;

    fn key(team: &str) -> StoreKey {
        StoreKey::from_text(&format!("team/{team}")).unwrap()
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }

    /// A token of T1's bot that ends at 1,000 and is due from 800 on.
    fn filled() -> Cache {
        let cache = Cache::new(10, Duration::from_secs(3_600));
        put(&cache, "T1", 1_000, Some(at(800)), 0);
        cache
    }

    fn put(cache: &Cache, team: &str, end: u64, due_at: Option<Timestamp>, now: u64) {
        let mut credential = Credential::new(AccessToken::new("xoxb-FAKE").unwrap(), at(0));
        credential.expires_at = Some(at(end));
        let name = CredentialKey { key: key(team), slot: Slot::Bot };
        cache.put(&name, &AnyCredential::Credential(credential), due_at, at(now));
    }

    fn find(cache: &Cache, team: &str, now: u64, needed: u64) -> &'static str {
        match cache.find(&key(team), Slot::Bot, at(now), at(needed), AnyToken::access) {
            Found::Valid(_) => "valid",
            Found::Due(_) => "due",
            Found::Nothing => "nothing",
        }
    }

    #[test]
    fn a_token_is_found_until_its_end_and_due_before() {
        let cache = filled();
        for (now, needed, found) in [
            (799, 809, "valid"),
            (799, 1_000, "valid"),
            (799, 1_001, "nothing"),
            (800, 810, "due"),
            (999, 1_000, "due"),
            (999, 1_001, "nothing"),
            (1_000, 1_000, "nothing"),
            // A clock that was set back meanwhile.
            (1_000, 900, "nothing"),
        ] {
            assert_eq!(find(&cache, "T1", now, needed), found, "{now} {needed}");
        }
    }

    #[test]
    fn each_slot_of_each_key_has_its_own_token() {
        let cache = filled();
        assert_eq!(find(&cache, "T2", 0, 0), "nothing");
        let other = cache.find(&key("T1"), Slot::User, at(0), at(0), AnyToken::access);
        assert!(matches!(other, Found::Nothing));
        let other = cache.find(&key("T1"), Slot::Bot, at(0), at(0), AnyToken::configuration);
        assert!(matches!(other, Found::Nothing), "it is of another kind");
        cache.remove(&key("T1"), Slot::User);
        assert_eq!(find(&cache, "T1", 0, 0), "valid");
        cache.remove(&key("T1"), Slot::Bot);
        assert_eq!(find(&cache, "T1", 0, 0), "nothing");
    }

    #[test]
    fn what_nobody_asks_for_in_the_idle_time_is_dropped() {
        let cache = Cache::new(10, Duration::from_secs(3_600));
        let far = 1_000_000;
        put(&cache, "T1", far, None, 6_000);
        put(&cache, "T2", far, None, 6_000);
        assert_eq!(find(&cache, "T2", 6_060, 0), "valid");
        // An hour after T1 was put there, and another minute later.
        put(&cache, "T3", far, None, 9_600);
        assert_eq!(cache.tokens.len(), 3);
        put(&cache, "T3", far, None, 9_660);
        assert_eq!(cache.tokens.len(), 2);
        assert_eq!(find(&cache, "T1", 9_660, 0), "nothing");
        assert_eq!(find(&cache, "T2", 9_660, 0), "valid");
    }
}
