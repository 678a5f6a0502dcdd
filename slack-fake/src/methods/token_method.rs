//! What the token methods share: a client, one of two grants, an answer.

use serde_json::{Map, Value};

use crate::CredentialKind;
use crate::methods::client::{Claim, check_verifier};
use crate::state::code::{CodeRecord, Flow};
use crate::state::credential::{Issued, Owner};
use crate::state::key::Key;
use crate::state::memory::State;
use crate::wire::call::{Arguments, Call};
use crate::wire::reply::{Answer, Failure};

/// A method that exchanges an authorization code or a refresh token for tokens.
pub(crate) struct TokenMethod {
    /// The page whose codes it redeems.
    pub(crate) flow: Flow,
    /// The credentials that it refreshes.
    pub(crate) kinds: &'static [CredentialKind],
    /// Issues what a redeemed code stands for, and writes the answer.
    pub(crate) grant: fn(&mut State, &CodeRecord, ClientKind, u64) -> Map<String, Value>,
    /// Writes the answer of a refresh.
    pub(crate) refreshed: fn(&State, usize, &Issued) -> Map<String, Value>,
}

/// The two kinds of client of RFC 6749 section 2.1.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientKind {
    Confidential,
    Public,
}

impl State {
    pub(crate) fn token_method(
        &mut self,
        method: &TokenMethod,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        let claim = self.claim(method.flow, call, arguments, now)?;
        let body = match arguments.value("grant_type") {
            None | Some("authorization_code") => {
                let code = self.redeem(&claim, arguments, method.flow, now)?;
                (method.grant)(self, &code, claim.kind(), now)
            }
            Some("refresh_token") => {
                let (index, issued) = self.refresh_grant(&claim, arguments, method.kinds, now)?;
                (method.refreshed)(self, index, &issued)
            }
            Some(_) => return Err("invalid_grant_type".into()),
        };
        Ok(Answer::of(body))
    }

    /// Issues the credential of one of the parties of a code, the bot or the person.
    pub(crate) fn issue_for(
        &mut self,
        code: &CodeRecord,
        kind: CredentialKind,
        client: ClientKind,
        now: u64,
    ) -> (usize, Issued) {
        let (scopes, user_id) = match kind {
            CredentialKind::Bot => (&code.bot_scopes, None),
            _ => (&code.user_scopes, Some(&code.user_id)),
        };
        let owner = Owner { client_id: &code.client_id, kind, target: &code.target, user_id };
        let index = self.credential(&owner, scopes);
        let rotates = self.rotates(&code.client_id, code.desktop);
        let credential = &mut self.credentials[index];
        credential.rotates = rotates;
        credential.public = client == ClientKind::Public;
        (index, self.issue(index, now))
    }

    /// Redeems an authorization code; it stays valid if anything sent with it is wrong.
    fn redeem(
        &mut self,
        claim: &Claim,
        arguments: &Arguments,
        flow: Flow,
        now: u64,
    ) -> Result<CodeRecord, Failure> {
        let verifier = arguments.value("code_verifier");
        claim.check_for_code(self, verifier)?;
        let code = arguments.value("code").ok_or_else(|| Failure::missing("code"))?;
        let life = self.rules.code_life;
        let code = Key::of(code);
        let record = self
            .codes
            .get(&code)
            .filter(|r| *r.client_id == *claim.client_id && now < r.issued_at.saturating_add(life))
            .ok_or("invalid_code")?;
        if record.flow != flow {
            return Err("oauth_authorization_url_mismatch".into());
        }
        let redirect_uri = arguments.value("redirect_uri");
        if redirect_uri.map_or(record.redirect_was_named, |uri| uri != record.redirect_uri) {
            return Err("bad_redirect_uri".into());
        }
        check_verifier(record.challenge.as_deref(), verifier)?;
        if record.bot_scopes.is_empty() && record.user_scopes.is_empty() {
            let code = if flow == Flow::UserInstall { "no_user_scopes" } else { "no_scopes" };
            return Err(code.into());
        }
        if flow != Flow::SignIn && self.is_under_org_install(&record.client_id, &record.target) {
            return Err("cannot_install_an_org_installed_app".into());
        }
        // A code that was redeemed is forgotten, and from then on refused like an unknown one.
        self.codes.remove(&code).ok_or_else(|| "invalid_code".into())
    }

    /// Exchanges the refresh token in `arguments` for a new pair, if it belongs to a credential of
    /// one of `kinds` and the client may use it.
    fn refresh_grant(
        &mut self,
        claim: &Claim,
        arguments: &Arguments,
        kinds: &[CredentialKind],
        now: u64,
    ) -> Result<(usize, Issued), Failure> {
        let app = claim.app(self)?;
        let token =
            arguments.value("refresh_token").ok_or_else(|| Failure::missing("refresh_token"))?;
        let token = Key::of(token);
        let credential = self
            .refresh_tokens
            .get(&token)
            .and_then(|record| self.credentials.get(record.credential as usize))
            .filter(|c| *c.client_id == *claim.client_id && kinds.contains(&c.kind));
        // A public client has no secret to send; should it send one all the same, it must be right.
        if claim.secret.is_some() || !credential.is_some_and(|c| c.public) {
            claim.check_secret(app)?;
        }
        if credential.is_none() {
            return Err("invalid_refresh_token".into());
        }
        self.refresh_by_key(&token, now).ok_or_else(|| "invalid_refresh_token".into())
    }
}
