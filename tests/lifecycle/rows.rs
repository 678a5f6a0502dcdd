//! One test for each situation that was reported and went wrong, where no other test has it.
//!
//! | situation | test |
//! |---|---|
//! | 1 a late `app_uninstalled` | `reports::an_uninstall_that_arrives_after_the_app_was_installed_again_changes_nothing` |
//! | 3 a workspace joined an organization | `reports::removal_reaches_a_workspace_that_joined_an_organization`, all of `joined` |
//! | 5 a second person installs | `reports::a_second_person_ends_nobodys_credential` |
//! | 6 the token behind a refresh is dead | `row_06_a_dead_token_asks_for_a_person_in_both_layers` |
//! | 7 org-wide install, event of a workspace | `row_07_where_an_org_wide_install_serves_nobody_is_asked_to_authorize`, `row_07_once_known_an_event_costs_no_store_read` |
//! | 8 `error_description` | `row_08_cancel_is_told_from_a_person_who_may_not_install` |
//! | 9 a pair from the settings page | `row_09_a_pair_from_the_settings_page_is_refreshed_at_its_first_use` |
//! | 10 a connection closed while idle | the transports' conformance suite, `closed-while-idle` and `closed-just-now` |
//! | 11 the answer to a code is lost | `reports::the_remedy_for_a_code_whose_answer_was_lost_is_to_begin_again` |
//! | 12 a key changes under its name | `id_token_keys`: `a_key_that_changed_under_its_name_is_fetched_anew_once` |
//! | 13 `oauth.v2.user.access` and Basic | `row_13_the_secret_goes_in_the_body_where_basic_is_refused` |
//! | 14 another workspace than proposed | `browser_legs`: `row_14_a_sign_in_at_another_workspace_than_required_is_refused` |
//! | 16 `openid` beside bot scopes | `row_16_identity_scopes_beside_others_are_refused_before_the_browser` |
//! | 17 an end without a refresh token | `row_17_an_end_without_a_refresh_token_is_told_ahead` |
//! | A the first error of a call | `newcomer_a_the_first_error_of_a_call_says_why_the_refresh_failed` |
//! | B, C, D second install, removal, cache | rows 5 and 3, `reports::an_uninstall_removes_all_at_the_place_and_the_rotator_knows` |
//! | E one way for each event | `newcomer_e_one_persons_event_leaves_the_bot` |
//! | F the wrong slot | `newcomer_f_a_wrong_slot_or_key_is_named_and_alerts_nobody` |
//! | G a secret with a line end | `newcomer_g_ids_and_secrets_with_a_line_end_are_refused` |
//! | H a missing feature | `newcomer_h_each_gated_constructor_names_its_feature` |
//! | I loopback in a flow with a secret | `newcomer_i_a_loopback_redirect_names_the_way_out` |
//! | J a refresh by the app's own client | `newcomer_j_a_refresh_takes_the_client_as_it_is` |

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use slack_auth::{
    AccessToken, Client, ClientId, ClientSecret, ConfidentialClient, Endpoint, Installation,
    InstallationStore, Recovery, Slot, StoreKey, Timestamp, TokenRotator,
    methods::{AuthTest, OauthV2Access, OauthV2Refresh, OauthV2UserAccess},
    oauth::{AuthorizationCode, AuthorizationRequest, Callback, InstallScopes, RedirectUri},
    rotation::{RotationEvent, TokenErrorKind},
    runtime::Runtime as _,
    store::{MemoryStore, Precondition, StoreError},
    tokens::{Credential, InstallationKey, RefreshToken},
};
use slack_fake::{App, Fault};

use crate::{
    around::{Around, Call, Hooks},
    stage::{FIRST, ORG, SECOND, START, Stage, TEAM, team},
};

fn app() -> ConfidentialClient {
    ConfidentialClient::new(ClientId::new("1.2").unwrap(), ClientSecret::new("hush").unwrap())
}

fn bot_key() -> StoreKey {
    StoreKey::from(team())
}

