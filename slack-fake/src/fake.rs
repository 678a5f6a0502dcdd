//! The fake itself: how it is set up and changed.

use std::fmt;

use crate::custom::CustomMethods;
use crate::fault::Script;
use crate::log::Log;
use crate::state::app::Setting;
use crate::state::memory::State;
use crate::wire::reply::Date;
use crate::{
    App, Consent, ExternalToken, Fault, OpenIdErrors, Organization, Siblings, User, UserAccessAuth,
    UserAccessShape, Workspace,
};

/// Slack's side of OAuth, as a state machine without clock, socket or randomness.
///
/// See the [crate's documentation](crate) for an example of a whole flow.
#[derive(Clone)]
#[must_use = "a fake does nothing until it is asked"]
pub struct FakeSlack {
    pub(crate) state: State,
    pub(crate) script: Script,
    pub(crate) log: Log,
    pub(crate) custom: CustomMethods,
    pub(crate) date: Date,
}

impl FakeSlack {
    /// Creates a fake without apps, workspaces and people.
    pub fn new() -> Self {
        Self {
            state: State::new(0),
            script: Script::default(),
            log: Log::default(),
            custom: CustomMethods::default(),
            date: Date::default(),
        }
    }

    /// Sets the number that all tokens, codes and ids are made from; two fakes with the same number
    /// answer alike.
    pub fn seed(mut self, seed: u64) -> Self {
        self.state.seed = seed;
        self
    }

    /// Adds an app, or replaces the one with the same client id.
    pub fn app(mut self, app: App) -> Self {
        self.state.apps.upsert(app.record);
        self
    }

    /// Adds a workspace, or replaces the one with the same id.
    ///
    /// The first one is the home of apps that name no other.
    pub fn workspace(mut self, workspace: Workspace) -> Self {
        self.state.workspaces.upsert(workspace);
        self
    }

    /// Adds an Enterprise organization, or replaces the one with the same id.
    pub fn organization(mut self, organization: Organization) -> Self {
        self.state.organizations.upsert(organization);
        self
    }

    /// Adds a person, or replaces the one with the same id.
    ///
    /// The first one is signed in until [`sign_in`](Self::sign_in) names another.
    pub fn user(mut self, user: User) -> Self {
        self.state.users.upsert(user);
        self
    }

    /// Sets how the authorize page decides; the default is [`Consent::Ask`].
    pub fn consent(mut self, consent: Consent) -> Self {
        self.set_consent(consent);
        self
    }

    /// Sets the lifetime of rotating access tokens in seconds; the default is 43,200.
    ///
    /// A client with a clock of its own refreshes by that clock. Where the fake's time cannot reach
    /// it, a lifetime below the client's margin (two hours in the official SDKs) makes it refresh.
    pub fn access_token_life(mut self, seconds: u64) -> Self {
        self.state.rules.access_token_life = seconds;
        self
    }

    /// Sets for how many seconds a used refresh token is still accepted; the default is 60.
    ///
    /// Slack does not publish its own.
    pub fn refresh_grace(mut self, seconds: u64) -> Self {
        self.state.rules.refresh_grace = seconds;
        self
    }

    /// Sets the lifetime of a public client's refresh tokens in seconds; the default is 30 days.
    pub fn public_refresh_token_life(mut self, seconds: u64) -> Self {
        self.state.rules.public_refresh_token_life = seconds;
        self
    }

    /// Sets the lifetime of authorization codes in seconds; the default is 600.
    pub fn code_life(mut self, seconds: u64) -> Self {
        self.state.rules.code_life = seconds;
        self
    }

    /// Sets which pair stays valid when one refresh token was exchanged for several; the default is
    /// [`Siblings::FirstUsedWins`].
    pub fn siblings(mut self, siblings: Siblings) -> Self {
        self.state.rules.siblings = siblings;
        self
    }

    /// Sets the shape of the answers of `oauth.v2.user.access`; the default is [`UserAccessShape::Schema`].
    pub fn user_access_shape(mut self, shape: UserAccessShape) -> Self {
        self.state.rules.user_access_shape = shape;
        self
    }

    /// Sets where `oauth.v2.user.access` accepts client id and secret; the default is
    /// [`UserAccessAuth::BasicOrBody`].
    ///
    /// ```
    /// use slack_fake::{App, FakeSlack, UserAccessAuth};
    ///
    /// let mut fake = FakeSlack::new()
    ///     .app(App::new("1.2", "hush"))
    ///     .user_access_auth(UserAccessAuth::BodyOnly);
    /// let request = http::Request::post("https://slack.com/api/oauth.v2.user.access")
    ///     .header("authorization", "Basic MS4yOmh1c2g=")
    ///     .header("content-type", "application/x-www-form-urlencoded")
    ///     .body("code=c0de")?;
    /// let response = fake.handle(&request, 1_795_219_200);
    /// assert_eq!(response.body(), br#"{"error":"bad_client_secret","ok":false}"#);
    /// # Ok::<(), http::Error>(())
    /// ```
    pub fn user_access_auth(mut self, auth: UserAccessAuth) -> Self {
        self.state.rules.user_access_auth = auth;
        self
    }

    /// Sets the style of the errors of `openid.connect.token`.
    pub fn openid_errors(mut self, style: OpenIdErrors) -> Self {
        self.state.rules.openid_errors = style;
        self
    }

    /// Adds a token of another service, or replaces the one with the same id.
    pub fn external_token(mut self, token: ExternalToken) -> Self {
        self.state.external_tokens.upsert(token.record);
        self
    }

    /// Turns token rotation on for an existing app; an unknown client id has no effect.
    ///
    /// Its long-lived tokens stay valid until they are exchanged and the new pair is refreshed.
    pub fn turn_rotation_on(&mut self, client_id: &str) {
        if let Some(app) = self.state.apps.get_mut(client_id) {
            app.settings.insert(Setting::Rotation);
        }
    }

    /// Changes how the authorize page decides.
    pub fn set_consent(&mut self, consent: Consent) {
        self.state.consent = consent;
    }

    /// Changes who is signed in at the browser; an unknown id has no effect.
    pub fn sign_in(&mut self, user_id: &str) {
        if self.state.user(user_id).is_some() {
            self.state.signed_in = Some(user_id.to_owned());
        }
    }

    /// Scripts a fault of the next call of `method`; several faults of one method occur in the
    /// order given, one for each call.
    ///
    /// A page is named by its path without the leading slash, for instance `oauth/v2/authorize`.
    pub fn script(&mut self, method: impl Into<String>, fault: Fault) {
        self.script.push(method.into(), fault);
    }
}

impl Default for FakeSlack {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FakeSlack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeSlack")
            .field("apps", &self.state.apps.len())
            .field("credentials", &self.state.credentials.len())
            .field("faults_left", &self.script.left())
            .field("calls", &self.log)
            .finish_non_exhaustive()
    }
}
