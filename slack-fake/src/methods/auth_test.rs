//! `auth.test`: the owner of a token.

use crate::state::memory::State;
use crate::wire::call::{Arguments, Call};
use crate::wire::json::Object;
use crate::wire::reply::{Answer, Body, Failure};

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
            (it.name.as_str(), ["https://", &it.domain, ".slack.com/"].concat())
        } else if let Some(it) = self.organization(place) {
            (it.name.as_str(), ["https://", &it.domain, ".enterprise.slack.com/"].concat())
        } else {
            ("", "https://fake.slack.com/".to_owned())
        };
        let user = match credential.bot_id {
            Some(_) => self.app(&credential.client_id).map(|app| app.bot_name.as_str()),
            None => self.user(&credential.user_id).map(|user| user.name.as_str()),
        };
        // It is the answer that is asked for most, so it is written without a table of its members.
        let mut body = Object::new();
        body.text("bot_id", credential.bot_id.as_deref());
        body.text("enterprise_id", target.enterprise.as_deref());
        body.number("expires_in", holder.expires_at.map(|end| end.saturating_sub(now)));
        body.flag("is_enterprise_install", target.is_org_wide());
        body.flag("ok", true);
        body.text("team", team);
        body.text("team_id", place);
        body.text("url", url.as_str());
        match user {
            Some(user) => body.text("user", user),
            None => body.null("user"),
        }
        body.text("user_id", credential.user_id.as_ref());
        let body = Body::Written(body.end());
        Ok(Answer { body, scopes: Some(credential.scope_headers(None)) })
    }
}
