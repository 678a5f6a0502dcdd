//! The members that the answers of token methods have in common.

use serde_json::{Map, Value, json};

use crate::CredentialKind;
use crate::state::credential::{Issued, Target};
use crate::state::memory::State;

impl State {
    /// Writes one credential as a refresh does: at the top level, whether a bot's or a person's.
    pub(crate) fn one_credential(&self, index: usize, issued: &Issued) -> Map<String, Value> {
        let credential = &self.credentials[index];
        let mut body = self.token_members(index, issued);
        let owner = if credential.kind == CredentialKind::Bot { "bot_user_id" } else { "user_id" };
        body.insert(owner.into(), credential.user_id.as_ref().into());
        body.extend(self.place_members(&credential.client_id, &credential.target));
        body
    }

    /// Writes the members that come with a token wherever it is.
    pub(crate) fn token_members(&self, index: usize, issued: &Issued) -> Map<String, Value> {
        let credential = &self.credentials[index];
        let token_type = if credential.kind == CredentialKind::Bot { "bot" } else { "user" };
        let mut members = Map::new();
        members.insert("access_token".into(), issued.access_token.clone().into());
        members.insert("token_type".into(), token_type.into());
        members.insert("scope".into(), credential.scopes.as_str().into());
        if let Some(rotation) = &issued.rotation {
            members.insert("refresh_token".into(), rotation.refresh_token.clone().into());
            members.insert("expires_in".into(), rotation.expires_in.into());
        }
        members
    }

    /// Writes the members that identify the app and where it is installed.
    pub(crate) fn place_members(&self, client_id: &str, target: &Target) -> Map<String, Value> {
        let team = target.team.as_ref().map(|id| match self.workspace(id) {
            Some(workspace) => json!({"id": id, "name": workspace.name}),
            None => json!({"id": id}),
        });
        let enterprise = target.enterprise.as_ref().map(|id| match self.organization(id) {
            Some(organization) => json!({"id": id, "name": organization.name}),
            None => json!({"id": id}),
        });
        let mut members = Map::new();
        members.insert("app_id".into(), self.app(client_id).map(|app| app.app_id.clone()).into());
        members.insert("team".into(), team.unwrap_or_default());
        members.insert("enterprise".into(), enterprise.unwrap_or_default());
        members.insert("is_enterprise_install".into(), target.is_org_wide().into());
        members
    }
}
