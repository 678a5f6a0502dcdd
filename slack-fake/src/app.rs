//! The apps that the fake knows.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Describes one Slack app as its settings page would.
///
/// A new app has no redirect URL, may ask for any scope, does not rotate its tokens, is no public
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
    /// Takes the client id (`digits.digits` at Slack) and the client secret (32 hex digits at
    /// Slack).
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        let record = AppRecord {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
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

    /// Sets the app's id, `A0FAKE00001` unless told otherwise.
    pub fn app_id(mut self, id: impl Into<String>) -> Self {
        self.record.app_id = id.into();
        self
    }

    /// Sets the name that the consent page and `auth.test` show.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.record.name = name.into();
        self
    }

    /// Sets the user name of the app's bot, `fakebot` unless told otherwise.
    pub fn bot_name(mut self, name: impl Into<String>) -> Self {
        self.record.bot_name = name.into();
        self
    }

    /// Adds a redirect URL; addresses below it are accepted as well.
    ///
    /// The first one is used where an authorize request names none.
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

    /// Names scopes that a person may decline on the consent page (`bot_optional` and
    /// `user_optional` of a manifest).
    pub fn optional_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.record.optional_scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Names the workspace the app belongs to; without this call it is the fake's first one.
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

    /// Lets workspaces other than the home workspace install the app.
    pub fn distribute(self) -> Self {
        self.with(Setting::Distributed)
    }

    /// Lets an Enterprise organisation install the app for all its workspaces.
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
    /// For tests whose own callback server listens on loopback. Such a redirect then is treated
    /// like an `https` one: bot scopes and a client secret work with it.
    pub fn insecure_loopback_redirects(self) -> Self {
        self.with(Setting::LoopbackRedirects)
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

/// What an [`App`] holds; kept apart so that no public type can be serialized together with its
/// secret.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AppRecord {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
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
}
