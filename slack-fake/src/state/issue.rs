//! How credentials come to be, and how tokens are issued for them.

use super::app::Setting;
use super::credential::{
    AccessRecord, Credential, Issued, Life, Owner, RefreshRecord, Rotation, Scopes,
};
use super::key::Key;
use super::memory::State;
use super::mint::Mint;
use crate::CredentialKind;

impl State {
    /// Returns the living credential of `owner`, created if need be, after adding `scopes` to it.
    pub(crate) fn credential(&mut self, owner: &Owner<'_>, scopes: &[String]) -> usize {
        let index = self.find_credential(owner).unwrap_or_else(|| self.new_credential(owner));
        let credential = &mut self.credentials[index];
        for scope in scopes {
            credential.scopes.add(scope);
        }
        index
    }

    pub(crate) fn find_credential(&self, owner: &Owner<'_>) -> Option<usize> {
        self.indexes.living(&owner.key())
    }

    fn new_credential(&mut self, owner: &Owner<'_>) -> usize {
        let user_id = match owner.user_id {
            Some(id) => id.clone(),
            None => self.mint(|mint| mint.id('U')).into(),
        };
        let bot_id = (owner.kind == CredentialKind::Bot).then(|| self.mint(|mint| mint.id('B')));
        let index = self.credentials.len();
        let credential = Credential {
            client_id: owner.client_id.clone(),
            kind: owner.kind,
            target: owner.target.clone(),
            user_id,
            bot_id: bot_id.map(Into::into),
            scopes: Scopes::default(),
            rotates: false,
            public: false,
            gone: false,
            refreshes: 0,
            unrevoked: Vec::new(),
            unspent: Vec::new(),
            contested_until: None,
        };
        self.indexes.add(&credential, index);
        self.credentials.push(credential);
        index
    }

    /// Issues a token for a new installation: a rotating pair, or the one long-lived token.
    pub(crate) fn issue(&mut self, index: usize, now: u64) -> Issued {
        if self.credentials[index].rotates {
            self.counter = self.counter.wrapping_add(1);
            return self.issue_pair(index, self.counter, now);
        }
        let kind = self.credentials[index].kind;
        let known = self.long_lived(index).last().map(|(_, number)| number);
        let number = known.unwrap_or(self.counter);
        let mut mint = Mint { seed: self.seed, counter: number };
        let access_token = match kind {
            CredentialKind::Bot => mint.bot_token(),
            _ => mint.user_token(),
        };
        if known.is_none() {
            self.counter = mint.counter;
            self.remember(index, Key::of(&access_token), Life::Endless(number));
        }
        Issued { access_token, rotation: None }
    }

    pub(crate) fn issue_pair(&mut self, index: usize, family: u64, now: u64) -> Issued {
        let expires_in = self.rules.access_token_life;
        let prefix =
            if self.credentials[index].kind == CredentialKind::Bot { "xoxb" } else { "xoxp" };
        let access_token = self.mint(|mint| mint.rotating_token(prefix));
        let refresh_token = self.mint(Mint::refresh_token);
        let (access_key, refresh_key) = (Key::of(&access_token), Key::of(&refresh_token));
        self.remember(index, access_key, Life::Until(now.saturating_add(expires_in)));

        let life = self.rules.public_refresh_token_life;
        let expires_at = self.credentials[index].public.then(|| now.saturating_add(life));
        let record = RefreshRecord {
            credential: narrow(index),
            access_token: access_key,
            family,
            expires_at,
            spent_at: None,
            revoked: false,
        };
        self.refresh_tokens.insert(refresh_key, record);
        self.credentials[index].unspent.push(refresh_key);
        self.revoke_the_oldest(index, now);
        Issued { access_token, rotation: Some(Rotation { refresh_token, expires_in }) }
    }

    fn remember(&mut self, index: usize, key: Key, life: Life) {
        self.credentials[index].unrevoked.push(key);
        let credential = narrow(index);
        let record = AccessRecord { credential, life, revoked: false, exchanged: false };
        self.access_tokens.insert(key, record);
    }

    /// Returns whether the tokens of a code's credentials rotate.
    pub(crate) fn rotates(&self, client_id: &str, desktop: bool) -> bool {
        desktop || self.app_has(client_id, Setting::Rotation)
    }
}

/// A fake never holds four thousand million credentials.
fn narrow(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
