//! `apps.auth.external.get` and `.delete`: tokens of other services that Slack keeps for an app.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::CredentialKind;
use crate::call::{Arguments, Call};
use crate::reply::{Answer, Failure};
use crate::state::State;

/// Describes one token of another service that Slack holds.
///
/// ```
/// use slack_fake::{ExternalToken, FakeSlack};
///
/// let token = ExternalToken::new("Et0FAKE00001", "A0FAKE00001", "google", "ya29.fake")
///     .extra("instance_url", "https://x.example");
/// assert!(!format!("{token:?}").contains("ya29"));
/// let fake = FakeSlack::new().external_token(token);
/// ```
#[derive(Clone)]
#[must_use = "an external token does nothing until it is given to a fake"]
pub struct ExternalToken {
    pub(crate) record: ExternalRecord,
}

impl ExternalToken {
    /// Takes the id (`Et...`), the app it was made for, the provider's key, and the token itself.
    pub fn new(
        id: impl Into<String>,
        app_id: impl Into<String>,
        provider_key: impl Into<String>,
        token: impl Into<String>,
    ) -> Self {
        let record = ExternalRecord {
            id: id.into(),
            app_id: app_id.into(),
            provider_key: provider_key.into(),
            token: token.into(),
            extras: BTreeMap::new(),
            renewal: Renewal::Works,
            expired: false,
            deleted: false,
        };
        Self { record }
    }

    /// Adds a member of the provider's answer that comes back as one of the
    /// `token_response_extras`.
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.record.extras.insert(name.into(), value.into());
        self
    }

    /// Has the stored token run past its life, so that it is renewed even without `force_refresh`.
    pub fn expired(mut self) -> Self {
        self.record.expired = true;
        self
    }

    /// Has Slack hold no refresh token: a renewal gives `no_refresh_token`.
    pub fn without_refresh_token(mut self) -> Self {
        self.record.renewal = Renewal::NoRefreshToken;
        self
    }

    /// Has the provider refuse a renewal: it gives `access_token_exchange_failed`.
    pub fn refused_by_provider(mut self) -> Self {
        self.record.renewal = Renewal::Refused;
        self
    }
}

impl fmt::Debug for ExternalToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalToken")
            .field("id", &self.record.id)
            .field("app_id", &self.record.app_id)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ExternalRecord {
    pub(crate) id: String,
    app_id: String,
    provider_key: String,
    token: String,
    extras: BTreeMap<String, String>,
    renewal: Renewal,
    expired: bool,
    /// Deleted ones are kept, so that a provider once known stays known.
    deleted: bool,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Renewal {
    Works,
    NoRefreshToken,
    Refused,
}

impl State {
    pub(crate) fn external_get(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        let holder = self.holder(call, arguments, now)?;
        let credential = &self.credentials[holder.index];
        if credential.kind != CredentialKind::Bot {
            return Err("not_allowed_token_type".into());
        }
        let scopes = Some(credential.scope_headers(""));
        let app_id =
            self.app(&credential.client_id).map(|app| app.app_id.clone()).unwrap_or_default();
        let id = arguments
            .value("external_token_id")
            .ok_or_else(|| Failure::missing("external_token_id"))?;
        let forced = matches!(arguments.value("force_refresh"), Some("1" | "true"));
        let renewed = self.mint_webhook_path();
        let record = self
            .external_tokens
            .iter_mut()
            .find(|record| record.id == id && record.app_id == app_id && !record.deleted)
            .ok_or("token_not_found")?;
        if forced || record.expired {
            match record.renewal {
                Renewal::Works => record.token = format!("FAKE-renewed-{renewed}"),
                Renewal::NoRefreshToken => return Err("no_refresh_token".into()),
                Renewal::Refused => return Err("access_token_exchange_failed".into()),
            }
            record.expired = false;
        }
        let extras = (!record.extras.is_empty()).then_some(&record.extras);
        let body = json!({"external_token": record.token, "token_response_extras": extras});
        Ok(Answer { scopes, ..Answer::new(body) })
    }

    pub(crate) fn external_delete(
        &mut self,
        call: &Call<'_>,
        arguments: &Arguments,
        now: u64,
    ) -> Result<Answer, Failure> {
        let holder = self.holder(call, arguments, now)?;
        let credential = &self.credentials[holder.index];
        let scopes = Some(credential.scope_headers(""));
        // The tokens of the settings page belong to a developer and not to an app.
        let is_developer = credential.kind == CredentialKind::Config;
        let caller = self.app(&credential.client_id).map(|app| app.app_id.clone());
        let may = |app_id: &str| is_developer || caller.as_deref() == Some(app_id);
        let named = (
            arguments.value("external_token_id"),
            arguments.value("app_id"),
            arguments.value("provider_key"),
        );
        match named {
            (Some(id), None, None) => {
                let known = self
                    .external_tokens
                    .iter_mut()
                    .find(|record| record.id == id && !record.deleted);
                let record = known.ok_or("token_not_found")?;
                if !may(&record.app_id) {
                    return Err("invalid_auth".into());
                }
                record.deleted = true;
            }
            (None, Some(app_id), provider) => {
                if !self.apps.iter().any(|app| app.app_id == app_id) {
                    return Err("app_not_found".into());
                }
                if !may(app_id) {
                    return Err("invalid_auth".into());
                }
                self.delete_external_tokens(app_id, provider)?;
            }
            (None, None, None) => return Err("invalid_arguments".into()),
            _ => return Err("invalid_args".into()),
        }
        Ok(Answer { scopes, ..Answer::default() })
    }

    fn delete_external_tokens(
        &mut self,
        app_id: &str,
        provider: Option<&str>,
    ) -> Result<(), &'static str> {
        let of_app = self.external_tokens.iter_mut().filter(|record| record.app_id == app_id);
        let mut chosen: Vec<_> = of_app
            .filter(|record| provider.is_none_or(|provider| record.provider_key == provider))
            .collect();
        if chosen.is_empty() && provider.is_some() {
            return Err("providers_not_found");
        }
        if chosen.iter().all(|record| record.deleted) {
            return Err("no_tokens_found");
        }
        for record in &mut chosen {
            record.deleted = true;
        }
        Ok(())
    }
}
