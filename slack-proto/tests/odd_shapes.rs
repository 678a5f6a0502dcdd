//! Answers that no sample has: the token comes out of each, and what was odd is told.

use http::Response;
use serde_json::Value;
use slack_proto::{
    ApiMethod, Slot, Timestamp,
    methods::{
        AppsAuthExternalGet, AppsAuthExternalGetResponse, AuthRevoke, OauthV2Exchange,
        OauthV2UserAccess, OauthV2UserAccessResponse, OauthV2UserRefresh, OpenidConnectRefresh,
        OpenidConnectToken, OpenidConnectUserInfo, Reply, ToolingTokensRotate,
    },
    oauth::Scopes,
    openid::UserClaims,
};

fn read<M: ApiMethod>(body: impl AsRef<[u8]>) -> Reply<M::Response> {
    M::parse_response(&Response::new(body)).unwrap_or_else(|error| panic!("{error}"))
}

fn parse_warnings<T>(reply: &Reply<T>) -> Vec<String> {
    reply.meta.parse_warnings().iter().map(ToString::to_string).collect()
}

fn external(rest: &str) -> Reply<AppsAuthExternalGetResponse> {
    let body = format!(r#"{{"ok":true,"external_token":"hush","token_response_extras":{rest}}}"#);
    let reply = read::<AppsAuthExternalGet>(body);
    assert_eq!(reply.value.external_token.expose(), "hush");
    reply
}

fn user(body: &str) -> Reply<OauthV2UserAccessResponse> {
    read::<OauthV2UserAccess>(body)
}

#[test]
fn extras_are_an_object_or_absent() {
    let extras = |rest| external(rest).value.token_response_extras;
    assert_eq!(extras(r#"{"a":[1]}"#).unwrap().expose(), r#"{"a":[1]}"#);
    assert_eq!(extras("{}").unwrap().expose(), "{}");
    assert!(extras("null").is_none());
    assert!(external("null").meta.parse_warnings().is_empty());
    for (rest, reason) in [
        ("[ ]", "an empty list for an empty object; read as absent"),
        ("[1]", "expected an object, found a list"),
        (r#""hush""#, "expected an object, found a string"),
        ("true", "expected an object, found a boolean"),
        ("-7", "expected an object, found a number"),
    ] {
        let reply = external(rest);
        assert!(reply.value.token_response_extras.is_none(), "{rest}");
        assert_eq!(parse_warnings(&reply), [format!("token_response_extras: {reason}")]);
    }
}

#[test]
fn extras_may_hold_anything_and_show_nothing() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(100_000));
    for text in [
        &*deep,
        &long,
        r#"{"n":1e999,"big":123456789012345678901234567890}"#,
        r#"{"lone":"\ud800","xoxb-1":{}}"#,
    ] {
        let reply = external(text);
        let extras = reply.value.token_response_extras.as_ref().unwrap();
        assert_eq!(extras.expose(), text);
        assert_eq!(format!("{extras:?}"), "TokenResponseExtras([redacted])");
        assert!(!format!("{reply:?}").contains("xoxb"));
    }
    let extras = external(r#"{"instance_url":"https:\/\/a.example"}"#).value.token_response_extras;
    let extras = extras.unwrap();
    assert_eq!(extras.read::<Value>().unwrap()["instance_url"], "https://a.example");
    assert!(extras.read::<Vec<u8>>().is_none());
}

/// Text that is kept as JSON is read on the cold path as well, which depends on a private name of `serde_json`'s.
#[test]
fn the_cold_path_keeps_json_text_too() {
    let body =
        r#"{"ok":true,"n":"\ud800","external_token":"hush","token_response_extras":{"a":1e999}}"#;
    let reply = read::<AppsAuthExternalGet>(body);
    assert_eq!(reply.value.external_token.expose(), "hush");
    assert_eq!(reply.value.token_response_extras.unwrap().expose(), r#"{"a":1e999}"#);

    let reply = read::<OpenidConnectUserInfo>(
        b"{\"ok\":true,\"sub\":\"U1\",\"name\":\"\xff\",\"x\":{\"a\":[1,2]}}",
    );
    assert_eq!(reply.value.name.as_ref().unwrap().as_str(), "\u{fffd}");
    assert_eq!(reply.value.other("x").unwrap().as_str(), r#"{"a":[1,2]}"#);
}

#[test]
fn two_different_user_tokens_are_both_handed_over() {
    let reply = user(
        r#"{"ok":true,"access_token":"xoxp-1","scope":"","refresh_token":"xoxe-1-a",
            "authed_user":{"id":"U1","access_token":"xoxp-2","scope":"b","refresh_token":"xoxe-1-b"}}"#,
    );
    let value = &reply.value;
    assert_eq!(value.credential.access_token.expose(), "xoxp-1");
    assert_eq!(value.credential.refresh_token.as_ref().unwrap().expose(), "xoxe-1-a");
    assert!(value.credential.scopes.is_empty(), "the scopes beside are another token's");
    let second = value.unplaced.as_ref().unwrap();
    assert_eq!(second.access_token.expose(), "xoxp-2");
    assert_eq!(second.refresh_token.as_ref().unwrap().expose(), "xoxe-1-b");
    assert_eq!(second.scopes, Scopes::from("b"));
    assert_eq!(
        parse_warnings(&reply),
        ["authed_user.access_token: differs from the token at the top level"]
    );
}

#[test]
fn one_user_token_in_two_places_takes_what_either_place_tells() {
    let reply = user(
        r#"{"ok":true,"access_token":"xoxp-1","scope":"","expires_in":5,
            "authed_user":{"id":"U1","access_token":"xoxp-1","scope":"a b","refresh_token":"xoxe-1-b"}}"#,
    );
    let credential = &reply.value.credential;
    assert_eq!(credential.refresh_token.as_ref().unwrap().expose(), "xoxe-1-b");
    assert_eq!(credential.scopes, Scopes::from("a,b"));
    assert_eq!(credential.expires_in.unwrap().as_secs(), 5);
    assert_eq!(reply.value.user_id.as_ref().unwrap().as_str(), "U1");
    assert!(reply.value.unplaced.is_none());
    assert_eq!(parse_warnings(&reply), [""; 0]);

    let nested = user(
        r#"{"ok":true,"refresh_token":"xoxe-1-a","authed_user":{"access_token":"xoxp-1"},"user_id":"U2"}"#,
    );
    assert_eq!(nested.value.credential.refresh_token.unwrap().expose(), "xoxe-1-a");
    assert_eq!(nested.value.user_id.unwrap().as_str(), "U2");
}

#[test]
fn a_bots_token_for_a_person_is_handed_over_and_told() {
    let reply = user(r#"{"ok":true,"access_token":"xoxb-1","token_type":"user"}"#);
    assert_eq!(reply.value.credential.access_token.expose(), "xoxb-1");
    let told = ["access_token: a bot's token by its prefix, where a person's belongs"];
    assert_eq!(parse_warnings(&reply), told);
}

#[test]
fn a_missing_new_refresh_token_is_told_by_every_refresh() {
    let told = ["refresh_token: missing; the refresh token that was sent is the only one left"];
    let body = r#"{"ok":true,"access_token":"xoxe.xoxp-1-a","token":"xoxe.xoxp-1-a"}"#;
    assert_eq!(parse_warnings(&read::<OauthV2UserRefresh>(body)), told);
    assert_eq!(parse_warnings(&read::<OpenidConnectRefresh>(body)), told);
    assert_eq!(parse_warnings(&read::<ToolingTokensRotate>(body)), told);
    let told = ["refresh_token: missing; the new token cannot be refreshed"];
    assert_eq!(parse_warnings(&read::<OauthV2Exchange>(body)), told);
    assert_eq!(parse_warnings(&read::<OpenidConnectToken>(body)), [""; 0]);
}

#[test]
fn a_rotated_configuration_token_survives_odd_times() {
    let sent = Timestamp::from_unix(9);
    for (times, issued, expires) in [
        (r#""iat":10,"exp":20"#, 10, Some(20)),
        (r#""iat":10.9,"exp":"20""#, 10, Some(20)),
        (r#""iat":null,"exp":[]"#, 9, None),
        (r#""iat":"soon","exp":-5"#, 9, Some(0)),
        (r#""iat":1e999,"exp":18446744073709551616"#, 9, Some(u64::MAX)),
    ] {
        let body =
            format!(r#"{{"ok":true,"token":"xoxe.xoxp-1-a","refresh_token":"xoxe-1-a",{times}}}"#);
        let kept = read::<ToolingTokensRotate>(body).value.into_credential(sent);
        assert_eq!(kept.token.expose(), "xoxe.xoxp-1-a");
        assert_eq!(kept.refresh_token.as_ref().unwrap().expose(), "xoxe-1-a");
        assert_eq!(kept.issued_at.as_unix(), issued, "{times}");
        assert_eq!(kept.expires_at.map(Timestamp::as_unix), expires, "{times}");
        assert_eq!(
            kept.is_due(Timestamp::from_unix(19), std::time::Duration::from_secs(1)),
            expires.is_none_or(|end| end <= 20),
            "of unknown end it counts as due"
        );
    }
}

#[test]
fn an_exchange_tells_the_slot() {
    for (member, slot) in [
        (r#""token_type":"bot""#, Slot::Bot),
        (r#""token_type":"Bearer","user_id":"U1""#, Slot::User),
        (r#""x":1"#, Slot::Unknown),
    ] {
        let body = format!(
            r#"{{"ok":true,"access_token":"new-kind-1","refresh_token":"xoxe-1-a",{member}}}"#
        );
        assert_eq!(read::<OauthV2Exchange>(body).value.slot, slot, "{member}");
    }
}

fn claims(body: &str) -> Reply<UserClaims> {
    read::<OpenidConnectUserInfo>(body)
}

#[test]
fn a_person_without_a_name_is_nobody() {
    let reply = claims(r#"{"ok":true,"https:\/\/slack.com\/user_id":"U1"}"#);
    assert_eq!(reply.value.sub.as_str(), "U1");
    assert_eq!(parse_warnings(&reply), ["sub: missing; `https://slack.com/user_id` is used"]);
    let reply = claims(r#"{"ok":true,"sub":"U1","https://slack.com/user_id":"U2"}"#);
    assert_eq!(reply.value.sub.as_str(), "U1");
    assert_eq!(
        parse_warnings(&reply),
        ["https://slack.com/user_id: another id than `sub`, which counts"]
    );
    let nobody = Response::new(r#"{"ok":true,"email":"a@example.com","sub":""}"#);
    let error = OpenidConnectUserInfo::parse_response(&nobody).unwrap_err().to_string();
    assert!(error.contains("a success without a usable `sub`"), "{error}");
    assert!(!error.contains("example.com"));
}

#[test]
fn claims_of_unknown_names_are_kept_and_those_of_wrong_types_told() {
    let reply = claims(
        r#"{"ok":true,"sub":"U1","email":7,"email_verified":"true","https://slack.com/user_image_24":"a",
            "https://slack.com/user_image_original":"o","https://slack.com/team_image_230":"t","gone":null,
            "https://slack.com/new":{"a":1},"x":1,"x":"last"}"#,
    );
    let value = &reply.value;
    assert_eq!(value.email_verified, Some(true));
    assert_eq!(value.user_image(24).unwrap().as_str(), "a");
    assert_eq!(value.user_image(25), None);
    assert_eq!(value.team_image(230).unwrap().as_str(), "t");
    assert_eq!(value.user_image_original.as_ref().unwrap().as_str(), "o");
    let others: Vec<_> = value.others().map(|(name, json)| (name, json.as_str())).collect();
    assert!(
        !format!("{:?}", claims(r#"{"ok":true,"sub":"U1","xoxb-1":"xoxb-2"}"#)).contains("xoxb")
    );
    assert_eq!(others, [("https://slack.com/new", r#"{"a":1}"#), ("x", r#""last""#)]);
    assert_eq!(
        parse_warnings(&reply),
        [
            "email: expected a string, found a number",
            "email_verified: expected a boolean, found a string; read as true",
            "$: a claim of a name unknown here is repeated; the last value counts",
        ]
    );
}

#[test]
fn a_revocation_need_not_say_what_it_did() {
    assert_eq!(read::<AuthRevoke>(r#"{"ok":true}"#).value.revoked, None);
    assert_eq!(read::<AuthRevoke>(r#"{"ok":true,"revoked":"1"}"#).value.revoked, Some(true));
}

/// A response as a user writes one, with serde's own derive.
#[derive(Debug, PartialEq, serde::Deserialize)]
struct Theirs {
    id: TheirId,
    kind: TheirKind,
    some: Option<u8>,
    none: Option<u8>,
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct TheirId(String);

#[derive(Debug, PartialEq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum TheirKind {
    NewOne,
}

struct TheirMethod;

impl ApiMethod for TheirMethod {
    const NAME: &'static str = "their.method";
    type Auth = ();
    type Response = Theirs;
    type Error = slack_proto::error::NoError;

    fn params(&self, _: &mut slack_proto::methods::FormFields) {}
}

#[test]
fn a_users_own_type_is_read_whole_beside_what_is_broken() {
    let expected =
        Theirs { id: TheirId("a".into()), kind: TheirKind::NewOne, some: Some(7), none: None };
    let body = r#"{"ok":true,"id":"a","kind":"new_one","some":7,"none":null"#;
    assert_eq!(read::<TheirMethod>(format!("{body}}}")).value, expected);
    // A line break and bytes that are no UTF-8, in a member that nobody asks for.
    for broken in [&b"\n"[..], b"\xff"] {
        let whole = [body.as_bytes(), b",\"x\":\"", broken, b"\"}"].concat();
        let reply = read::<TheirMethod>(whole);
        assert_eq!(reply.value, expected, "{broken:?}");
        assert_eq!(reply.meta.parse_warnings().len(), 1, "{broken:?}");
    }
}

#[test]
fn a_body_that_does_not_fit_a_users_own_type_is_not_quoted() {
    for (kind, broken) in [("a-secret", "a"), ("a-secret", "\n"), ("new_one\",\"some\":\"x", "\n")]
    {
        let body = format!(r#"{{"ok":true,"id":"a","kind":"{kind}","none":null,"x":"{broken}"}}"#);
        let error = TheirMethod::parse_response(&Response::new(body)).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("JSON that does not fit the method's response type"), "{shown}");
        assert!(!shown.contains("a-secret"), "{shown}");
        assert!(error.is_transient(), "nobody knows what became of the call");
    }
}
