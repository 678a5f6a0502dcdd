//! A stored installation that outlives the program, and a token that is refreshed by itself.

use std::{future::Future, pin::Pin, time::Duration};

use slack_auth::{
    ClientSecret, ConfidentialClient, InstallationStore, Slot, StoreKey, Timestamp, TokenRotator,
    methods::{AuthTest, OauthV2Access},
    oauth::{AuthorizationRequest, InstallScopes, RedirectUri},
    runtime::{Runtime, ThreadRuntime},
    store::Precondition,
    tokens::InstallationKey,
};
use slack_fake::Clock;

use crate::{
    report::{self, Report},
    stage::{SECRET, Stage, WORKSPACE},
    walk::{Outcome, consent, expect},
};

/// Installs the app, or picks up what an earlier run has stored, and lets a token grow old.
pub(crate) fn keep(stage: &Stage, report: &mut Report<'_>) -> Outcome {
    let app = ConfidentialClient::new(Stage::keeping_id()?, ClientSecret::new(SECRET)?);
    let store = InstallationStore::new(stage.store()?, app.id().clone());
    let key = StoreKey::from(InstallationKey::Workspace(WORKSPACE.into()));
    let stored = pollster::block_on(store.load(&key))?;
    let before = match stored.and_then(|stored| stored.installation.bot) {
        Some(bot) => {
            report
                .step("The installation of an earlier run is picked up: nobody is asked again")?;
            let found = bot.access_token.fingerprint();
            report.say(format!("its token is {found}, as the last run left it"))?;
            found
        }
        None => install(stage, report, &app, &store, &key)?,
    };

    report.step("Twelve hours later a token is asked for, and refreshed on the way")?;
    stage.clock.advance(12 * 60 * 60);
    let time = StageTime { clock: stage.clock.clone(), threads: ThreadRuntime::new() };
    let rotator =
        TokenRotator::builder(stage.client.clone(), app, store.clone()).runtime(time).build()?;
    report.request("POST /api/oauth.v2.access grant_type=refresh_token")?;
    let token = pollster::block_on(rotator.access_token(&key, Slot::Bot))?;
    let until = report::moment(token.expires_at().ok_or("the token has no end")?);
    report.say(format!("the token is {} now, until {until}", token.fingerprint()))?;
    expect(token.fingerprint() != before, "the token is a new one")?;
    let stored = pollster::block_on(store.load(&key))?.and_then(|stored| stored.installation.bot);
    let stored = stored.ok_or("the store has lost the installation")?;
    expect(stored.access_token.fingerprint() == token.fingerprint(), "the new token is stored")?;
    report.proven("the new pair was stored before anybody got the token")?;

    report.step("The new token works")?;
    report.request("POST /api/auth.test")?;
    let reply = pollster::block_on(rotator.call(&AuthTest, &key, Slot::Bot))?.value;
    report.say(format!(
        "it belongs to {} in {}",
        reply.user.ok_or("no user")?,
        reply.team.ok_or("no team")?
    ))?;

    report.step("All is kept for the next run")?;
    stage.save()?;
    report.say(format!("in {}; --fresh begins anew", stage.folder.display()))?;
    Ok(())
}

/// Installs the app, stores the installation, and returns the token's fingerprint.
fn install(
    stage: &Stage,
    report: &mut Report<'_>,
    app: &ConfidentialClient,
    store: &InstallationStore,
    key: &StoreKey,
) -> Outcome<slack_auth::tokens::Fingerprint> {
    let redirect = RedirectUri::insecure_for_tests(stage.callback.address()?)?;
    let scopes = InstallScopes::bot("chat:write");
    let request = AuthorizationRequest::<OauthV2Access>::new(app.id().clone(), scopes, redirect)?;
    let (pending, callback) = consent(stage, report, request)?;
    report.step("The app trades the code, and stores the installation before it uses it")?;
    let authorized = pending.finish(callback, stage.now())?;
    report.request("POST /api/oauth.v2.access grant_type=authorization_code")?;
    let sent = stage.now();
    let answer = pollster::block_on(stage.client.call(&authorized.exchange, app))?.value;
    report.answer("workspace", report::workspace(answer.team.as_ref()))?;
    report.answer("stored for the bot", report::token(answer.bot.as_ref()))?;
    let installation = answer.into_installation(sent);
    pollster::block_on(store.put(key, &installation, Precondition::Absent))?;
    Ok(installation.bot.ok_or("no bot token came")?.access_token.fingerprint())
}

/// The time of the tour: hours pass when it says so, and waits are real.
pub(crate) struct StageTime {
    pub(crate) clock: Clock,
    pub(crate) threads: ThreadRuntime,
}

impl Runtime for StageTime {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.clock.now())
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.threads.sleep(duration)
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.threads.spawn(task);
    }
}
