//! The way from a consent screen to a refreshed token.

use std::{error::Error, io::Write, path::Path};

use slack_auth::{
    ClientSecret, ConfidentialClient, PublicClient, Recovery, Slot,
    error::{CallError, CommonError, ErrorCode},
    methods::{AuthTest, OauthV2Access, OauthV2AccessError, OauthV2Refresh},
    oauth::{
        AuthorizationRequest, Callback, ClientAuthentication, ClientCredentials, CodeExchange,
        CodeVerifier, InstallScopes, PendingAuthorization, RedirectUri, random_bytes,
    },
    tokens::Credential,
};

use crate::{
    browser,
    keeping::keep,
    people::share,
    report::{self, Report},
    sign_in::sign_in,
    stage::{SECRET, Stage},
};

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Walks the tour over the named transport: two installations, a sign-in, two people in one
/// workspace, and an installation that is kept in
/// `folder` for the next run. It fails at the first thing that is not as expected.
pub(crate) fn run(transport: &str, folder: &Path, out: &mut dyn Write) -> Outcome {
    let stage = Stage::set(transport, folder)?;
    let mut report = Report::new(out);
    report.say(format!(
        "A fake Slack listens at {}; requests go by {transport}.",
        stage.client.endpoint()
    ))?;

    report.part("A confidential client: HTTP Basic")?;
    let app = ConfidentialClient::new(Stage::confidential_id()?, ClientSecret::new(SECRET)?);
    let redirect = RedirectUri::insecure_for_tests(stage.callback.address()?)?;
    let scopes = InstallScopes::bot("chat:write,commands").user("users:read");
    let request = AuthorizationRequest::<OauthV2Access>::new(app.id().clone(), scopes, redirect)?;
    let proof = "the client secret, by HTTP Basic (RFC 6749 section 2.3.1)";
    walk(&stage, &mut report, request, &app, &app.clone().into(), (Slot::Bot, proof))?;

    report.part("A public client: PKCE")?;
    let app = PublicClient::new(Stage::public_id()?);
    let redirect = RedirectUri::new(stage.callback.address()?)?;
    let scopes = InstallScopes::user_only("chat:write,users:read");
    let request = AuthorizationRequest::<OauthV2Access<CodeVerifier>>::new(
        app.id().clone(),
        scopes,
        redirect,
    )?;
    let proof = "the code verifier behind the S256 challenge (RFC 7636); no secret was sent";
    walk(&stage, &mut report, request, &app, &app.clone().into(), (Slot::User, proof))?;

    report.part("Sign in with Slack: OpenID Connect")?;
    sign_in(&stage, &mut report)?;

    report.part("Two people in one workspace: a sweep, and a late event")?;
    share(&stage, &mut report)?;

    report.part("Token rotation: an installation that is kept")?;
    keep(&stage, &mut report)?;

    report.part("The tour is complete")?;
    Ok(())
}

