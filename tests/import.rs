//! Rows that the official SDKs have written (`slack_sdk` 3.48.0 over SQLAlchemy 2.1.9 and over SQLite; `@slack/oauth` 4.0.0),
//! as installations.

use std::collections::BTreeMap;

use slack_auth::{
    ClientId, Installation, Slot, StoreKey, Timestamp,
    import::{self, Imported, LeftOutReason},
    tokens::Credential,
};

const SLACK_SDK: &str = include_str!("import/slack_sdk-3.48.0.json");
const SLACK_OAUTH: &str = include_str!("import/slack_oauth-4.0.0.json");

fn client() -> ClientId {
    ClientId::new("1.2").unwrap()
}

fn slack_sdk(store: &str) -> Imported {
    let tables: serde_json::Value = serde_json::from_str(SLACK_SDK).unwrap();
    let table = |name: &str| tables[store][name].to_string();
    import::slack_sdk(&client(), &table("slack_installations"), &table("slack_bots")).unwrap()
}

fn by_key(imported: &Imported) -> BTreeMap<String, &Installation> {
    imported.installations.iter().map(|(key, it)| (key.to_text(), it)).collect()
}

fn token(credential: Option<&Credential>) -> Option<&str> {
    credential.map(|it| it.access_token.expose())
}

fn left_out(imported: &Imported) -> Vec<String> {
    imported.left_out.iter().map(ToString::to_string).collect()
}

#[test]
fn the_newest_of_both_tables_counts() {
    let imported = slack_sdk("sqlalchemy");
    let found = by_key(&imported);
    let keys: Vec<_> = found.keys().map(String::as_str).collect();
    assert_eq!(keys, ["org/E0FAKE00001", "team/T0FAKE00001", "team/T0FAKE00001/user/U0FAKE00003"]);
    let team = found["team/T0FAKE00001"];
    let bot = team.bot.as_ref().unwrap();
    // The bot's row was refreshed after two installs; its token ends latest.
    assert_eq!(bot.access_token.expose(), "xoxe.xoxb-1-FAKE-refreshed");
    assert_eq!(bot.refresh_token.as_ref().unwrap().expose(), "xoxe-1-FAKE-refreshed-r");
    assert_eq!(bot.expires_at, Some(Timestamp::from_unix(1_795_348_800)));
    assert_eq!(bot.issued_at, Timestamp::from_unix(1_795_305_600), "twelve hours before its end");
    assert_eq!(bot.server_date, None, "nobody knows when, by Slack's clock");
    assert_eq!(bot.scopes.to_string(), "chat:write,commands");
    assert_eq!(team.bot_user_id, Some("U0FAKEBOT01".into()));
    // The first person's own token is beside it, whoever has installed the bot since then.
    assert_eq!(token(team.user.as_ref()), Some("xoxe.xoxp-1-FAKE-first"));
    assert_eq!(team.user_id, Some("U0FAKE00001".into()));
    assert_eq!(team.team.as_ref().unwrap().name.as_ref().unwrap().as_str(), "Fake Team");
    let webhook = team.incoming_webhook.as_ref().unwrap();
    assert!(webhook.url.expose().starts_with("https://hooks.slack.com/"));
    assert_eq!(webhook.channel_id, Some("C0FAKE00001".into()));
    let third = found["team/T0FAKE00001/user/U0FAKE00003"];
    assert_eq!((token(third.user.as_ref()), third.bot.is_none()), (Some("xoxp-FAKE-third"), true));
    let org = found["org/E0FAKE00001"];
    assert!(org.is_enterprise_install && org.team.is_none());
    assert_eq!(token(org.bot.as_ref()), Some("xoxb-FAKE-org"));
    assert!(imported.displaced.is_empty());
    for (key, installation) in &imported.installations {
        assert_eq!(installation.key().as_ref(), Some(key.place()));
        assert_eq!(installation.app_id, Some("A0FAKE00001".into()));
    }
}

#[test]
fn sqlite_writes_empty_texts_and_whole_seconds() {
    let imported = slack_sdk("sqlite3");
    let found = by_key(&imported);
    assert_eq!(found.len(), 2);
    let team = found["team/T0FAKE00001"];
    // All rows are of one second: the later one counts, where slack_sdk itself finds the first.
    assert_eq!(token(team.bot.as_ref()), Some("xoxe.xoxb-1-FAKE-second"));
    assert_eq!(token(team.user.as_ref()), Some("xoxe.xoxp-1-FAKE-first"));
    assert_eq!(token(found["org/E0FAKE00001"].bot.as_ref()), Some("xoxb-FAKE-org"));
}

