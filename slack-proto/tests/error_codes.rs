//! Every code that Slack is known to answer with, for every method and grant, from the table `error_codes.tsv`.
//!
//! Its columns: method, code, class as Slack's pages describe it, whose the code is (`common`: documented for ten or
//! more of the twelve methods), and what a program must do. For a refresh grant of a method that has another grant as
//! well, a transient failure asks for the same refresh token once more; the table has the code grant.

#![expect(
    clippy::disallowed_macros,
    reason = "a test may print what it counted; the core does no I/O"
)]

use std::collections::{BTreeMap, BTreeSet};

use http::Response;
use slack_proto::{
    ApiMethod, Recovery,
    error::{CommonError, ErrorCode, MethodError, ResponseError},
    methods::{
        AppsAuthExternalDelete, AppsAuthExternalGet, AppsUninstall, AuthRevoke, AuthTeamsList,
        AuthTest, OauthV2Access, OauthV2Exchange, OauthV2Refresh, OauthV2UserAccess,
        OauthV2UserRefresh, OpenidConnectRefresh, OpenidConnectToken, OpenidConnectUserInfo,
        Purpose, ToolingTokensRotate,
    },
    oauth::Callback,
    tokens::RefreshToken,
};

const TABLE: &str = include_str!("error_codes.tsv");
const REQUEST_ID: &str = "e548231c73a581759dcae7c809293e5e";

struct Row {
    method: &'static str,
    code: &'static str,
    class: &'static str,
    is_common: bool,
    recovery: &'static str,
}

fn rows() -> Vec<Row> {
    let mut lines = TABLE.lines();
    assert_eq!(lines.next(), Some("method\tcode\tclass\twhose\trecovery"));
    lines
        .map(|line| {
            let columns: Vec<_> = line.split('\t').collect();
            let [method, code, class, whose @ ("own" | "common"), recovery] = columns[..] else {
                panic!("not a row: {line}")
            };
            Row { method, code, class, is_common: whose == "common", recovery }
        })
        .collect()
}

/// Sends every row of a method through one of its grants; gives the codes that are the method's own.
fn check<M: ApiMethod>(rows: &[Row], checked: &mut usize) -> BTreeSet<&'static str> {
    let mut own = BTreeSet::new();
    for row in rows.iter().filter(|row| row.method == M::NAME) {
        let place = format!("{} {}", row.method, row.code);
        let body = format!(r#"{{"ok":false,"error":"{}"}}"#, row.code);
        let response = Response::builder().header("x-slack-req-id", REQUEST_ID).body(body).unwrap();
        let Err(error) = M::parse_response(&response) else { panic!("{place}: a success") };
        let code = match &error {
            ResponseError::RateLimited(limited) => {
                assert_eq!(row.class, "rate_limited", "{place}");
                limited.code.as_ref().unwrap().as_str().to_owned()
            }
            ResponseError::Api(refused) => {
                assert_ne!(row.class, "rate_limited", "{place}");
                match &refused.code {
                    ErrorCode::Common(common) => {
                        assert!(row.is_common, "{place} is common");
                        assert_eq!(common.as_str(), row.code);
                    }
                    ErrorCode::Method(code) => {
                        assert!(!row.is_common, "{place} is the method's own");
                        assert_eq!(code.as_str(), row.code);
                        own.insert(row.code);
                    }
                    _ => panic!("{place} is unknown"),
                }
                refused.code.as_str().to_owned()
            }
            _ => panic!("{place}: {error}"),
        };
        assert_eq!(code, row.code);
        let resends = M::PURPOSE == Purpose::RefreshGrant && row.class == "transient";
        let recovery = if resends { "resend_same_refresh_token" } else { row.recovery };
        assert_eq!(error.recovery().as_str(), recovery, "{place}");
        check_display(&error, row, &place);
        assert_eq!(error.meta().request_id().unwrap().as_str(), REQUEST_ID);
        *checked += 1;
    }
    own
}

/// A text says what happened and what to do.
fn check_display<E: MethodError>(error: &ResponseError<E>, row: &Row, place: &str) {
    let shown = error.to_string();
    if row.class == "rate_limited" {
        assert_eq!(
            shown,
            "rate limited by slack, which did not say for how long; call again in about 30 s"
        );
        return;
    }
    let meaning = match error.code() {
        Some(ErrorCode::Method(code)) => code.meaning(),
        Some(ErrorCode::Common(code)) => code.meaning(),
        _ => panic!("{place} has no code"),
    };
    let recovery = error.recovery();
    assert_eq!(shown, format!("slack refused the call: {} ({meaning}); {recovery}", row.code));
    assert!(meaning.len() > 10 && !meaning.ends_with('.'), "{place}: {meaning}");
    assert_ne!(recovery.to_string(), "", "{place}");
}