fn redirect() -> RedirectUri {
    RedirectUri::new("https://app.example.com/cb").unwrap()
}

fn made_up(token: &str) -> Credential {
    Credential::new(AccessToken::new(token).unwrap(), Timestamp::from_unix(START))
}

fn org() -> InstallationKey {
    InstallationKey::Organization(ORG.into())
}

fn workspace() -> StoreKey {
    InstallationKey::grid_workspace(ORG.into(), "T0FAKE00002".into()).into()
}

#[test]
fn row_06_a_dead_token_asks_for_a_person_in_both_layers() {
    for code in ["account_inactive", "token_revoked", "invalid_refresh_token"] {
        let stage = Stage::with(App::new("1.2", "hush").rotate_tokens(), 0);
        stage.install(FIRST, "scope=chat:write");
        stage.runtime.advance(Duration::from_secs(43_300));
        let refuse = || {
            stage.slack.with(|fake| {
                fake.script("oauth.v2.access", Fault::Refused { code: code.into() });
            });
        };
        (0..20).for_each(|_| refuse());
        let ask = || stage.runtime.block_on(stage.rotator.access_token(&bot_key(), Slot::Bot));
        let error = ask().unwrap_err();
        assert_eq!(error.recovery(), Recovery::AuthorizeAgain, "{code}: {error}");
        let refresh = OauthV2Refresh::new(RefreshToken::new("xoxe-1-FAKE").unwrap());
        let error = stage.runtime.block_on(stage.client.call(&refresh, &app())).unwrap_err();
        assert_eq!(error.recovery(), Recovery::AuthorizeAgain, "{code}: {error}");
        let before = stage.slack.with(|fake| fake.calls("oauth.v2.access"));
        for _ in 0..288 {
            stage.runtime.advance(Duration::from_secs(300));
            assert!(ask().is_err());
        }
        let sent = stage.slack.with(|fake| fake.calls("oauth.v2.access")) - before;
        assert!(sent <= 10, "{code}: {sent} refreshes in a day");
    }
}

#[test]
fn row_07_where_an_org_wide_install_serves_nobody_is_asked_to_authorize() {
    let stage = Stage::new();
    let mut installed = Installation::new(org());
    installed.bot = Some(made_up("xoxb-FAKE"));
    stage.put(&org().into(), &installed);
    let error = stage.runtime.block_on(stage.rotator.access_token(&workspace(), Slot::Bot));
    let error = error.unwrap_err();
    assert_eq!(
        (error.kind(), error.recovery()),
        (TokenErrorKind::StoredElsewhere, Recovery::FixCall)
    );
    let home = error.nearest().unwrap().clone();
    assert_eq!(home, org().into());
    assert!(error.to_string().contains("stored under E0FAKE00001"), "{error}");
    assert!(stage.runtime.block_on(stage.rotator.access_token(&home, Slot::Bot)).is_ok());
    let called = stage.runtime.block_on(stage.rotator.call(&AuthTest, &workspace(), Slot::Bot));
    assert_eq!(called.unwrap_err().recovery(), Recovery::FixCall);
    // The workspace's own install has no bot: the organization's serves all the same.
    let mut own = Installation::new(workspace().place().clone());
    own.user = Some(made_up("xoxp-FAKE"));
    stage.put(&workspace(), &own);
    stage.rotator.invalidate(&workspace());
    let key = workspace();
    let nearest = stage.rotator.nearest_access_token(&key, Slot::Bot);
    assert_eq!(stage.runtime.block_on(nearest).unwrap().expose(), "xoxb-FAKE");
    // Where nothing serves it is said.
    let error = stage.runtime.block_on(stage.rotator.access_token(&workspace(), Slot::Unknown));
    assert!(error.unwrap_err().nearest().is_none());
}

/// Counts what is read.
#[derive(Clone, Default)]
struct Reads(Arc<AtomicUsize>);

#[async_trait::async_trait]
impl Hooks for Reads {
    async fn before(&self, call: Call) -> Result<(), StoreError> {
        if matches!(call, Call::Load | Call::Find) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }
}

