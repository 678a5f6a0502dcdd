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
