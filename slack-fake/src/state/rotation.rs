//! Rotation: which tokens a refresh issues and ends, and how long a refresh token is valid.

use super::credential::{Issued, Life};
use super::key::Key;
use super::memory::State;
use crate::Siblings;

impl State {
    /// Exchanges a refresh token for a new pair, and returns it with the credential; none if the
    /// token is not valid.
    pub(crate) fn refresh(&mut self, token: &str, now: u64) -> Option<(usize, Issued)> {
        self.refresh_by_key(&Key::of(token), now)
    }

    /// Does the same for a token by its key.
    pub(crate) fn refresh_by_key(&mut self, token: &Key, now: u64) -> Option<(usize, Issued)> {
        let index = self.refresh_tokens.get(token)?.credential as usize;
        self.settle(index, now);
        if !self.can_refresh(token, now) {
            return None;
        }
        let record = self.refresh_tokens.get_mut(token)?;
        let family = record.family;
        if let Some(spent_at) = record.spent_at {
            let end = spent_at.saturating_add(self.rules.refresh_grace);
            let until = &mut self.credentials[index].contested_until;
            *until = (*until).max(Some(end));
        } else {
            record.spent_at = Some(now);
            self.credentials[index].unspent.retain(|unspent| unspent != token);
            if self.rules.siblings == Siblings::FirstUsedWins {
                self.revoke_family(index, family, 0);
            }
            self.end_long_lived(index);
        }
        let refreshes = &mut self.credentials[index].refreshes;
        *refreshes = refreshes.saturating_add(1);
        Some((index, self.issue_pair(index, family, now)))
    }

    /// Returns whether a refresh token is valid at `now`.
    pub(crate) fn can_refresh(&self, token: &Key, now: u64) -> bool {
        let Some(record) = self.refresh_tokens.get(token) else { return false };
        let over = record.expires_at.is_some_and(|end| now >= end);
        let spent =
            record.spent_at.is_some_and(|at| now >= at.saturating_add(self.rules.refresh_grace));
        !(record.revoked || over || spent || self.credentials[record.credential as usize].gone)
    }

    /// Ends what has ended by `now`: with [`Siblings::NewestWins`], all but the newest successor of
    /// a token. Returns whether tokens may have ended by that.
    pub(crate) fn settle(&mut self, index: usize, now: u64) -> bool {
        let credential = &mut self.credentials[index];
        if credential.contested_until.is_none_or(|end| now < end) {
            return false;
        }
        credential.contested_until = None;
        if self.rules.siblings == Siblings::NewestWins {
            let families: Vec<u64> = self.credentials[index]
                .unspent
                .iter()
                .filter_map(|token| self.refresh_tokens.get(token).map(|record| record.family))
                .collect();
            for family in families {
                self.revoke_family(index, family, 1);
            }
        }
        true
    }

    /// Revokes the oldest access tokens of a credential that has too many.
    pub(crate) fn revoke_the_oldest(&mut self, index: usize, now: u64) {
        let mut live = std::mem::take(&mut self.credentials[index].unrevoked);
        live.retain(|token| {
            self.access_tokens.get(token).is_some_and(|record| !record.is_past(now))
        });
        let surplus = live.len().saturating_sub(MOST_LIVE_TOKENS);
        for token in live.drain(..surplus) {
            if let Some(record) = self.access_tokens.get_mut(&token) {
                record.revoked = true;
            }
        }
        self.credentials[index].unrevoked = live;
    }

    /// Revokes the unspent refresh tokens of a family with their access tokens, all but the newest
    /// `kept`.
    fn revoke_family(&mut self, index: usize, family: u64, kept: usize) {
        let tokens = self.credentials[index].unspent.iter();
        let of_family =
            |token: &&Key| self.refresh_tokens.get(*token).is_some_and(|r| r.family == family);
        let doomed: Vec<Key> = tokens.rev().filter(of_family).skip(kept).copied().collect();
        for token in doomed {
            let pair = self.refresh_tokens.get(&token).map(|record| record.access_token);
            self.revoke_refresh_token(&token);
            if let Some(access_token) = pair {
                self.revoke_access_token(&access_token);
            }
        }
    }

    /// Ends the long-lived token that was exchanged for a pair, now that the pair is refreshed.
    fn end_long_lived(&mut self, index: usize) {
        let tokens: Vec<Key> = self.long_lived(index).map(|(token, _)| token).collect();
        for token in tokens {
            self.revoke_access_token(&token);
        }
    }

    /// Returns the long-lived access tokens of a credential with the numbers they were made from.
    pub(crate) fn long_lived(&self, index: usize) -> impl Iterator<Item = (Key, u64)> {
        let tokens = self.credentials[index].unrevoked.iter();
        tokens.filter_map(|token| match self.access_tokens.get(token)?.life {
            Life::Endless(number) => Some((*token, number)),
            Life::Until(_) => None,
        })
    }

    pub(crate) fn revoke_access_token(&mut self, token: &Key) {
        if let Some(record) = self.access_tokens.get_mut(token) {
            record.revoked = true;
            self.credentials[record.credential as usize].unrevoked.retain(|live| live != token);
        }
    }

    pub(crate) fn revoke_refresh_token(&mut self, token: &Key) {
        if let Some(record) = self.refresh_tokens.get_mut(token) {
            record.revoked = true;
            self.credentials[record.credential as usize].unspent.retain(|unspent| unspent != token);
        }
    }
}

