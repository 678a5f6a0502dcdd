//! A token is never lost, and a failure is never a success: for every reply, however odd.
//!
//! Replies are generated as text, so that they hold what no JSON value can: numbers out of range, lone surrogates,
//! repeated members, any order, any escapes.

use std::fmt::Write as _;

use http::Response;
use proptest::{prelude::*, sample::select, test_runner::FileFailurePersistence};
use slack_proto::{
    AppsAuthExternalGet, AuthTeamsList, AuthTest, IssuedCredential, Method, OauthV2Access,
    OauthV2AccessResponse, OauthV2Exchange, OauthV2Refresh, OauthV2UserAccess, OauthV2UserRefresh,
    OpenidConnectRefresh, OpenidConnectToken, RefreshToken, Reply, ResponseError,
    ToolingTokensRotate,
};

/// At least a thousand cases; the variable `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    let persistence = FileFailurePersistence::WithSource("regressions");
    let config = ProptestConfig {
        failure_persistence: Some(Box::new(persistence)),
        ..ProptestConfig::default()
    };
    ProptestConfig { cases: config.cases.max(1_000), ..config }
}

/// The members that the token methods know, but for the token itself.
const KNOWN: &[&str] = &[
    "app_id",
    "refresh_token",
    "token_type",
    "scope",
    "expires_in",
    "bot_user_id",
    "user_id",
    "team",
    "enterprise",
    "is_enterprise_install",
    "incoming_webhook",
    "id_token",
    "state",
    "warning",
    "error",
    "needed",
    "provided",
    "errors",
    "response_metadata",
];

/// A JSON string as text, each character raw or escaped in one of the ways there are.
fn string_of(text: String) -> impl Strategy<Value = String> {
    let ways = proptest::collection::vec(0..4_u8, text.chars().count());
    ways.prop_map(move |ways| {
        let mut json = String::from("\"");
        for (c, way) in text.chars().zip(ways) {
            match (way, c) {
                (0, _) | (_, '"' | '\\' | '\0'..='\u{1f}') => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        write!(json, "\\u{unit:04x}").unwrap();
                    }
                }
                (1, '/') => json.push_str("\\/"),
                _ => json.push(c),
            }
        }
        json + "\""
    })
}

fn any_string() -> BoxedStrategy<String> {
    prop_oneof![
        ".{0,12}".prop_flat_map(string_of),
        select(&[
            "\"\\ud800\"",
            "\"\\udfff\\ud800x\"",
            "\"\"",
            "\"true\"",
            "\"43200\"",
            "\"xoxb-decoy\"",
            "\"\\/\""
        ])
        .prop_map(str::to_owned),
    ]
    .boxed()
}

fn name() -> BoxedStrategy<String> {
    prop_oneof![
        3 => select(KNOWN).prop_map(|name| format!("\"{name}\"")),
        1 => select(&["ok", "access_token", "authed_user", "id", "name", "messages", "warnings", "next_cursor", "url"][..])
            .prop_map(|name| format!("\"{name}\"")),
        1 => any_string(),
    ]
    .boxed()
}

/// Any JSON as text.
fn json() -> BoxedStrategy<String> {
    let number = select(
        &[
            "0",
            "-0",
            "1",
            "-1",
            "43200",
            "43200.0",
            "1.5",
            "-2.25",
            "1e3",
            "1e999",
            "-1e999",
            "1E-999",
            "18446744073709551615",
            "18446744073709551616",
            "99999999999999999999999999999999999999999",
        ][..],
    );
    let leaf = prop_oneof![
        select(&["null", "true", "false"][..]).prop_map(str::to_owned),
        number.prop_map(str::to_owned),
        any_string(),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        let member = (name(), inner.clone()).prop_map(|(name, value)| format!("{name}:{value}"));
        prop_oneof![
            proptest::collection::vec(inner, 0..5).prop_map(|list| format!("[{}]", list.join(","))),
            proptest::collection::vec(member, 0..5)
                .prop_map(|members| format!("{{{}}}", members.join(", "))),
        ]
    })
    .boxed()
}

