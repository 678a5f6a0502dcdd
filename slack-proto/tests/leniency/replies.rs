//! Replies as text, so that they hold what no JSON value can: numbers out of range, lone surrogates, repeated
//! members, any order, any escapes.

use std::fmt::Write as _;

use proptest::{prelude::*, sample::select, test_runner::FileFailurePersistence};

/// A thousand cases; the variable `PROPTEST_CASES` asks for another number.
pub(crate) fn config() -> ProptestConfig {
    let persistence = FileFailurePersistence::WithSource("regressions");
    let config = ProptestConfig {
        failure_persistence: Some(Box::new(persistence)),
        ..ProptestConfig::default()
    };
    ProptestConfig { cases: config.cases.max(1_000), ..config }
}

/// The members that the token methods know, but for the token itself.
pub(crate) const KNOWN: &[&str] = &[
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
pub(crate) fn string_of(text: String) -> impl Strategy<Value = String> {
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
pub(crate) fn json() -> BoxedStrategy<String> {
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
pub(crate) fn neighbours() -> impl Strategy<Value = Vec<String>> {
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

pub(crate) fn quoted_token() -> impl Strategy<Value = (String, String)> {
    token()
        .prop_flat_map(|token| string_of(token.clone()).prop_map(move |json| (token.clone(), json)))
}

/// An object of the members in an order that `order` decides, with white space and perhaps something around it.
pub(crate) fn object(mut members: Vec<String>, order: &[prop::sample::Index]) -> String {
    for (from, to) in order.iter().enumerate().take(members.len()) {
        let to = to.index(members.len());
        members.swap(from, to);
    }
    format!(" \r\n{{{}\n}}\t", members.join(" ,"))
}

pub(crate) fn order() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    proptest::collection::vec(any::<prop::sample::Index>(), 16)
}

pub(crate) fn status() -> impl Strategy<Value = u16> {
    select(&[200_u16, 200, 200, 201, 302, 400, 401, 429, 500, 503][..])
}
