//! The name that a person is filed under.

use crate::{
    ids::{EnterpriseId, TeamId, UserId},
    openid::UserClaims,
};

/// Who somebody is, across all of Slack: a user id is unique only beside the place that it belongs to.
///
/// File people under this, and not under the user id alone, nor under an e-mail address, which can pass to somebody
/// else. When a workspace joins an Enterprise organization its people become those of the organization: then look for
/// the workspace's key as well, which [`UserClaims::team_id`] still holds.
///
/// # Examples
///
/// ```
/// use slack_proto::{ids::{EnterpriseId, TeamId, UserId}, openid::IdentityKey};
///
/// let (team, user) = (TeamId::from("T0FAKE00001"), UserId::from("U0FAKE00001"));
/// let key = IdentityKey::of(Some(&team), None, &user);
/// assert_eq!(key, Some(IdentityKey::Workspace(team.clone(), user.clone())));
/// let enterprise = EnterpriseId::from("E0FAKE00001");
/// let key = IdentityKey::of(Some(&team), Some(&enterprise), &user);
/// assert_eq!(key, Some(IdentityKey::Organization(enterprise, user)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum IdentityKey {
    /// A person of a workspace outside of any organization.
    Workspace(TeamId, UserId),
    /// A person of an Enterprise organization, who is the same one in all of its workspaces.
    Organization(EnterpriseId, UserId),
}

impl IdentityKey {
    /// Returns the key of a person from Slack's claims; `None` if they name no place.
    #[must_use]
    pub fn of(
        team: Option<&TeamId>,
        enterprise: Option<&EnterpriseId>,
        user: &UserId,
    ) -> Option<Self> {
        match (enterprise, team) {
            (Some(enterprise), _) => Some(Self::Organization(enterprise.clone(), user.clone())),
            (None, Some(team)) => Some(Self::Workspace(team.clone(), user.clone())),
            (None, None) => None,
        }
    }

    /// Returns the user id. It is unique in its workspace or organization only.
    #[must_use]
    pub fn user(&self) -> &UserId {
        match self {
            Self::Workspace(_, user) | Self::Organization(_, user) => user,
        }
    }
}

impl UserClaims {
    /// Returns the key under which to store the person; `None` if the claims name neither workspace nor organization.
    #[must_use]
    pub fn identity(&self) -> Option<IdentityKey> {
        IdentityKey::of(self.team_id.as_ref(), self.enterprise_id.as_ref(), &self.sub)
    }

    /// Returns whether both sets of claims are about the same person. The claims of `openid.connect.userInfo` must
    /// match the ID token's (OpenID Connect Core section 5.3.2).
    #[must_use]
    pub fn is_same_person(&self, other: &Self) -> bool {
        let same_team = match (&self.team_id, &other.team_id) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        };
        self.sub == other.sub && same_team
    }
}

#[cfg(test)]
mod tests {
    use http::Response;

    use super::*;
    use crate::{ApiMethod, methods::OpenidConnectUserInfo};

    fn claims(body: &str) -> UserClaims {
        OpenidConnectUserInfo::parse_response(&Response::new(body)).unwrap().value
    }

    #[test]
    fn a_person_is_told_apart_by_place_and_id() {
        let one = claims(r#"{"ok":true,"sub":"U1","https://slack.com/team_id":"T1"}"#);
        let two = claims(r#"{"ok":true,"sub":"U1","https://slack.com/team_id":"T2"}"#);
        let nowhere = claims(r#"{"ok":true,"sub":"U1"}"#);
        assert_ne!(one.identity(), two.identity());
        assert_eq!(one.identity().unwrap().user().as_str(), "U1");
        assert_eq!(nowhere.identity(), None);
        assert!(!one.is_same_person(&two) && one.is_same_person(&nowhere));
        assert!(!one.is_same_person(&claims(r#"{"ok":true,"sub":"U2"}"#)));
    }
}
