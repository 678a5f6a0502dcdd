use super::*;
use crate::{
    AccessToken, ApiMethod, Timestamp,
    methods::OauthV2Access,
    oauth::SecretAuthentication,
    tokens::{InstallationKey, RefreshToken},
};

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix(seconds)
}

/// The installation that an answer makes, requested at a time and dated by Slack a second later.
fn answer(body: &'static str, requested_at: u64) -> Installation {
    let response = http::Response::new(body);
    let reply = OauthV2Access::<SecretAuthentication>::parse_response(&response).unwrap();
    let mut installation = reply.value.into_installation(at(requested_at));
    for credential in [&mut installation.bot, &mut installation.user].into_iter().flatten() {
        credential.server_date = Some(at(requested_at + 1));
    }
    installation
}

const BOTH: &str = r#"{"ok":true,"app_id":"A1","access_token":"xoxb-1","scope":"chat:write","bot_user_id":"UB",
    "team":{"id":"T1","name":"Acme"},"authed_user":{"id":"U1","scope":"search:read","access_token":"xoxp-1"}}"#;
const BOT_BY_SECOND: &str = r#"{"ok":true,"app_id":"A1","access_token":"xoxb-2","scope":"commands","bot_user_id":"UB",
    "team":{"id":"T1"},"authed_user":{"id":"U2"}}"#;
const USER_ONLY: &str = r#"{"ok":true,"app_id":"A1","team":{"id":"T1"},"warning":"superfluous_charset",
    "authed_user":{"id":"U1","scope":"channels:read","access_token":"xoxp-9","token_type":"user"}}"#;

fn token(credential: Option<&Credential>) -> Option<&str> {
    credential.map(|it| it.access_token.expose())
}

fn slots(list: &[SupersededCredential]) -> Vec<(Slot, &str)> {
    list.iter().map(|it| (it.slot, it.credential.access_token.expose())).collect()
}

#[test]
fn a_bot_alone_installed_by_a_second_person_leaves_the_first_persons_token() {
    let mut stored = answer(BOTH, 1_000);
    let changes = stored.merge(answer(BOT_BY_SECOND, 2_000)).unwrap();
    assert_eq!(token(stored.bot.as_ref()), Some("xoxb-2"));
    assert_eq!(token(stored.user.as_ref()), Some("xoxp-1"));
    assert_eq!(stored.user_id, Some("U1".into()), "the credential stays its person's");
    assert_eq!(stored.bot.unwrap().scopes, Scopes::from("chat:write,commands"));
    assert_eq!(stored.team.unwrap().name.unwrap().as_str(), "Acme");
    assert_eq!(slots(&changes.replaced), [(Slot::Bot, "xoxb-1")]);
    assert_eq!((&changes.kept[..], &changes.added[..]), (&[Slot::User][..], &[][..]));
    assert!(changes.displaced.is_empty());
}

#[test]
fn user_scopes_alone_leave_the_bot() {
    let mut stored = answer(BOTH, 1_000);
    let changes = stored.merge(answer(USER_ONLY, 2_000)).unwrap();
    assert_eq!(token(stored.bot.as_ref()), Some("xoxb-1"));
    assert_eq!(token(stored.user.as_ref()), Some("xoxp-9"));
    assert_eq!(stored.user.unwrap().scopes, Scopes::from("search:read channels:read"));
    assert_eq!(stored.bot_user_id, Some("UB".into()));
    assert_eq!(slots(&changes.replaced), [(Slot::User, "xoxp-1")]);
    assert_eq!(changes.kept, [Slot::Bot]);
}

#[test]
fn an_answer_that_arrives_late_takes_no_place_and_is_handed_back() {
    let mut stored = answer(BOTH, 3_000);
    let changes = stored.merge(answer(BOT_BY_SECOND, 2_000)).unwrap();
    assert_eq!(token(stored.bot.as_ref()), Some("xoxb-1"));
    assert_eq!(slots(&changes.displaced), [(Slot::Bot, "xoxb-2")]);
    assert_eq!(changes.kept, [Slot::Bot, Slot::User]);
    // Slack's clock decides, and not ours, which may have been set back in between.
    let mut late = answer(BOT_BY_SECOND, 1);
    late.bot.as_mut().unwrap().server_date = Some(at(4_000));
    let changes = stored.merge(late).unwrap();
    assert_eq!(token(stored.bot.as_ref()), Some("xoxb-2"));
    assert_eq!(slots(&changes.replaced), [(Slot::Bot, "xoxb-1")]);
}

#[test]
fn another_persons_credential_has_no_place_here() {
    let mut stored = answer(BOTH, 1_000);
    let mut second = answer(USER_ONLY, 2_000);
    for id in [Some("U2".into()), None] {
        second.user_id = id;
        let changes = stored.merge(second.clone()).unwrap();
        assert_eq!(token(stored.user.as_ref()), Some("xoxp-1"));
        assert_eq!(slots(&changes.displaced), [(Slot::User, "xoxp-9")]);
        assert_eq!(changes.displaced[0].user_id, second.user_id);
    }
}

