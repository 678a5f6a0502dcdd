//! What the store holds, and what that means.

use std::time::Duration;

use super::{After, Goal, Next, Rotation, Stage, Why};
use crate::{
    Installation, Slot, Timestamp,
    methods::UntrustedText,
    rotation::{
        Action, AnyCredential, Fact, Note, Problem, ReauthorizationReason, Rejection,
        RotationEvent, Write, policy::poll_wait,
    },
    tokens::{CredentialLifetime, Fingerprint, RefreshToken},
};

/// What a reading of the store has changed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Same,
    Newer,
    SetBack,
}

impl Rotation {
    /// Sets what the store keeps beside the credential, as it was just read: pairs to fall back on, and whether a person
    /// must authorize again. To be called before [`Input::Read`](crate::rotation::Input::Read).
    pub fn set_slot_state(&mut self, installation: &Installation, slot: Slot) {
        self.fallbacks = installation.fallbacks(slot).to_vec();
        let (Some(held), Some(note)) =
            (installation.any_credential(slot), installation.needs_authorization(slot))
        else {
            // Nobody knows of any, or it has been cleared.
            self.dead = None;
            return;
        };
        let reason = ReauthorizationReason::from_note(&note.reason, note.code.as_ref());
        self.dead = Some((held.pair_fingerprint(), reason));
    }

    pub(super) fn reject(&mut self, token: Fingerprint, rejection: Rejection) {
        let held = self.stored.as_ref().map(|stored| stored.fingerprint() == token);
        match rejection {
            // A token that has been replaced is not reported.
            _ if held == Some(false) => {}
            Rejection::Expired => self.rejected = Some(token),
            Rejection::Doubtful => self.doubted = true,
        }
    }

    pub(super) fn read(
        &mut self,
        now: Timestamp,
        why: Why,
        found: Option<AnyCredential>,
    ) -> Action {
        self.store_failures = 0;
        self.doubted = false;
        let unlimited = |it: &AnyCredential| it.lifetime() == CredentialLifetime::Unlimited;
        self.unlimited_read_at = found.as_ref().filter(|it| unlimited(it)).map(|_| now);
        if self.problem == Some(Problem::Store) {
            self.problem = None;
        }
        let Some(found) = found else {
            return self.found_nothing(why);
        };
        self.was_known = true;
        if self.pending.is_some() {
            return self.read_with_pair_in_hand(now, found);
        }
        let change = self.compare(found);
        match (change, why) {
            (Found::SetBack, _) => self.write(),
            (Found::Same, Why::AfterSpent { code }) => {
                match self.look_again(Why::AfterSpent { code: code.clone() }) {
                    Some(action) => action,
                    None => self.fall_back_or_die(now, code),
                }
            }
            (_, Why::BeforeSending) if self.wants(now) => self.send(),
            _ => self.rest_refresh_or_stop(now),
        }
    }

    /// The store may lag behind, as one that is read from a replica does: it is asked again before that counts.
    fn found_nothing(&mut self, why: Why) -> Action {
        if let Some(action) = self.look_again(why) {
            return action;
        }
        // What is pending stays: the store may be mistaken.
        self.stored = None;
        self.stop(ReauthorizationReason::Missing)
    }

    /// Reads again after a while, unless that was done often enough.
    fn look_again(&mut self, why: Why) -> Option<Action> {
        let most = if self.was_known { LOOKS.len() } else { 1 };
        let wait = LOOKS[..most].get(usize::try_from(self.looks).ok()?);
        let Some(wait) = wait else {
            self.looks = 0;
            return None;
        };
        self.looks += 1;
        Some(self.wait(*wait, Next::Read(why)))
    }

    pub(super) fn read_failed(&mut self, now: Timestamp, why: Why) -> Action {
        match why {
            // Better unread than too late: the grace time runs out.
            Why::BeforeSending if self.in_grace(now) => self.send(),
            Why::BeforeSending => self.store_wait(Next::Lease),
            why => self.store_wait(Next::Read(why)),
        }
    }

    pub(super) fn lease_held(&mut self, remaining: Duration) -> Action {
        self.leased = false;
        self.problem = Some(Problem::Elsewhere);
        let wait = poll_wait(self.polls).min(remaining.max(poll_wait(0)));
        self.polls = self.polls.saturating_add(1);
        self.wait(wait, Next::Read(Why::ToKnow))
    }

    pub(super) fn lease_failed(&mut self, now: Timestamp) -> Action {
        if self.in_grace(now) {
            return self.read_now(Why::BeforeSending);
        }
        self.store_wait(Next::Lease)
    }

    /// Nobody knows whether the refresh token was spent, and if so, Slack still takes it.
    pub(super) fn in_grace(&self, now: Timestamp) -> bool {
        self.unknown_since.is_some_and(|since| now.since(since) < self.policy.grace_period())
    }

    pub(super) fn is_spent(&self, credential: &AnyCredential) -> bool {
        let name = credential.refresh_token().map(RefreshToken::fingerprint);
        name.is_some_and(|name| self.spent.contains(&name))
    }

    /// Replaces the known credential by one from the store, and forgets what was known about the old one.
    pub(super) fn adopt(&mut self, found: AnyCredential) {
        self.replaced = self.stored.is_some();
        if self.replaced {
            self.events.push(RotationEvent::Adopted { token: found.fingerprint() });
        }
        if let CredentialLifetime::Ending { expires_at } = found.lifetime() {
            let token = found.fingerprint();
            self.events.push(RotationEvent::EndsWithoutRefresh { token, expires_at });
        }
        self.stored = Some(found);
        self.goal = Goal::Keep;
        let mark = self.stored.as_ref().map(AnyCredential::pair_fingerprint);
        self.rejected = None;
        self.rejections = 0;
        self.dead = self.dead.take().filter(|(dead, _)| Some(*dead) == mark);
        self.refreshed_at = None;
        self.forget_failures();
    }

