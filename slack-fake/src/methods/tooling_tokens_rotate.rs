//! `tooling.tokens.rotate`: the pair of a person who edits app configurations.

use http::Response;
use serde_json::json;

use crate::state::credential::Target;
use crate::state::credential::{Issued, Owner};
use crate::state::key::Key;
use crate::state::memory::State;
use crate::wire::call::{Arguments, Call};
use crate::wire::reply::{self, Answer, Failure};
use crate::{CredentialKind, FakeSlack};

impl FakeSlack {
    /// Issues an app configuration token as the settings page does, and returns it as
    /// `tooling.tokens.rotate` answers: as JSON with `token`, `refresh_token`, `team_id`,
    /// `user_id`, `iat` and `exp`.
    pub fn issue_config_token(
        &mut self,
        team_id: &str,
        user_id: &str,
        now: u64,
    ) -> Response<Vec<u8>> {
        let target = Target { team: Some(team_id.into()), enterprise: None };
        let (client_id, user_id) = ("".into(), user_id.into());
        let owner = Owner {
            client_id: &client_id,
            kind: CredentialKind::Config,
            target: &target,
            user_id: Some(&user_id),
        };
        let index = self.state.credential(&owner, &[]);
        self.state.credentials[index].rotates = true;
        let issued = self.state.issue(index, now);
        reply::envelope(Ok(self.state.config_answer(index, issued, now)), &[])
    }
}

impl State {
    pub(crate) fn tooling_tokens_rotate(
        &mut self,
        _: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        let token =
            arguments.value("refresh_token").ok_or_else(|| Failure::missing("refresh_token"))?;
        let owner = self
            .refresh_tokens
            .get(&Key::of(token))
            .and_then(|record| self.credentials.get(record.credential as usize));
        if owner.is_none_or(|credential| credential.kind != CredentialKind::Config) {
            return Err("invalid_refresh_token".into());
        }
        let (index, issued) = self.refresh(token, now).ok_or("invalid_refresh_token")?;
        Ok(self.config_answer(index, issued, now))
    }

    fn config_answer(&self, index: usize, issued: Issued, now: u64) -> Answer {
        let credential = &self.credentials[index];
        let (refresh_token, life) =
            issued.rotation.map(|r| (r.refresh_token, r.expires_in)).unwrap_or_default();
        Answer::new(json!({
            "token": issued.access_token,
            "refresh_token": refresh_token,
            "team_id": credential.target.team,
            "user_id": credential.user_id,
            "iat": now,
            "exp": now.saturating_add(life),
        }))
    }
}