#[test]
fn row_07_once_known_an_event_costs_no_store_read() {
    let stage = Stage::new();
    let reads = Reads::default();
    let backend = Around { inner: MemoryStore::new(), hooks: reads.clone() };
    let store = InstallationStore::new(backend, ClientId::new("1.2").unwrap());
    let rotator = TokenRotator::builder(stage.client.clone(), app(), store.clone());
    let rotator = rotator.runtime(stage.runtime.clone()).build().unwrap();
    let mut installed = Installation::new(org());
    installed.bot = Some(made_up("xoxb-FAKE"));
    let home = org().into();
    stage.runtime.block_on(store.put(&home, &installed, Precondition::Absent)).unwrap();
    let key = workspace();
    let ask = || stage.runtime.block_on(rotator.nearest_access_token(&key, Slot::Bot)).unwrap();
    ask();
    let first = reads.0.swap(0, Ordering::SeqCst);
    assert!((1..=6).contains(&first), "{first}");
    for _ in 0..1_000 {
        assert_eq!(ask().expose(), "xoxb-FAKE");
    }
    assert_eq!(reads.0.load(Ordering::SeqCst), 0, "store reads for 1,000 events");
    // Another process has taken the org-wide install away and installed the workspace: the old way is not insisted on.
    let stored = stage.runtime.block_on(store.load(&org().into())).unwrap().unwrap();
    stage.runtime.block_on(store.remove(&org().into(), stored.version)).unwrap();
    let mut own = Installation::new(key.place().clone());
    own.bot = Some(made_up("xoxb-OWN"));
    stage.runtime.block_on(store.put(&key, &own, Precondition::Absent)).unwrap();
    rotator.invalidate(&org().into());
    assert_eq!(ask().expose(), "xoxb-OWN");
}

#[test]
fn row_08_cancel_is_told_from_a_person_who_may_not_install() {
    let refused = |query: &str| {
        let callback = Callback::parse(query).unwrap();
        callback.error_response().unwrap().clone()
    };
    let cancel = refused(
        "error=access_denied&error_description=The+user+has+denied+access&error_uri=https%3A%2F%2Fa.example&state=s",
    );
    let other = refused("error=access_denied&state=s");
    assert_eq!(cancel.error_description.as_ref().unwrap().as_str(), "The user has denied access");
    assert!(other.error_description.is_none());
    assert_ne!(cancel.to_string(), other.to_string());
    assert_eq!(cancel.recovery(), Recovery::AuthorizeAgain, "who pressed Cancel asks no admin");
}

#[test]
fn row_09_a_pair_from_the_settings_page_is_refreshed_at_its_first_use() {
    let stage = Stage::with(App::new("1.2", "hush").rotate_tokens(), 0);
    let issued = stage.answer(FIRST, "scope=chat:write").bot.unwrap();
    // Half an hour before its end somebody copies the pair from the settings page.
    stage.runtime.advance(Duration::from_secs(43_200 - 1_800));
    let mut seeded = Credential::new(issued.access_token, stage.runtime.now());
    seeded.refresh_token = issued.refresh_token;
    let mut installation = Installation::new(team());
    installation.bot = Some(seeded.clone());
    stage.runtime.block_on(stage.rotator.install(installation)).unwrap();
    stage.runtime.advance(Duration::from_secs(3_600));
    let ask = || stage.runtime.block_on(stage.rotator.access_token(&bot_key(), Slot::Bot)).unwrap();
    let token = ask();
    assert_ne!(token.expose(), seeded.access_token.expose(), "the old one has ended");
    assert!(token.expires_at().is_some());
    let now = stage.slack.clock().now();
    assert!(stage.slack.with(|fake| fake.is_live(token.expose(), now)));
    for _ in 0..100 {
        stage.runtime.advance(Duration::from_secs(60));
        ask();
    }
    assert_eq!(stage.slack.with(|fake| fake.calls("oauth.v2.access")), 2, "the code, one refresh");
}

