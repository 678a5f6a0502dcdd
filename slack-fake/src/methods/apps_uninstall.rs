//! `apps.uninstall`: ends an installation and all its tokens.

use crate::methods::client::Claim;
use crate::state::memory::State;
use crate::wire::call::{Arguments, Call};
use crate::wire::reply::{Answer, Failure};

impl State {
    pub(crate) fn apps_uninstall(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        let holder = self.holder(call, arguments, now)?;
        let claim = Claim::in_body(arguments)?;
        claim.check_secret(claim.app(self)?)?;
        let credential = &self.credentials[holder.index];
        if *credential.client_id != *claim.client_id {
            return Err("client_id_token_mismatch".into());
        }
        let target = credential.target.clone();
        self.uninstall(&claim.client_id, target.id(), now);
        let scopes = Some(self.credentials[holder.index].scope_headers(None));
        Ok(Answer { scopes, ..Answer::default() })
    }
}
