//! `auth.test`: the owner of a token.

use crate::state::memory::State;
use crate::wire::call::{Arguments, Call};
use crate::wire::json::{Object, member};
use crate::wire::reply::{Answer, Body, Failure};

/// What an address begins with, as Slack's JSON has it.
const HTTPS: &str = r"https:\/\/";

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
        let (team, url) = if let Some(it) = self.workspace(place) {
            (it.name.as_str(), [HTTPS, &it.domain, r".slack.com\/"])
        } else if let Some(it) = self.organization(place) {
            (it.name.as_str(), [HTTPS, &it.domain, r".enterprise.slack.com\/"])
        } else {
            ("", [HTTPS, "fake", r".slack.com\/"])
        };
        let user = match credential.bot_id {
            Some(_) => self.app(&credential.client_id).map(|app| app.bot_name.as_str()),
            None => self.user(&credential.user_id).map(|user| user.name.as_str()),
        };
        // It is the answer that is asked for most, so it is written without a table of its members.
        let mut body = Object::new();
        body.text(member!("bot_id"), credential.bot_id.as_deref());
        body.text(member!("enterprise_id"), target.enterprise.as_deref());
        body.number(member!("expires_in"), holder.expires_at.map(|end| end.saturating_sub(now)));
        body.flag(member!("is_enterprise_install"), target.is_org_wide());
        body.flag(member!("ok"), true);
        body.text(member!("team"), team);
        body.text(member!("team_id"), place);
        body.text_between(member!("url"), url);
        match user {
            Some(user) => body.text(member!("user"), user),
            None => body.null(member!("user")),
        }
        body.text(member!("user_id"), credential.user_id.as_ref());
        let body = Body::Written(body.end());
        Ok(Answer { body, scopes: Some(credential.scope_headers(None)) })
    }
}
