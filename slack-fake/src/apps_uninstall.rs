//! `apps.uninstall`: the end of an installation and of all its tokens.

use crate::call::{Arguments, Call};
use crate::client::Claim;
use crate::reply::{Answer, Failure};
use crate::state::State;

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
        if credential.client_id != claim.client_id {
            return Err("client_id_token_mismatch".into());
        }
        let target = credential.target.clone();
        self.end_installation(&claim.client_id, target.id());
        let scopes = Some(self.credentials[holder.index].scope_headers(""));
        Ok(Answer { scopes, ..Answer::default() })
    }

    /// Ends every credential of an app in one place, and gives how many there were.
    pub(crate) fn end_installation(&mut self, client_id: &str, place: &str) -> usize {
        let mut ended = 0;
        for credential in &mut self.credentials {
            if !credential.gone
                && credential.client_id == client_id
                && credential.target.id() == place
            {
                credential.gone = true;
                ended += 1;
            }
        }
        ended
    }
}
