//! The command line.

use std::ffi::OsString;

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use slack_auth::methods::{
    AppsAuthExternalDelete, AppsAuthExternalGet, AppsUninstall, AuthRevoke, AuthTeamsList,
    AuthTest, OauthV2Access, OauthV2Exchange, OauthV2Refresh, OauthV2UserAccess,
    OauthV2UserRefresh, OpenidConnectRefresh, OpenidConnectToken, OpenidConnectUserInfo,
    ToolingTokensRotate,
};

use super::summary::Summary;

pub(crate) const USAGE: &str = "\
usage: decode METHOD [--grant code|refresh] [--status N] [--header 'name: value']... < body
       decode callback < url

METHOD is one of
  oauth.v2.access  oauth.v2.user.access  openid.connect.token     (--grant code, or refresh)
  oauth.v2.exchange  tooling.tokens.rotate  openid.connect.userInfo
  apps.auth.external.get  apps.auth.external.delete
  auth.test  auth.revoke  auth.teams.list  apps.uninstall";

/// What the command line asks for.
pub(crate) struct Args {
    pub(crate) input: Input,
    /// What the caller should know of the command line.
    pub(crate) remark: Option<&'static str>,
}

/// What is on standard input.
pub(crate) enum Input {
    /// The URL that the browser came back to.
    Callback,
    /// The body of a reply.
    Reply { decode: Decode, status: StatusCode, headers: HeaderMap },
}

/// Reads the reply of one method and grant.
pub(crate) type Decode = fn(&Response<Vec<u8>>) -> Summary;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Grant {
    Code,
    Refresh,
}

impl Args {
    pub(crate) fn parse(args: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut args =
            args.map(|arg| arg.into_string().map_err(|_| "an argument is not UTF-8".to_owned()));
        let (mut method, mut grant, mut status) = (None, None, None);
        let mut headers = HeaderMap::new();
        while let Some(arg) = args.next().transpose()? {
            let (name, inline) = match arg.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                _ => (arg.as_str(), None),
            };
            if !name.starts_with('-') {
                if method.replace(arg).is_some() {
                    return Err("more than one METHOD; give one".to_owned());
                }
                continue;
            }
            if !matches!(name, "--grant" | "--status" | "--header") {
                return Err(format!("no such option: {name}"));
            }
            let value = match inline {
                Some(value) => value,
                None => args.next().transpose()?.ok_or(format!("{name} needs a value"))?,
            };
            match name {
                "--grant" => grant = Some(parse_grant(&value)?),
                "--status" => status = Some(parse_status(&value)?),
                _ => {
                    let (name, value) = parse_header(&value)?;
                    headers.append(name, value);
                }
            }
        }
        let method = method.ok_or("METHOD is missing")?;
        if method == "callback" {
            if grant.is_some() || status.is_some() || !headers.is_empty() {
                return Err("a callback has no options: it is a URL and no reply".to_owned());
            }
            return Ok(Self { input: Input::Callback, remark: None });
        }
        let decode = decoder(&method, grant)?;
        let status = status.unwrap_or(StatusCode::OK);
        let one_form = !matches!(
            &*method,
            "oauth.v2.access" | "oauth.v2.user.access" | "openid.connect.token"
        );
        let remark = (grant.is_some() && one_form)
            .then_some("the method has one form only; --grant makes no difference");
        Ok(Self { input: Input::Reply { decode, status, headers }, remark })
    }
}

fn decoder(method: &str, grant: Option<Grant>) -> Result<Decode, String> {
    let decode: Decode = match (method, grant.unwrap_or(Grant::Code)) {
        ("oauth.v2.access", Grant::Code) => Summary::of_reply::<OauthV2Access>,
        ("oauth.v2.access", Grant::Refresh) => Summary::of_reply::<OauthV2Refresh>,
        ("oauth.v2.user.access", Grant::Code) => Summary::of_reply::<OauthV2UserAccess>,
        ("oauth.v2.user.access", Grant::Refresh) => Summary::of_reply::<OauthV2UserRefresh>,
        ("openid.connect.token", Grant::Code) => Summary::of_reply::<OpenidConnectToken>,
        ("openid.connect.token", Grant::Refresh) => Summary::of_reply::<OpenidConnectRefresh>,
        // The methods below have one form each, so that a grant, right or wrong, tells nothing.
        ("oauth.v2.exchange", _) => Summary::of_reply::<OauthV2Exchange>,
        ("tooling.tokens.rotate", _) => Summary::of_reply::<ToolingTokensRotate>,
        ("openid.connect.userInfo", _) => Summary::of_reply::<OpenidConnectUserInfo>,
        ("apps.auth.external.get", _) => Summary::of_reply::<AppsAuthExternalGet>,
        ("apps.auth.external.delete", _) => Summary::of_reply::<AppsAuthExternalDelete>,
        ("auth.test", _) => Summary::of_reply::<AuthTest>,
        ("auth.revoke", _) => Summary::of_reply::<AuthRevoke>,
        ("auth.teams.list", _) => Summary::of_reply::<AuthTeamsList>,
        ("apps.uninstall", _) => Summary::of_reply::<AppsUninstall>,
        _ => return Err("METHOD is none of those listed below; case counts".to_owned()),
    };
    Ok(decode)
}

fn parse_grant(text: &str) -> Result<Grant, String> {
    match text {
        "code" => Ok(Grant::Code),
        "refresh" => Ok(Grant::Refresh),
        _ => Err("--grant must be code or refresh".to_owned()),
    }
}

fn parse_status(text: &str) -> Result<StatusCode, String> {
    let status = StatusCode::from_bytes(text.as_bytes());
    status.map_err(|_| "--status must be an HTTP status of three digits, such as 429".to_owned())
}

fn parse_header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let rule = "--header must be `name: value`, such as 'retry-after: 30'";
    let (name, value) = text.split_once(':').ok_or(rule)?;
    let name = name.trim().parse().map_err(|_| rule)?;
    let value = HeaderValue::from_bytes(value.trim().as_bytes()).map_err(|_| rule)?;
    Ok((name, value))
}
