//! `apps.auth.external.get` and `.delete`: tokens of other services.

use serde_json::json;

use crate::CredentialKind;
use crate::state::external::Renewal;
use crate::state::memory::State;
use crate::state::mint::Mint;
use crate::wire::call::{Arguments, Call};
use crate::wire::reply::{Answer, Failure};

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
        let scopes = Some(credential.scope_headers(None));
        let app_id =
            self.app(&credential.client_id).map(|app| app.app_id.clone()).unwrap_or_default();
        let id = arguments
            .value("external_token_id")
            .ok_or_else(|| Failure::missing("external_token_id"))?;
        let forced = matches!(arguments.value("force_refresh"), Some("1" | "true"));
        let renewed = self.mint(Mint::webhook_path);
        let record = self
            .external_tokens
            .get_mut(id)
            .filter(|record| record.app_id == app_id && !record.deleted)
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
        let scopes = Some(credential.scope_headers(None));
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
                let known = self.external_tokens.get_mut(id).filter(|record| !record.deleted);
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