/// Members that are neither `ok` nor the token, some of them known, some repeated.
fn neighbours() -> impl Strategy<Value = Vec<String>> {
    let known = (select(KNOWN), json()).prop_map(|(name, value)| format!("\"{name}\":{value}"));
    let foreign = (".{1,8}", json())
        .prop_filter("a name of another member", |(name, _)| {
            !KNOWN.contains(&name.as_str())
                && !["ok", "access_token", "authed_user"].contains(&name.as_str())
        })
        .prop_flat_map(|(name, value)| {
            string_of(name).prop_map(move |name| format!("{name}:{value}"))
        });
    let surrogate = json().prop_map(|value| format!("\"\\udabc\":{value}"));
    proptest::collection::vec(prop_oneof![6 => known, 2 => foreign, 1 => surrogate], 0..10)
}

fn token() -> impl Strategy<Value = String> {
    prop_oneof!["xox[bp]-[A-Za-z0-9-]{1,30}", "xoxe\\.xox[bp]-1-[A-Za-z0-9]{1,30}", ".{1,20}"]
        .prop_filter("a token is not empty", |token: &String| !token.is_empty())
}

fn quoted_token() -> impl Strategy<Value = (String, String)> {
    token()
        .prop_flat_map(|token| string_of(token.clone()).prop_map(move |json| (token.clone(), json)))
}

/// An object of the members in an order that `order` decides, with white space and perhaps something around it.
fn object(mut members: Vec<String>, order: &[prop::sample::Index]) -> String {
    for (from, to) in order.iter().enumerate().take(members.len()) {
        let to = to.index(members.len());
        members.swap(from, to);
    }
    format!(" \r\n{{{}\n}}\t", members.join(" ,"))
}

fn order() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    proptest::collection::vec(any::<prop::sample::Index>(), 16)
}

fn status() -> impl Strategy<Value = u16> {
    select(&[200_u16, 200, 200, 201, 302, 400, 401, 429, 500, 503][..])
}

fn response(status: u16, body: impl Into<Vec<u8>>) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into());
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
    response
}

fn tokens(installed: &OauthV2AccessResponse) -> Vec<&str> {
    [&installed.bot, &installed.user, &installed.unplaced]
        .into_iter()
        .flatten()
        .map(|credential: &IssuedCredential| credential.access_token.expose())
        .collect()
}

/// All tokens of these credentials, and the spare ones.
fn shown(
    credentials: impl Iterator<Item = IssuedCredential>,
    spare: &[RefreshToken],
) -> Vec<String> {
    let mut all: Vec<_> = spare.iter().map(|token| token.expose().to_owned()).collect();
    for credential in credentials {
        all.push(credential.access_token.expose().to_owned());
        all.extend(credential.refresh_token.map(|token| token.expose().to_owned()));
    }
    all
}

fn is_success<M: Method>(response: &Response<Vec<u8>>) -> bool {
    let result: Result<Reply<M::Response>, ResponseError<M::Error>> = M::parse_response(response);
    result.is_ok()
}

