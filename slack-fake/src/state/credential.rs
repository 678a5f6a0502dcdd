//! Credentials and their tokens, as records.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::key::Key;
use crate::CredentialKind;

/// What one app may do in one place, as its bot or in the name of one person.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Credential {
    pub(crate) client_id: Arc<str>,
    pub(crate) kind: CredentialKind,
    pub(crate) target: Target,
    /// The person, or the bot's own user.
    pub(crate) user_id: Arc<str>,
    pub(crate) bot_id: Option<Box<str>>,
    /// The scopes as a comma list.
    pub(crate) scopes: Scopes,
    pub(crate) rotates: bool,
    /// Whether it was obtained with PKCE and without a secret.
    pub(crate) public: bool,
    /// Whether the installation behind it has ended.
    pub(crate) gone: bool,
    pub(crate) refreshes: u64,
    /// The access tokens that were not revoked, the oldest first.
    pub(crate) unrevoked: Vec<Key>,
    /// The refresh tokens that were neither used nor revoked, the oldest first.
    pub(crate) unspent: Vec<Key>,
    /// When the grace time ends that gave one refresh token several successors.
    pub(crate) contested_until: Option<u64>,
}

/// A set of scopes in the order they were granted, held as the comma list that Slack writes.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Scopes(Box<str>);

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct AccessRecord {
    pub(crate) credential: u32,
    pub(crate) life: Life,
    pub(crate) revoked: bool,
    /// Whether a rotating pair was issued for it.
    pub(crate) exchanged: bool,
}

/// How long an access token lives.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Life {
    Until(u64),
    /// The token is long-lived; its text can be made again from this number.
    Endless(u64),
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct RefreshRecord {
    pub(crate) credential: u32,
    /// The access token that came with it.
    pub(crate) access_token: Key,
    /// The same for all refresh tokens that go back to one installation.
    pub(crate) family: u64,
    pub(crate) expires_at: Option<u64>,
    pub(crate) spent_at: Option<u64>,
    pub(crate) revoked: bool,
}

/// Where an app is installed: in a workspace, or in a whole organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) team: Option<Arc<str>>,
    pub(crate) enterprise: Option<Arc<str>>,
}

/// A token that was just issued.
pub(crate) struct Issued {
    pub(crate) access_token: String,
    pub(crate) rotation: Option<Rotation>,
}

/// The members of an answer that come with a rotating token.
pub(crate) struct Rotation {
    pub(crate) refresh_token: String,
    pub(crate) expires_in: u64,
}

/// The owner of a credential.
pub(crate) struct Owner<'a> {
    pub(crate) client_id: &'a Arc<str>,
    pub(crate) kind: CredentialKind,
    pub(crate) target: &'a Target,
    /// None for the bot, which gets a user of its own.
    pub(crate) user_id: Option<&'a Arc<str>>,
}

impl Credential {
    /// Returns the key by which [`Owner::key`] finds this credential.
    pub(crate) fn owner_key(&self) -> Key {
        let user_id = (self.kind != CredentialKind::Bot).then_some(&self.user_id);
        let Self { client_id, kind, target, .. } = self;
        Owner { client_id, kind: *kind, target, user_id }.key()
    }
}

impl Owner<'_> {
    pub(crate) fn key(&self) -> Key {
        let kind = match self.kind {
            CredentialKind::Bot => "bot",
            CredentialKind::User => "user",
            CredentialKind::SignIn => "sign_in",
            CredentialKind::Config => "config",
        };
        let Target { team, enterprise } = self.target;
        let text = |id: &Option<Arc<str>>| id.clone().unwrap_or_default();
        let user_id = self.user_id.map_or("", |id| id);
        Key::of_all(&[self.client_id, kind, &text(team), &text(enterprise), user_id])
    }
}

impl Target {
    pub(crate) fn is_org_wide(&self) -> bool {
        self.team.is_none()
    }

    /// Returns the id of the workspace, or of the organization for an org-wide install.
    pub(crate) fn id(&self) -> &str {
        self.team.as_deref().or(self.enterprise.as_deref()).unwrap_or_default()
    }
}

impl Scopes {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn contains(&self, scope: &str) -> bool {
        self.iter().any(|granted| granted == scope)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(',').filter(|scope| !scope.is_empty())
    }

    pub(crate) fn add(&mut self, scope: &str) {
        if !self.contains(scope) {
            let comma = if self.0.is_empty() { "" } else { "," };
            self.0 = format!("{}{comma}{scope}", self.0).into();
        }
    }
}

impl AccessRecord {
    /// Returns whether the token has expired.
    pub(crate) fn is_past(&self, now: u64) -> bool {
        self.expires_at().is_some_and(|end| now >= end)
    }

    pub(crate) fn expires_at(&self) -> Option<u64> {
        match self.life {
            Life::Until(end) => Some(end),
            Life::Endless(_) => None,
        }
    }
}