#[test]
fn row_13_the_secret_goes_in_the_body_where_basic_is_refused() {
    use slack_auth::{ApiMethod as _, oauth::SecretAuthentication};
    let exchange =
        OauthV2UserAccess::<SecretAuthentication>::new(AuthorizationCode::new("c").unwrap());
    let request = exchange.to_request(&Endpoint::slack(), &app());
    assert!(!request.headers().contains_key("authorization"));
    assert!(String::from_utf8_lossy(request.body().as_ref()).contains("client_secret=hush"));
    let exchange = OauthV2Access::new(AuthorizationCode::new("c").unwrap());
    let request = exchange.to_request(&Endpoint::slack(), &app());
    assert!(request.headers().contains_key("authorization"));
}

#[test]
fn row_16_identity_scopes_beside_others_are_refused_before_the_browser() {
    let scopes = InstallScopes::bot("chat:write").user("openid,email,profile");
    let id = ClientId::new("1.2").unwrap();
    let refused = AuthorizationRequest::<OauthV2Access>::new(id, scopes, redirect()).unwrap_err();
    assert!(refused.to_string().contains("must not mix openid, email or profile"), "{refused}");
    // The other way round: a request for each of the two is taken.
    for scopes in [
        InstallScopes::bot("chat:write").user("search:read"),
        InstallScopes::user_only("openid,email,profile"),
    ] {
        let id = ClientId::new("1.2").unwrap();
        assert!(AuthorizationRequest::<OauthV2Access>::new(id, scopes, redirect()).is_ok());
    }
}

#[test]
fn row_17_an_end_without_a_refresh_token_is_told_ahead() {
    let stage = Stage::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let rotator = TokenRotator::builder(stage.client.clone(), app(), stage.store.clone())
        .runtime(stage.runtime.clone())
        .observer(move |_: &StoreKey, _: Slot, event: &RotationEvent| {
            heard.lock().unwrap().push(event.as_str());
        })
        .build()
        .unwrap();
    let mut installation = Installation::new(team());
    let mut bot = made_up("xoxb-FAKE");
    let end = Timestamp::from_unix(START + 3_599);
    bot.expires_at = Some(end);
    installation.bot = Some(bot);
    stage.put(&bot_key(), &installation);
    let ask = || stage.runtime.block_on(rotator.access_token(&bot_key(), Slot::Bot));
    assert_eq!(ask().unwrap().expires_at(), Some(end));
    assert_eq!(*told.lock().unwrap(), ["ends_without_refresh"]);
    stage.runtime.advance(Duration::from_secs(3_000));
    assert!(ask().is_ok(), "it is handed out until its end");
    stage.runtime.advance(Duration::from_secs(700));
    assert_eq!(ask().unwrap_err().recovery(), Recovery::AuthorizeAgain);
    assert!(stage.load("team/T0FAKE00001").unwrap().bot.is_some(), "nothing is deleted");
}

#[test]
fn newcomer_a_the_first_error_of_a_call_says_why_the_refresh_failed() {
    for (code, recovery) in [
        ("invalid_refresh_token", Recovery::AuthorizeAgain),
        ("bad_client_secret", Recovery::FixConfiguration),
    ] {
        let stage = Stage::with(App::new("1.2", "hush").rotate_tokens(), 0);
        stage.install(FIRST, "scope=chat:write");
        stage.runtime.advance(Duration::from_secs(3_600));
        stage.slack.with(|fake| {
            fake.script("auth.test", Fault::Refused { code: "token_expired".into() });
            fake.script("oauth.v2.access", Fault::Refused { code: code.into() });
        });
        let key = bot_key();
        let call = stage.rotator.call(&AuthTest, &key, Slot::Bot);
        assert_eq!(stage.runtime.block_on(call).unwrap_err().recovery(), recovery, "{code}");
    }
}

