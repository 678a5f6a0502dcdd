//! `auth.test`: the owner of a token.

use serde_json::json;

use crate::state::credential::AccessRecord;
use crate::state::memory::State;
use crate::wire::call::{Arguments, Call};
use crate::wire::reply::{Answer, Failure};

impl State {
    pub(crate) fn auth_test(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        let holder = self.holder(call, arguments, now)?;
        let credential = &self.credentials[holder.index];
        let target = &credential.target;
        let place = target.id();
        let (name, host) = match (self.workspace(place), self.organization(place)) {
            (Some(workspace), _) => (workspace.name.as_str(), workspace.domain.clone()),
            (None, Some(organization)) => {
                (organization.name.as_str(), format!("{}.enterprise", organization.domain))
            }
            (None, None) => ("", "fake".to_owned()),
        };
        let app = self.app(&credential.client_id);
        let user = match credential.bot_id {
            Some(_) => app.map(|app| app.bot_name.clone()),
            None => self.user(&credential.user_id).map(|user| user.name.clone()),
        };
        let mut answer = Answer::new(json!({
            "url": format!("https://{host}.slack.com/"),
            "team": name,
            "user": user,
            "team_id": place,
            "user_id": credential.user_id,
            "is_enterprise_install": target.is_org_wide(),
        }));
        if let Some(bot_id) = &credential.bot_id {
            answer.body.insert("bot_id".into(), bot_id.as_ref().into());
        }
        if let Some(enterprise) = &target.enterprise {
            answer.body.insert("enterprise_id".into(), enterprise.as_ref().into());
        }
        if let Some(end) = self.access_tokens.get(&holder.token).and_then(AccessRecord::expires_at)
        {
            answer.body.insert("expires_in".into(), end.saturating_sub(now).into());
        }
        answer.scopes = Some(credential.scope_headers(None));
        Ok(answer)
    }
}
