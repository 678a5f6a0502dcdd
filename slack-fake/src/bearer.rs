//! Calls made with a token: which token it is, and whether it is still good.

use crate::CredentialKind;
use crate::call::{Arguments, Authorization, Call};
use crate::credential::Credential;
use crate::reply::ScopeHeaders;
use crate::state::State;

/// Whose token a call came with.
pub(crate) struct Holder {
    pub(crate) token: String,
    pub(crate) index: usize,
}

impl State {
    /// Reads the token from the header or the form field `token`, and checks that it is good at
    /// `now`.
    pub(crate) fn holder(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Holder, &'static str> {
        let token = match (&call.authorization, arguments.value("token")) {
            (Authorization::None, None) => return Err("not_authed"),
            (Authorization::None, Some(token)) => token,
            (Authorization::Bearer(token), field) if field.is_none_or(|field| field == token) => {
                token
            }
            _ => return Err("invalid_auth"),
        };
        let index = self.access_tokens.get(token).ok_or("invalid_auth")?.credential;
        self.settle(index, now);
        self.check_access_token(token, now)?;
        Ok(Holder { token: token.to_owned(), index })
    }

    /// Gives Slack's code for what is wrong with an access token.
    pub(crate) fn check_access_token(&self, token: &str, now: u64) -> Result<(), &'static str> {
        let record = self.access_tokens.get(token).ok_or("invalid_auth")?;
        let credential = &self.credentials[record.credential];
        match credential.kind {
            _ if record.revoked => Err("token_revoked"),
            CredentialKind::Bot if credential.gone => Err("account_inactive"),
            _ if credential.gone => Err("token_revoked"),
            _ if record.is_past(now) => Err("token_expired"),
            _ => Ok(()),
        }
    }
}

impl Credential {
    /// The headers that go with an answer to a call with this credential.
    pub(crate) fn scope_headers(&self, accepted: &'static str) -> ScopeHeaders {
        ScopeHeaders { granted: self.scopes.join(","), accepted }
    }
}
