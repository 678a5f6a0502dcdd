//! `auth.revoke`: ends one token, or an authorization.

use serde_json::json;

use crate::state::key::Key;
use crate::state::memory::State;
use crate::wire::call::{Arguments, Authorization, Call};
use crate::wire::reply::{Answer, Failure};

impl State {
    pub(crate) fn auth_revoke(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        let is_test = matches!(arguments.value("test"), Some("1" | "true"));
        let refresh_token = match &call.authorization {
            Authorization::Bearer(token) => Some(*token),
            _ => arguments.value("token"),
        };
        let refresh_token = refresh_token.map(Key::of);
        if let Some(token) = refresh_token.filter(|token| self.refresh_tokens.contains_key(token)) {
            if !self.can_refresh(&token, now) {
                return Err("token_revoked".into());
            }
            if !is_test {
                self.revoke_refresh_token(&token);
            }
            return Ok(Answer::new(json!({"revoked": !is_test})));
        }
        let holder = self.holder(call, arguments, now)?;
        if !is_test {
            let record = self.access_tokens.get(&holder.token);
            let endless = record.is_some_and(|record| record.expires_at().is_none());
            self.revoke_access_token(&holder.token);
            // A long-lived token stands for the authorization itself.
            if endless && !self.credentials[holder.index].rotates {
                self.end_credential(holder.index);
            }
            self.tokens_revoked(&[holder.index], now);
        }
        let scopes = Some(self.credentials[holder.index].scope_headers(None));
        Ok(Answer { scopes, ..Answer::new(json!({"revoked": !is_test})) })
    }
}
