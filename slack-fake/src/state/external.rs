//! Tokens of other services that Slack keeps for an app.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::table::Record;
use serde::{Deserialize, Serialize};

/// A token of another service that Slack keeps for an app.
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
    /// Creates the authorization from its id (`Et...`), the app it belongs to, the provider's key, and the token.
    pub fn new(
        id: impl Into<String>,
        app_id: impl Into<String>,
        provider_key: impl Into<String>,
        token: impl Into<String>,
    ) -> Self {
        let record = ExternalRecord {
            id: id.into().into(),
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

    /// Marks the stored token as expired, so that it is renewed even without `force_refresh`.
    pub fn expired(mut self) -> Self {
        self.record.expired = true;
        self
    }

    /// Removes the refresh token: a renewal fails with `no_refresh_token`.
    pub fn without_refresh_token(mut self) -> Self {
        self.record.renewal = Renewal::NoRefreshToken;
        self
    }

    /// Lets the provider refuse a renewal, which then fails with `access_token_exchange_failed`.
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
    pub(crate) id: Arc<str>,
    pub(crate) app_id: String,
    pub(crate) provider_key: String,
    pub(crate) token: String,
    pub(crate) extras: BTreeMap<String, String>,
    pub(crate) renewal: Renewal,
    pub(crate) expired: bool,
    /// Deleted ones are kept, so that a provider once known stays known.
    pub(crate) deleted: bool,
}

impl Record for ExternalRecord {
    fn id(&self) -> &Arc<str> {
        &self.id
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Renewal {
    Works,
    NoRefreshToken,
    Refused,
}
