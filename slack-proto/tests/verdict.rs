//! Success or failure: every combination that the rules tell apart.

use std::time::Duration;

use http::Response;
use slack_proto::{
    ApiMethod, Recovery,
    error::{CommonError, ErrorCode, ResponseError},
    methods::{AuthTest, OauthV2Access, OauthV2AccessError, OauthV2Refresh},
};

fn response(status: u16, body: &str) -> Response<Vec<u8>> {
    Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap()
}

/// Names the outcome of a token method and of one that gives no token.
fn outcome(status: u16, body: &str) -> (String, String) {
    fn name<M: ApiMethod>(response: &Response<Vec<u8>>) -> String {
        let result = M::parse_response(response);
        match result {
            Ok(reply) => {
                assert_eq!(reply.meta.status(), response.status().as_u16());
                if reply.meta.parse_warnings().is_empty() { "ok" } else { "odd" }.to_owned()
            }
            Err(error) => {
                assert_eq!(error.meta().status(), response.status().as_u16());
                match error {
                    ResponseError::Api(error) => format!("api {}", error.code.as_str()),
                    ResponseError::RateLimited(error) => {
                        format!("limited {}", error.code.as_ref().map_or("-", |code| code.as_str()))
                    }
                    ResponseError::Http(_) => "http".to_owned(),
                    ResponseError::Decode(_) => "decode".to_owned(),
                    _ => unreachable!("a new kind of error"),
                }
            }
        }
    }
    let response = response(status, body);
    (name::<OauthV2Refresh>(&response), name::<AuthTest>(&response))
}

