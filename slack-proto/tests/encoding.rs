//! What a store writes comes back whole, and what it did not write is refused.

use proptest::{option::of, prelude::*};
use serde_json::{Value, json};
use slack_proto::{
    AccessToken, ApiMethod, Installation, Timestamp,
    methods::OauthV2Access,
    oauth::{Scopes, SecretAuthentication},
    tokens::{
        ConfigurationCredential, ConfigurationToken, Credential, InstallationKey, RefreshMethod,
        RefreshToken,
    },
};

/// Any text that is not empty: tokens of replies need not be visible ASCII.
fn token() -> impl Strategy<Value = String> {
    prop_oneof![".{1,40}", any::<String>().prop_filter("empty", |text| !text.is_empty())]
}

fn credential() -> impl Strategy<Value = Value> {
    let method = prop_oneof![Just("oauth.v2.user.access"), Just("openid.connect.token")];
    let times = (any::<u64>(), of(any::<u64>()), of(any::<u64>()));
    (token(), of(token()), of(any::<String>()), of(method), times).prop_map(
        |(access, refresh, scopes, method, (issued, ends, refresh_issued))| {
            json!({
                "access_token": access, "refresh_token": refresh, "refresh_token_issued_at": refresh_issued,
                "refresh_method": method, "scopes": scopes, "issued_at": issued, "expires_at": ends,
            })
        },
    )
}

fn configuration() -> impl Strategy<Value = Value> {
    let ids = (of(any::<String>()), of(any::<String>()));
    (token(), of(token()), ids, any::<u64>(), of(any::<u64>())).prop_map(
        |(token, refresh, (team, user), issued, ends)| {
            json!({
                "token": token, "refresh_token": refresh, "team_id": team, "user_id": user,
                "issued_at": issued, "expires_at": ends,
            })
        },
    )
}

fn place() -> impl Strategy<Value = Value> {
    (any::<String>(), of(any::<String>())).prop_map(|(id, name)| json!({"id": id, "name": name}))
}

fn installation() -> impl Strategy<Value = Value> {
    let webhook = (token(), of(any::<String>()), of(any::<String>()), of(any::<String>())).prop_map(
        |(url, channel, id, page)| json!({"url": url, "channel": channel, "channel_id": id, "configuration_url": page}),
    );
    let ids = (of(any::<String>()), of(any::<String>()), of(any::<String>()));
    let places = (of(place()), of(place()), any::<bool>());
    let credentials = (of(credential()), of(credential()), of(credential()), of(configuration()));
    (ids, places, credentials, of(webhook)).prop_map(
        |((app, bot_user, user), (team, enterprise, org), (bot, person, unplaced, configuration), webhook)| {
            json!({
                "version": 1, "kind": "installation", "app_id": app, "team": team, "enterprise": enterprise,
                "is_enterprise_install": org, "bot": bot, "bot_user_id": bot_user, "user": person, "user_id": user,
                "unplaced": unplaced, "configuration": configuration, "incoming_webhook": webhook,
            })
        },
    )
}

/// Leaves out what means nothing: `null`, and no scopes.
fn without_nothing(value: &mut Value) {
    let Value::Object(members) = value else { return };
    members.retain(|name, value| {
        without_nothing(value);
        !(value.is_null() || name == "scopes" && *value == "")
    });
}

