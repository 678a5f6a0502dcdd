//! What a hostile reply may cost.

use slack_proto::{
    ApiMethod,
    methods::{AuthTeamsList, AuthTest, OauthV2Refresh},
};

use crate::reading::response;

#[test]
fn deep_nesting_ends_no_stack_and_loses_no_token() {
    for nested in [deep("[", "]"), deep("{\"a\":", "}")] {
        for name in ["scope", "team", "errors", "response_metadata", "expires_in", "new"] {
            for extra in ["", ",\"expires_in\":1e999"] {
                let body =
                    format!(r#"{{"ok":true,"{name}":{nested},"access_token":"xoxb-1"{extra}}}"#);
                let reply = <OauthV2Refresh>::parse_response(&response(200, body)).unwrap();
                assert_eq!(reply.value.credential.access_token.expose(), "xoxb-1", "{name}");
            }
        }
    }
}

/// A value nested deeper than any stack could follow by recursion.
fn deep(open: &str, close: &str) -> String {
    let depth = 200_000;
    format!("{}1{}", open.repeat(depth), close.repeat(depth))
}

/// What a reply leaves behind is bounded, however much of it is odd: counted, not timed.
#[test]
fn a_hostile_reply_leaves_little_behind() {
    let list =
        |element: &dyn Fn(usize) -> String| (0..200_000).map(element).collect::<Vec<_>>().join(",");
    let odd = format!(r#"{{"ok":true,"teams":[{}]}}"#, list(&|_| "1".into()));
    let reply = AuthTeamsList::parse_response(&response(200, odd)).unwrap();
    assert_eq!(reply.meta.parse_warnings().len(), 64);
    assert_eq!(reply.meta.parse_warnings()[63].reason(), "more was odd than is told");
    let warnings = format!(r#"{{"ok":true,"warning":"{}"}}"#, list(&|index| index.to_string()));
    let reply = AuthTest::parse_response(&response(200, warnings)).unwrap();
    assert_eq!(reply.meta.warnings().len(), 64);
    let messages = list(&|index| format!("\"m{index}\""));
    let refused =
        format!(r#"{{"ok":false,"error":"x","response_metadata":{{"messages":[{messages}]}}}}"#);
    let error = AuthTest::parse_response(&response(200, refused)).unwrap_err();
    assert_eq!(error.meta().messages().len(), 64);
    assert!(error.to_string().contains("m3, and 60 more"), "{error}");
}
