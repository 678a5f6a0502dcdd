//! What a test can see and change behind Slack's back.

use crate::log::SeenCall;
use crate::state::State;
use crate::{CredentialKind, FakeSlack};

/// What the fake holds about one credential, without its tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialReport {
    /// The app.
    pub app_id: String,
    /// Whom it lets the app act for.
    pub kind: CredentialKind,
    /// The workspace; none for an org-wide install.
    pub team_id: Option<String>,
    /// The organisation, if the workspace is in one.
    pub enterprise_id: Option<String>,
    /// The person, or the bot's own user.
    pub user_id: String,
    /// The scopes granted.
    pub scopes: Vec<String>,
    /// How many refreshes were answered with a pair.
    pub refreshes: u64,
    /// How many access tokens work now.
    pub live_access_tokens: usize,
    /// How many refresh tokens would be taken now and were not used before.
    pub live_refresh_tokens: usize,
}

impl FakeSlack {
    /// Reports on every credential ever issued, in the order of issue, as things stand at `now`.
    pub fn credentials(&mut self, now: u64) -> Vec<CredentialReport> {
        (0..self.state.credentials.len()).map(|index| self.state.report(index, now)).collect()
    }

    /// Reports on the credential that an access or refresh token belongs to; none for a token not
    /// issued here.
    pub fn credential_of(&mut self, token: &str, now: u64) -> Option<CredentialReport> {
        let index = self.state.index_of(token)?;
        Some(self.state.report(index, now))
    }

    /// Tells whether an access token works, or a refresh token would be taken, at `now`.
    ///
    /// To ask about a later time lets that time come for the credential: with
    /// [`Siblings::NewestWins`](crate::Siblings) what ends by then has ended.
    pub fn is_live(&mut self, token: &str, now: u64) -> bool {
        let Some(index) = self.state.index_of(token) else { return false };
        self.state.settle(index, now);
        self.state.check_access_token(token, now).is_ok() || self.state.can_refresh(token, now)
    }

    /// Revokes one access or refresh token; gives false for a token not issued here.
    pub fn revoke(&mut self, token: &str) -> bool {
        let known = self.state.index_of(token).is_some();
        self.state.revoke_access_token(token);
        self.state.revoke_refresh_token(token);
        known
    }

    /// Has a token end at the time `at`: an access token expires, a refresh token is past its life.
    ///
    /// Gives false for a token not issued here.
    pub fn expire(&mut self, token: &str, at: u64) -> bool {
        if let Some(record) = self.state.access_tokens.get_mut(token) {
            record.expires_at = Some(at);
            return true;
        }
        match self.state.refresh_tokens.get_mut(token) {
            Some(record) => {
                record.expires_at = Some(at);
                true
            }
            None => false,
        }
    }

    /// Removes the app from a workspace or an organisation and gives how many credentials ended.
    pub fn uninstall(&mut self, client_id: &str, team_or_enterprise_id: &str) -> usize {
        self.state.end_installation(client_id, team_or_enterprise_id)
    }

    /// Gives how many calls of a method, or of a page by its path without the leading slash, were
    /// seen.
    #[must_use]
    pub fn calls(&self, name: &str) -> usize {
        self.log.count(name)
    }

    /// Gives the latest ten thousand calls, the oldest first.
    pub fn seen(&self) -> impl Iterator<Item = &SeenCall> {
        self.log.latest()
    }

    /// Gives how many scripted faults did not happen yet.
    #[must_use]
    pub fn faults_left(&self) -> usize {
        self.script.left()
    }

    /// Forgets the scripted faults that did not happen yet.
    pub fn clear_faults(&mut self) {
        self.script.clear();
    }
}

impl State {
    /// The credential that an access or refresh token belongs to.
    pub(crate) fn index_of(&self, token: &str) -> Option<usize> {
        let access = self.access_tokens.get(token).map(|record| record.credential);
        access.or_else(|| self.refresh_tokens.get(token).map(|record| record.credential))
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
            team_id: credential.target.team.clone(),
            enterprise_id: credential.target.enterprise.clone(),
            user_id: credential.user_id.clone(),
            scopes: credential.scopes.clone(),
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