/// One installation, from consent to the second pair of tokens.
fn walk<P: ClientAuthentication>(
    stage: &Stage,
    report: &mut Report<'_>,
    request: AuthorizationRequest<OauthV2Access<P>>,
    client: &P::Client,
    credentials: &ClientCredentials,
    (slot, proof): (Slot, &str),
) -> Outcome {
    let (pending, callback) = consent(stage, report, request)?;

    report.step("The app compares the state and trades the code")?;
    let authorized = pending.finish(callback, stage.now())?;
    report
        .proven("the state is the one that this browser began with, compared in constant time")?;
    report.request("POST /api/oauth.v2.access grant_type=authorization_code")?;
    let sent = stage.now();
    let installed = pollster::block_on(stage.client.call(&authorized.exchange, client))?.value;
    report.proven(proof)?;
    report.answer("workspace", report::workspace(installed.team.as_ref()))?;
    report
        .answer("installed by", installed.authed_user_id.as_ref().ok_or("nobody installed it")?)?;
    report.answer("the bot", report::token(installed.bot.as_ref()))?;
    report.answer("the person", report::token(installed.user.as_ref()))?;
    expect(authorized.missing_scopes(&installed).is_empty(), "all scopes are granted")?;
    let issued = match slot {
        Slot::Bot => installed.bot,
        _ => installed.user,
    };
    let credential =
        issued.ok_or("no credential in the slot that was asked for")?.into_credential(sent);

    report.step("The token works")?;
    who_am_i(stage, report, &credential)?;

    report.step("Twelve hours later the token has expired")?;
    stage.clock.advance(12 * 60 * 60);
    report.request("POST /api/auth.test")?;
    let error =
        failure(pollster::block_on(stage.client.call(&AuthTest, &credential.access_token)))?;
    report.say(format!("error: {error}"))?;
    let code = error.response().and_then(|error| error.code());
    expect(code == Some(&ErrorCode::Common(CommonError::TokenExpired)), "the token has expired")?;
    expect(error.recovery() == Recovery::Refresh, "a refresh cures it")?;

    report.step("The refresh token gives a new pair")?;
    let refresh =
        OauthV2Refresh::new(credential.refresh_token.clone().ok_or("no refresh token came")?);
    report.request("POST /api/oauth.v2.access grant_type=refresh_token")?;
    let sent = stage.now();
    let refreshed = pollster::block_on(stage.client.call(&refresh, credentials))?.value;
    report.answer("new pair", report::token(Some(&refreshed.credential)))?;
    expect(refreshed.slot == slot, "the new pair belongs to the slot that was refreshed")?;
    let credential = refreshed.credential.into_credential(sent);

    report.step("The new token works")?;
    who_am_i(stage, report, &credential)?;

    report.step("A code works once: sending it again fails")?;
    report.request("POST /api/oauth.v2.access grant_type=authorization_code")?;
    let error = failure(pollster::block_on(stage.client.call(&authorized.exchange, client)))?;
    report.say(format!("error: {error}"))?;
    let code = error.response().and_then(|error| error.code());
    expect(
        code == Some(&ErrorCode::Method(OauthV2AccessError::InvalidCode)),
        "the code is refused",
    )?;
    expect(error.recovery() == Recovery::AuthorizeAgain, "the browser must begin again")
}

/// Sends the browser to the consent screen and waits for it to come back.
pub(crate) fn consent<M: CodeExchange>(
    stage: &Stage,
    report: &mut Report<'_>,
    request: AuthorizationRequest<M>,
) -> Outcome<(PendingAuthorization<M>, Callback)> {
    report.step("The app sends the browser to the consent screen")?;
    let (url, pending) = request.begin(stage.client.endpoint(), &random_bytes()?, stage.now());
    report.request(&format!(
        "GET {}?[parameters]",
        url.expose().split('?').next().unwrap_or_default()
    ))?;
    let shown = browser::get(url.expose())?;
    let allowed = if shown.status == 302 {
        report.step("Slack remembers the consent, and sends the browser back")?;
        shown
    } else {
        expect(shown.status == 200, "the consent screen is shown")?;
        report.step("The person presses Allow, and the browser comes back")?;
        browser::get(&format!("{}&fake_decision=allow", url.expose()))?
    };
    let visit = stage.callback.wait()?;
    expect(allowed.status == 302, "Slack redirects the browser")?;
    let back = allowed.location.ok_or("no address to go back to")?;
    expect(browser::get(&back)?.status == 200, "the app's page is shown")?;
    let asked_for = visit.join().map_err(|_| "the callback page failed")??;
    let callback = Callback::parse(&asked_for)?;
    report.request(&format!(
        "GET {}?[code and state]",
        asked_for.split('?').next().unwrap_or_default()
    ))?;
    Ok((pending, callback))
}

fn who_am_i(stage: &Stage, report: &mut Report<'_>, credential: &Credential) -> Outcome {
    report.request("POST /api/auth.test")?;
    let reply = pollster::block_on(stage.client.call(&AuthTest, &credential.access_token))?;
    report.say(format!(
        "token {} belongs to {} in {}, with the scopes {}",
        credential.access_token.fingerprint(),
        reply.value.user.as_ref().ok_or("no user")?,
        reply.value.team.as_ref().ok_or("no team")?,
        reply.meta.granted_scopes().ok_or("no scopes")?,
    ))?;
    expect(reply.value.expires_in.is_some(), "the token rotates")
}

fn failure<T, E>(result: Result<T, CallError<E>>) -> Outcome<CallError<E>> {
    result.err().ok_or_else(|| "a call succeeded that had to fail".into())
}

pub(crate) fn expect(truth: bool, what: &str) -> Outcome {
    if truth { Ok(()) } else { Err(format!("not as expected: {what}").into()) }
}
