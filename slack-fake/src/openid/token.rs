//! `openid.connect.token`: a sign-in code, or the refresh of what came of one.

use http::StatusCode;

use crate::call::{Arguments, Call};
use crate::client::Claim;
use crate::credential::{Issued, Owner};
use crate::reply::{Answer, Failure};
use crate::state::{CodeRecord, Flow, State};
use crate::{CredentialKind, OpenIdErrors};

impl State {
    pub(crate) fn openid_connect_token(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        let style = self.rules.openid_errors;
        self.sign_in_grant(call, arguments, now).map_err(|failure| style.apply(failure))
    }

    fn sign_in_grant(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        let claim = Claim::read(call, arguments)?;
        match arguments.value("grant_type") {
            None | Some("authorization_code") => {
                let code = self.redeem(&claim, arguments, Flow::SignIn, now)?;
                Ok(self.sign_in(&code, claim.secret.is_none(), now))
            }
            Some("refresh_token") => {
                let (_, issued) =
                    self.refresh_grant(&claim, arguments, &[CredentialKind::SignIn], now)?;
                Ok(token_answer(&issued))
            }
            Some(_) => Err("invalid_grant_type".into()),
        }
    }

    fn sign_in(&mut self, code: &CodeRecord, public: bool, now: u64) -> Answer {
        let rotates = self.rotates(&code.client_id, code.desktop);
        let owner = Owner {
            client_id: &code.client_id,
            kind: CredentialKind::SignIn,
            target: &code.target,
            user_id: Some(&code.user_id),
        };
        let (index, issued) = self.issue_for(&owner, &code.user_scopes, (rotates, public), now);
        let mut answer = token_answer(&issued);
        answer.body.insert(
            "id_token".into(),
            self.id_token(index, code, &issued.access_token, now).into(),
        );
        if let Some(state) = &code.state {
            answer.body.insert("state".into(), state.clone().into());
        }
        answer
    }
}

fn token_answer(issued: &Issued) -> Answer {
    let mut answer = Answer::default();
    answer.body.insert("access_token".into(), issued.access_token.clone().into());
    answer.body.insert("token_type".into(), "Bearer".into());
    if let Some(rotation) = &issued.rotation {
        answer.body.insert("refresh_token".into(), rotation.refresh_token.clone().into());
        answer.body.insert("expires_in".into(), rotation.expires_in.into());
    }
    answer
}

impl OpenIdErrors {
    /// Turns a code in Slack's style into this one.
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
