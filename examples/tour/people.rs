//! A workspace in which two people install the app: their tokens, a sweep, and an event that comes late.

use std::time::Duration;

use slack_auth::{
    ClientSecret, ConfidentialClient, InstallationStore, Slot, StoreKey, TokenRotator,
    events::{EventCallback, EventsApiRequest, RequestVerifier, SigningSecret, SpareReason},
    lifecycle::InstallOutcome,
    methods::{AuthTest, OauthV2Access},
    oauth::{AuthorizationRequest, Callback, InstallScopes, RedirectUri, random_bytes},
    runtime::ThreadRuntime,
    store::MemoryStore,
    tokens::InstallationKey,
};
use slack_fake::SlackEvent;

use crate::{
    browser,
    keeping::StageTime,
    report::{self, Report},
    stage::{FIRST, SECOND, SECRET, SHARED, SIGNING_SECRET, Stage, WORKSPACE},
    walk::{Outcome, expect},
};

/// Two installs, a night in which nobody asks for a token, and an uninstall whose event is delivered after the next install.
pub(crate) fn share(stage: &Stage, report: &mut Report<'_>) -> Outcome {
    let app = ConfidentialClient::new(Stage::shared_id()?, ClientSecret::new(SECRET)?);
    // What is due is found by the store's clock, which must go with the tour's.
    let clock = stage.clock.clone();
    let memory = MemoryStore::with_clock(move || Duration::from_secs(clock.now()));
    let store = InstallationStore::new(memory, app.id().clone());
    let time = StageTime { clock: stage.clock.clone(), threads: ThreadRuntime::new() };
    let client = stage.client.clone();
    let rotator = TokenRotator::builder(client, app.clone(), store).runtime(time).build()?;
    let place = InstallationKey::Workspace(WORKSPACE.into());
    let team = StoreKey::from(place.clone());
    let second = StoreKey::person(place, SECOND.into());

    report.step("One person installs the app, with a token of their own")?;
    install(stage, report, &app, &rotator, FIRST)?;
    show(report, &rotator, &team, Slot::Bot)?;
    show(report, &rotator, &team, Slot::User)?;

    report.step("Another person of the workspace installs it as well")?;
    let outcome = install(stage, report, &app, &rotator, SECOND)?;
    expect(outcome.rows.iter().any(|row| row.key == second), "the second person has a row")?;
    show(report, &rotator, &team, Slot::Bot)?;
    show(report, &rotator, &second, Slot::User)?;
    show(report, &rotator, &team, Slot::User)?;
    report.proven(
        "nobody's token got lost: the bot's is the newer one, and each person has their own",
    )?;

    report
        .step("Eleven hours later nobody has asked for a token: the sweep refreshes all three")?;
    let before = pollster::block_on(rotator.access_token(&team, Slot::Bot))?.fingerprint();
    stage.clock.advance(11 * 60 * 60);
    let swept = pollster::block_on(rotator.sweep_once())?;
    expect(swept.refreshed == 3 && swept.failures.is_empty(), "all three are refreshed")?;
    let after = pollster::block_on(rotator.access_token(&team, Slot::Bot))?.fingerprint();
    expect(after != before, "the bot's token is a new one")?;
    show(report, &rotator, &team, Slot::Bot)?;
    show(report, &rotator, &team, Slot::User)?;
    show(report, &rotator, &second, Slot::User)?;

    report.step("The workspace uninstalls the app, and the second person installs it again")?;
    let events = stage.slack(|slack| {
        slack.uninstall(SHARED, WORKSPACE);
        slack.take_events()
    });
    stage.clock.advance(10 * 60);
    install(stage, report, &app, &rotator, SECOND)?;

    report.step("Now the events about the uninstall arrive, ten minutes late")?;
    let (mut removed, mut spared) = (0, 0);
    for event in &events {
        report.request(&format!("POST /slack/events ({}), sent by Slack", event.kind.name()))?;
        let outcome = pollster::block_on(rotator.apply_event(&received(stage, event)?))?;
        removed += outcome.removed.len();
        let later = outcome.spared.iter().filter(|it| it.reason == SpareReason::IssuedLater);
        spared = spared.max(later.count());
    }
    expect(removed == 1, "the token of the person who did not come back is removed")?;
    report
        .proven("what was issued before the uninstall is removed, what was issued later stays")?;
    report.say(format!("{removed} token removed, {spared} kept"))?;
    show(report, &rotator, &team, Slot::Bot)?;
    show(report, &rotator, &second, Slot::User)
}

/// One install, from the consent screen to the store.
fn install(
    stage: &Stage,
    report: &mut Report<'_>,
    app: &ConfidentialClient,
    rotator: &TokenRotator,
    person: &str,
) -> Outcome<InstallOutcome> {
    let redirect = RedirectUri::insecure_for_tests(stage.callback.address()?)?;
    let scopes = InstallScopes::bot("chat:write").user("search:read");
    let request = AuthorizationRequest::<OauthV2Access>::new(app.id().clone(), scopes, redirect)?;
    let (url, pending) = request.begin(stage.client.endpoint(), &random_bytes()?, stage.now());
    let url = format!("{}&fake_user={person}&fake_decision=allow", url.expose());
    let back = browser::get(&url)?.location.ok_or("the browser is not sent back")?;
    let verified = pending.finish(Callback::parse(&back)?, stage.now())?;
    report.request("POST /api/oauth.v2.access grant_type=authorization_code")?;
    let requested_at = stage.now();
    let reply = pollster::block_on(stage.client.call(&verified.exchange, app))?.value;
    report.answer("workspace", report::workspace(reply.team.as_ref()))?;
    report.answer("installed by", reply.authed_user_id.as_ref().ok_or("nobody installed it")?)?;
    let installation = reply.into_installation(requested_at);
    Ok(pollster::block_on(rotator.install(installation))?)
}

/// Shows who a token belongs to, where, and until when.
fn show(report: &mut Report<'_>, rotator: &TokenRotator, key: &StoreKey, slot: Slot) -> Outcome {
    let reply = pollster::block_on(rotator.call(&AuthTest, key, slot))?.value;
    let token = pollster::block_on(rotator.access_token(key, slot))?;
    let (who, team) = (reply.user.ok_or("no user")?, reply.team.ok_or("no team")?);
    let until = report::moment(token.expires_at().ok_or("the token has no end")?);
    report.say(format!("{who} in {team}: token {}, until {until}", token.fingerprint()))?;
    Ok(())
}

/// Receives an event as a server does: signed by Slack, verified, parsed.
fn received(stage: &Stage, event: &SlackEvent) -> Outcome<EventCallback> {
    let (url, now) = ("https://app.example.com/slack/events", stage.clock.now());
    let request = stage.slack(|slack| slack.event_request(event, url, now, 0))?;
    let verifier = RequestVerifier::new(SigningSecret::new(SIGNING_SECRET)?);
    let proven = verifier.verify(request.headers(), request.body(), stage.now())?;
    match EventsApiRequest::parse(&proven)? {
        EventsApiRequest::EventCallback(callback) => Ok(*callback),
        _ => Err("Slack sent another request than an event".into()),
    }
}
