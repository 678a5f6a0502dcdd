//! `oauth.v2.user.access`: the user-only sibling of `oauth.v2.access`, in each of the shapes
//! reported.

use serde_json::{Map, Value, json};

use crate::methods::token_method::{ClientKind, TokenMethod};
use crate::state::code::{CodeRecord, Flow};
use crate::state::memory::State;
use crate::wire::call::{Arguments, Call};
use crate::wire::reply::{Answer, Failure};
use crate::{CredentialKind, UserAccessShape};

const METHOD: TokenMethod = TokenMethod {
    flow: Flow::UserInstall,
    kinds: &[CredentialKind::User],
    grant: State::install_for_user,
    refreshed: State::one_credential,
};

impl State {
    pub(crate) fn oauth_v2_user_access(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        self.token_method(&METHOD, call, arguments, now)
    }

    fn install_for_user(
        &mut self,
        code: &CodeRecord,
        client: ClientKind,
        now: u64,
    ) -> Map<String, Value> {
        let (index, issued) = self.issue_for(code, CredentialKind::User, client, now);
        self.rules.user_access_shape.apply(self.one_credential(index, &issued))
    }
}

impl UserAccessShape {
    /// Rewrites an answer in the schema's shape.
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