#[test]
fn fields_without_a_place_are_reported_and_never_their_values() {
    let imported = slack_sdk("sqlalchemy");
    let lines = left_out(&imported);
    for line in [
        "slack_installations, row 1: `bot_id` has no place",
        "slack_installations, row 1: `token_type` has no place",
        "slack_installations, row 4: `enterprise_url` has no place",
        "slack_bots, row 5: `bot_id` has no place",
    ] {
        assert!(lines.iter().any(|it| it == line), "{line} in {lines:#?}");
    }
    let shown = format!("{lines:?}{imported:?}");
    assert!(!shown.contains("xox") && !shown.contains("FAKE-first"), "{shown}");
}

#[test]
fn what_cannot_be_taken_over_is_said_row_by_row() {
    let rows = r#"[
        {"id": 7, "client_id": "9.9", "team_id": "T1", "bot_token": "xoxb-1"},
        {"id": 8, "client_id": "1.2", "bot_token": "xoxb-1"},
        {"id": 9, "client_id": "1.2", "team_id": "T1", "user_id": "U1"},
        {"client_id": "1.2", "team_id": "T1", "bot_token": "xoxb-1\n", "user_token": "xoxp-1", "plan": "pro",
         "user_id": "U1", "installed_at": "soon"}
    ]"#;
    let imported = import::slack_sdk(&client(), rows, "[]").unwrap();
    assert_eq!(
        left_out(&imported),
        [
            "slack_installations, row 7: is of another app",
            "slack_installations, row 8: names neither a workspace nor an organization",
            "slack_installations, row 9: holds no token",
            "slack_installations, row 4: `installed_at` is malformed",
            "slack_installations, row 4: `bot_token` is malformed",
            "slack_installations, row 4: `plan` has no place",
        ]
    );
    assert_eq!(imported.left_out[4].reason, LeftOutReason::Invalid);
    assert_eq!(imported.installations.len(), 1);
    assert!(imported.installations[0].1.user.is_some());
    for text in ["", "3", "[1]", "[{]", "{\"a\":\"xoxb-hush"] {
        let error = import::slack_sdk(&client(), text, "[]").unwrap_err();
        assert!(!error.to_string().contains("hush"), "{error}");
    }
}

#[test]
fn the_installations_of_slack_oauth_come_along() {
    let imported = import::slack_oauth(SLACK_OAUTH).unwrap();
    let found = by_key(&imported);
    let keys: Vec<_> = found.keys().map(String::as_str).collect();
    assert_eq!(keys, ["org/E0FAKE00001", "team/T0FAKE00001", "team/T0FAKE00001/user/U0FAKE00003"]);
    let team = found["team/T0FAKE00001"];
    assert_eq!(token(team.bot.as_ref()), Some("xoxe.xoxb-1-FAKE-second"));
    assert_eq!(team.user_id, Some("U0FAKE00001".into()));
    let user = team.user.as_ref().unwrap();
    assert!(user.access_token.expose().starts_with("xoxe.xoxp-1-FAKE-user"));
    assert_eq!(user.expires_at, Some(Timestamp::from_unix(1_795_961_157)));
    assert_eq!(user.issued_at, Timestamp::from_unix(1_795_917_957));
    assert!(team.incoming_webhook.is_some());
    assert!(found["org/E0FAKE00001"].is_enterprise_install);
    let lines = left_out(&imported);
    for line in [
        "installation, row 1: `bot.id` has no place",
        "installation, row 1: `tokenType` has no place",
        "installation, row 1: `authVersion` has no place",
        "installation, row 4: `enterpriseUrl` has no place",
    ] {
        assert!(lines.iter().any(|it| it == line), "{line} in {lines:#?}");
    }
    // One installation alone, as the file store of that library keeps it.
    let list: serde_json::Value = serde_json::from_str(SLACK_OAUTH).unwrap();
    let one = import::slack_oauth(&list[3].to_string()).unwrap();
    assert_eq!(one.installations[0].0, StoreKey::from_text("org/E0FAKE00001").unwrap());
    assert!(one.installations[0].1.credential(Slot::Bot).is_some());
}
