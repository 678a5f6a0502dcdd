//! The apps that the fake knows.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::table::Record;

/// A Slack app, as its settings page describes it.
///
/// A new app has no redirect URL, may ask for any scope, does not rotate its tokens, is not a public
/// client, and can be installed only in its home workspace.
///
/// ```
/// use slack_fake::App;
///
/// let app = App::new("1000000001.2000000002", "0123456789abcdef0123456789abcdef")
///     .redirect_url("https://app.example.com/slack/callback")
///     .bot_scopes(["chat:write", "commands"])
///     .user_scopes(["users:read"])
///     .rotate_tokens()
///     .distribute();
/// assert!(!format!("{app:?}").contains("0123456789abcdef"));
/// ```
#[derive(Clone)]
#[must_use = "an app does nothing until it is given to a fake"]
pub struct App {
    pub(crate) record: AppRecord,
}

impl App {
    /// Creates an app from its client id (`digits.digits` at Slack) and client secret (32 hex digits
    /// at Slack).
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        let record = AppRecord {
            client_id: client_id.into().into(),
            client_secret: client_secret.into(),
            signing_secret: None,
            app_id: "A0FAKE00001".into(),
            name: "Fake App".into(),
            bot_name: "fakebot".into(),
            redirect_urls: Vec::new(),
            bot_scopes: None,
            user_scopes: None,
            optional_scopes: BTreeSet::new(),
            home_workspace: None,
            settings: BTreeSet::new(),
        };
        Self { record }
    }

    /// Sets the app's id; the default is `A0FAKE00001`.
    pub fn app_id(mut self, id: impl Into<String>) -> Self {
        self.record.app_id = id.into();
        self
    }

    /// Sets the secret by which Slack signs its requests to the app; without one the app has no
    /// events.
    pub fn signing_secret(mut self, secret: impl Into<String>) -> Self {
        self.record.signing_secret = Some(secret.into());
        self
    }

    /// Sets the name that the consent page and `auth.test` show.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.record.name = name.into();
        self
    }

    /// Sets the user name of the app's bot; the default is `fakebot`.
    pub fn bot_name(mut self, name: impl Into<String>) -> Self {
        self.record.bot_name = name.into();
        self
    }

    /// Adds a redirect URL; URLs below it are accepted as well.
    ///
    /// The first one is used if an authorization request names none.
    pub fn redirect_url(mut self, url: impl Into<String>) -> Self {
        self.record.redirect_urls.push(url.into());
        self
    }

    /// Limits the bot scopes that the app may ask for; without this call any is accepted.
    pub fn bot_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.record.bot_scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// Limits the user scopes that the app may ask for; without this call any is accepted.
    pub fn user_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.record.user_scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the scopes that a person may decline on the consent page (`bot_optional` and
    /// `user_optional` of a manifest).
    pub fn optional_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.record.optional_scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the workspace that the app belongs to; the default is the fake's first one.
    pub fn home_workspace(mut self, team_id: impl Into<String>) -> Self {
        self.record.home_workspace = Some(team_id.into());
        self
    }

    /// Turns token rotation on: access tokens expire and come with a refresh token.
    pub fn rotate_tokens(self) -> Self {
        self.with(Setting::Rotation)
    }

    /// Turns PKCE on, which makes the app a public client.
    pub fn enable_pkce(self) -> Self {
        self.with(Setting::Pkce)
    }

    /// Allows workspaces other than the home workspace to install the app.
    pub fn distribute(self) -> Self {
        self.with(Setting::Distributed)
    }

    /// Allows an Enterprise organization to install the app for all its workspaces.
    pub fn org_ready(self) -> Self {
        self.with(Setting::OrgReady)
    }

    /// Accepts a client secret beside a PKCE verifier, for which the fake otherwise answers
    /// `internal_error`.
    ///
    /// What Slack does at `oauth.v2.access` is unconfirmed; `internal_error` was seen at
    /// `openid.connect.token`.
    pub fn accept_secret_beside_verifier(self) -> Self {
        self.with(Setting::SecretBesideVerifier)
    }

    /// Accepts redirect URLs with plain `http` to a loopback host in every flow, which Slack never
    /// does.
    ///
    /// For tests whose callback server listens on loopback. Such a redirect is then treated like an
    /// `https` one: it works with bot scopes and a client secret.
    pub fn insecure_loopback_redirects(self) -> Self {
        self.with(Setting::LoopbackRedirects)
    }

    /// Accepts any port in redirect URLs to a loopback host, as RFC 8252 section 7.3 recommends and
    /// Slack does not.
    ///
    /// For tests whose callback server takes a free port.
    pub fn any_loopback_port(self) -> Self {
        self.with(Setting::AnyLoopbackPort)
    }

    fn with(mut self, setting: Setting) -> Self {
        self.record.settings.insert(setting);
        self
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("app_id", &self.record.app_id).finish_non_exhaustive()
    }
}

/// The settings of an [`App`], apart from it so that no public type can be serialized with its
/// secrets.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AppRecord {
    pub(crate) client_id: Arc<str>,
    pub(crate) client_secret: String,
    #[serde(default)]
    pub(crate) signing_secret: Option<String>,
    pub(crate) app_id: String,
    pub(crate) name: String,
    pub(crate) bot_name: String,
    pub(crate) redirect_urls: Vec<String>,
    pub(crate) bot_scopes: Option<BTreeSet<String>>,
    pub(crate) user_scopes: Option<BTreeSet<String>>,
    pub(crate) optional_scopes: BTreeSet<String>,
    pub(crate) home_workspace: Option<String>,
    pub(crate) settings: BTreeSet<Setting>,
}

impl Record for AppRecord {
    fn id(&self) -> &Arc<str> {
        &self.client_id
    }
}

impl AppRecord {
    pub(crate) fn has(&self, setting: Setting) -> bool {
        self.settings.contains(&setting)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Setting {
    Rotation,
    Pkce,
    Distributed,
    OrgReady,
    SecretBesideVerifier,
    LoopbackRedirects,
    AnyLoopbackPort,
}
