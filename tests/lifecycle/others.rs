//! Installs, events and look-ups while other processes write, lease and fail.

use std::{
    error::Error as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use slack_auth::{
    AccessToken, Installation, Recovery, Slot, StoreKey, Timestamp,
    events::{ApplyEventError, EventOutcome},
    lifecycle::InstallError,
    rotation::TokenErrorKind,
    runtime::Runtime as _,
    store::{LeaseHolder, MemoryStore, StoreError, StoreErrorKind},
    tokens::{AppData, Credential, InstallationKey},
};
use slack_fake::{App, Fault};

use crate::{
    around::{Around, Call, Hooks},
    joined::joined,
    stage::{FIRST, ORG, START, Stage, TEAM, team},
};

const BOTH: &str = "scope=chat:write&user_scope=search:read";
const TEXT: &str = "team/T0FAKE00001";

/// How others disturb the store.
#[derive(Clone, Default)]
struct Others {
    /// So many writes come too late.
    conflicts: Arc<AtomicUsize>,
    /// No write succeeds.
    fails: Arc<AtomicBool>,
    reads: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl Hooks for Others {
    async fn before(&self, call: Call) -> Result<(), StoreError> {
        match call {
            Call::Load => {
                self.reads.fetch_add(1, SeqCst);
            }
            Call::Put | Call::Remove => {
                if self.fails.load(SeqCst) {
                    return Err(StoreError::new(StoreErrorKind::Unavailable, "it fails"));
                }
                let left = self.conflicts.load(SeqCst);
                if let Some(left) = left.checked_sub(1) {
                    self.conflicts.store(left, SeqCst);
                    return Err(StoreError::conflict());
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn disturbed(app: App) -> (Stage, Others) {
    let others = Others::default();
    let backend = Around { inner: MemoryStore::new(), hooks: others.clone() };
    (Stage::over(app, 0, backend), others)
}

fn made_up(token: &str) -> Credential {
    Credential::new(AccessToken::new(token).unwrap(), Timestamp::from_unix(START))
}

/// An installation with a bot.
fn with_bot(place: InstallationKey, token: &str) -> Installation {
    let mut installation = Installation::new(place);
    installation.bot = Some(made_up(token));
    installation
}

fn revoked(stage: &Stage, who: &str) -> Result<EventOutcome, ApplyEventError> {
    let body = format!(
        r#"{{"type":"event_callback","team_id":"{TEAM}","event_time":{},
        "event":{{"type":"tokens_revoked","tokens":{{{who}}}}}}}"#,
        START + 2_000
    );
    let callback = stage.signed(&body);
    stage.runtime.block_on(stage.rotator.apply_event(&callback))
}

#[test]
fn an_install_is_repeated_until_others_write_no_more() {
    for (conflicts, is_busy) in [(1, false), (7, false), (8, true)] {
        let (stage, others) = disturbed(App::new("1.2", "hush"));
        let answer = stage.answer(FIRST, BOTH);
        assert!(stage.load(TEXT).is_none());
        others.conflicts.store(conflicts, SeqCst);
        let result = stage.runtime.block_on(stage.rotator.install(answer));
        assert_eq!(matches!(result, Err(InstallError::Busy)), is_busy, "{conflicts}: {result:?}");
        assert_eq!(stage.load(TEXT).is_some(), !is_busy, "{conflicts}: {result:?}");
    }
}

#[test]
fn an_install_that_the_store_does_not_take_says_so_at_once() {
    let (stage, others) = disturbed(App::new("1.2", "hush"));
    let answer = stage.answer(FIRST, BOTH);
    others.fails.store(true, SeqCst);
    let error = stage.runtime.block_on(stage.rotator.install(answer)).unwrap_err();
    assert!(matches!(error, InstallError::Store(_)), "{error:?}");
    assert!(error.to_string().contains("the store failed"), "{error}");
    assert_eq!(error.source().unwrap().to_string(), "it fails");
    assert_eq!(error.recovery(), Recovery::RetryLater { after: None });
}

#[test]
fn an_event_is_applied_again_until_others_write_no_more() {
    let bot = format!(r#""bot":["{}"]"#, "U0BOT");
    for (conflicts, is_busy) in [(1, false), (7, false), (8, true)] {
        let (stage, others) = disturbed(App::new("1.2", "hush"));
        let mut installation = with_bot(team(), "xoxb-FAKE");
        installation.bot_user_id = Some("U0BOT".into());
        stage.put(&team().into(), &installation);
        stage.runtime.advance(Duration::from_secs(3_000));
        others.conflicts.store(conflicts, SeqCst);
        let result = revoked(&stage, &bot);
        assert_eq!(matches!(result, Err(ApplyEventError::Busy)), is_busy, "{result:?}");
        assert_eq!(stage.load(TEXT).is_some(), is_busy);
        if let Ok(outcome) = result {
            let [removed] = &outcome.removed[..] else { panic!("{outcome:?}") };
            assert_eq!((removed.slot, removed.user_id.clone()), (Slot::Bot, Some("U0BOT".into())));
            assert!(!outcome.is_in_doubt());
        }
        others.conflicts.store(0, SeqCst);
        others.fails.store(true, SeqCst);
        if is_busy {
            let error = revoked(&stage, &bot).unwrap_err();
            assert!(matches!(error, ApplyEventError::Store(_)), "{error:?}");
            assert_eq!(error.source().unwrap().to_string(), "it fails");
            assert!(error.to_string().contains("the store failed"), "{error}");
        }
    }
}

#[test]
fn the_applications_data_is_told_with_the_row_that_it_belonged_to() {
    let (stage, _) = disturbed(App::new("1.2", "hush"));
    let mut installation = with_bot(team(), "xoxb-FAKE");
    installation.bot_user_id = Some("U0BOT".into());
    installation.user = Some(made_up("xoxp-FAKE"));
    installation.user_id = Some(FIRST.into());
    installation.app_data = Some(AppData::new("plan=pro").unwrap());
    stage.put(&team().into(), &installation);
    stage.runtime.advance(Duration::from_secs(3_000));
    let nobody = revoked(&stage, r#""oauth":["U0NOBODY"]"#).unwrap();
    assert_eq!((nobody.removed.len(), nobody.app_data.len()), (0, 0));
    let user = revoked(&stage, &format!(r#""oauth":["{FIRST}"]"#)).unwrap();
    assert_eq!((user.removed.len(), user.app_data.len()), (1, 0), "the bot's row stays");
    assert_eq!(user.removed[0].user_id, Some(FIRST.into()));
    assert!(stage.load(TEXT).unwrap().app_data.is_some());
    let bot = revoked(&stage, r#""bot":["U0BOT"]"#).unwrap();
    let [(key, data)] = &bot.app_data[..] else { panic!("{bot:?}") };
    assert_eq!((key.to_text().as_str(), data.as_ref()), (TEXT, b"plan=pro".as_slice()));
    assert!(stage.load(TEXT).is_none());
}

#[test]
fn an_install_waits_for_a_refresh_that_ends_within_five_seconds() {
    for (held, moves) in [(3, true), (4, true), (7, false)] {
        let stage = Stage::with(App::new("1.2", "hush").rotate_tokens(), 0);
        stage.install(FIRST, BOTH);
        let old = StoreKey::from(team());
        let other = LeaseHolder::random().unwrap();
        let lease = stage.store.acquire(&old, Slot::User, other, Duration::from_secs(60));
        stage.runtime.block_on(lease).map(drop).unwrap();
        let (store, runtime) = (stage.store.clone(), stage.runtime.clone());
        let key = old.clone();
        stage.runtime.spawn(Box::pin(async move {
            runtime.sleep(Duration::from_secs(held)).await;
            store.release(&key, Slot::User, other).await.unwrap();
        }));
        let answer = joined(stage.answer(FIRST, "scope=commands"));
        let began = stage.runtime.elapsed();
        stage.runtime.block_on(stage.rotator.install(answer)).unwrap();
        let took = stage.runtime.elapsed().saturating_sub(began);
        let waits = Duration::from_secs(held.min(5));
        assert!(took >= waits && took < waits + Duration::from_secs(1), "{held}: {took:?}");
        assert_eq!(stage.load(TEXT).is_none(), moves, "{held}");
    }
}

#[test]
fn what_an_install_has_displaced_is_revoked_and_nothing_else() {
    let stage = Stage::with(App::new("1.2", "hush").rotate_tokens(), 0);
    stage.install(FIRST, BOTH);
    stage.runtime.advance(Duration::from_secs(1_000));
    // The app has got another bot user meanwhile.
    let mut other = stage.answer(FIRST, BOTH);
    other.bot_user_id = Some("U0OTHERBOT".into());
    let outcome = stage.runtime.block_on(stage.rotator.install(other)).unwrap();
    let displaced: Vec<_> = outcome.displaced().map(|it| it.slot).collect();
    assert_eq!(displaced, [Slot::Bot], "{outcome:?}");
    let revocations = || stage.slack.with(|fake| fake.calls("auth.revoke"));
    let before = revocations();
    stage.runtime.block_on(stage.rotator.revoke_displaced(&outcome)).unwrap();
    assert_eq!(revocations() - before, 2, "its token and its refresh token");
    stage.slack.with(|fake| fake.script("auth.revoke", Fault::ServerError { status: 503 }));
    let failed = stage.runtime.block_on(stage.rotator.revoke_displaced(&outcome)).unwrap_err();
    assert_eq!(failed.recovery(), Recovery::RetryLater { after: None });
}

/// Slack says `invalid_auth` of a dead token as well as of a good one from an address that is not allowed.
#[test]
fn an_unclear_refusal_removes_what_our_own_clock_knows_to_be_older() {
    for (age, is_removed) in [(301, true), (300, false), (200, false)] {
        let (stage, _) = disturbed(App::new("1.2", "hush"));
        let mut installation = with_bot(team(), "xoxb-FAKE");
        installation.bot_user_id = Some("U0BOT".into());
        // By Slack's clock it is not known when the token was issued; the event is of 2,000 seconds after the start.
        installation.bot.as_mut().unwrap().issued_at = Timestamp::from_unix(START + 2_000 - age);
        stage.put(&team().into(), &installation);
        stage.runtime.advance(Duration::from_secs(3_000));
        stage.slack.with(|fake| {
            fake.script("auth.test", Fault::Refused { code: "invalid_auth".into() });
        });
        let outcome = revoked(&stage, r#""bot":["U0BOT"]"#).unwrap();
        assert_eq!(outcome.removed.len() == 1, is_removed, "{age}: {outcome:?}");
        assert_eq!(outcome.is_in_doubt(), !is_removed, "{age}: {outcome:?}");
        assert_eq!(stage.slack.with(|fake| fake.calls("auth.test")), 1);
    }
}

fn workspace() -> StoreKey {
    InstallationKey::grid_workspace(ORG.into(), TEAM.into()).into()
}

fn org() -> InstallationKey {
    InstallationKey::Organization(ORG.into())
}

fn remove(stage: &Stage, key: &StoreKey) {
    let stored = stage.runtime.block_on(stage.store.load(key)).unwrap().unwrap();
    stage.runtime.block_on(stage.store.remove(key, stored.version)).unwrap();
}

fn nearest(stage: &Stage) -> Result<String, TokenErrorKind> {
    let key = workspace();
    let token = stage.runtime.block_on(stage.rotator.nearest_access_token(&key, Slot::Bot));
    token.map(|token| token.expose().to_owned()).map_err(|error| error.kind())
}

#[test]
fn when_what_served_a_place_is_gone_another_one_is_looked_for() {
    let (stage, others) = disturbed(App::new("1.2", "hush"));
    stage.put(&team().into(), &with_bot(team(), "xoxb-TEAM"));
    assert_eq!(nearest(&stage).unwrap(), "xoxb-TEAM");
    let key = workspace();
    let elsewhere = stage.runtime.block_on(stage.rotator.access_token(&key, Slot::Bot));
    let elsewhere = elsewhere.unwrap_err();
    assert_eq!(elsewhere.kind(), TokenErrorKind::StoredElsewhere);
    assert_eq!((elsewhere.nearest(), elsewhere.problem()), (Some(&team().into()), None));
    // Another process removes it, and the app is installed in the whole organization.
    remove(&stage, &team().into());
    stage.put(&org().into(), &with_bot(org(), "xoxb-ORG"));
    stage.rotator.invalidate(&team().into());
    assert_eq!(nearest(&stage).unwrap(), "xoxb-ORG");
    let before = others.reads.load(SeqCst);
    assert_eq!(nearest(&stage).unwrap(), "xoxb-ORG");
    assert_eq!(others.reads.load(SeqCst), before, "it is known");
    // In the end nothing serves it.
    remove(&stage, &org().into());
    stage.rotator.invalidate(&org().into());
    assert_eq!(nearest(&stage), Err(TokenErrorKind::NotInstalled));
}

#[test]
fn where_a_person_is_needed_another_installation_serves_the_place() {
    let (stage, _) = disturbed(App::new("1.2", "hush"));
    let mut first = with_bot(team(), "xoxb-TEAM");
    first.bot.as_mut().unwrap().expires_at = Some(Timestamp::from_unix(START + 100));
    stage.put(&team().into(), &first);
    assert_eq!(nearest(&stage).unwrap(), "xoxb-TEAM");
    stage.put(&org().into(), &with_bot(org(), "xoxb-ORG"));
    // Its token ends, and nothing refreshes it: a person is needed there, and not for the organization.
    stage.runtime.advance(Duration::from_secs(200));
    assert_eq!(nearest(&stage).unwrap(), "xoxb-ORG");
}

#[test]
fn a_failure_of_what_serves_a_place_is_told_without_another_look() {
    let (stage, others) = disturbed(App::new("1.2", "hush").rotate_tokens());
    stage.install(FIRST, BOTH);
    assert!(nearest(&stage).is_ok());
    stage.runtime.advance(Duration::from_secs(43_300));
    stage.slack.with(|fake| {
        fake.script("oauth.v2.access", Fault::RateLimited { retry_after: Some(3_600) });
    });
    let ask = || {
        let before = others.reads.load(SeqCst);
        assert_eq!(nearest(&stage), Err(TokenErrorKind::RefreshFailed));
        others.reads.load(SeqCst) - before
    };
    ask();
    ask();
    // Within half a minute the store is not read again for a refresh that waits.
    assert_eq!(ask(), 0);
}

#[test]
fn a_place_that_serves_itself_is_not_looked_for_elsewhere() {
    let (stage, others) = disturbed(App::new("1.2", "hush").rotate_tokens());
    let answer = joined(stage.answer(FIRST, BOTH));
    stage.runtime.block_on(stage.rotator.install(answer)).unwrap();
    stage.runtime.advance(Duration::from_secs(43_300));
    stage.slack.with(|fake| {
        fake.script("oauth.v2.access", Fault::RateLimited { retry_after: Some(3_600) });
    });
    let ask = || {
        let before = others.reads.load(SeqCst);
        let key = workspace();
        let asked = stage.rotator.access_token(&key, Slot::Bot);
        let error = stage.runtime.block_on(asked).unwrap_err();
        assert_eq!((error.kind(), error.nearest()), (TokenErrorKind::RefreshFailed, None));
        others.reads.load(SeqCst) - before
    };
    ask();
    ask();
    assert_eq!(ask(), 0);
    // A place outside of any organization has nothing near it.
    let before = others.reads.load(SeqCst);
    let key = StoreKey::from(team());
    let found = stage.runtime.block_on(stage.rotator.nearest_key(&key, Slot::Bot)).unwrap();
    assert_eq!((found, others.reads.load(SeqCst) - before), (key, 0));
}

#[test]
fn where_nothing_serves_a_place_it_is_asked_for_once() {
    let (stage, _) = disturbed(App::new("1.2", "hush"));
    let began = stage.runtime.elapsed();
    assert_eq!(nearest(&stage), Err(TokenErrorKind::NotInstalled));
    // After a second it is looked once more: one stale read is no proof.
    let took = stage.runtime.elapsed().saturating_sub(began);
    assert_eq!(took, Duration::from_secs(1));
}
