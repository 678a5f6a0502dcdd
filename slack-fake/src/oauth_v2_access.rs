//! `oauth.v2.access`: the code grant and the refresh grant.

use serde_json::{Map, Value, json};

use crate::CredentialKind;
use crate::call::{Arguments, Call};
use crate::client::{Claim, check_verifier};
use crate::credential::{Issued, Owner};
use crate::reply::{Answer, Failure};
use crate::state::{CodeRecord, Flow, State, Target};

impl State {
    pub(crate) fn oauth_v2_access(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        let claim = Claim::read(call, arguments)?;
        match arguments.value("grant_type") {
            None | Some("authorization_code") => {
                let code = self.redeem(&claim, arguments, Flow::Install, now)?;
                Ok(self.install(&code, claim.secret.is_none(), now))
            }
            Some("refresh_token") => {
                let kinds = [CredentialKind::Bot, CredentialKind::User];
                let (index, issued) = self.refresh_grant(&claim, arguments, &kinds, now)?;
                Ok(Answer { body: self.one_credential(index, &issued), scopes: None })
            }
            Some(_) => Err("invalid_grant_type".into()),
        }
    }

    /// Takes an authorization code if all that goes with it is right; only then is it spent.
    pub(crate) fn redeem(
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
        let record = self
            .codes
            .get(code)
            .filter(|r| {
                r.client_id == claim.client_id && !r.spent && now < r.issued_at.saturating_add(life)
            })
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
        let record = record.clone();
        if let Some(spent) = self.codes.get_mut(code) {
            spent.spent = true;
        }
        Ok(record)
    }

    /// Trades the refresh token among `arguments` if the caller may, and if it is for one of
    /// `kinds`.
    pub(crate) fn refresh_grant(
        &mut self,
        claim: &Claim,
        arguments: &Arguments,
        kinds: &[CredentialKind],
        now: u64,
    ) -> Result<(usize, Issued), Failure> {
        let app = claim.app(self)?;
        let token =
            arguments.value("refresh_token").ok_or_else(|| Failure::missing("refresh_token"))?;
        let credential = self
            .refresh_tokens
            .get(token)
            .and_then(|record| self.credentials.get(record.credential))
            .filter(|c| c.client_id == claim.client_id && kinds.contains(&c.kind));
        // A public client has no secret to send; should it send one all the same, it must be right.
        if claim.secret.is_some() || !credential.is_some_and(|c| c.public) {
            claim.check_secret(app)?;
        }
        if credential.is_none() {
            return Err("invalid_refresh_token".into());
        }
        self.refresh(token, now).ok_or_else(|| "invalid_refresh_token".into())
    }

    /// Makes the installation that a code stands for, and writes the answer of the code grant.
    pub(crate) fn install(&mut self, code: &CodeRecord, public: bool, now: u64) -> Answer {
        let rotates = self.rotates(&code.client_id, code.desktop);
        let mut body = Map::new();
        if !code.bot_scopes.is_empty() {
            let kind = CredentialKind::Bot;
            let owner =
                Owner { client_id: &code.client_id, kind, target: &code.target, user_id: None };
            let (index, issued) = self.issue_for(&owner, &code.bot_scopes, (rotates, public), now);
            body.extend(self.token_members(index, &issued));
            body.insert("bot_user_id".into(), self.credentials[index].user_id.clone().into());
        }
        let mut authed_user = Map::new();
        if !code.user_scopes.is_empty() {
            let kind = CredentialKind::User;
            let user_id = Some(code.user_id.as_str());
            let owner = Owner { client_id: &code.client_id, kind, target: &code.target, user_id };
            let (index, issued) = self.issue_for(&owner, &code.user_scopes, (rotates, public), now);
            authed_user = self.token_members(index, &issued);
        }
        authed_user.insert("id".into(), code.user_id.clone().into());
        body.insert("authed_user".into(), authed_user.into());
        body.extend(self.place_members(&code.client_id, &code.target));
        if code.bot_scopes.iter().any(|scope| scope == "incoming-webhook") {
            body.insert("incoming_webhook".into(), self.webhook(&code.target));
        }
        Answer { body, scopes: None }
    }

    /// Issues a token that rotates or not, for a public client or not.
    pub(crate) fn issue_for(
        &mut self,
        owner: &Owner<'_>,
        scopes: &[String],
        (rotates, public): (bool, bool),
        now: u64,
    ) -> (usize, Issued) {
        let index = self.credential(owner, scopes);
        self.credentials[index].rotates = rotates;
        self.credentials[index].public = public;
        (index, self.issue(index, now))
    }

    /// Writes one credential as a refresh does: at the top level, whoever it belongs to.
    pub(crate) fn one_credential(&self, index: usize, issued: &Issued) -> Map<String, Value> {
        let credential = &self.credentials[index];
        let mut body = self.token_members(index, issued);
        let owner = if credential.kind == CredentialKind::Bot { "bot_user_id" } else { "user_id" };
        body.insert(owner.into(), credential.user_id.clone().into());
        body.extend(self.place_members(&credential.client_id, &credential.target));
        body
    }

    /// The members that stand beside a token wherever it is.
    fn token_members(&self, index: usize, issued: &Issued) -> Map<String, Value> {
        let credential = &self.credentials[index];
        let token_type = if credential.kind == CredentialKind::Bot { "bot" } else { "user" };
        let mut members = Map::new();
        members.insert("access_token".into(), issued.access_token.clone().into());
        members.insert("token_type".into(), token_type.into());
        members.insert("scope".into(), credential.scopes.join(",").into());
        if let Some(rotation) = &issued.rotation {
            members.insert("refresh_token".into(), rotation.refresh_token.clone().into());
            members.insert("expires_in".into(), rotation.expires_in.into());
        }
        members
    }

    /// The members that tell which app it is and where it is installed.
    fn place_members(&self, client_id: &str, target: &Target) -> Map<String, Value> {
        let team = target.team.as_ref().map(|id| match self.workspace(id) {
            Some(workspace) => json!({"id": id, "name": workspace.name}),
            None => json!({"id": id}),
        });
        let enterprise = target.enterprise.as_ref().map(|id| match self.organisation(id) {
            Some(organisation) => json!({"id": id, "name": organisation.name}),
            None => json!({"id": id}),
        });
        let mut members = Map::new();
        members.insert("app_id".into(), self.app(client_id).map(|app| app.app_id.clone()).into());
        members.insert("team".into(), team.unwrap_or_default());
        members.insert("enterprise".into(), enterprise.unwrap_or_default());
        members.insert("is_enterprise_install".into(), target.is_org_wide().into());
        members
    }

    fn webhook(&mut self, target: &Target) -> Value {
        let (channel, service) = (self.mint_id('C'), self.mint_id('B'));
        let place = target.id();
        let domain = self.workspace(place).map_or("fake", |workspace| &workspace.domain).to_owned();
        let secret = self.mint_webhook_path();
        json!({
            "channel": "#general",
            "channel_id": channel,
            "configuration_url": format!("https://{domain}.slack.com/services/{service}"),
            "url": format!("https://hooks.slack.com/services/{place}/{service}/{secret}"),
        })
    }
}
