//! The workspaces, organizations and people that the fake knows.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::table::Record;

/// A workspace.
///
/// ```
/// use slack_fake::Workspace;
///
/// let team = Workspace::new("T0FAKE00001", "Fake Team")
///     .domain("fake-team")
///     .organization("E0FAKE00001");
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[must_use = "a workspace does nothing until it is given to a fake"]
pub struct Workspace {
    pub(crate) id: Arc<str>,
    pub(crate) name: String,
    pub(crate) domain: String,
    pub(crate) organization: Option<Arc<str>>,
}

impl Workspace {
    /// Creates a workspace from its id (`T...`) and name.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        let name = name.into();
        Self { id: id.into().into(), domain: domain_of(&name), name, organization: None }
    }

    /// Sets the first label of the workspace's host; the default is derived from the name.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = domain.into();
        self
    }

    /// Sets the Enterprise organization (`E...`) that the workspace belongs to, see
    /// [`Organization`].
    pub fn organization(mut self, id: impl Into<String>) -> Self {
        self.organization = Some(id.into().into());
        self
    }
}

/// An Enterprise organization (Grid).
///
/// ```
/// use slack_fake::Organization;
///
/// let org = Organization::new("E0FAKE00001", "Fake Org").domain("fake-org");
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[must_use = "an organization does nothing until it is given to a fake"]
pub struct Organization {
    pub(crate) id: Arc<str>,
    pub(crate) name: String,
    pub(crate) domain: String,
}

impl Organization {
    /// Creates an organization from its id (`E...`) and name.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        let name = name.into();
        Self { id: id.into().into(), domain: domain_of(&name), name }
    }

    /// Sets the first label of the organization's host; the default is derived from the name.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = domain.into();
        self
    }
}

/// A person.
///
/// Without [`User::member_of`] a person is a member of every workspace.
///
/// ```
/// use slack_fake::User;
///
/// let user = User::new("U0FAKE00001", "fake.person")
///     .member_of("T0FAKE00001")
///     .email("fake.person@example.com");
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[must_use = "a user does nothing until it is given to a fake"]
pub struct User {
    pub(crate) id: Arc<str>,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) given_name: String,
    pub(crate) family_name: String,
    pub(crate) member_of: Vec<String>,
}

impl User {
    /// Creates a person from the id (`U...` or `W...`) and the user name.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into().into(),
            name: name.into(),
            email: None,
            given_name: String::new(),
            family_name: String::new(),
            member_of: Vec::new(),
        }
    }

    /// Adds a workspace the person belongs to.
    pub fn member_of(mut self, team_id: impl Into<String>) -> Self {
        self.member_of.push(team_id.into());
        self
    }

    /// Sets the email address that sign-in reports; the default is none, as for some guests.
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// Sets the given and family name, which are empty by default.
    pub fn full_name(mut self, given: impl Into<String>, family: impl Into<String>) -> Self {
        self.given_name = given.into();
        self.family_name = family.into();
        self
    }

    pub(crate) fn belongs_to(&self, team_id: &str) -> bool {
        self.member_of.is_empty() || self.member_of.iter().any(|id| id == team_id)
    }
}

impl Record for Workspace {
    fn id(&self) -> &Arc<str> {
        &self.id
    }
}

impl Record for Organization {
    fn id(&self) -> &Arc<str> {
        &self.id
    }
}

impl Record for User {
    fn id(&self) -> &Arc<str> {
        &self.id
    }
}

fn domain_of(name: &str) -> String {
    let label: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect();
    label.trim_matches('-').to_owned()
}