fn any_success(response: &Response<Vec<u8>>) -> bool {
    is_success::<OauthV2Access>(response)
        || is_success::<OauthV2Refresh>(response)
        || is_success::<AuthTest>(response)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_token_at_the_top_comes_out(
        (token, quoted) in quoted_token(), mut members in neighbours(), order in order(), status in status(),
        authed_user in proptest::option::of(json()),
    ) {
        members.push(format!("\"access_token\":{quoted}"));
        members.push("\"ok\":true".to_owned());
        members.extend(authed_user.map(|value| format!("\"authed_user\":{value}")));
        let response = response(status, object(members, &order));
        let refreshed = OauthV2Refresh::parse_response(&response).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(refreshed.value.credential.access_token.expose(), &token);
        let installed = <OauthV2Access>::parse_response(&response).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(tokens(&installed.value).contains(&token.as_str()));
    }

    #[test]
    fn a_token_under_authed_user_comes_out(
        (token, quoted) in quoted_token(), members in neighbours(), mut inside in neighbours(), order in order(),
    ) {
        inside.push(format!("\"access_token\":{quoted}"));
        let mut members = members;
        members.push(format!("\"authed_user\":{}", object(inside, &order)));
        members.push("\"ok\":true".to_owned());
        let response = response(200, object(members, &order));
        let installed = <OauthV2Access>::parse_response(&response).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(tokens(&installed.value), [token.as_str()]);
        let refreshed = OauthV2Refresh::parse_response(&response).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(refreshed.value.credential.access_token.expose(), &token);
    }

    #[test]
    fn every_token_method_gives_its_token(
        (token, quoted) in quoted_token(), mut members in neighbours(), order in order(), status in status(),
    ) {
        members.push(format!("\"access_token\":{quoted},\"token\":{quoted},\"external_token\":{quoted}"));
        members.push("\"ok\":true".to_owned());
        let response = response(status, object(members, &order));
        let fail = |error: String| TestCaseError::fail(error);
        let user = <OauthV2UserAccess>::parse_response(&response).map_err(|error| fail(error.to_string()))?;
        prop_assert_eq!(user.value.credential.access_token.expose(), &token);
        let user = OauthV2UserRefresh::parse_response(&response).map_err(|error| fail(error.to_string()))?;
        prop_assert_eq!(user.value.credential.access_token.expose(), &token);
        let exchanged = OauthV2Exchange::parse_response(&response).map_err(|error| fail(error.to_string()))?;
        prop_assert_eq!(exchanged.value.credential.access_token.expose(), &token);
        let signed_in = <OpenidConnectToken>::parse_response(&response).map_err(|error| fail(error.to_string()))?;
        prop_assert_eq!(signed_in.value.credential.access_token.expose(), &token);
        let signed_in = OpenidConnectRefresh::parse_response(&response).map_err(|error| fail(error.to_string()))?;
        prop_assert_eq!(signed_in.value.credential.access_token.expose(), &token);
        let rotated = ToolingTokensRotate::parse_response(&response).map_err(|error| fail(error.to_string()))?;
        prop_assert_eq!(rotated.value.token.expose(), &token);
        let external = AppsAuthExternalGet::parse_response(&response).map_err(|error| fail(error.to_string()))?;
        prop_assert_eq!(external.value.external_token.expose(), &token);
    }

    #[test]
    fn no_secret_vanishes_wherever_it_stands(
        places in proptest::collection::vec(any::<bool>(), 4), kind in select(&["\"bot\"", "\"user\"", "null", "7"][..]),
        bot_user in any::<bool>(), prefixes in proptest::collection::vec(select(&["xoxb-", "xoxp-", "opaque-"][..]), 2),
    ) {
        let member = |here: bool, name: &str, value: String| {
            here.then(|| format!(",\"{name}\":\"{value}\"")).unwrap_or(format!(",\"{name}\":null"))
        };
        let secrets = [format!("{}top", prefixes[0]), "refresh-top".into(), format!("{}in", prefixes[1]), "refresh-in".into()];
        let [top, refresh, inside, refresh_inside] = secrets.clone();
        let body = format!(
            "{{\"ok\":true,\"token_type\":{kind}{}{}{},\"authed_user\":{{\"id\":\"U\"{}{}}}}}",
            member(places[0], "access_token", top),
            member(places[1], "refresh_token", refresh),
            if bot_user { ",\"bot_user_id\":\"U0\"" } else { "" },
            member(places[2], "access_token", inside),
            member(places[3], "refresh_token", refresh_inside),
        );
        let response = response(200, body);
        if !places[0] && !places[2] {
            prop_assert!(!is_success::<OauthV2Access>(&response) && !is_success::<OauthV2Refresh>(&response));
            return Ok(());
        }
        let mut installed = <OauthV2Access>::parse_response(&response).map_err(|error| TestCaseError::fail(error.to_string()))?.value;
        // A refresh token of a bot is never filed with a person's token, nor the other way round.
        if let (Some(user), true) = (&installed.user, kind == "\"bot\"" || bot_user) {
            let top = user.access_token.expose().ends_with("top");
            prop_assert!(top || user.refresh_token.as_ref().is_none_or(|token| token.expose() != "refresh-top"));
        }
        let refreshed = OauthV2Refresh::parse_response(&response).map_err(|error| TestCaseError::fail(error.to_string()))?.value;
        let all = [installed.bot.take(), installed.user.take(), installed.unplaced.take()];
        let kept = shown(all.into_iter().flatten(), &installed.spare_refresh_tokens);
        let kept_by_refresh =
            shown([Some(refreshed.credential), refreshed.unplaced].into_iter().flatten(), &refreshed.spare_refresh_tokens);
        for (secret, _) in secrets.iter().zip(&places).filter(|(_, here)| **here) {
            prop_assert!(kept.contains(secret), "{secret} is lost, kept: {kept:?}");
            prop_assert!(kept_by_refresh.contains(secret), "{secret} is lost by a refresh, kept: {kept_by_refresh:?}");
        }
    }

    #[test]
    fn well_formed_members_come_out_beside_odd_ones(
        (token, quoted) in quoted_token(), (refresh, quoted_refresh) in quoted_token(), life in any::<u32>(),
        scopes in "[a-z:.]{1,12}(,[a-z:.]{1,12}){0,3}", members in neighbours(), order in order(),
    ) {
        const SET: [&str; 3] = ["\"refresh_token\"", "\"expires_in\"", "\"scope\""];
        let mut members: Vec<_> =
            members.into_iter().filter(|member| !SET.iter().any(|name| member.starts_with(name))).collect();
        members.push(format!("\"access_token\":{quoted}"));
        members.push(format!("\"refresh_token\":{quoted_refresh}"));
        members.push(format!("\"expires_in\":{life}"));
        members.push(format!("\"scope\":\"{scopes}\""));
        members.push("\"ok\":true".to_owned());
        let response = response(200, object(members, &order));
        let reply = OauthV2Refresh::parse_response(&response).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let credential = reply.value.credential;
        prop_assert_eq!(credential.access_token.expose(), &token);
        prop_assert_eq!(credential.refresh_token.as_ref().map(slack_proto::RefreshToken::expose), Some(refresh.as_str()));
        prop_assert_eq!(credential.expires_in.map(|life| life.as_secs()), Some(u64::from(life)));
        let expected: Vec<_> = scopes.split(',').collect();
        prop_assert_eq!(credential.scopes.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_odd_is_reported(
        name in select(&["app_id", "refresh_token", "scope", "team", "enterprise", "user_id", "bot_user_id"][..]),
        odd in select(&["7", "1.5", "1e999", "true"][..]), (_, quoted) in quoted_token(),
    ) {
        let body = format!("{{\"ok\":true,\"access_token\":{quoted},\"{name}\":{odd}}}");
        let reply = OauthV2Refresh::parse_response(&response(200, body)).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(reply.meta.oddities().iter().any(|oddity| oddity.path() == name), "{:?}", reply.meta.oddities());
    }

    #[test]
    fn without_ok_true_there_is_no_success(
        (_, quoted) in quoted_token(), mut members in neighbours(), order in order(), status in status(),
        ok in proptest::option::of(json().prop_filter("another value", |value| value != "true")),
    ) {
        members.push(format!("\"access_token\":{quoted}"));
        members.extend(ok.map(|value| format!("\"ok\":{value}")));
        prop_assert!(!any_success(&response(status, object(members, &order))));
    }

    #[test]
    fn ok_false_beside_ok_true_is_no_success(
        (_, quoted) in quoted_token(), mut members in neighbours(), order in order(), status in status(),
        other in json().prop_filter("another value", |value| value != "true"),
    ) {
        members.push(format!("\"access_token\":{quoted}"));
        members.push("\"ok\":true".to_owned());
        members.push(format!("\"ok\":{other}"));
        prop_assert!(!any_success(&response(status, object(members, &order))));
    }

    #[test]
    fn what_is_no_object_is_no_success(body in json().prop_filter("no object", |text| !text.starts_with('{'))) {
        prop_assert!(!any_success(&response(200, body)));
    }

    #[test]
    fn a_body_cut_anywhere_is_no_success(
        (_, quoted) in quoted_token(), mut members in neighbours(), order in order(), at in any::<prop::sample::Index>(),
    ) {
        members.push(format!("\"access_token\":{quoted}"));
        members.push("\"ok\":true".to_owned());
        let body = object(members, &order);
        let whole = body.trim_end().len();
        prop_assert!(!any_success(&response(200, &body.as_bytes()[..at.index(whole)])));
    }

    #[test]
    fn broken_bytes_beside_a_token_do_not_lose_it(
        (token, quoted) in quoted_token(), broken in proptest::collection::vec(0x80..=0xff_u8, 1..6), mut members in neighbours(),
    ) {
        members.push(format!("\"access_token\":{quoted}"));
        members.push("\"ok\":true".to_owned());
        let mut body = format!("{{{},\"name\":\"", members.join(",")).into_bytes();
        body.extend(broken);
        body.extend(b"\"}");
        let reply = OauthV2Refresh::parse_response(&response(200, body)).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(reply.value.credential.access_token.expose(), &token);
    }

    #[test]
    fn any_bytes_are_answered(body in proptest::collection::vec(any::<u8>(), 0..200), status in 100..1000_u16) {
        any_success(&response(status, body));
    }
}

/// A value nested deeper than any stack could follow by recursion.
fn deep(open: &str, close: &str) -> String {
    let depth = 200_000;
    format!("{}1{}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn deep_nesting_ends_no_stack_and_loses_no_token() {
    for nested in [deep("[", "]"), deep("{\"a\":", "}")] {
        for name in ["scope", "team", "errors", "response_metadata", "expires_in", "new"] {
            for extra in ["", ",\"expires_in\":1e999"] {
                let body =
                    format!(r#"{{"ok":true,"{name}":{nested},"access_token":"xoxb-1"{extra}}}"#);
                let reply = OauthV2Refresh::parse_response(&response(200, body)).unwrap();
                assert_eq!(reply.value.credential.access_token.expose(), "xoxb-1", "{name}");
            }
        }
    }
}

#[test]
fn text_after_the_object_and_a_byte_order_mark_are_odd() {
    for (body, path) in [
        ("{\"ok\":true,\"access_token\":\"xoxb-1\"} trailing", "$"),
        ("\u{feff}{\"ok\":true,\"access_token\":\"xoxb-1\"}", "$"),
        ("{\"ok\":true,\"access_token\":\"xoxb-1\",\"access_token\":\"xoxb-2\"}", "access_token"),
        ("{\"ok\":true,\"ok\":true,\"access_token\":\"xoxb-1\"}", "ok"),
    ] {
        let reply = <OauthV2Access>::parse_response(&response(200, body)).unwrap();
        assert!(
            reply.meta.oddities().iter().any(|oddity| oddity.path() == path),
            "{body}: {:?}",
            reply.meta
        );
    }
}

#[test]
fn of_repeated_members_the_last_usable_one_counts() {
    for (body, token) in [
        (r#"{"ok":true,"access_token":"xoxb-1","access_token":"xoxb-2"}"#, "xoxb-2"),
        (r#"{"ok":true,"access_token":"xoxb-1","access_token":null}"#, "xoxb-1"),
        (r#"{"ok":true,"access_token":7,"access_token":"xoxb-2","access_token":""}"#, "xoxb-2"),
    ] {
        let reply = <OauthV2Access>::parse_response(&response(200, body)).unwrap();
        assert_eq!(tokens(&reply.value), [token], "{body}");
    }
}

#[test]
fn a_second_token_is_handed_over_and_the_same_one_twice_is_one() {
    let second = r#"{"ok":true,"access_token":"xoxb-1","refresh_token":"r","authed_user":{"access_token":"xoxp-2"}}"#;
    let reply = OauthV2Refresh::parse_response(&response(200, second)).unwrap().value;
    assert_eq!(reply.credential.access_token.expose(), "xoxb-1");
    assert_eq!(reply.unplaced.unwrap().access_token.expose(), "xoxp-2");

    let twice = r#"{"ok":true,"access_token":"xoxp-1","refresh_token":"r","expires_in":9,"scope":"a",
        "authed_user":{"access_token":"xoxp-1"}}"#;
    let reply = OauthV2Refresh::parse_response(&response(200, twice)).unwrap().value;
    assert!(reply.unplaced.is_none());
    let installed = <OauthV2Access>::parse_response(&response(200, twice)).unwrap().value;
    assert!(installed.unplaced.is_none() && installed.bot.is_none());
    for credential in [reply.credential, installed.user.unwrap()] {
        assert_eq!(credential.refresh_token.unwrap().expose(), "r");
        assert_eq!(credential.expires_in.unwrap().as_secs(), 9);
        assert!(credential.scopes.contains("a"));
    }
}

#[test]
fn a_repeated_object_counts_member_by_member() {
    let body = r#"{"ok":true,"authed_user":{"id":"U","access_token":"xoxp-1","refresh_token":"r"},"authed_user":{"id":"V"}}"#;
    let installed = <OauthV2Access>::parse_response(&response(200, body)).unwrap().value;
    assert_eq!(installed.authed_user_id.unwrap().as_str(), "V");
    let user = installed.user.unwrap();
    assert_eq!(user.access_token.expose(), "xoxp-1");
    assert_eq!(user.refresh_token.unwrap().expose(), "r");
}

#[test]
fn the_bots_own_place_wins_over_a_stray_one() {
    let body = r#"{"ok":true,"access_token":"xoxb-REAL","authed_user":{"id":"U","access_token":"xoxb-STRAY"}}"#;
    let installed = <OauthV2Access>::parse_response(&response(200, body)).unwrap().value;
    assert_eq!(installed.bot.unwrap().access_token.expose(), "xoxb-REAL");
    assert_eq!(installed.unplaced.unwrap().access_token.expose(), "xoxb-STRAY");
    let body = r#"{"ok":true,"access_token":"xoxp-STRAY","authed_user":{"id":"U","access_token":"xoxp-REAL"}}"#;
    let installed = <OauthV2Access>::parse_response(&response(200, body)).unwrap().value;
    assert_eq!(installed.user.unwrap().access_token.expose(), "xoxp-REAL");
    assert_eq!(installed.unplaced.unwrap().access_token.expose(), "xoxp-STRAY");
}

#[test]
fn control_characters_in_a_token_come_out_as_they_went_in() {
    let body = "{\"ok\":true,\n\t\"access_token\":\"xoxb-a\tb\u{1}c\\\\\",\"refresh_token\":\"x\ny\\\"\r\"}";
    let reply = OauthV2Refresh::parse_response(&response(200, body)).unwrap();
    assert_eq!(reply.value.credential.access_token.expose(), "xoxb-a\tb\u{1}c\\");
    assert_eq!(reply.value.credential.refresh_token.unwrap().expose(), "x\ny\"\r");
    assert_eq!(
        reply.meta.oddities()[0].to_string(),
        "$: control characters stood unescaped in a string"
    );
}

#[test]
fn a_control_character_behind_a_backslash_is_broken_json() {
    let broken = "{\"ok\":true,\"access_token\":\"xoxb-\\\u{0}\"}";
    assert!(!is_success::<OauthV2Refresh>(&response(200, broken)));
}

/// What a reply leaves behind is bounded, however much of it is odd: counted, not timed.
#[test]
fn a_hostile_reply_leaves_little_behind() {
    let list =
        |element: &dyn Fn(usize) -> String| (0..200_000).map(element).collect::<Vec<_>>().join(",");
    let odd = format!(r#"{{"ok":true,"teams":[{}]}}"#, list(&|_| "1".into()));
    let reply = AuthTeamsList::parse_response(&response(200, odd)).unwrap();
    assert_eq!(reply.meta.oddities().len(), 64);
    assert_eq!(reply.meta.oddities()[63].reason(), "more was odd than is told");
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
