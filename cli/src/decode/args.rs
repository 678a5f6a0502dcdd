//! The arguments of `slack-auth decode`.

use clap::{Args, ValueEnum};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use slack_auth::methods::{
    AppsAuthExternalDelete, AppsAuthExternalGet, AppsUninstall, AuthRevoke, AuthTeamsList,
    AuthTest, OauthV2Access, OauthV2Exchange, OauthV2Refresh, OauthV2UserAccess,
    OauthV2UserRefresh, OpenidConnectRefresh, OpenidConnectToken, OpenidConnectUserInfo,
    ToolingTokensRotate,
};

use super::summary::Summary;

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DecodeArguments {
    /// The method that was called, or `callback` for the URL that a browser came back to.
    #[arg(value_enum, value_name = "METHOD")]
    pub(super) call: Call,
    /// What was sent, for the methods that have two forms.
    #[arg(long, value_enum)]
    pub(super) grant: Option<Grant>,
    /// The HTTP status of the reply; 200 if it is not given.
    #[arg(long, value_parser = parse_status, value_name = "N")]
    pub(super) status: Option<StatusCode>,
    /// A header of the reply, as `name: value`; may be given more than once.
    #[arg(long, value_parser = parse_header, value_name = "HEADER")]
    pub(super) header: Vec<(HeaderName, HeaderValue)>,
}

const EXAMPLES: &str = "\
Standard input is the body of the reply, or the URL. The output is one JSON object, with fingerprints in place of tokens.
Exit status: 0 if the reply is a success, 1 if it is anything else, 2 for misuse.

Examples:
  echo '{\"ok\":false,\"error\":\"token_expired\"}' | slack-auth decode auth.test
  curl .. | slack-auth decode oauth.v2.access --grant refresh --status 200 --header 'retry-after: 30'
  echo 'https://app.example.com/cb?code=..&state=..' | slack-auth decode callback";

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Grant {
    Code,
    Refresh,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Call {
    #[value(name = "callback")]
    Callback,
    #[value(name = "oauth.v2.access")]
    OauthV2Access,
    #[value(name = "oauth.v2.user.access")]
    OauthV2UserAccess,
    #[value(name = "openid.connect.token")]
    OpenidConnectToken,
    #[value(name = "oauth.v2.exchange")]
    OauthV2Exchange,
    #[value(name = "tooling.tokens.rotate")]
    ToolingTokensRotate,
    #[value(name = "openid.connect.userInfo")]
    OpenidConnectUserInfo,
    #[value(name = "apps.auth.external.get")]
    AppsAuthExternalGet,
    #[value(name = "apps.auth.external.delete")]
    AppsAuthExternalDelete,
    #[value(name = "auth.test")]
    AuthTest,
    #[value(name = "auth.revoke")]
    AuthRevoke,
    #[value(name = "auth.teams.list")]
    AuthTeamsList,
    #[value(name = "apps.uninstall")]
    AppsUninstall,
}

/// Reads the reply of one method and grant.
pub(super) type Decode = fn(&Response<Vec<u8>>) -> Summary;

impl Call {
    /// Returns what reads the reply; `None` for a callback, which is no reply.
    pub(super) fn decoder(self, grant: Option<Grant>) -> Option<Decode> {
        Some(match (self, grant.unwrap_or(Grant::Code)) {
            (Self::Callback, _) => return None,
            (Self::OauthV2Access, Grant::Code) => Summary::of_reply::<OauthV2Access>,
            (Self::OauthV2Access, Grant::Refresh) => Summary::of_reply::<OauthV2Refresh>,
            (Self::OauthV2UserAccess, Grant::Code) => Summary::of_reply::<OauthV2UserAccess>,
            (Self::OauthV2UserAccess, Grant::Refresh) => Summary::of_reply::<OauthV2UserRefresh>,
            (Self::OpenidConnectToken, Grant::Code) => Summary::of_reply::<OpenidConnectToken>,
            (Self::OpenidConnectToken, Grant::Refresh) => Summary::of_reply::<OpenidConnectRefresh>,
            (Self::OauthV2Exchange, _) => Summary::of_reply::<OauthV2Exchange>,
            (Self::ToolingTokensRotate, _) => Summary::of_reply::<ToolingTokensRotate>,
            (Self::OpenidConnectUserInfo, _) => Summary::of_reply::<OpenidConnectUserInfo>,
            (Self::AppsAuthExternalGet, _) => Summary::of_reply::<AppsAuthExternalGet>,
            (Self::AppsAuthExternalDelete, _) => Summary::of_reply::<AppsAuthExternalDelete>,
            (Self::AuthTest, _) => Summary::of_reply::<AuthTest>,
            (Self::AuthRevoke, _) => Summary::of_reply::<AuthRevoke>,
            (Self::AuthTeamsList, _) => Summary::of_reply::<AuthTeamsList>,
            (Self::AppsUninstall, _) => Summary::of_reply::<AppsUninstall>,
        })
    }

    /// Returns whether the method has a form for each grant.
    pub(super) fn has_grants(self) -> bool {
        matches!(self, Self::OauthV2Access | Self::OauthV2UserAccess | Self::OpenidConnectToken)
    }
}

fn parse_status(text: &str) -> Result<StatusCode, &'static str> {
    let status = StatusCode::from_bytes(text.as_bytes());
    status.map_err(|_| "it must be an HTTP status of three digits, such as 429")
}

fn parse_header(text: &str) -> Result<(HeaderName, HeaderValue), &'static str> {
    let rule = "it must be `name: value`, such as 'retry-after: 30'";
    let (name, value) = text.split_once(':').ok_or(rule)?;
    let name = name.trim().parse().map_err(|_| rule)?;
    let value = HeaderValue::from_bytes(value.trim().as_bytes()).map_err(|_| rule)?;
    Ok((name, value))
}
