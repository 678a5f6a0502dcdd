//! `auth.teams.list`: the workspaces under an org-wide install, page by page.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::state::directory::Workspace;
use crate::state::memory::State;
use crate::wire::call::{Arguments, Call};
use crate::wire::reply::{Answer, Failure};

impl State {
    pub(crate) fn auth_teams_list(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        let holder = self.holder(call, arguments, now)?;
        let credential = &self.credentials[holder.index];
        if !credential.target.is_org_wide() {
            return Err("invalid_auth".into());
        }
        let limit = arguments
            .value("limit")
            .map_or(Ok(100), str::parse)
            .ok()
            .filter(|limit| (1..=1000).contains(limit));
        let limit: usize = limit.ok_or("invalid_limit")?;
        let start = match arguments.value("cursor") {
            Some(cursor) => read_cursor(cursor).ok_or("invalid_cursor")?,
            None => 0,
        };
        let with_icon = matches!(arguments.value("include_icon"), Some("1" | "true"));
        let of_organization = |w: &&Workspace| w.organization == credential.target.enterprise;
        let mut rest = self.workspaces.iter().filter(of_organization).skip(start);
        let teams: Vec<Value> =
            rest.by_ref().take(limit).map(|workspace| describe(workspace, with_icon)).collect();
        let next = if rest.next().is_some() {
            write_cursor(start.saturating_add(limit))
        } else {
            String::new()
        };
        let mut answer =
            Answer::new(json!({"teams": teams, "response_metadata": {"next_cursor": next}}));
        answer.scopes = Some(credential.scope_headers(None));
        Ok(answer)
    }
}

fn describe(workspace: &Workspace, with_icon: bool) -> Value {
    let mut team = json!({"id": workspace.id, "name": workspace.name});
    if with_icon {
        let mut icon = json!({"image_default": true});
        for size in [34, 44, 68, 88, 102, 132, 230] {
            icon[format!("image_{size}")] =
                format!("https://avatars.example.com/{}_{size}.png", workspace.id).into();
        }
        team["icon"] = icon;
    }
    team
}

fn write_cursor(offset: usize) -> String {
    STANDARD.encode(format!("{CURSOR}{offset}"))
}

fn read_cursor(cursor: &str) -> Option<usize> {
    let text = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
    text.strip_prefix(CURSOR)?.parse().ok()
}

const CURSOR: &str = "fake:cursor:";
