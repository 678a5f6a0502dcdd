//! The name that a store files an installation under.

use std::{borrow::Cow, fmt};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::{
    error::InvalidEncoding,
    ids::{EnterpriseId, TeamId, UserId},
    tokens::InstallationKey,
};

/// The key of an [`Installation`](crate::Installation) in a store: a place, and a person if it is that person's own.
///
/// The bot and the person who installed the app are stored under the place alone. An app that acts for many people of a workspace
/// keeps the user credential of each under [`person`](Self::person), so that none takes the place of another's; an app
/// configuration token, which belongs to a person and a workspace, is stored there as well.
///
/// # Examples
///
/// ```
/// use slack_proto::{StoreKey, tokens::InstallationKey};
///
/// let place = InstallationKey::Workspace("T0FAKE00001".into());
/// assert_eq!(StoreKey::from(place.clone()).to_text(), "team/T0FAKE00001");
/// let key = StoreKey::person(place, "U0FAKE00001".into());
/// assert_eq!(key.to_text(), "team/T0FAKE00001/user/U0FAKE00001");
/// assert_eq!(StoreKey::from_text(&key.to_text())?, key);
/// # Ok::<(), slack_proto::error::InvalidEncoding>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreKey {
    place: InstallationKey,
    user: Option<UserId>,
}

impl StoreKey {
    /// Creates the key for the credentials that belong to one user alone.
    #[must_use]
    pub fn person(place: InstallationKey, user: UserId) -> Self {
        Self { place, user: Some(user) }
    }

    /// Returns the workspace or organization.
    #[must_use]
    pub fn place(&self) -> &InstallationKey {
        &self.place
    }

    /// Returns the user, if the key is one user's own.
    #[must_use]
    pub fn user(&self) -> Option<&UserId> {
        self.user.as_ref()
    }

    /// Returns the keys to look up for a place, nearest first: the place itself; for a workspace of an organization
    /// also the workspace as it was before it joined, and then the whole organization. The keys of one user stay that
    /// user's.
    ///
    /// # Examples
    ///
    /// ```
    /// use slack_proto::{StoreKey, tokens::InstallationKey};
    ///
    /// let place = InstallationKey::grid_workspace("E0FAKE00001".into(), "T0FAKE00001".into());
    /// let keys = StoreKey::from(place).nearest_first();
    /// let texts: Vec<_> = keys.iter().map(StoreKey::to_text).collect();
    /// assert_eq!(texts, ["grid/E0FAKE00001/T0FAKE00001", "team/T0FAKE00001", "org/E0FAKE00001"]);
    /// ```
    #[must_use]
    pub fn nearest_first(&self) -> Vec<Self> {
        let mut keys = vec![self.clone()];
        if let InstallationKey::GridWorkspace { enterprise, team } = &self.place {
            for place in [
                InstallationKey::Workspace(team.clone()),
                InstallationKey::Organization(enterprise.clone()),
            ] {
                keys.push(Self { place, user: self.user.clone() });
            }
        }
        keys
    }

    /// Returns the key as text, for the primary key of a table. Different keys have different texts.
    ///
    /// The text is `team/T…`, `org/E…` or `grid/E…/T…`, followed by `/user/U…` for the key of one user. In an id
    /// everything but ASCII letters and digits is percent-encoded.
    #[must_use]
    pub fn to_text(&self) -> String {
        let escape = |id| utf8_percent_encode(id, NON_ALPHANUMERIC);
        let mut text = match &self.place {
            InstallationKey::Workspace(team) => format!("team/{}", escape(team.as_str())),
            InstallationKey::GridWorkspace { enterprise, team } => {
                format!("grid/{}/{}", escape(enterprise.as_str()), escape(team.as_str()))
            }
            InstallationKey::Organization(enterprise) => {
                format!("org/{}", escape(enterprise.as_str()))
            }
        };
        if let Some(user) = &self.user {
            text.push_str("/user/");
            text.extend(escape(user.as_str()));
        }
        text
    }

