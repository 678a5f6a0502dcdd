//! `tooling.tokens.rotate`: a new pair for an app configuration token.
//!
//! Source: <https://docs.slack.dev/reference/methods/tooling.tokens.rotate>.

use crate::{
    ApiMethod, Timestamp,
    ids::{TeamId, UserId},
    methods::{FormFields, Purpose},
    tokens::{ConfigurationCredential, ConfigurationToken, RefreshToken},
    wire::{notes::Notes, object::object, payload::lenient_payload},
};

/// Trades the refresh token of an app configuration token for a new pair.
///
/// The refresh token is all that Slack asks for: no client, no bearer token. It works once, as
/// [`OauthV2Refresh`](crate::methods::OauthV2Refresh) says of its own; do not run two rotations of one pair at a time.
///
/// # Examples
///
/// ```
/// use slack_proto::{ApiMethod, Endpoint, methods::ToolingTokensRotate, tokens::RefreshToken};
///
/// let rotate = ToolingTokensRotate::new(RefreshToken::new("xoxe-1-FAKE")?);
/// let request = rotate.to_request(&Endpoint::slack(), &());
/// assert_eq!(request.body().as_ref(), b"refresh_token=xoxe-1-FAKE");
/// # Ok::<(), slack_proto::error::InvalidValue>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a method does nothing until its request is sent"]
pub struct ToolingTokensRotate {
    refresh_token: RefreshToken,
}

impl ToolingTokensRotate {
    /// Creates the refresh from the refresh token that the store holds, or that the settings page shows.
    pub fn new(refresh_token: RefreshToken) -> Self {
        Self { refresh_token }
    }
}

impl ApiMethod for ToolingTokensRotate {
    const NAME: &'static str = "tooling.tokens.rotate";
    const PURPOSE: Purpose = Purpose::RefreshGrant;
    type Auth = ();
    type Response = ToolingTokensRotateResponse;
    type Error = ToolingTokensRotateError;

    fn params(&self, form: &mut FormFields) {
        form.field("refresh_token", self.refresh_token.expose());
    }
}

/// The response to [`ToolingTokensRotate`]: a new pair. Slack sends absolute times here, and no lifetime.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ToolingTokensRotateResponse {
    /// The access token.
    pub token: ConfigurationToken,
    /// The token for the next rotation; the one that was sent is spent.
    pub refresh_token: Option<RefreshToken>,
    /// The workspace that the token belongs to.
    pub team_id: Option<TeamId>,
    /// The person that the token belongs to.
    pub user_id: Option<UserId>,
    /// `iat`: when Slack issued the token.
    pub issued_at: Option<Timestamp>,
    /// `exp`: when the token expires.
    pub expires_at: Option<Timestamp>,
}

impl ToolingTokensRotateResponse {
    /// Converts the response to the credential that a store keeps. Its times are Slack's; `requested_at`, the time
    /// when the request was sent, is used if `iat` is missing.
    #[must_use]
    pub fn into_credential(self, requested_at: Timestamp) -> ConfigurationCredential {
        ConfigurationCredential {
            token: self.token,
            refresh_token: self.refresh_token,
            team_id: self.team_id,
            user_id: self.user_id,
            issued_at: self.issued_at.unwrap_or(requested_at),
            expires_at: self.expires_at,
        }
    }

    fn from_wire(wire: RotateWire, notes: &mut Notes) -> Option<Self> {
        let Some(token) = wire.token.take() else {
            notes.missing("token");
            return None;
        };
        if wire.refresh_token.as_ref().is_none() {
            notes.odd_at(
                "refresh_token",
                "missing; the refresh token that was sent is the only one left",
            );
        }
        Some(Self {
            token,
            refresh_token: wire.refresh_token.take(),
            team_id: wire.team_id.take(),
            user_id: wire.user_id.take(),
            issued_at: wire.iat.take(),
            expires_at: wire.exp.take(),
        })
    }
}

object! {
    struct RotateWire {
        token: ConfigurationToken = "token",
        refresh_token: RefreshToken = "refresh_token",
        team_id: TeamId = "team_id",
        user_id: UserId = "user_id",
        iat: Timestamp = "iat",
        exp: Timestamp = "exp",
    }
}

lenient_payload!(ToolingTokensRotateResponse, holds_token: true, from: RotateWire);

crate::error_codes! {
    /// Why Slack refuses `tooling.tokens.rotate`, beside the common reasons.
    pub enum ToolingTokensRotateError {
        /// the refresh token is unknown, spent beyond its grace time, revoked or expired
        InvalidRefreshToken = "invalid_refresh_token", AuthDead;
        /// Slack names no reason; its page speaks of a passing restriction on developers
        UnknownError = "unknown_error", Other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(body: &'static str) -> ConfigurationCredential {
        let reply = ToolingTokensRotate::parse_response(&http::Response::new(body)).unwrap();
        reply.value.into_credential(Timestamp::from_unix(1_000))
    }

    #[test]
    fn slacks_times_count() {
        let it = kept(
            r#"{"ok":true,"token":"xoxe.xoxp-1-a","refresh_token":"xoxe-1-a","team_id":"T1","user_id":"U1",
            "iat":2000,"exp":45200}"#,
        );
        assert_eq!(it.token.expose(), "xoxe.xoxp-1-a");
        assert_eq!(it.refresh_token.unwrap().expose(), "xoxe-1-a");
        assert_eq!(it.team_id.unwrap().as_str(), "T1");
        assert_eq!(it.user_id.unwrap().as_str(), "U1");
        assert_eq!(it.issued_at, Timestamp::from_unix(2_000));
        assert_eq!(it.expires_at, Some(Timestamp::from_unix(45_200)));
    }

    #[test]
    fn the_time_of_sending_stands_in() {
        let it = kept(r#"{"ok":true,"token":"xoxe.xoxp-1-a"}"#);
        assert_eq!(it.issued_at, Timestamp::from_unix(1_000));
        assert_eq!(it.expires_at, None);
        assert!(it.refresh_token.is_none());
    }
}
