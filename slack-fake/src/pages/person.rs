//! The person at the browser, and what that person may do.

use std::sync::Arc;

use crate::CredentialKind;
use crate::pages::request::{AuthorizationRequest, PageError};
use crate::state::app::Setting;
use crate::state::code::Flow;
use crate::state::credential::{Owner, Target};
use crate::state::memory::State;
use crate::wire::call::Arguments;

impl State {
    /// Determines who is signed in at the browser, and where the app is to be installed.
    pub(crate) fn choose_person(
        &self,
        parameters: &Arguments,
        request: &AuthorizationRequest,
    ) -> Result<(Arc<str>, Target), PageError> {
        let user = match parameters.value("fake_user") {
            Some(id) => {
                self.user(id).ok_or(("unknown_user", "no user has the id given as fake_user"))?
            }
            None => self
                .signed_in
                .as_deref()
                .and_then(|id| self.user(id))
                .or(self.users.first())
                .ok_or(("no_user", "nobody can sign in: add a user to the fake"))?,
        };
        let member = |id: &&str| self.is_member(&user.id, id);
        let home = self.home_of(&request.client_id);
        let chosen = match parameters.value("fake_team") {
            Some(id) => Some(id)
                .filter(member)
                .ok_or(("unknown_team", "the user is not a member of fake_team"))?,
            // The hint counts only where the person is signed in already.
            None => parameters
                .value("team")
                .filter(member)
                .or_else(|| home.filter(member))
                .or_else(|| self.workspaces.iter().map(|w| &*w.id).find(member))
                .ok_or(("no_workspace", "the user is in no workspace: add one to the fake"))?,
        };
        let target = match self.workspace(chosen) {
            Some(workspace) => Target {
                team: Some(workspace.id.clone()),
                enterprise: workspace.organization.clone(),
            },
            None if self.app_has(&request.client_id, Setting::OrgReady) => {
                Target { team: None, enterprise: Some(chosen.into()) }
            }
            None => {
                return Err((
                    "org_install_not_allowed",
                    "the app is not ready for org-wide installs",
                ));
            }
        };
        Ok((user.id.clone(), target))
    }

    /// Returns whether a user belongs to a workspace, or to any workspace of an organization.
    fn is_member(&self, user_id: &str, place: &str) -> bool {
        let Some(user) = self.user(user_id) else { return false };
        match self.workspace(place) {
            Some(_) => user.belongs_to(place),
            None => {
                self.organization(place).is_some()
                    && self
                        .workspaces
                        .iter()
                        .any(|w| w.organization.as_deref() == Some(place) && user.belongs_to(&w.id))
            }
        }
    }

    fn home_of(&self, client_id: &str) -> Option<&str> {
        let named = self.app(client_id)?.home_workspace.as_deref();
        named.or_else(|| self.workspaces.first().map(|workspace| &*workspace.id))
    }

    /// Returns whether the person signed in to this app before, with these scopes: Slack does not
    /// ask again.
    pub(crate) fn has_consented(
        &self,
        request: &AuthorizationRequest,
        (user_id, target): &(Arc<str>, Target),
    ) -> bool {
        if request.flow != Flow::SignIn {
            return false;
        }
        let (client_id, user_id) = (&request.client_id, Some(user_id));
        let owner = Owner { client_id, kind: CredentialKind::SignIn, target, user_id };
        self.find_credential(&owner).is_some_and(|index| {
            let granted = &self.credentials[index].scopes;
            request.user_scopes.iter().all(|scope| granted.contains(scope))
        })
    }

    pub(crate) fn may_install(&self, client_id: &str, target: &Target) -> bool {
        let home = self.home_of(client_id);
        let home_org =
            home.and_then(|id| self.workspace(id)).and_then(|w| w.organization.as_deref());
        let at_home = if target.is_org_wide() {
            home_org == Some(target.id())
        } else {
            home == Some(target.id())
        };
        at_home || self.app_has(client_id, Setting::Distributed)
    }
}
