//! Replies of every method, and their errors.

use std::fmt::Debug;

use http::Response;
use slack_proto::{error::*, methods::*, oauth::*};

use crate::seen::{CANARY, both, debug};

/// A reply of many kinds with the canary in every string, and in every place that a name could stand.
fn replies() -> Vec<Response<Vec<u8>>> {
    let c = CANARY;
    let grant = format!(
        r#""app_id":"{c}","access_token":"{c}","refresh_token":"{c}","token_type":"{c}","scope":"{c}",
        "bot_user_id":"{c}","user_id":"{c}","team":{{"id":"{c}","name":"{c}"}},"enterprise":{{"id":"{c}","name":"{c}"}},
        "authed_user":{{"id":"{c}","access_token":"xoxp-{c}","refresh_token":"{c}","token_type":"{c}","scope":"{c}"}},
        "incoming_webhook":{{"url":"{c}","channel":"{c}","channel_id":"{c}","configuration_url":"{c}"}},
        "expires_in":"{c}","is_enterprise_install":"{c}","{c}":"{c}","token":"{c}","external_token":"{c}",
        "token_response_extras":{{"{c}":["{c}"]}},"id_token":"{c}","state":"{c}","exp":"{c}","iat":["{c}"],
        "sub":"{c}","https:\\/\\/slack.com\\/user_id":"{c}","https:\\/\\/slack.com\\/team_id":"{c}","email":"{c}","name":"{c}",
        "https:\\/\\/slack.com\\/{c}":{{"{c}":"{c}"}},"revoked":"{c}","uninstalled":"{c}",
        "teams":[{{"id":"{c}","name":"{c}","icon":{{"image_34":"{c}","{c}":"{c}"}}}},"{c}"]"#
    );
    let envelope = format!(
        r#""error":"{c}","warning":"{c}","needed":"{c}","provided":"{c}","errors":["{c}",{{"message":"{c}"}},["{c}"]],
        "response_metadata":{{"messages":["{c}"],"warnings":["{c}"],"next_cursor":"{c}"}},"url":"{c}","team":"{c}""#
    );
    let mut replies = Vec::new();
    for status in [200, 302, 400, 429, 500] {
        for body in [
            format!(r#"{{"ok":true,{grant},{envelope}}}"#),
            format!(r#"{{"ok":true,{envelope}}}"#),
            format!(r#"{{"ok":false,{envelope},{grant}}}"#),
            format!(r#"{{"ok":"{c}",{envelope}}}"#),
            format!(r#"{{"ok":true,"ok":false,{envelope}}}"#),
            format!("{{{envelope}}}"),
            format!(r#"{{"ok":true,"access_token":["{c}"],"team":"{c}","authed_user":"{c}"}}"#),
            format!(r#"{{"ok":true,{grant}"#),
            format!(r#"{{"ok":true,{grant}}} {c}"#),
            format!(r#"{{"ok":true,{grant},"\ud800{c}":"\ud800{c}","expires_in":1e999}}"#),
            format!("[\"{c}\"]"),
            format!("\"{c}\""),
            format!("<html>{c}</html>"),
            c.to_owned(),
            String::new(),
        ] {
            let response = Response::builder()
                .status(status)
                .header("x-slack-req-id", c)
                .header("retry-after", c)
                .header("x-oauth-scopes", c)
                .header("x-accepted-oauth-scopes", c);
            replies.push(response.body(body.into_bytes()).unwrap());
        }
    }
    let mut broken = replies[0].clone();
    broken.body_mut().extend(b"\xff");
    replies.push(broken);
    replies
}

fn check<M: ApiMethod>()
where
    M::Response: Debug,
    M::Error: 'static,
{
    for response in replies() {
        match M::parse_response(&response) {
            Ok(reply) => {
                debug(M::NAME, &reply);
                debug("ReplyMeta", &reply.meta);
                reply.meta.parse_warnings().iter().for_each(|oddity| both("ParseWarning", oddity));
            }
            Err(error) => {
                both(M::NAME, &error);
                both("Recovery", &error.recovery());
                match &error {
                    ResponseError::Api(error) => both("ApiError", error),
                    ResponseError::RateLimited(error) => both("RateLimited", error),
                    ResponseError::Http(error) => both("HttpError", error),
                    ResponseError::Decode(error) => both("DecodeError", error),
                    _ => unreachable!("a new kind of error is to be checked here"),
                }
                if let Some(code) = error.code() {
                    both("ErrorCode", code);
                }
                assert!(std::error::Error::source(&error).is_none());
            }
        }
    }
}

#[test]
fn replies_and_errors() {
    check::<OauthV2Access>();
    check::<OauthV2Access<CodeVerifier>>();
    check::<OauthV2Refresh>();
    check::<OauthV2UserAccess>();
    check::<OauthV2UserRefresh>();
    check::<OauthV2Exchange>();
    check::<ToolingTokensRotate>();
    check::<OpenidConnectToken>();
    check::<OpenidConnectRefresh>();
    check::<OpenidConnectUserInfo>();
    check::<AppsAuthExternalGet>();
    check::<AppsAuthExternalDelete>();
    check::<AuthTest>();
    check::<AuthRevoke>();
    check::<AuthTeamsList>();
    check::<AppsUninstall>();
}