/// How many access tokens of one credential live at a time.
const MOST_LIVE_TOKENS: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CredentialKind;
    use crate::state::credential::{Owner, Target};

    const NOW: u64 = 1_795_219_200;

    fn rotating() -> (State, usize, Issued) {
        let mut state = State::new(7);
        let target = Target { team: Some("T1".into()), enterprise: None };
        let owner = Owner {
            client_id: &"1.2".into(),
            kind: CredentialKind::Bot,
            target: &target,
            user_id: None,
        };
        let index = state.credential(&owner, &["chat:write".into()]);
        state.credentials[index].rotates = true;
        let issued = state.issue(index, NOW);
        (state, index, issued)
    }

    fn refresh_token(issued: &Issued) -> String {
        issued.rotation.as_ref().unwrap().refresh_token.clone()
    }

    fn can_refresh(state: &State, issued: &Issued, now: u64) -> bool {
        state.can_refresh(&Key::of(&refresh_token(issued)), now)
    }

    fn lives(state: &State, token: &str) -> bool {
        !state.access_tokens[&Key::of(token)].revoked
    }

    #[test]
    fn at_most_two_access_tokens_live() {
        let (mut state, index, first) = rotating();
        let (_, second) = state.refresh(&refresh_token(&first), NOW + 10).unwrap();
        assert!(lives(&state, &first.access_token) && lives(&state, &second.access_token));
        let (_, third) = state.refresh(&refresh_token(&second), NOW + 20).unwrap();
        assert!(!lives(&state, &first.access_token));
        assert!(lives(&state, &second.access_token) && lives(&state, &third.access_token));
        assert_eq!(state.credentials[index].refreshes, 2);
    }

    #[test]
    fn an_expired_token_does_not_count_among_the_two() {
        let (mut state, _, first) = rotating();
        let (_, second) = state.refresh(&refresh_token(&first), NOW + 43_200).unwrap();
        let (_, third) = state.refresh(&refresh_token(&second), NOW + 43_201).unwrap();
        assert!(lives(&state, &second.access_token) && lives(&state, &third.access_token));
        assert!(lives(&state, &first.access_token), "expired is not revoked");
    }

    #[test]
    fn a_spent_refresh_token_gives_another_pair_until_its_grace_ends() {
        let (mut state, _, first) = rotating();
        let spent = refresh_token(&first);
        let (_, one) = state.refresh(&spent, NOW).unwrap();
        let (_, two) = state.refresh(&spent, NOW + 59).unwrap();
        assert_ne!(one.access_token, two.access_token);
        assert_ne!(refresh_token(&one), refresh_token(&two));
        assert!(lives(&state, &one.access_token) && lives(&state, &two.access_token));
        assert!(state.refresh(&spent, NOW + 60).is_none());
    }

    #[test]
    fn the_sibling_used_first_ends_the_other() {
        let (mut state, _, first) = rotating();
        let (_, one) = state.refresh(&refresh_token(&first), NOW).unwrap();
        let (_, two) = state.refresh(&refresh_token(&first), NOW + 1).unwrap();
        assert!(state.refresh(&refresh_token(&one), NOW + 9_000).is_some());
        assert!(state.refresh(&refresh_token(&two), NOW + 9_001).is_none());
        assert!(!lives(&state, &two.access_token));
    }

    #[test]
    fn the_newest_sibling_can_be_made_to_win_at_the_end_of_the_grace() {
        let (mut state, index, first) = rotating();
        state.rules.siblings = Siblings::NewestWins;
        let (_, one) = state.refresh(&refresh_token(&first), NOW).unwrap();
        let (_, two) = state.refresh(&refresh_token(&first), NOW + 1).unwrap();
        state.settle(index, NOW + 59);
        assert!(can_refresh(&state, &one, NOW + 59));
        state.settle(index, NOW + 60);
        assert!(!can_refresh(&state, &one, NOW + 60));
        assert!(!lives(&state, &one.access_token));
        assert!(state.refresh(&refresh_token(&two), NOW + 60).is_some());
    }

    #[test]
    fn another_installation_is_no_sibling() {
        let (mut state, index, first) = rotating();
        let again = state.issue(index, NOW + 5);
        assert!(state.refresh(&refresh_token(&first), NOW + 6).is_some());
        assert!(state.refresh(&refresh_token(&again), NOW + 7).is_some());
    }

    #[test]
    fn refresh_tokens_of_public_clients_end_after_thirty_days() {
        let (mut state, index, _) = rotating();
        state.credentials[index].public = true;
        let issued = state.issue(index, NOW);
        let day = 86_400;
        assert!(can_refresh(&state, &issued, NOW + 30 * day - 1));
        assert!(!can_refresh(&state, &issued, NOW + 30 * day));
        let (_, next) = state.refresh(&refresh_token(&issued), NOW + 29 * day).unwrap();
        assert!(can_refresh(&state, &next, NOW + 58 * day), "each refresh starts the time anew");
    }

    #[test]
    fn a_long_lived_token_is_given_again() {
        let (mut state, index, _) = rotating();
        state.credentials[index].rotates = false;
        state.credentials[index].unrevoked.clear();
        let one = state.issue(index, NOW);
        let two = state.issue(index, NOW + 1);
        assert_eq!(one.access_token, two.access_token);
        assert!(two.rotation.is_none());
    }
}
