//! Credentials: what they are, and how tokens are issued.

use serde::{Deserialize, Serialize};

use crate::CredentialKind;
use crate::app::Setting;
use crate::state::{State, Target};

/// What one app may do in one place, as its bot or in the name of one person.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Credential {
    pub(crate) client_id: String,
    pub(crate) kind: CredentialKind,
    pub(crate) target: Target,
    /// The person, or the bot's own user.
    pub(crate) user_id: String,
    pub(crate) bot_id: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) rotates: bool,
    /// Whether it was got by PKCE and without a secret.
    pub(crate) public: bool,
    /// Whether the installation behind it has ended.
    pub(crate) gone: bool,
    pub(crate) refreshes: u64,
    /// Access tokens that were not revoked, the oldest first.
    pub(crate) unrevoked: Vec<String>,
    /// Refresh tokens that were neither used nor revoked, the oldest first.
    pub(crate) unspent: Vec<String>,
    /// When the grace time ends that gave one refresh token several successors.
    pub(crate) contested_until: Option<u64>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AccessRecord {
    pub(crate) credential: usize,
    pub(crate) expires_at: Option<u64>,
    pub(crate) revoked: bool,
    /// Whether a rotating pair was given for it.
    pub(crate) exchanged: bool,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct RefreshRecord {
    pub(crate) credential: usize,
    /// The access token that came with it.
    pub(crate) access_token: String,
    /// The same for all refresh tokens that go back to one installation.
    pub(crate) family: u64,
    pub(crate) expires_at: Option<u64>,
    pub(crate) spent_at: Option<u64>,
    pub(crate) revoked: bool,
}

/// A token, fresh from the mint.
pub(crate) struct Issued {
    pub(crate) access_token: String,
    pub(crate) rotation: Option<Rotation>,
}

/// What comes with a rotating token.
pub(crate) struct Rotation {
    pub(crate) refresh_token: String,
    pub(crate) expires_in: u64,
}

/// Whose credential is asked for.
pub(crate) struct Owner<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) kind: CredentialKind,
    pub(crate) target: &'a Target,
    /// None for the bot, which gets a user of its own.
    pub(crate) user_id: Option<&'a str>,
}

impl State {
    /// Finds the living credential of `owner` and adds `scopes` to it, or makes one.
    pub(crate) fn credential(&mut self, owner: &Owner<'_>, scopes: &[String]) -> usize {
        let known = self.credentials.iter().position(|c| {
            !c.gone
                && c.client_id == owner.client_id
                && c.kind == owner.kind
                && c.target == *owner.target
                && owner.user_id.is_none_or(|id| id == c.user_id)
        });
        let index = known.unwrap_or_else(|| self.new_credential(owner));
        let credential = &mut self.credentials[index];
        for scope in scopes {
            if !credential.scopes.contains(scope) {
                credential.scopes.push(scope.clone());
            }
        }
        index
    }

    fn new_credential(&mut self, owner: &Owner<'_>) -> usize {
        let user_id = owner.user_id.map_or_else(|| self.mint_id('U'), str::to_owned);
        let bot_id = (owner.kind == CredentialKind::Bot).then(|| self.mint_id('B'));
        self.credentials.push(Credential {
            client_id: owner.client_id.to_owned(),
            kind: owner.kind,
            target: owner.target.clone(),
            user_id,
            bot_id,
            scopes: Vec::new(),
            rotates: false,
            public: false,
            gone: false,
            refreshes: 0,
            unrevoked: Vec::new(),
            unspent: Vec::new(),
            contested_until: None,
        });
        self.credentials.len() - 1
    }

    /// Issues a token for a new installation: a rotating pair, or the one long-lived token.
    pub(crate) fn issue(&mut self, index: usize, now: u64) -> Issued {
        if self.credentials[index].rotates {
            self.counter = self.counter.wrapping_add(1);
            return self.issue_pair(index, self.counter, now);
        }
        let known = self.long_lived(index).pop();
        let access_token = known.unwrap_or_else(|| {
            let token = match self.credentials[index].kind {
                CredentialKind::Bot => self.mint_bot_token(),
                _ => self.mint_user_token(),
            };
            self.remember(index, token.clone(), None);
            token
        });
        Issued { access_token, rotation: None }
    }

    pub(crate) fn issue_pair(&mut self, index: usize, family: u64, now: u64) -> Issued {
        let expires_in = self.rules.access_token_life;
        let prefix =
            if self.credentials[index].kind == CredentialKind::Bot { "xoxb" } else { "xoxp" };
        let access_token = self.mint_rotating_token(prefix);
        let refresh_token = self.mint_refresh_token();
        self.remember(index, access_token.clone(), Some(now.saturating_add(expires_in)));

        let life = self.rules.public_refresh_token_life;
        let expires_at = self.credentials[index].public.then(|| now.saturating_add(life));
        let record = RefreshRecord {
            credential: index,
            access_token: access_token.clone(),
            family,
            expires_at,
            spent_at: None,
            revoked: false,
        };
        self.refresh_tokens.insert(refresh_token.clone(), record);
        self.credentials[index].unspent.push(refresh_token.clone());
        self.revoke_the_oldest(index, now);
        Issued { access_token, rotation: Some(Rotation { refresh_token, expires_in }) }
    }

    fn remember(&mut self, index: usize, token: String, expires_at: Option<u64>) {
        self.credentials[index].unrevoked.push(token.clone());
        self.access_tokens.insert(
            token,
            AccessRecord { credential: index, expires_at, revoked: false, exchanged: false },
        );
    }

    /// Tells whether `target` lies in an organisation for whose every workspace the app is
    /// installed.
    pub(crate) fn is_under_org_install(&self, client_id: &str, target: &Target) -> bool {
        !target.is_org_wide()
            && target.enterprise.is_some()
            && self.credentials.iter().any(|c| {
                !c.gone
                    && c.client_id == client_id
                    && c.target.is_org_wide()
                    && c.target.enterprise == target.enterprise
            })
    }

    /// Tells whether tokens of a code's credentials rotate.
    pub(crate) fn rotates(&self, client_id: &str, desktop: bool) -> bool {
        desktop || self.app_has(client_id, Setting::Rotation)
    }
}

impl AccessRecord {
    /// Whether the token has run past its life.
    pub(crate) fn is_past(&self, now: u64) -> bool {
        self.expires_at.is_some_and(|end| now >= end)
    }
}
