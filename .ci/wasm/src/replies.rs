//! Errors, and what stands beside a reply.

use std::time::Duration;

use http::{Response, StatusCode};
use slack_proto::{
    ApiMethod, Recovery, Timestamp,
    error::{
        ApiError, CommonError, DecodeError, ErrorClass, ErrorCode, HttpError, MethodError,
        RateLimited, ResponseError,
    },
    methods::{AuthTest, OauthV2AccessError, ParseWarning, Reply, ReplyMeta},
};

use crate::shown;

type Outcome = Result<
    Reply<slack_proto::methods::AuthTestResponse>,
    ResponseError<slack_proto::error::NoError>,
>;

pub(crate) fn errors() {
    let body =
        r#"{"ok":false,"error":"missing_scope","needed":"chat:write","provided":"identify"}"#;
    let Err(ResponseError::Api(error)) = read(200, &[], body) else { panic!("an API error") };
    assert!(ApiError::needed(&error).unwrap().contains("chat:write"));
    assert!(ApiError::provided(&error).unwrap().contains("identify"));
    assert_eq!(Recovery::as_str(&ApiError::recovery(&error)), "authorize_again");
    shown(&error);

    let error = read(429, &[("retry-after", "7")], "").unwrap_err();
    assert!(ResponseError::is_transient(&error));
    assert_eq!(ResponseError::retry_after(&error), Some(Duration::from_secs(7)));
    assert_eq!(ReplyMeta::status(ResponseError::meta(&error)), 429);
    let ResponseError::RateLimited(error) = error else { panic!("a rate limit") };
    assert_eq!(RateLimited::retry_after(&error), Some(Duration::from_secs(7)));
    shown(&error);

    let error = read(404, &[], "<html>").unwrap_err();
    assert_eq!(ResponseError::recovery(&error), Recovery::FixConfiguration);
    let ResponseError::Http(error) = error else { panic!("an HTTP error") };
    shown(&HttpError::recovery(&error));

    let Err(ResponseError::Decode(error)) = read(200, &[], "{\"ok\": tru") else {
        panic!("unreadable")
    };
    assert_eq!((DecodeError::line(&error), DecodeError::member(&error)), (Some(1), None));
    assert!(DecodeError::column(&error).is_some() && DecodeError::code(&error).is_none());
    shown(&DecodeError::recovery(&error));
    shown(&error);
}

pub(crate) fn meta() {
    let headers = [
        ("x-slack-req-id", "r"),
        ("x-oauth-scopes", "chat:write"),
        ("x-accepted-oauth-scopes", "users:read"),
        ("retry-after", "never"),
        ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ];
    let body = r#"{"ok":true,"team_id":7,"warning":"w","errors":["e"],
        "response_metadata":{"messages":["m"],"next_cursor":"n"}}"#;
    let Reply { meta, .. } = read(200, &headers, body).unwrap();
    assert_eq!(ReplyMeta::request_id(&meta).unwrap().as_str(), "r");
    assert!(ReplyMeta::granted_scopes(&meta).unwrap().contains("chat:write"));
    assert!(ReplyMeta::accepted_scopes(&meta).unwrap().contains("users:read"));
    assert_eq!(ReplyMeta::warnings(&meta).len(), 1);
    assert_eq!(ReplyMeta::errors(&meta).len(), 1);
    assert_eq!(ReplyMeta::messages(&meta).len(), 1);
    assert_eq!(ReplyMeta::next_cursor(&meta).unwrap().as_str(), "n");
    assert_eq!(ReplyMeta::retry_after(&meta), None);
    assert_eq!(ReplyMeta::date(&meta), Some(Timestamp::from_unix(784_111_777)));
    let oddity = &ReplyMeta::parse_warnings(&meta)[0];
    assert_eq!(ParseWarning::path(oddity), "team_id");
    assert!(shown(oddity).contains(&*ParseWarning::reason(oddity)));
}

pub(crate) fn error_codes() {
    for text in ["invalid_code", "internal_error", "new_code", "xoxb-1"] {
        let code = ErrorCode::<OauthV2AccessError>::from_code(text);
        assert_eq!(ErrorCode::as_str(&code), text);
        assert!(!shown(&code).contains("xox"));
        assert_ne!(ErrorCode::class(&code), ErrorClass::Expired);
    }
    let code: CommonError = MethodError::from_code("internal_error").unwrap();
    assert_eq!(MethodError::as_str(&code), "internal_error");
    assert_eq!(MethodError::class(&code), ErrorClass::Transient);
    assert!(!MethodError::meaning(&code).is_empty());
}

fn read(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> Outcome {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for &(name, value) in headers {
        response.headers_mut().insert(name, http::HeaderValue::from_static(value));
    }
    AuthTest::parse_response(&response)
}
