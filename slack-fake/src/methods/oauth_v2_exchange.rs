//! `oauth.v2.exchange`: a rotating pair for a long-lived token.

use crate::methods::client::Claim;
use crate::state::app::Setting;
use crate::state::key::Key;
use crate::state::memory::State;
use crate::wire::call::{Arguments, Authorization, Call};
use crate::wire::reply::{Answer, Failure};

impl State {
    /// The token comes as a Bearer header, as all official SDKs send it, or in the form; if it
    /// comes in both, they must be equal.
    pub(crate) fn oauth_v2_exchange(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        let in_form = arguments.value("token");
        let token = match &call.authorization {
            Authorization::Bearer(token) if in_form.is_some_and(|other| other != *token) => {
                return Err("invalid_auth".into());
            }
            Authorization::Bearer(token) => Some(*token),
            _ => in_form,
        };
        let claim = Claim::in_body(arguments)?;
        let app = claim.app(self)?;
        claim.check_secret(app)?;
        if !app.has(Setting::Rotation) {
            return Err("token_rotation_not_enabled".into());
        }
        let token = Key::of(token.ok_or_else(|| Failure::missing("token"))?);
        let record = self.access_tokens.get(&token).filter(|r| r.expires_at().is_none());
        let record = record.ok_or("invalid_token")?;
        let index = record.credential as usize;
        let credential = &self.credentials[index];
        if *credential.client_id != *claim.client_id {
            return Err("invalid_token".into());
        }
        if record.exchanged {
            return Err("token_already_exchanged".into());
        }
        if record.revoked || credential.gone {
            return Err("authorization_not_found".into());
        }
        if let Some(record) = self.access_tokens.get_mut(&token) {
            record.exchanged = true;
        }
        self.credentials[index].rotates = true;
        let issued = self.issue(index, now);
        Ok(Answer::of(self.one_credential(index, &issued)))
    }
}