    pub(super) fn forget_failures(&mut self) {
        self.unknown_since = None;
        self.problem = None;
        self.failures = 0;
        self.refusals = 0;
        self.looks = 0;
        self.store_failures = 0;
        self.polls = 0;
    }

    fn compare(&mut self, found: AnyCredential) -> Found {
        let Some(stored) = &self.stored else {
            let (goal, rejected) = (self.goal, self.rejected);
            self.adopt(found);
            (self.goal, self.rejected) = (goal, rejected);
            // Whether a rejected token comes from a refresh that is unknown here: it may.
            self.replaced |= rejected.is_some();
            return Found::Newer;
        };
        if stored.pair_fingerprint() == found.pair_fingerprint() {
            self.stored = Some(found);
            return Found::Same;
        }
        if self.is_spent(&found) && !self.is_spent(stored) {
            self.events.push(RotationEvent::StoreRolledBack {
                stored: found.fingerprint(),
                kept: stored.fingerprint(),
            });
            self.pending = Some(Write {
                replaces: found.pair_fingerprint(),
                credential: stored.clone(),
                unplaced: None,
            });
            return Found::SetBack;
        }
        self.adopt(found);
        Found::Newer
    }

    /// A pair is to be written, and the store holds `found`.
    fn read_with_pair_in_hand(&mut self, now: Timestamp, found: AnyCredential) -> Action {
        let Some(pending) = &mut self.pending else { return self.look(now) };
        if pending.credential.pair_fingerprint() == found.pair_fingerprint() {
            // The write that seemed to fail has come through.
            return self.written(now);
        }
        let (kept, dropped) = (found.fingerprint(), pending.credential.fingerprint());
        if pending.replaces == found.pair_fingerprint() || self.is_spent(&found) {
            return self.write_over(found.pair_fingerprint());
        }
        let about = found.pair_fingerprint();
        let fallback = self.pending.take().map(|write| write.credential);
        self.events.push(RotationEvent::Conflict { kept, dropped });
        self.adopt(found);
        // Whichever of the two pairs Slack means to keep: the other one is not thrown away before that is known.
        match fallback {
            Some(pair) => {
                self.fallbacks.push(pair.clone());
                self.note(Note { about, fact: Fact::Fallback(pair) }, After::Settle)
            }
            None => self.noted(now, After::Settle),
        }
    }

    /// The store holds what is to be replaced: another slot has changed, or the store was set back.
    fn write_over(&mut self, replaces: Fingerprint) -> Action {
        if let Some(pending) = &mut self.pending {
            pending.replaces = replaces;
        }
        self.polls = self.polls.saturating_add(1);
        match self.polls {
            0..=2 => self.write(),
            // Others write there often: let them through.
            polls => self.wait(poll_wait(polls), Next::Write),
        }
    }

    fn rest_refresh_or_stop(&mut self, now: Timestamp) -> Action {
        if let Some(stored) = &self.stored {
            if let Some(reason) = self.reason_for(stored) {
                let reason = reason.clone();
                return self.stop(reason);
            }
            let lasting = stored.refresh_token().is_none();
            if lasting && self.is_over(stored, now) && !self.wants(now) {
                return self.give_up(ReauthorizationReason::NoRefreshToken);
            }
        }
        self.rest_or_refresh(now)
    }

    /// Slack no longer accepts the refresh token, and the store still holds the same one. Perhaps Slack means to keep another pair
    /// that it has issued beside it.
    fn fall_back_or_die(&mut self, now: Timestamp, code: UntrustedText) -> Action {
        if self.fell_back {
            let refused = self.sent.and_then(|sent| sent.refresh_token);
            self.remember_spent(refused);
        }
        let is_left = |pair: &AnyCredential| pair.refresh_token().is_some() && !self.is_spent(pair);
        let fallback = self.fallbacks.iter().rev().find(|pair| is_left(pair)).cloned();
        if let Some(action) = fallback.and_then(|pair| self.send_fallback(&pair)) {
            return action;
        }
        let reason = match self.refresh_token_ends() {
            Some(end) if now >= end => ReauthorizationReason::RefreshTokenExpired,
            _ => ReauthorizationReason::RefreshTokenInvalid { code },
        };
        self.give_up(reason)
    }

    /// A person must authorize again: that is noted in the store first, so that no other process asks Slack in vain.
    pub(super) fn give_up(&mut self, reason: ReauthorizationReason) -> Action {
        let Some(about) = self.stored.as_ref().map(AnyCredential::pair_fingerprint) else {
            return self.stop(reason);
        };
        self.dead = Some((about, reason.clone()));
        let fact = Fact::NeedsAuthorization(reason.clone());
        self.note(Note { about, fact }, After::Stop(reason))
    }

    fn note(&mut self, note: Note, after: After) -> Action {
        self.stage = Stage::Noting(after);
        Action::Note(note)
    }

    pub(super) fn noted(&mut self, now: Timestamp, after: After) -> Action {
        match after {
            After::Stop(reason) => self.stop(reason),
            After::Settle => {
                self.goal = Goal::Settle;
                self.rest_or_refresh(now)
            }
        }
    }
}

/// After what time the store is asked again before it counts that it holds nothing, or nothing newer.
const LOOKS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
