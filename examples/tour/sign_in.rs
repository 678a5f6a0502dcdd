//! Sign in with Slack: from the sign-in page to a verified ID token, and to one that proves nothing.

use slack_auth::{
    AccessToken, ClientSecret, ConfidentialClient,
    methods::{OpenidConnectToken, OpenidConnectUserInfo},
    oauth::{AuthorizationRequest, RedirectUri, SignInScopes},
    openid::{
        ExpectedIdToken, IdToken, IdTokenError, IdTokenKeys, VerifiedIdToken, VerifyIdTokenError,
    },
};
use slack_fake::IdTokenFault;

use crate::{
    report::Report,
    stage::{SECRET, Stage},
    walk::{Outcome, consent, expect},
};

/// Signs a person in, and then meets an ID token that somebody has changed.
pub(crate) fn sign_in(stage: &Stage, report: &mut Report<'_>) -> Outcome {
    let app = ConfidentialClient::new(Stage::confidential_id()?, ClientSecret::new(SECRET)?);
    let keys = IdTokenKeys::with_aws_lc(stage.client.clone());

    let arrival = Arrival::of_browser(stage, report, &app)?;
    report.step("The ID token is verified, by keys that are fetched and kept")?;
    report.request("GET /.well-known/openid-configuration")?;
    report.request("GET /openid/connect/keys")?;
    let verified = arrival.verify(stage, &keys)?;
    report.proven("signed by Slack's key (RS256), for this app, just now")?;
    report.proven("the nonce is the one that this browser began with")?;
    report.proven("it belongs to the access token beside it (at_hash)")?;
    report.answer(
        "who",
        format!(
            "{} of {}",
            verified.user.user_id.as_ref().unwrap_or(&verified.user.sub),
            verified.user.team_id.as_ref().ok_or("no team")?
        ),
    )?;
    report.answer("name", verified.user.name.as_ref().ok_or("no name")?)?;

    report.step("The access token fetches more about the same person")?;
    report.request("POST /api/openid.connect.userInfo")?;
    let told = stage.client.call(&OpenidConnectUserInfo, &arrival.access_token);
    let told = pollster::block_on(told)?.value;
    report.answer("email", told.email.as_ref().ok_or("no email")?)?;
    expect(told.is_same_person(&verified.user), "it is the person of the ID token")?;

    stage.slack(|slack| slack.script_id_token(IdTokenFault::TamperedClaims));
    let arrival = Arrival::of_browser(stage, report, &app)?;
    report.step("Somebody has changed this ID token: nobody is signed in")?;
    let Err(error) = arrival.verify(stage, &keys) else {
        return Err("a changed ID token was verified".into());
    };
    report.say(format!("error: {error}"))?;
    let wrong = matches!(error, VerifyIdTokenError::Token(IdTokenError::WrongSignature));
    expect(wrong, "the signature is wrong")?;
    let fetches = stage.slack(|slack| slack.calls("openid/connect/keys"));
    expect(fetches == 1, "the keys were fetched once")?;
    report.proven("both tokens were checked by one fetch of the keys")?;
    Ok(())
}

/// What a browser that comes back brings in the end.
struct Arrival {
    id_token: IdToken,
    access_token: AccessToken,
    expected: ExpectedIdToken,
}

impl Arrival {
    /// Sends the browser to the sign-in page, and trades the code that it comes back with.
    fn of_browser(
        stage: &Stage,
        report: &mut Report<'_>,
        app: &ConfidentialClient,
    ) -> Outcome<Self> {
        let request = AuthorizationRequest::<OpenidConnectToken>::new(
            app.id().clone(),
            SignInScopes::openid().email().profile(),
            RedirectUri::insecure_for_tests(stage.callback.address()?)?,
        )?;
        let (pending, callback) = consent(stage, report, request)?;
        report.step("The app compares the state and trades the code")?;
        let authorized = pending.finish(callback, stage.now())?;
        report.request("POST /api/openid.connect.token grant_type=authorization_code")?;
        let exchange = stage.client.call(&authorized.exchange, app);
        let answer = pollster::block_on(exchange)?.value;
        let id_token = answer.id_token.ok_or("no ID token came")?;
        report.answer("an ID token, not verified yet", id_token.fingerprint())?;
        Ok(Self {
            id_token,
            access_token: answer.credential.access_token,
            expected: authorized.expected_id_token().clone(),
        })
    }

    fn verify(
        &self,
        stage: &Stage,
        keys: &IdTokenKeys,
    ) -> Result<VerifiedIdToken, VerifyIdTokenError> {
        let beside = Some(&self.access_token);
        pollster::block_on(keys.verify(&self.id_token, &self.expected, beside, stage.now()))
    }
}
