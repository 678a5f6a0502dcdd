//! The name that an installation is stored under.

use std::fmt;

use crate::ids::{EnterpriseId, TeamId};

/// The place of an installation: it distinguishes one installation of an app from another.
///
/// It is not a team id: an org-wide install has no team, and a workspace of an organization has both ids.
///
/// `Display` writes `T…`, `E…/T…` or `E…`, for people: an id that is nothing like one of Slack's is only counted there, so
/// a store compares keys, or files under the ids that are in them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum InstallationKey {
    /// A workspace without an organization.
    Workspace(TeamId),
    /// One workspace of an Enterprise organization.
    #[non_exhaustive]
    GridWorkspace {
        /// The organization.
        enterprise: EnterpriseId,
        /// The workspace.
        team: TeamId,
    },
    /// A whole organization: an org-wide install.
    Organization(EnterpriseId),
}

impl InstallationKey {
    /// Creates the key of one workspace of an organization.
    #[must_use]
    pub fn grid_workspace(enterprise: EnterpriseId, team: TeamId) -> Self {
        Self::GridWorkspace { enterprise, team }
    }

    /// Returns the key of a place from what Slack says about it: whether it is an org-wide install decides, and not whether a
    /// workspace is named beside the organization.
    ///
    /// A place that is marked as a workspace, but named by its organization alone, can only be the organization. `None`
    /// if the id that is needed is not there.
    #[must_use]
    pub fn of(
        team: Option<&TeamId>,
        enterprise: Option<&EnterpriseId>,
        is_enterprise_install: bool,
    ) -> Option<Self> {
        match (is_enterprise_install, team, enterprise) {
            (true, _, enterprise) | (false, None, enterprise) => {
                enterprise.cloned().map(Self::Organization)
            }
            (false, Some(team), None) => Some(Self::Workspace(team.clone())),
            (false, Some(team), Some(enterprise)) => {
                Some(Self::grid_workspace(enterprise.clone(), team.clone()))
            }
        }
    }
}

impl fmt::Display for InstallationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workspace(team) => team.fmt(f),
            Self::GridWorkspace { enterprise, team } => write!(f, "{enterprise}/{team}"),
            Self::Organization(enterprise) => enterprise.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_install_decides_and_not_the_team() {
        let (team, enterprise) = (TeamId::from("T1"), EnterpriseId::from("E1"));
        let key = |team, enterprise, org| {
            InstallationKey::of(team, enterprise, org).map(|key| key.to_string())
        };
        let (team, enterprise) = (Some(&team), Some(&enterprise));
        assert_eq!(key(team, None, false).as_deref(), Some("T1"));
        assert_eq!(key(team, enterprise, false).as_deref(), Some("E1/T1"));
        assert_eq!(key(team, enterprise, true).as_deref(), Some("E1"));
        assert_eq!(key(None, enterprise, true).as_deref(), Some("E1"));
        assert_eq!(key(None, enterprise, false).as_deref(), Some("E1"));
        assert_eq!(key(team, None, true), None);
        assert_eq!(key(None, None, false), None);
    }
}
