//! `openid.connect.userInfo`: the claims, for the token that sign-in gave.

use crate::state::memory::State;
use crate::wire::call::{Arguments, Call};
use crate::wire::reply::{Answer, Failure};

impl State {
    pub(crate) fn openid_connect_user_info(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        let holder = self.holder(call, arguments, now)?;
        let credential = &self.credentials[holder.index];
        let scopes = Some(credential.scope_headers(Some("openid")));
        if !credential.scopes.contains("openid") {
            let mut failure = Failure { scopes, ..Failure::from("missing_scope") };
            failure.more.insert("needed".into(), "openid".into());
            failure.more.insert("provided".into(), credential.scopes.as_str().into());
            return Err(failure);
        }
        Ok(Answer { scopes, ..Answer::of(self.claims(credential)) })
    }
}