proptest! {
    #[test]
    fn every_installation_comes_back_whole(mut stored in installation()) {
        let read = Installation::decode(stored.to_string().as_bytes()).unwrap();
        let written = read.encode_exposing_secrets();
        without_nothing(&mut stored);
        prop_assert_eq!(serde_json::from_slice::<Value>(written.as_ref()).unwrap(), stored);
        let again = Installation::decode(written.as_ref()).unwrap();
        let twice = again.encode_exposing_secrets();
        prop_assert_eq!(twice.as_ref(), written.as_ref());
    }

    #[test]
    fn what_is_cut_off_is_refused(stored in installation(), cut in any::<prop::sample::Index>()) {
        let text = stored.to_string();
        prop_assert!(Installation::decode(&text.as_bytes()[..cut.index(text.len())]).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
        prop_assert!(Installation::decode(&bytes).is_err());
        prop_assert!(Credential::decode(&bytes).is_err());
        prop_assert!(ConfigurationCredential::decode(&bytes).is_err());
    }
}

#[test]
fn a_token_that_no_header_can_hold_comes_back() {
    let odd = "xoxb-\u{e9} \n\u{0}\u{1f511}\"\\";
    let body = json!({"ok": true, "access_token": odd, "refresh_token": odd, "team": {"id": "T1"}});
    let reply = OauthV2Access::<SecretAuthentication>::parse_response(&http::Response::new(
        body.to_string(),
    ));
    let installation = reply.unwrap().value.into_installation(Timestamp::from_unix(7));
    let stored = installation.encode_exposing_secrets();
    let bot = Installation::decode(stored.as_ref()).unwrap().bot.unwrap();
    assert_eq!(bot.access_token.expose(), odd);
    assert_eq!(bot.refresh_token.unwrap().expose(), odd);
    assert!(AccessToken::new(odd).is_err());
}

fn whole_credential() -> Credential {
    let mut credential =
        Credential::new(AccessToken::new("xoxe.xoxp-1-a").unwrap(), Timestamp::from_unix(1));
    credential.refresh_token = Some(RefreshToken::new("xoxe-1-r").unwrap());
    credential.refresh_token_issued_at = Some(Timestamp::from_unix(2));
    credential.refresh_method = RefreshMethod::OauthV2UserAccess;
    credential.scopes = Scopes::from("a, b");
    credential.expires_at = Some(Timestamp::from_unix(u64::MAX));
    credential
}

#[test]
fn the_format_is_what_the_documentation_says() {
    let mut installation =
        Installation::new(InstallationKey::grid_workspace("E1".into(), "T1".into()));
    installation.app_id = Some("A1".into());
    installation.user = Some(whole_credential());
    installation.configuration = Some(ConfigurationCredential::new(
        ConfigurationToken::new("xoxe.xoxp-1-c").unwrap(),
        RefreshToken::new("xoxe-1-c").unwrap(),
        Timestamp::from_unix(3),
    ));
    let expected = concat!(
        r#"{"version":1,"kind":"installation","app_id":"A1","team":{"id":"T1"},"enterprise":{"id":"E1"},"#,
        r#""is_enterprise_install":false,"user":{"access_token":"xoxe.xoxp-1-a","refresh_token":"xoxe-1-r","#,
        r#""refresh_token_issued_at":2,"refresh_method":"oauth.v2.user.access","scopes":"a, b","issued_at":1,"#,
        r#""expires_at":18446744073709551615},"configuration":{"token":"xoxe.xoxp-1-c","#,
        r#""refresh_token":"xoxe-1-c","issued_at":3}}"#,
    );
    let stored = installation.encode_exposing_secrets();
    assert_eq!(std::str::from_utf8(stored.as_ref()).unwrap(), expected);
    assert_eq!(
        format!("{stored:?}"),
        format!("EncodedSecrets([{} bytes redacted])", expected.len())
    );
}

#[test]
fn a_credential_by_itself_comes_back() {
    let stored = whole_credential().encode_exposing_secrets();
    let again = Credential::decode(stored.as_ref()).unwrap();
    assert_eq!(again.encode_exposing_secrets().as_ref(), stored.as_ref());
    assert_eq!(again.refresh_token_issued_at, Some(Timestamp::from_unix(2)));
    assert_eq!(again.refresh_method, RefreshMethod::OauthV2UserAccess);
    let token = ConfigurationToken::new("xoxe.xoxp-1-c").unwrap();
    let refresh = RefreshToken::new("xoxe-1-c").unwrap();
    let configuration = ConfigurationCredential::new(token, refresh, Timestamp::from_unix(3));
    let stored = configuration.encode_exposing_secrets();
    let again = ConfigurationCredential::decode(stored.as_ref()).unwrap();
    assert_eq!(again.encode_exposing_secrets().as_ref(), stored.as_ref());
}

#[test]
fn unknown_members_are_passed_over() {
    let text = r#"{"later":[{"x":1}],"kind":"credential","access_token":"a","issued_at":1,"version":1,"bot":null}"#;
    assert_eq!(Credential::decode(text.as_bytes()).unwrap().access_token.expose(), "a");
}

#[test]
fn a_refusal_names_member_and_rule() {
    let whole =
        r#"{"version":1,"kind":"installation","bot":{"access_token":"xoxb-C4n4ry","issued_at":1}}"#;
    assert!(Installation::decode(whole.as_bytes()).is_ok());
    for (find, put, refusal) in [
        ("\"version\":1,", "", "version: is missing"),
        ("\"version\":1", "\"version\":0", "version: is none that there has been"),
        ("\"version\":1", "\"version\":2", "version: was written by a newer release: upgrade"),
        ("\"version\":1", "\"version\":\"1\"", "version: expected a number, found a string"),
        ("\"kind\":\"installation\",", "", "kind: is missing"),
        ("installation", "xoxb-C4n4ry", "kind: is another"),
        ("\"access_token\":\"xoxb-C4n4ry\",", "", "bot.access_token: is missing"),
        ("\"xoxb-C4n4ry\"", "\"\"", "bot.access_token: empty"),
        (
            "\"xoxb-C4n4ry\"",
            "[\"xoxb-C4n4ry\"]",
            "bot.access_token: expected a string, found a list",
        ),
        (",\"issued_at\":1", "", "bot.issued_at: is missing"),
        ("\"issued_at\":1", "\"issued_at\":-1", "bot.issued_at: a negative number"),
        (
            "\"issued_at\":1",
            "\"issued_at\":1.5",
            "bot.issued_at: expected a whole number, found a fraction",
        ),
        ("\"issued_at\":1", "\"issued_at\":1,\"issued_at\":2", "bot.issued_at: repeated"),
        (
            "\"issued_at\":1",
            "\"issued_at\":1,\"refresh_method\":\"xoxb-C4n4ry\"",
            "bot.refresh_method: is not a method that takes a refresh token",
        ),
        ("\"bot\":{", "\"team\":{},\"bot\":{", "team.id: is missing"),
        ("\"bot\":{", "\"incoming_webhook\":{},\"bot\":{", "incoming_webhook.url: is missing"),
        ("}}", "}} x", "$: is not one whole JSON value: cut off or damaged"),
        ("C4n4ry\"", "\\ud800\"", "$: is not one whole JSON value: cut off or damaged"),
    ] {
        let text = whole.replace(find, put);
        assert_ne!(text, whole, "{find}");
        let refused = Installation::decode(text.as_bytes()).unwrap_err();
        assert_eq!(refused.to_string(), refusal, "{text}");
        assert_eq!(format!("{}: {}", refused.member(), refused.rule()), refusal);
        assert!(!format!("{refused:?}").contains("C4n4ry"));
    }
    for (bytes, refusal) in [
        (&b"\xff\xfe"[..], "$: is not UTF-8: damaged, sealed, or not ours"),
        (b"[]", "$: expected an object, found a list"),
        (b"null", "$: expected an object, found null"),
        (b"", "$: is not one whole JSON value: cut off or damaged"),
    ] {
        assert_eq!(Installation::decode(bytes).unwrap_err().to_string(), refusal);
    }
}