#[test]
fn the_rules_in_their_order() {
    const TOKEN: &str = r#"{"ok":true,"access_token":"xoxb-1","refresh_token":"xoxe-1-a"}"#;
    const BARE: &str = r#"{"ok":true}"#;
    const REFUSED: &str = r#"{"ok":false,"error":"invalid_auth"}"#;
    const LIMITED: &str = r#"{"ok":false,"error":"ratelimited"}"#;
    for (status, body, token_method, other) in [
        // 429 and the rate-limit codes come first; a token that came with one is handed over.
        (429, "", "limited -", "limited -"),
        (429, "<html>", "limited -", "limited -"),
        (429, LIMITED, "limited ratelimited", "limited ratelimited"),
        (429, REFUSED, "limited invalid_auth", "limited invalid_auth"),
        (429, BARE, "limited -", "limited -"),
        (429, r#"{"ok":true,"ok":false,"access_token":"xoxb-1"}"#, "limited -", "limited -"),
        (429, TOKEN, "odd", "limited -"),
        (200, LIMITED, "limited ratelimited", "limited ratelimited"),
        (
            200,
            r#"{"ok":false,"error":"rate_limited"}"#,
            "limited rate_limited",
            "limited rate_limited",
        ),
        (200, r#"{"error":"ratelimited"}"#, "limited ratelimited", "limited ratelimited"),
        (200, r#"{"ok":true,"error":"ratelimited"}"#, "limited ratelimited", "limited ratelimited"),
        (
            200,
            r#"{"ok":true,"error":"ratelimited","access_token":"xoxb-1","refresh_token":"r"}"#,
            "odd",
            "limited ratelimited",
        ),
        // `ok: false` at any status.
        (200, REFUSED, "api invalid_auth", "api invalid_auth"),
        (302, REFUSED, "api invalid_auth", "api invalid_auth"),
        (500, REFUSED, "api invalid_auth", "api invalid_auth"),
        (200, r#"{"ok":false}"#, "api ", "api "),
        (200, r#"{"ok":false,"error":7,"access_token":"xoxb-1"}"#, "api ", "api "),
        // `ok: true` at any status.
        (200, TOKEN, "ok", "ok"),
        (201, TOKEN, "ok", "ok"),
        (302, TOKEN, "odd", "odd"),
        (500, TOKEN, "odd", "odd"),
        (200, BARE, "decode", "ok"),
        (500, BARE, "decode", "odd"),
        (200, r#"{"ok":true,"access_token":""}"#, "decode", "ok"),
        (
            200,
            r#"{"ok":true,"error":"invalid_auth","access_token":"xoxb-1","refresh_token":"r"}"#,
            "odd",
            "odd",
        ),
        // No `ok`: OAuth's own style needs a status of an error.
        (400, r#"{"error":"invalid_grant"}"#, "api invalid_grant", "api invalid_grant"),
        (
            401,
            r#"{"ok":null,"error":"invalid_client"}"#,
            "api invalid_client",
            "api invalid_client",
        ),
        (200, r#"{"error":"invalid_grant"}"#, "decode", "decode"),
        (302, r#"{"error":"invalid_grant"}"#, "http", "http"),
        (400, r#"{"error":{"code":"invalid_grant"}}"#, "http", "http"),
        (200, r#"{"access_token":"xoxb-1"}"#, "decode", "decode"),
        (200, r#"{"ok":"true","access_token":"xoxb-1"}"#, "decode", "decode"),
        (200, r#"{"ok":1,"access_token":"xoxb-1"}"#, "decode", "decode"),
        (500, r#"{"ok":1,"access_token":"xoxb-1"}"#, "http", "http"),
        // Two `ok` that differ.
        (200, r#"{"ok":true,"ok":false,"access_token":"xoxb-1"}"#, "decode", "decode"),
        (200, r#"{"ok":false,"ok":true,"error":"x"}"#, "decode", "decode"),
        (200, r#"{"ok":true,"ok":null,"access_token":"xoxb-1"}"#, "decode", "decode"),
        (500, r#"{"ok":true,"ok":false}"#, "decode", "decode"),
        (200, r#"{"ok":false,"ok":false,"error":"a","error":"b"}"#, "api b", "api b"),
        // No envelope at all.
        (200, "", "decode", "decode"),
        (204, "", "decode", "decode"),
        (200, "<!DOCTYPE html>", "decode", "decode"),
        (200, "[]", "decode", "decode"),
        (200, "null", "decode", "decode"),
        (200, r#"{"ok":true,"access_token":"xoxb-1"#, "decode", "decode"),
        (302, "", "http", "http"),
        (404, "<html>", "http", "http"),
        (503, "busy", "http", "http"),
        (503, r#"{"ok":tr"#, "http", "http"),
    ] {
        assert_eq!(
            outcome(status, body),
            (token_method.to_owned(), other.to_owned()),
            "{status} {body}"
        );
    }
}

#[test]
fn a_decode_error_says_where_and_shows_nothing() {
    for (body, member, position, text) in [
        (
            "",
            None,
            None,
            "unreadable answer: the body is empty; send the same refresh token again soon",
        ),
        (
            "<html>xoxb-1</html>",
            None,
            None,
            "unreadable answer: a web page instead of JSON, perhaps from a proxy; send the same refresh token again soon",
        ),
        (
            "[1]",
            None,
            None,
            "unreadable answer: not a JSON object; send the same refresh token again soon",
        ),
        (
            "{\"ok\":true,\n  \"access_token\": 12345}",
            Some("access_token"),
            Some((2, 4)),
            "unreadable answer: a success without a usable `access_token` at line 2, column 4; send the same refresh \
             token again soon",
        ),
        (
            "{\"ok\":true,\"access_token\":\"xoxb-1",
            None,
            Some((1, 33)),
            "unreadable answer: broken JSON at line 1, column 33; send the same refresh token again soon",
        ),
        (
            "{\"access_token\":\"xoxb-1\"}",
            Some("ok"),
            None,
            "unreadable answer: member `ok` is missing; send the same refresh token again soon",
        ),
    ] {
        let error = <OauthV2Refresh>::parse_response(&response(200, body)).unwrap_err();
        let ResponseError::Decode(error) = error else { panic!("{body}") };
        assert_eq!(error.member(), member, "{body}");
        assert_eq!(error.line().zip(error.column()), position, "{body}");
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn an_error_code_outside_an_envelope_is_kept() {
    let error = <OauthV2Access>::parse_response(&response(200, r#"{"error":"invalid_grant"}"#))
        .unwrap_err();
    let ResponseError::Decode(error) = error else { panic!("{error}") };
    assert_eq!(error.code().unwrap().as_str(), "invalid_grant");
}

#[test]
fn what_to_do_depends_on_the_grant() {
    let soon = Recovery::ResendSameRefreshToken { after: None };
    let later = Recovery::RetryLater { after: None };
    // The code may be spent.
    let again = Recovery::AuthorizeAgain;
    for (status, body, code_grant, refresh_grant) in [
        (200, r#"{"ok":false,"error":"internal_error"}"#, later, soon),
        (200, r#"{"ok":false,"error":"team_added_to_org"}"#, later, soon),
        (503, "<html>", again, soon),
        (500, r#"{"ok":false,"error":"never_seen"}"#, again, soon),
        (200, "<html>", again, soon),
        (429, "", later, later),
        (404, "<html>", Recovery::FixConfiguration, Recovery::FixConfiguration),
        (302, "", Recovery::FixConfiguration, Recovery::FixConfiguration),
        (403, "", Recovery::Unknown, Recovery::Unknown),
        (200, r#"{"ok":false,"error":"never_seen"}"#, Recovery::Unknown, Recovery::Unknown),
        (
            200,
            r#"{"ok":false,"error":"invalid_refresh_token"}"#,
            Recovery::AuthorizeAgain,
            Recovery::AuthorizeAgain,
        ),
        (
            200,
            r#"{"ok":false,"error":"bad_client_secret"}"#,
            Recovery::FixConfiguration,
            Recovery::FixConfiguration,
        ),
        (200, r#"{"ok":false,"error":"no_scopes"}"#, Recovery::FixCall, Recovery::FixCall),
        (200, r#"{"ok":false,"error":"access_denied"}"#, Recovery::AskAdmin, Recovery::AskAdmin),
        (200, r#"{"ok":false,"error":"token_expired"}"#, Recovery::Refresh, Recovery::Refresh),
        (
            200,
            r#"{"ok":false,"error":"missing_scope"}"#,
            Recovery::AuthorizeAgain,
            Recovery::AuthorizeAgain,
        ),
    ] {
        let response = response(status, body);
        assert_eq!(
            <OauthV2Access>::parse_response(&response).unwrap_err().recovery(),
            code_grant,
            "{status} {body}"
        );
        assert_eq!(
            <OauthV2Refresh>::parse_response(&response).unwrap_err().recovery(),
            refresh_grant,
            "{status} {body}"
        );
    }
}

#[test]
fn headers_reach_the_caller() {
    let response = Response::builder()
        .status(429)
        .header("Retry-After", "30")
        .header("x-slack-req-id", "e548231c")
        .header("x-oauth-scopes", "identify, chat:write")
        .header("x-accepted-oauth-scopes", "openid")
        .body("{\"ok\":false,\"error\":\"ratelimited\",\"warning\":\"a,b\",\"response_metadata\":{\"warnings\":[\"a\"]}}")
        .unwrap();
    let error = AuthTest::parse_response(&response).unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
    assert_eq!(error.recovery(), Recovery::RetryLater { after: Some(Duration::from_secs(30)) });
    assert!(error.is_transient());
    assert_eq!(error.to_string(), "rate limited by slack; call again in 30 s");
    let meta = error.meta();
    assert_eq!(meta.request_id().unwrap().as_str(), "e548231c");
    assert_eq!(meta.granted_scopes().unwrap().to_string(), "identify,chat:write");
    assert_eq!(meta.accepted_scopes().unwrap().to_string(), "openid");
    assert_eq!(
        meta.warnings().iter().map(slack_proto::methods::UntrustedText::as_str).collect::<Vec<_>>(),
        ["a", "b"]
    );
}

#[test]
fn a_refusal_tells_scopes_and_messages() {
    let body = r#"{"ok":false,"error":"missing_scope","needed":"openid","provided":"identify,chat:write",
        "response_metadata":{"messages":["[ERROR] no","xoxb-1"]},"errors":["first",{"message":"second"},{"code":"third"},4]}"#;
    let error = AuthTest::parse_response(&response(200, body)).unwrap_err();
    assert_eq!(error.code(), Some(&ErrorCode::Common(CommonError::MissingScope)));
    assert_eq!(
        error.to_string(),
        "slack refused the call: missing_scope (the token lacks a scope; `needed` and `provided` tell which), needed \
         scopes: openid, [ERROR] no, [6 bytes not shown], first, second, and 1 more; authorize again in a browser"
    );
    let ResponseError::Api(error) = error else { panic!() };
    assert_eq!(error.provided().unwrap().to_string(), "identify,chat:write");
    let errors: Vec<_> =
        error.meta.errors().iter().map(slack_proto::methods::UntrustedText::as_str).collect();
    assert_eq!(errors, ["first", "second", "third"]);
    assert_eq!(
        error.meta.parse_warnings()[0].to_string(),
        "errors[3]: expected a string, found a number"
    );
}

#[test]
fn an_unknown_code_is_kept_to_the_letter() {
    for code in
        ["a_code_nobody_has_seen_yet", "Invalid_Code", "invalid_code ", "", "\u{e9}", "xoxb-1"]
    {
        let body = format!("{{\"ok\":false,\"error\":\"{code}\"}}");
        let error = <OauthV2Access>::parse_response(&response(200, &body)).unwrap_err();
        assert_eq!(error.code().unwrap().as_str(), code);
        assert!(matches!(error.code(), Some(ErrorCode::Unknown(_))));
    }
    let escaped = r#"{"ok":false,"error":"invalid\u005fcode"}"#;
    let error = <OauthV2Access>::parse_response(&response(200, escaped)).unwrap_err();
    assert_eq!(error.code(), Some(&ErrorCode::Method(OauthV2AccessError::InvalidCode)));
}
