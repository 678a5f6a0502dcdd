//! `auth.revoke`: the end of one token, or of an authorization.

use serde_json::json;

use crate::call::{Arguments, Authorization, Call};
use crate::reply::{Answer, Failure};
use crate::state::State;

impl State {
    pub(crate) fn auth_revoke(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        let is_test = matches!(arguments.value("test"), Some("1" | "true"));
        let refresh_token = match &call.authorization {
            Authorization::Bearer(token) => Some(token.as_str()),
            _ => arguments.value("token"),
        };
        if let Some(token) = refresh_token.filter(|token| self.refresh_tokens.contains_key(*token))
        {
            if !self.can_refresh(token, now) {
                return Err("token_revoked".into());
            }
            if !is_test {
                self.revoke_refresh_token(token);
            }
            return Ok(Answer::new(json!({"revoked": !is_test})));
        }
        let holder = self.holder(call, arguments, now)?;
        if !is_test {
            let endless = self
                .access_tokens
                .get(&holder.token)
                .is_some_and(|record| record.expires_at.is_none());
            self.revoke_access_token(&holder.token);
            // A long-lived token stands for the authorization itself.
            self.credentials[holder.index].gone |=
                endless && !self.credentials[holder.index].rotates;
        }
        let scopes = Some(self.credentials[holder.index].scope_headers(""));
        Ok(Answer { scopes, ..Answer::new(json!({"revoked": !is_test})) })
    }
}
