//! `auth.test`: whose token is this?
//!
//! Source: <https://docs.slack.dev/reference/methods/auth.test>.

use std::time::Duration;

use crate::{
    AccessToken, ApiMethod,
    error::NoError,
    ids::{AppId, BotId, EnterpriseId, TeamId, UserId},
    methods::{FormFields, UntrustedText},
    wire::{notes::Notes, object::object, payload::lenient_payload},
};

/// Asks whether a token works, and whose it is. Any kind of access token will do.
///
/// # Examples
///
/// ```
/// use slack_proto::{ApiMethod, methods::AuthTest};
///
/// let response = http::Response::new(r#"{"ok":true,"user_id":"U0FAKE00001","team_id":"T0FAKE00001"}"#);
/// let reply = AuthTest::parse_response(&response)?;
/// assert_eq!(reply.value.user_id.unwrap().as_str(), "U0FAKE00001");
/// # Ok::<(), slack_proto::error::ResponseError<slack_proto::error::NoError>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the method has no arguments, so that its name is its value"
)]
#[must_use = "a method does nothing until its request is sent"]
pub struct AuthTest;

impl ApiMethod for AuthTest {
    const NAME: &'static str = "auth.test";
    type Auth = AccessToken;
    type Response = AuthTestResponse;
    type Error = NoError;

    fn params(&self, _: &mut FormFields) {}
}

/// The response to [`AuthTest`]. Slack promises no member; the scopes are in
/// [`ReplyMeta::granted_scopes`](crate::methods::ReplyMeta::granted_scopes).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AuthTestResponse {
    /// The workspace's address.
    pub url: Option<UntrustedText>,
    /// The workspace's name.
    pub team: Option<UntrustedText>,
    /// The user's name.
    pub user: Option<UntrustedText>,
    /// The workspace; for an org-wide token this may be the organization's `E…`.
    pub team_id: Option<TeamId>,
    /// The person, or the bot's user.
    pub user_id: Option<UserId>,
    /// The bot, for a bot token.
    pub bot_id: Option<BotId>,
    /// The app.
    pub app_id: Option<AppId>,
    /// The app's name.
    pub app_name: Option<UntrustedText>,
    /// The organization, if there is one.
    pub enterprise_id: Option<EnterpriseId>,
    /// Whether the token is of an org-wide install.
    pub is_enterprise_install: bool,
    /// What is left of a rotating token's life.
    pub expires_in: Option<Duration>,
}

object! {
    struct AuthTestWire {
        url: UntrustedText = "url",
        team: UntrustedText = "team",
        user: UntrustedText = "user",
        team_id: TeamId = "team_id",
        user_id: UserId = "user_id",
        bot_id: BotId = "bot_id",
        app_id: AppId = "app_id",
        app_name: UntrustedText = "app_name",
        enterprise_id: EnterpriseId = "enterprise_id",
        is_enterprise_install: bool = "is_enterprise_install",
        expires_in: Duration = "expires_in",
    }
}

impl AuthTestResponse {
    #[expect(
        clippy::unnecessary_wraps,
        reason = "the shape that every payload has; here nothing is mandatory"
    )]
    fn from_wire(wire: AuthTestWire, _: &mut Notes) -> Option<Self> {
        Some(Self {
            url: wire.url.take(),
            team: wire.team.take(),
            user: wire.user.take(),
            team_id: wire.team_id.take(),
            user_id: wire.user_id.take(),
            bot_id: wire.bot_id.take(),
            app_id: wire.app_id.take(),
            app_name: wire.app_name.take(),
            enterprise_id: wire.enterprise_id.take(),
            is_enterprise_install: wire.is_enterprise_install.take().unwrap_or_default(),
            expires_in: wire.expires_in.take(),
        })
    }
}

lenient_payload!(AuthTestResponse, holds_token: false, from: AuthTestWire);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Endpoint;

    #[test]
    fn all_that_slack_tells_comes_out_under_its_own_name() {
        let body = r#"{"ok":true,"url":"https://a.example/","team":"Team","user":"user","team_id":"T1",
            "user_id":"U1","bot_id":"B1","app_id":"A1","app_name":"App","enterprise_id":"E1",
            "is_enterprise_install":true,"expires_in":43200}"#;
        let it = AuthTest::parse_response(&http::Response::new(body)).unwrap().value;
        let texts =
            [&it.url, &it.team, &it.user, &it.app_name].map(|it| it.as_ref().unwrap().as_str());
        assert_eq!(texts, ["https://a.example/", "Team", "user", "App"]);
        assert_eq!(it.team_id.unwrap().as_str(), "T1");
        assert_eq!(it.user_id.unwrap().as_str(), "U1");
        assert_eq!(it.bot_id.unwrap().as_str(), "B1");
        assert_eq!(it.app_id.unwrap().as_str(), "A1");
        assert_eq!(it.enterprise_id.unwrap().as_str(), "E1");
        assert!(it.is_enterprise_install);
        assert_eq!(it.expires_in, Some(Duration::from_secs(43_200)));
    }

    #[test]
    fn a_bare_success_is_one() {
        let it = AuthTest::parse_response(&http::Response::new(r#"{"ok":true}"#)).unwrap().value;
        assert!(it.team_id.is_none() && it.user_id.is_none() && !it.is_enterprise_install);
    }

    #[test]
    fn the_token_is_all_that_is_sent() {
        let token = AccessToken::new("xoxb-FAKE").unwrap();
        let request = AuthTest.to_request(&Endpoint::slack(), &token);
        assert_eq!(request.uri(), "https://slack.com/api/auth.test");
        assert_eq!(request.headers()["authorization"], "Bearer xoxb-FAKE");
        assert_eq!(request.body().as_ref(), b"");
    }

    #[test]
    fn odd_numbers_and_booleans_are_read_as_what_they_mean() {
        let read = |rest: &str| {
            let body = format!(r#"{{"ok":true,{rest}}}"#);
            AuthTest::parse_response(&http::Response::new(body)).unwrap().value
        };
        assert!(read(r#""is_enterprise_install":1"#).is_enterprise_install);
        assert!(!read(r#""is_enterprise_install":0"#).is_enterprise_install);
        for (life, seconds) in [(r#""12""#, 12), (r#"" 12.7""#, 12), ("12.7", 12)] {
            let expires_in = read(&format!(r#""expires_in":{life}"#)).expires_in;
            assert_eq!(expires_in, Some(Duration::from_secs(seconds)), "{life}");
        }
        assert_eq!(read(r#""expires_in":"soon""#).expires_in, None);
    }
}
