//! `apps.uninstall`: takes the app out of a workspace.
//!
//! Source: <https://docs.slack.dev/reference/methods/apps.uninstall>.

use crate::{
    AccessToken, ApiMethod, ConfidentialClient,
    methods::FormFields,
    wire::{notes::Notes, object::object, payload::lenient_payload},
};

/// Uninstalls the app from where a token came from. Every token of that installation ends.
///
/// The token is a parameter of the method. The client authenticates by its id and secret, which are sent in the form.
///
/// # Examples
///
/// ```
/// use slack_proto::{
///     AccessToken, ApiMethod, ClientId, ClientSecret, ConfidentialClient, Endpoint,
///     methods::AppsUninstall,
/// };
///
/// let app = ConfidentialClient::new(ClientId::new("1.2")?, ClientSecret::new("hush")?);
/// let request = AppsUninstall::new(AccessToken::new("xoxb-FAKE")?).to_request(&Endpoint::slack(), &app);
/// assert_eq!(request.headers()["authorization"], "Bearer xoxb-FAKE");
/// assert_eq!(request.body().as_ref(), b"client_id=1.2&client_secret=hush");
/// # Ok::<(), slack_proto::error::InvalidValue>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a method does nothing until its request is sent"]
pub struct AppsUninstall {
    token: AccessToken,
}

impl AppsUninstall {
    /// Creates the call from a token of the installation to remove.
    pub fn new(token: AccessToken) -> Self {
        Self { token }
    }
}

impl ApiMethod for AppsUninstall {
    const NAME: &'static str = "apps.uninstall";
    type Auth = ConfidentialClient;
    type Response = AppsUninstallResponse;
    type Error = AppsUninstallError;

    fn params(&self, _: &mut FormFields) {}

    fn authenticate(&self, client: &ConfidentialClient, form: &mut FormFields) {
        form.bearer(&self.token);
        client.apply_in_body(form);
    }
}

/// The app is uninstalled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppsUninstallResponse {
    /// What Slack says itself; `None` as a rule.
    pub uninstalled: Option<bool>,
}

impl AppsUninstallResponse {
    #[expect(clippy::unnecessary_wraps, reason = "the shape that every payload has")]
    fn from_wire(wire: UninstallWire, _: &mut Notes) -> Option<Self> {
        Some(Self { uninstalled: wire.uninstalled.take() })
    }
}

object! {
    struct UninstallWire {
        uninstalled: bool = "uninstalled",
    }
}

lenient_payload!(AppsUninstallResponse, holds_token: false, from: UninstallWire);

crate::error_codes! {
    /// Why Slack refuses `apps.uninstall`, beside the common reasons.
    pub enum AppsUninstallError {
        /// the client secret is wrong for this client id, or was replaced more than a day ago
        BadClientSecret = "bad_client_secret", Config;
        /// client id and token belong to different apps
        ClientIdTokenMismatch = "client_id_token_mismatch", CallerBug;
        /// the client id is unknown, or did not reach Slack
        InvalidClientId = "invalid_client_id", Config;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientId, ClientSecret, Endpoint};

    #[test]
    fn the_client_stands_in_the_form_and_the_token_in_the_header() {
        let client = ConfidentialClient::new(
            ClientId::new("1.2").unwrap(),
            ClientSecret::new("hush").unwrap(),
        );
        let uninstall = AppsUninstall::new(AccessToken::new("xoxb-FAKE").unwrap());
        let request = uninstall.to_request(&Endpoint::slack(), &client);
        assert_eq!(request.headers()["authorization"], "Bearer xoxb-FAKE");
        assert_eq!(request.body().as_ref(), b"client_id=1.2&client_secret=hush");
    }

    #[test]
    fn what_slack_says_itself_is_told() {
        let uninstalled = |body: &'static str| {
            let reply = AppsUninstall::parse_response(&http::Response::new(body));
            reply.unwrap().value.uninstalled
        };
        assert_eq!(uninstalled(r#"{"ok":true}"#), None);
        assert_eq!(uninstalled(r#"{"ok":true,"uninstalled":true}"#), Some(true));
        assert_eq!(uninstalled(r#"{"ok":true,"uninstalled":false}"#), Some(false));
    }
}
