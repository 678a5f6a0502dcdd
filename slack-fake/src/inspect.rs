//! What a test can inspect and change directly, without a request.

use serde::Serialize;

use crate::log::SeenCall;
use crate::state::credential::Life;
use crate::state::key::Key;
use crate::state::memory::State;
use crate::{CredentialKind, FakeSlack};

/// The state of one credential, without its tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CredentialReport {
    /// The app.
    pub app_id: String,
    /// On whose behalf the app acts.
    pub kind: CredentialKind,
    /// The workspace; `None` for an org-wide install.
    pub team_id: Option<String>,
    /// The organization, if the workspace is in one.
    pub enterprise_id: Option<String>,
    /// The person, or the bot's own user.
    pub user_id: String,
    /// The scopes granted.
    pub scopes: Vec<String>,
    /// The number of successful refreshes.
    pub refreshes: u64,
    /// The number of valid access tokens.
    pub live_access_tokens: usize,
    /// The number of unused refresh tokens that are valid.
    pub live_refresh_tokens: usize,
}

impl FakeSlack {
    /// Returns a report on every credential ever issued, in the order of issue, as of `now`.
    pub fn credentials(&mut self, now: u64) -> Vec<CredentialReport> {
        (0..self.state.credentials.len()).map(|index| self.state.report(index, now)).collect()
    }

    /// Returns a report on the credential that an access or refresh token belongs to; `None` for a
    /// token that this fake did not issue.
    pub fn credential_of(&mut self, token: &str, now: u64) -> Option<CredentialReport> {
        let index = self.state.index_of(token)?;
        Some(self.state.report(index, now))
    }

    /// Returns whether an access or refresh token is valid at `now`.
    ///
    /// Asking about a later time moves the credential to that time: with
    /// [`Siblings::NewestWins`](crate::Siblings), tokens that expire by then have expired.
    pub fn is_live(&mut self, token: &str, now: u64) -> bool {
        let Some(index) = self.state.index_of(token) else { return false };
        let key = Key::of(token);
        self.state.settle(index, now);
        self.state.check_access_token(&key, now).is_ok() || self.state.can_refresh(&key, now)
    }

    /// Revokes one access or refresh token, and returns false for a token that this fake did not
    /// issue.
    pub fn revoke(&mut self, token: &str) -> bool {
        let Some(index) = self.state.index_of(token) else { return false };
        let key = Key::of(token);
        if self.state.access_tokens.get(&key).is_some_and(|record| !record.revoked) {
            self.state.revoke_access_token(&key);
            self.state.tokens_revoked(&[index], self.state.latest);
        }
        self.state.revoke_refresh_token(&key);
        true
    }

    /// Sets when an access or refresh token expires, and returns false for a token that this fake
    /// did not issue.
    pub fn expire(&mut self, token: &str, at: u64) -> bool {
        let key = Key::of(token);
        if let Some(record) = self.state.access_tokens.get_mut(&key) {
            record.life = Life::Until(at);
            return true;
        }
        match self.state.refresh_tokens.get_mut(&key) {
            Some(record) => {
                record.expires_at = Some(at);
                true
            }
            None => false,
        }
    }

    /// Removes the app from a workspace or an organization, and returns how many credentials ended.
    ///
    /// Its events have the time of the latest request.
    pub fn uninstall(&mut self, client_id: &str, team_or_enterprise_id: &str) -> usize {
        self.state.uninstall(client_id, team_or_enterprise_id, self.state.latest)
    }

    /// Removes the app from a workspace or an organization at the time `now`, and returns how many
    /// credentials ended.
    pub fn uninstall_at(
        &mut self,
        client_id: &str,
        team_or_enterprise_id: &str,
        now: u64,
    ) -> usize {
        self.state.uninstall(client_id, team_or_enterprise_id, now)
    }

    /// Returns the number of calls of a method, or of a page named by its path without the leading
    /// slash.
    #[must_use]
    pub fn calls(&self, name: &str) -> usize {
        self.log.count(name)
    }

    /// Returns the latest ten thousand calls, the oldest first.
    pub fn seen(&self) -> impl Iterator<Item = &SeenCall> {
        self.log.latest()
    }

    /// Returns the number of scripted faults that did not occur yet.
    #[must_use]
    pub fn faults_left(&self) -> usize {
        self.script.left()
    }

    /// Removes the scripted faults that did not occur yet.
    pub fn clear_faults(&mut self) {
        self.script.clear();
    }
}

impl State {
    /// Returns the credential that an access or refresh token belongs to.
    pub(crate) fn index_of(&self, token: &str) -> Option<usize> {
        let key = Key::of(token);
        let access = self.access_tokens.get(&key).map(|record| record.credential);
        let index = access.or_else(|| self.refresh_tokens.get(&key).map(|r| r.credential))?;
        Some(index as usize)
    }

    fn report(&mut self, index: usize, now: u64) -> CredentialReport {
        self.settle(index, now);
        let credential = &self.credentials[index];
        CredentialReport {
            app_id: self
                .app(&credential.client_id)
                .map(|app| app.app_id.clone())
                .unwrap_or_default(),
            kind: credential.kind,
            team_id: credential.target.team.as_deref().map(str::to_owned),
            enterprise_id: credential.target.enterprise.as_deref().map(str::to_owned),
            user_id: credential.user_id.to_string(),
            scopes: credential.scopes.iter().map(str::to_owned).collect(),
            refreshes: credential.refreshes,
            live_access_tokens: credential
                .unrevoked
                .iter()
                .filter(|token| self.check_access_token(token, now).is_ok())
                .count(),
            live_refresh_tokens: credential
                .unspent
                .iter()
                .filter(|token| self.can_refresh(token, now))
                .count(),
        }
    }
}
