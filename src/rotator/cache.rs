//! Valid tokens at hand: bounded, and read without a lock that all callers share.

use std::{
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use quick_cache::{DefaultHashBuilder, Equivalent, UnitWeighter, sync::DefaultLifecycle};
use slack_proto::{Slot, StoreKey, Timestamp};

use super::valid_token::AnyToken;

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

/// A token, and the times that decide over it.
pub(super) struct Cached {
    pub(super) token: AnyToken,
    /// When it ends.
    pub(super) end: Option<Timestamp>,
    /// From when on somebody must refresh it.
    pub(super) due_at: Option<Timestamp>,
    /// When it was last asked for, in steps of a minute.
    used_at: AtomicU64,
}

impl Cached {
    pub(super) fn new(
        token: AnyToken,
        end: Option<Timestamp>,
        due_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        Self { token, end, due_at, used_at: AtomicU64::new(minute(now)) }
    }
}

/// What a caller finds.
pub(super) enum Found<T> {
    Valid(T),
    /// Valid, but somebody must refresh it.
    Due(T),
    Nothing,
}

/// At most so many tokens, those that are asked for most. A token that is replaced, removed or evicted is dropped at
/// once, and so wiped as soon as no caller holds it.
pub(super) struct Cache {
    tokens: quick_cache::sync::Cache<CredentialKey, Arc<Cached>>,
    idle_time: Duration,
    /// The minute in which idle tokens were last looked for.
    cleaned_at: AtomicU64,
}

impl Cache {
    pub(super) fn new(capacity: usize, idle_time: Duration) -> Self {
        let weight = u64::try_from(capacity).unwrap_or(u64::MAX);
        let tokens = quick_cache::sync::Cache::with(
            capacity,
            weight,
            UnitWeighter,
            DefaultHashBuilder::default(),
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
        pick: impl FnOnce(&AnyToken) -> Option<T>,
    ) -> Found<T> {
        let Some(cached) = self.tokens.get(&Borrowed { key, slot }) else { return Found::Nothing };
        if cached.end.is_some_and(|end| needed > end || now >= end) {
            return Found::Nothing;
        }
        let Some(token) = pick(&cached.token) else { return Found::Nothing };
        let minute = minute(now);
        if cached.used_at.load(Ordering::Relaxed) != minute {
            cached.used_at.store(minute, Ordering::Relaxed);
        }
        match cached.due_at {
            Some(due_at) if now >= due_at => Found::Due(token),
            _ => Found::Valid(token),
        }
    }

    pub(super) fn put(&self, name: &CredentialKey, cached: Cached, now: Timestamp) {
        self.tokens.insert(name.clone(), Arc::new(cached));
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
        self.tokens.retain(|_, cached| {
            minute.saturating_sub(cached.used_at.load(Ordering::Relaxed)) <= idle
        });
    }
}

fn minute(now: Timestamp) -> u64 {
    now.as_unix() / 60
}