    /// Reads what [`to_text`](Self::to_text) wrote.
    ///
    /// # Errors
    ///
    /// When the text is another.
    pub fn from_text(text: &str) -> Result<Self, InvalidEncoding> {
        const REFUSED: InvalidEncoding =
            InvalidEncoding::new("$", "is not a key of a store, such as team/T0123456789");
        let parts: Vec<_> = text.split('/').collect();
        let (place, user) = match parts[..] {
            [ref place @ .., "user", user] if place.len() >= 2 => (place, Some(user)),
            ref place => (place, None),
        };
        let place = match *place {
            ["team", team] => InstallationKey::Workspace(TeamId::from(unescape(team))),
            ["org", enterprise] => {
                InstallationKey::Organization(EnterpriseId::from(unescape(enterprise)))
            }
            ["grid", enterprise, team] => {
                InstallationKey::grid_workspace(unescape(enterprise).into(), unescape(team).into())
            }
            _ => return Err(REFUSED),
        };
        let key = Self { place, user: user.map(|user| unescape(user).into()) };
        // One key, one text: no other spelling of it is taken.
        if key.to_text() == text { Ok(key) } else { Err(REFUSED) }
    }
}

fn unescape(id: &str) -> Cow<'_, str> {
    percent_decode_str(id).decode_utf8_lossy()
}

impl From<InstallationKey> for StoreKey {
    fn from(place: InstallationKey) -> Self {
        Self { place, user: None }
    }
}

/// Writes the key for people, as [`InstallationKey`] does.
impl fmt::Display for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place.fmt(f)?;
        match &self.user {
            Some(user) => write!(f, "/{user}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(team: &str, enterprise: &str) -> [InstallationKey; 3] {
        [
            InstallationKey::Workspace(team.into()),
            InstallationKey::grid_workspace(enterprise.into(), team.into()),
            InstallationKey::Organization(enterprise.into()),
        ]
    }

    #[test]
    fn every_key_has_a_text_of_its_own_and_comes_back() {
        let ids = ["T1", "", "../..", "a/b", "user", "%2F", "\u{e9}\0", "t1"];
        let mut texts = std::collections::BTreeSet::new();
        let mut count = 0;
        for (team, enterprise) in ids.iter().flat_map(|id| ids.iter().map(move |other| (id, other)))
        {
            for place in places(team, enterprise) {
                for key in [
                    StoreKey::from(place.clone()),
                    StoreKey::person(place.clone(), "U1".into()),
                    StoreKey::person(place, "".into()),
                ] {
                    let text = key.to_text();
                    assert_eq!(StoreKey::from_text(&text).unwrap(), key, "{text}");
                    assert!(!text.contains(".."), "{text}");
                    texts.insert(text);
                    count += 1;
                }
            }
        }
        // A workspace is met once for each enterprise, and an organization once for each team.
        assert_eq!(texts.len(), 3 * (8 + 64 + 8));
        assert_eq!(count, 3 * 3 * 64);
    }

    #[test]
    fn another_text_is_refused() {
        for text in [
            "",
            "T1",
            "team",
            "team/T1/user",
            "team/T-1",
            "team/%54",
            "team/%2f",
            "org/E1/T1",
            "grid/E1",
            "team/T1/user/U1/user/U2",
            "user/U1",
            "Team/T1",
            "team/%FF",
        ] {
            assert!(StoreKey::from_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_person_is_told_apart_from_the_place() {
        let [team, grid, _] = places("T1", "E1");
        let key = StoreKey::person(team.clone(), "U1".into());
        assert_eq!(key.place(), &team);
        assert_eq!(key.user().unwrap().as_str(), "U1");
        assert_eq!(key.to_string(), "T1/U1");
        let key = StoreKey::from(grid.clone());
        assert_eq!((key.place(), key.user()), (&grid, None));
        assert_eq!(key.to_string(), grid.to_string());
    }

    #[test]
    fn the_nearest_comes_first_and_a_persons_stays_that_persons() {
        let nearest = |key: StoreKey| -> Vec<_> {
            key.nearest_first().iter().map(StoreKey::to_text).collect()
        };
        let [team, grid, org] = places("T1", "E1");
        assert_eq!(nearest(team.into()), ["team/T1"]);
        assert_eq!(nearest(org.into()), ["org/E1"]);
        assert_eq!(nearest(grid.clone().into()), ["grid/E1/T1", "team/T1", "org/E1"]);
        let expected = ["grid/E1/T1/user/U1", "team/T1/user/U1", "org/E1/user/U1"];
        assert_eq!(nearest(StoreKey::person(grid, "U1".into())), expected);
    }
}