#[test]
fn a_credential_of_nobody_known_gives_way_and_is_handed_back() {
    let mut stored = answer(BOTH, 1_000);
    stored.user_id = None;
    let changes = stored.merge(answer(USER_ONLY, 2_000)).unwrap();
    assert_eq!((token(stored.user.as_ref()), stored.user_id), (Some("xoxp-9"), Some("U1".into())));
    assert_eq!(slots(&changes.displaced), [(Slot::User, "xoxp-1")]);
    assert_eq!(stored.user.unwrap().scopes, Scopes::from("channels:read"));
}

#[test]
fn another_bot_user_displaces_the_old_bot() {
    let mut stored = answer(BOTH, 1_000);
    let mut second = answer(BOT_BY_SECOND, 2_000);
    second.bot_user_id = Some("UB2".into());
    let changes = stored.merge(second).unwrap();
    assert_eq!(
        (token(stored.bot.as_ref()), stored.bot_user_id),
        (Some("xoxb-2"), Some("UB2".into()))
    );
    assert_eq!(stored.bot.unwrap().scopes, Scopes::from("commands"));
    assert_eq!(slots(&changes.displaced), [(Slot::Bot, "xoxb-1")]);
    assert_eq!(changes.displaced[0].user_id, Some("UB".into()));
}

#[test]
fn the_same_token_once_more_loses_nothing_that_was_known() {
    let mut stored = answer(BOTH, 2_000);
    let bot = stored.bot.as_mut().unwrap();
    bot.refresh_token = Some(RefreshToken::new("xoxe-1-a").unwrap());
    bot.expires_at = Some(at(9_000));
    let mut again = answer(BOTH, 1_000);
    again.bot.as_mut().unwrap().server_date = None;
    let changes = stored.merge(again).unwrap();
    let bot = stored.bot.unwrap();
    assert_eq!(bot.refresh_token.unwrap().expose(), "xoxe-1-a");
    assert_eq!((bot.expires_at, bot.server_date), (Some(at(9_000)), Some(at(2_001))));
    assert_eq!(stored.user.unwrap().server_date, Some(at(2_001)), "the later of two dates");
    assert_eq!(slots(&changes.replaced), [(Slot::Bot, "xoxb-1"), (Slot::User, "xoxp-1")]);
    assert!(changes.displaced.is_empty() && changes.added.is_empty());
}

#[test]
fn an_empty_installation_takes_all() {
    let place = InstallationKey::Workspace("T1".into());
    let mut stored = Installation::new(place.clone());
    let changes = stored.merge(answer(BOTH, 1_000)).unwrap();
    assert_eq!(changes.added, [Slot::Bot, Slot::User]);
    assert_eq!((stored.key(), stored.user_id.clone()), (Some(place), Some("U1".into())));
    assert_eq!(stored.app_id.as_ref().unwrap().as_str(), "A1");
    let mut hand = Installation::new(InstallationKey::Workspace("T1".into()));
    hand.unplaced = Some(Credential::new(AccessToken::new("new-1").unwrap(), at(1)));
    assert_eq!(stored.merge(hand.clone()).unwrap().added, [Slot::Unknown]);
    hand.unplaced = Some(Credential::new(AccessToken::new("new-2").unwrap(), at(2)));
    let changes = stored.merge(hand).unwrap();
    assert_eq!(slots(&changes.displaced), [(Slot::Unknown, "new-1")]);
}

#[test]
fn two_apps_do_not_mix() {
    let mut stored = answer(BOTH, 1_000);
    let mut other = answer(BOT_BY_SECOND, 2_000);
    other.app_id = Some("A2".into());
    let refused = stored.merge(other).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the stored installation is of app A1 and not of app A2; use a store for each app"
    );
    assert_eq!(token(stored.bot.as_ref()), Some("xoxb-1"));
}

#[test]
fn a_webhook_that_still_posts_is_handed_back() {
    let hook = |url| Some(IncomingWebhook::new(crate::tokens::WebhookUrl::new(url).unwrap()));
    let mut stored = answer(BOTH, 1_000);
    stored.incoming_webhook = hook("https://hooks.example/1");
    let mut second = answer(BOT_BY_SECOND, 2_000);
    assert!(stored.merge(second.clone()).unwrap().displaced_webhook.is_none());
    second.incoming_webhook = hook("https://hooks.example/1");
    assert!(stored.merge(second.clone()).unwrap().displaced_webhook.is_none());
    second.incoming_webhook = hook("https://hooks.example/2");
    let old = stored.merge(second).unwrap().displaced_webhook.unwrap();
    assert_eq!(old.url.expose(), "https://hooks.example/1");
}

#[test]
fn the_applications_own_data_stays_unless_the_install_brings_some() {
    let data = |text: &str| Some(crate::tokens::AppData::new(text).unwrap());
    let mut stored = answer(BOTH, 1_000);
    stored.app_data = data("plan=pro");
    stored.merge(answer(USER_ONLY, 2_000)).unwrap();
    assert_eq!(stored.app_data.as_ref().unwrap().as_ref(), b"plan=pro");
    let mut third = answer(BOTH, 3_000);
    third.app_data = data("plan=free");
    stored.merge(third).unwrap();
    assert_eq!(stored.app_data.unwrap().as_ref(), b"plan=free");
}