#[test]
fn every_known_code_of_every_method_and_grant() {
    let rows = rows();
    let mut checked = 0;
    let mut own: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    macro_rules! methods {
        ($($M:ty),*) => {$(
            own.entry(<$M>::NAME).or_default().extend(check::<$M>(&rows, &mut checked));
        )*};
    }
    methods!(
        OauthV2Access,
        OauthV2Refresh,
        OauthV2UserAccess,
        OauthV2UserRefresh,
        OauthV2Exchange,
        ToolingTokensRotate,
        OpenidConnectToken,
        OpenidConnectRefresh,
        OpenidConnectUserInfo,
        AppsAuthExternalGet,
        AppsAuthExternalDelete,
        AuthTest,
        AuthRevoke,
        AuthRevoke<RefreshToken>,
        AuthTeamsList,
        AppsUninstall
    );
    assert_eq!(own.len(), 12, "methods");
    let methods: BTreeSet<_> = rows.iter().map(|row| row.method).collect();
    assert_eq!(methods.len(), 13, "the table has twelve methods and the callback");
    let own: usize = own.values().map(BTreeSet::len).sum();
    let callbacks = rows.iter().filter(|row| row.method == "callback").count();
    assert_eq!(own, rows.iter().filter(|row| !row.is_common).count() - callbacks);
    println!("{} rows, {own} of them a method's own; {checked} answers checked", rows.len());
}

#[test]
fn a_code_is_common_if_ten_methods_document_it() {
    let mut methods: BTreeMap<&str, usize> = BTreeMap::new();
    let rows = rows();
    for row in rows.iter().filter(|row| row.method != "callback") {
        *methods.entry(row.code).or_default() += 1;
    }
    for row in rows.iter().filter(|row| row.method != "callback") {
        assert_eq!(row.is_common, methods[row.code] >= 10, "{} {}", row.method, row.code);
    }
    // `rate_limited`, the second spelling of `ratelimited`, is in no method's list.
    let common = methods.iter().filter(|(code, n)| **n >= 10 && **code != "rate_limited");
    let common: Vec<_> = common.map(|(code, _)| *code).collect();
    assert_eq!(common.len(), 32);
    for code in common.iter().filter(|code| **code != "ratelimited") {
        assert!(CommonError::from_code(code).is_some(), "{code}");
    }
}

#[test]
fn every_known_code_of_the_callback() {
    let mut checked = 0;
    for row in rows().iter().filter(|row| row.method == "callback") {
        let callback =
            Callback::parse(&format!("https://app.example.com/cb?error={}&state=s", row.code));
        let callback = callback.unwrap();
        let refused = callback.error_response().unwrap();
        let ErrorCode::Method(code) = &refused.code else { panic!("{} is unknown", row.code) };
        assert_eq!(code.as_str(), row.code);
        // Who pressed Cancel needs no admin.
        let recovery = if row.code == "access_denied" { "authorize_again" } else { row.recovery };
        assert_eq!(refused.recovery().as_str(), recovery, "{}", row.code);
        let shown = refused.to_string();
        let (meaning, recovery) = (code.meaning(), refused.recovery());
        let expected =
            format!("the authorization was refused: {} ({meaning}); {recovery}", row.code);
        assert_eq!(shown, expected);
        checked += 1;
    }
    assert_eq!(checked, 7);
}

#[test]
fn slack_says_how_long_to_wait() {
    for (status, code) in [(200, "ratelimited"), (429, "rate_limited"), (503, "internal_error")] {
        let response = Response::builder()
            .status(status)
            .header("retry-after", "30")
            .body(format!(r#"{{"ok":false,"error":"{code}"}}"#))
            .unwrap();
        let error = AuthTest::parse_response(&response).unwrap_err();
        let after = Some(std::time::Duration::from_secs(30));
        assert_eq!(error.recovery(), Recovery::RetryLater { after });
        assert!(error.to_string().contains("30 s"), "{error}");
    }
}

#[test]
fn a_code_that_nobody_knows_is_kept_byte_for_byte() {
    for code in ["brand_new_code", "Token_Expired", "token_expired ", "caf\u{e9}", ""] {
        let body = serde_json::json!({"ok": false, "error": code}).to_string();
        let error = OauthV2Exchange::parse_response(&Response::new(body)).unwrap_err();
        let found = error.code().unwrap();
        assert!(matches!(found, ErrorCode::Unknown(_)), "{code}");
        assert_eq!(found.as_str(), code);
        assert_eq!(error.recovery(), Recovery::Unknown);
    }
}
