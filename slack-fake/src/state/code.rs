//! Authorization codes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::credential::Target;

/// An authorization code and the consent it stands for.
///
/// A redeemed code is removed: to Slack's callers it then is like any unknown one.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CodeRecord {
    pub(crate) flow: Flow,
    pub(crate) client_id: Arc<str>,
    pub(crate) user_id: Arc<str>,
    pub(crate) target: Target,
    pub(crate) bot_scopes: Vec<String>,
    pub(crate) user_scopes: Vec<String>,
    pub(crate) redirect_uri: String,
    /// Whether the authorization request named it; if not, it is the app's first one.
    pub(crate) redirect_was_named: bool,
    /// Whether the redirect leads to a program on the person's own machine.
    pub(crate) desktop: bool,
    pub(crate) challenge: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) issued_at: u64,
}

/// The authorize page that a code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Flow {
    /// `/oauth/v2/authorize`, finished at `oauth.v2.access`.
    Install,
    /// `/oauth/v2_user/authorize`, finished at `oauth.v2.user.access`.
    UserInstall,
    /// `/openid/connect/authorize`, finished at `openid.connect.token`.
    SignIn,
}