#[test]
fn newcomer_e_one_persons_event_leaves_the_bot() {
    let stage = Stage::new();
    stage.install(FIRST, "scope=chat:write&user_scope=search:read");
    stage.install(SECOND, "user_scope=search:read");
    let event = |who: &str| {
        let time = START + 1_000;
        stage.signed(&format!(
            r#"{{"type":"event_callback","team_id":"{TEAM}","event_time":{time},
            "event":{{"type":"tokens_revoked","tokens":{{"oauth":["{who}"],"bot":[]}}}}}}"#
        ))
    };
    let apply = |who| stage.runtime.block_on(stage.rotator.apply_event(&event(who))).unwrap();
    assert_eq!(apply(FIRST).removed.len(), 1);
    let left = stage.load("team/T0FAKE00001").unwrap();
    assert!(left.bot.is_some() && left.user.is_none());
    assert!(stage.load("team/T0FAKE00001/user/U0FAKE00002").is_some());
    // And the uninstall reaches the people's own rows as well.
    let time = START + 1_000;
    let uninstall = stage.signed(&format!(
        r#"{{"type":"event_callback","team_id":"{TEAM}","event_time":{time},"event":{{"type":"app_uninstalled"}}}}"#
    ));
    let outcome = stage.runtime.block_on(stage.rotator.apply_event(&uninstall)).unwrap();
    assert_eq!((outcome.removed.len(), stage.rows().len()), (2, 0));
}

#[test]
fn newcomer_f_a_wrong_slot_or_key_is_named_and_alerts_nobody() {
    let stage = Stage::new();
    stage.install(FIRST, "scope=chat:write");
    let ask = |key: &StoreKey| stage.runtime.block_on(stage.rotator.access_token(key, Slot::User));
    let empty = ask(&bot_key()).unwrap_err();
    assert_eq!((empty.kind(), empty.recovery()), (TokenErrorKind::EmptySlot, Recovery::FixCall));
    assert!(empty.to_string().contains("user") && empty.to_string().contains(TEAM), "{empty}");
    let nobody = ask(&InstallationKey::Workspace("T0NOBODY".into()).into()).unwrap_err();
    assert_eq!(nobody.kind(), TokenErrorKind::NotInstalled);
    assert!(nobody.to_string().contains("T0NOBODY"), "{nobody}");
}

#[test]
fn newcomer_g_ids_and_secrets_with_a_line_end_are_refused() {
    for text in ["hush\n", " hush", "hush\r\n", "\thush"] {
        assert!(ClientId::new(text).is_err(), "{text:?}");
        let refused = ClientSecret::new(text).unwrap_err().to_string();
        assert!(refused.contains("line end") && !refused.contains("hush"), "{refused}");
        assert!(slack_auth::events::SigningSecret::new(text).is_err());
    }
}

#[test]
fn newcomer_h_each_gated_constructor_names_its_feature() {
    let source = include_str!("../../src/client.rs");
    let lib = include_str!("../../src/lib.rs");
    assert!(lib.contains("#![cfg_attr(docsrs, feature(doc_cfg))]"), "badges in the docs");
    for (constructor, feature) in
        [("with_reqwest", "reqwest"), ("with_curl", "curl"), ("with_hyper", "hyper")]
    {
        let (before, _) = source.split_once(&format!("pub fn {constructor}(")).unwrap();
        let docs = before.rsplit("\n\n").next().unwrap();
        assert!(docs.contains(&format!("`{feature}`")), "{constructor}: {docs}");
    }
}

#[test]
fn newcomer_i_a_loopback_redirect_names_the_way_out() {
    let redirect = RedirectUri::new("http://localhost:3000/cb").unwrap();
    let id = ClientId::new("1.2").unwrap();
    let request = AuthorizationRequest::<OauthV2Access>::new(id, InstallScopes::bot("a"), redirect);
    assert!(request.unwrap_err().to_string().contains("RedirectUri::insecure_for_tests"));
}

#[test]
fn newcomer_j_a_refresh_takes_the_client_as_it_is() {
    fn compiles(client: &Client, app: &ConfidentialClient) {
        let refresh = OauthV2Refresh::new(RefreshToken::new("xoxe-1-FAKE").unwrap());
        drop(client.call(&refresh, app));
    }
    compiles(&Stage::new().client, &app());
}
