//! `oauth.v2.user.access`: the user-only sibling of `oauth.v2.access`, in each of the shapes
//! reported.

use serde_json::{Map, Value, json};

use crate::call::{Arguments, Call};
use crate::client::Claim;
use crate::credential::Owner;
use crate::reply::{Answer, Failure};
use crate::state::{Flow, State};
use crate::{CredentialKind, UserAccessShape};

impl State {
    pub(crate) fn oauth_v2_user_access(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        let claim = Claim::read(call, arguments)?;
        match arguments.value("grant_type") {
            None | Some("authorization_code") => {
                let code = self.redeem(&claim, arguments, Flow::UserInstall, now)?;
                let rotates = self.rotates(&code.client_id, code.desktop);
                let owner = Owner {
                    client_id: &code.client_id,
                    kind: CredentialKind::User,
                    target: &code.target,
                    user_id: Some(&code.user_id),
                };
                let (index, issued) = self.issue_for(
                    &owner,
                    &code.user_scopes,
                    (rotates, claim.secret.is_none()),
                    now,
                );
                let body = self.one_credential(index, &issued);
                Ok(Answer { body: self.rules.user_access_shape.apply(body), scopes: None })
            }
            Some("refresh_token") => {
                let (index, issued) =
                    self.refresh_grant(&claim, arguments, &[CredentialKind::User], now)?;
                Ok(Answer { body: self.one_credential(index, &issued), scopes: None })
            }
            Some(_) => Err("invalid_grant_type".into()),
        }
    }
}

impl UserAccessShape {
    /// Turns the schema's shape into this one.
    fn apply(self, mut body: Map<String, Value>) -> Map<String, Value> {
        let user_id = body.get("user_id").cloned();
        let scope = body.get("scope").cloned();
        match self {
            Self::Schema => {}
            Self::Bearer => {
                body.insert("token_type".into(), "Bearer".into());
            }
            Self::DocsExample => {
                for member in ["app_id", "enterprise", "is_enterprise_install", "user_id", "scope"]
                {
                    body.remove(member);
                }
                body.insert("authed_user".into(), json!({"id": user_id, "scope": scope}));
            }
            Self::ScopesInAuthedUser => {
                let token = body.get("access_token").cloned();
                body.remove("user_id");
                body.insert("scope".into(), "".into());
                body.insert(
                    "authed_user".into(),
                    json!({"id": user_id, "scope": scope, "access_token": token}),
                );
            }
            Self::Nested => {
                body.remove("user_id");
                let mut authed_user = Map::new();
                authed_user.insert("id".into(), user_id.unwrap_or_default());
                for member in ["access_token", "token_type", "scope", "refresh_token", "expires_in"]
                {
                    if let Some(value) = body.remove(member) {
                        authed_user.insert(member.into(), value);
                    }
                }
                body.insert("authed_user".into(), authed_user.into());
            }
        }
        body
    }
}
