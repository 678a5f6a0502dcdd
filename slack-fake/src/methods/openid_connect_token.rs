//! `openid.connect.token`: redeems a sign-in code, and refreshes what it issued.

use http::StatusCode;
use serde_json::{Map, Value};

use crate::methods::token_method::{ClientKind, TokenMethod};
use crate::state::code::{CodeRecord, Flow};
use crate::state::credential::Issued;
use crate::state::memory::State;
use crate::wire::call::{Arguments, Call};
use crate::wire::reply::{Answer, Failure};
use crate::{CredentialKind, OpenIdErrors};

const METHOD: TokenMethod = TokenMethod {
    flow: Flow::SignIn,
    kinds: &[CredentialKind::SignIn],
    grant: State::sign_in,
    refreshed: |_, _, issued| token_members(issued),
};

impl State {
    pub(crate) fn openid_connect_token(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        let style = self.rules.openid_errors;
        self.token_method(&METHOD, call, arguments, now).map_err(|failure| style.apply(failure))
    }

    fn sign_in(&mut self, code: &CodeRecord, client: ClientKind, now: u64) -> Map<String, Value> {
        let (index, issued) = self.issue_for(code, CredentialKind::SignIn, client, now);
        let mut body = token_members(&issued);
        let id_token = self.id_token(index, code, &issued.access_token, now);
        body.insert("id_token".into(), id_token.into());
        if let Some(state) = &code.state {
            body.insert("state".into(), state.clone().into());
        }
        body
    }
}

fn token_members(issued: &Issued) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("access_token".into(), issued.access_token.clone().into());
    body.insert("token_type".into(), "Bearer".into());
    if let Some(rotation) = &issued.rotation {
        body.insert("refresh_token".into(), rotation.refresh_token.clone().into());
        body.insert("expires_in".into(), rotation.expires_in.into());
    }
    body
}

impl OpenIdErrors {
    /// Rewrites a failure in Slack's style.
    fn apply(self, mut failure: Failure) -> Failure {
        let (code, status) = match failure.code.as_str() {
            // Documented for this method in both styles.
            "invalid_code_verifier" => ("invalid_grant", StatusCode::BAD_REQUEST),
            _ if self == Self::Slack => return failure,
            "invalid_code"
            | "bad_redirect_uri"
            | "invalid_refresh_token"
            | "oauth_authorization_url_mismatch" => ("invalid_grant", StatusCode::BAD_REQUEST),
            "invalid_client_id" | "bad_client_secret" => {
                ("invalid_client", StatusCode::UNAUTHORIZED)
            }
            "invalid_grant_type" => ("unsupported_grant_type", StatusCode::BAD_REQUEST),
            "invalid_arguments" => ("invalid_request", StatusCode::BAD_REQUEST),
            _ => return failure,
        };
        code.clone_into(&mut failure.code);
        failure.status = (self == Self::RfcWithStatus).then_some(status);
        failure
    }
}
