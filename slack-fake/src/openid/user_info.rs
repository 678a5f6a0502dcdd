//! `openid.connect.userInfo`: the claims, for the token that sign-in gave.

use crate::call::{Arguments, Call};
use crate::reply::{Answer, Failure};
use crate::state::State;

impl State {
    pub(crate) fn openid_connect_user_info(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        let holder = self.holder(call, arguments, now)?;
        let credential = &self.credentials[holder.index];
        let scopes = Some(credential.scope_headers("openid"));
        if !credential.scopes.iter().any(|scope| scope == "openid") {
            let mut failure = Failure { scopes, ..Failure::from("missing_scope") };
            failure.more.insert("needed".into(), "openid".into());
            failure.more.insert("provided".into(), credential.scopes.join(",").into());
            return Err(failure);
        }
        Ok(Answer { body: self.claims(credential), scopes })
    }
}
