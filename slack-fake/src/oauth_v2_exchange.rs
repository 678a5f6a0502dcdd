//! `oauth.v2.exchange`: a rotating pair for a long-lived token.

use crate::app::Setting;
use crate::call::{Arguments, Authorization, Call};
use crate::client::Claim;
use crate::reply::{Answer, Failure};
use crate::state::State;

impl State {
    pub(crate) fn oauth_v2_exchange(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        if matches!(call.authorization, Authorization::Bearer(_)) {
            return Err("invalid_auth".into());
        }
        let claim = Claim::in_body(arguments)?;
        let app = claim.app(self)?;
        claim.check_secret(app)?;
        if !app.has(Setting::Rotation) {
            return Err("token_rotation_not_enabled".into());
        }
        let token = arguments.value("token").ok_or_else(|| Failure::missing("token"))?;
        let record = self.access_tokens.get(token).filter(|record| record.expires_at.is_none());
        let record = record.ok_or("invalid_token")?;
        let index = record.credential;
        let credential = &self.credentials[index];
        if credential.client_id != claim.client_id {
            return Err("invalid_token".into());
        }
        if record.exchanged {
            return Err("token_already_exchanged".into());
        }
        if record.revoked || credential.gone {
            return Err("authorization_not_found".into());
        }
        if let Some(record) = self.access_tokens.get_mut(token) {
            record.exchanged = true;
        }
        self.credentials[index].rotates = true;
        let issued = self.issue(index, now);
        let mut body = self.one_credential(index, &issued);
        body.remove("is_enterprise_install");
        Ok(Answer { body, scopes: None })
    }
}
