//! Calls made with a token: which token it is, and whether it is still good.

use crate::CredentialKind;
use crate::state::credential::{AccessRecord, Credential};
use crate::state::key::Key;
use crate::state::memory::State;
use crate::wire::call::{Arguments, Authorization, Call};
use crate::wire::reply::ScopeHeaders;

/// The owner of the token that came with a call.
pub(crate) struct Holder {
    pub(crate) token: Key,
    pub(crate) index: usize,
    /// When the token expires, unless it is long-lived.
    pub(crate) expires_at: Option<u64>,
}

impl State {
    /// Returns the owner of the token in the header or the form field `token`, if the token is valid
    /// at `now`.
    pub(crate) fn holder(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Holder, &'static str> {
        let token = match (&call.authorization, arguments.value("token")) {
            (Authorization::None, None) => return Err("not_authed"),
            (Authorization::None, Some(token)) => token,
            (Authorization::Bearer(token), field) if field.is_none_or(|field| field == *token) => {
                token
            }
            _ => return Err("invalid_auth"),
        };
        self.live_credential(token, now)
    }

    /// Returns the owner of a working access token, or Slack's code for what is wrong with the
    /// token.
    pub(crate) fn live_credential(
        &mut self,
        token: &str,
        now: u64,
    ) -> Result<Holder, &'static str> {
        let token = Key::of(token);
        let mut record = *self.access_tokens.get(&token).ok_or("invalid_auth")?;
        let index = record.credential as usize;
        if self.settle(index, now) {
            record = *self.access_tokens.get(&token).ok_or("invalid_auth")?;
        }
        self.check_access_record(&record, now)?;
        Ok(Holder { token, index, expires_at: record.expires_at() })
    }

    /// Returns Slack's code for what is wrong with an access token, if anything is.
    pub(crate) fn check_access_token(&self, token: &Key, now: u64) -> Result<(), &'static str> {
        let record = self.access_tokens.get(token).ok_or("invalid_auth")?;
        self.check_access_record(record, now)
    }

    fn check_access_record(&self, record: &AccessRecord, now: u64) -> Result<(), &'static str> {
        let credential = &self.credentials[record.credential as usize];
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
    /// Returns the headers of an answer to a call with this credential.
    pub(crate) fn scope_headers(&self, accepted: Option<&'static str>) -> ScopeHeaders {
        ScopeHeaders { granted: self.scopes.as_str().to_owned(), accepted }
    }
}
