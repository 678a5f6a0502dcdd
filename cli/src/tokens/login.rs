//! `slack-auth login`: a person's token by PKCE, or only who the person is.

use clap::Args;
use serde_json::json;
use slack_auth::methods::{OauthV2Access, OpenidConnectToken, OpenidConnectTokenResponse};
use slack_auth::oauth::{
    AuthorizationRequest, CodeVerifier, InstallScopes, RedirectUri, SignInScopes,
};
use slack_auth::openid::{ExpectedIdToken, IdTokenKeys};
use slack_auth::store::Precondition;
use slack_auth::{Client, PublicClient, StoreKey};

use super::authorize::{authorize, now, web_redirect};
use super::output::print;
use super::session::{SessionArguments, block_on};
use crate::problem::{Problem, call_problem};

#[derive(Args)]
pub(crate) struct LoginArguments {
    /// The user scopes, as a comma list.
    #[arg(long, value_name = "SCOPES", required_unless_present = "sign_in")]
    scopes: Option<String>,
    /// Sign in with Slack: print who the person is, by a verified ID token, and store nothing.
    #[arg(long, conflicts_with = "scopes")]
    sign_in: bool,
    /// The redirect URL as it is written in the app's settings.
    #[arg(long, value_name = "URL", default_value = "http://localhost:3118/callback")]
    redirect: String,
    /// Print the address of Slack's page, and read the address that the browser ends at from
    /// standard input.
    #[arg(long)]
    no_browser: bool,
}

type Exchange = OauthV2Access<CodeVerifier>;

pub(crate) fn run(wanted: &LoginArguments, arguments: &SessionArguments) -> Result<(), Problem> {
    match &wanted.scopes {
        Some(scopes) => block_on(login(scopes, wanted, arguments)),
        None => block_on(sign_in(wanted, arguments)),
    }
}

async fn login(
    scopes: &str,
    wanted: &LoginArguments,
    arguments: &SessionArguments,
) -> Result<(), Problem> {
    let (client, id) = (arguments.client()?, arguments.client_id()?);
    let store = arguments.open_store(id.clone()).await?;
    let redirect = RedirectUri::new(wanted.redirect.as_str()).map_err(Problem::misuse)?;
    let scopes = InstallScopes::user_only(scopes);
    let request = AuthorizationRequest::<Exchange>::new(id.clone(), scopes, redirect)
        .map_err(Problem::misuse)?;
    let verified = authorize(request, &wanted.redirect, wanted.no_browser, arguments).await?;

    let sent = now();
    let app = PublicClient::new(id);
    let reply = client.call(&verified.exchange, &app).await.map_err(call_problem)?;
    let answer = reply.value.into_installation(sent);
    let (Some(place), Some(user), Some(_)) = (answer.key(), answer.user_id.clone(), &answer.user)
    else {
        return Err(Problem::refused("slack's answer names no place or no person"));
    };
    let fingerprint = answer.user.as_ref().map(|user| user.access_token.fingerprint().to_string());
    let key = StoreKey::person(place, user);
    for _ in 0..ROUNDS {
        let stored = store.load(&key).await.map_err(Problem::refused)?;
        let (installation, expected) = match stored {
            None => (answer.clone(), Precondition::Absent),
            Some(stored) => {
                let mut installation = stored.installation;
                installation.merge(answer.clone()).map_err(Problem::refused)?;
                (installation, Precondition::Version(stored.version))
            }
        };
        match store.put(&key, &installation, expected).await {
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(Problem::refused(error)),
            Ok(_) => {
                let value = json!({"key": key.to_text(), "fingerprint": fingerprint});
                let shown = fingerprint.unwrap_or_default();
                let line = format!("{} holds {shown}", key.to_text());
                return print(arguments.json, &value, &[line]);
            }
        }
    }
    Err(Problem::refused("another process keeps changing the installation: try again"))
}

/// Signs a person in: with the app's secret if there is one, else with PKCE.
async fn sign_in(wanted: &LoginArguments, arguments: &SessionArguments) -> Result<(), Problem> {
    let (client, id) = (arguments.client()?, arguments.client_id()?);
    let scopes = SignInScopes::openid().email().profile();
    let (redirect, by_hand) = (wanted.redirect.as_str(), wanted.no_browser);
    if let Some(app) = arguments.confidential()? {
        let uri = web_redirect(redirect, arguments)?;
        let request = AuthorizationRequest::<OpenidConnectToken>::new(id, scopes, uri);
        let request = request.map_err(Problem::misuse)?;
        let verified = authorize(request, redirect, by_hand, arguments).await?;
        let reply = client.call(&verified.exchange, &app).await.map_err(call_problem)?;
        return verify(client, reply.value, verified.expected_id_token(), arguments).await;
    }
    let uri = RedirectUri::new(redirect).map_err(Problem::misuse)?;
    let request =
        AuthorizationRequest::<OpenidConnectToken<CodeVerifier>>::new(id.clone(), scopes, uri);
    let request = request.map_err(Problem::misuse)?;
    let verified = authorize(request, redirect, by_hand, arguments).await?;
    let app = PublicClient::new(id);
    let reply = client.call(&verified.exchange, &app).await.map_err(call_problem)?;
    verify(client, reply.value, verified.expected_id_token(), arguments).await
}

/// Verifies the ID token, and prints whom it names.
async fn verify(
    client: Client,
    answer: OpenidConnectTokenResponse,
    expected: &ExpectedIdToken,
    arguments: &SessionArguments,
) -> Result<(), Problem> {
    let id_token =
        answer.id_token.ok_or_else(|| Problem::refused("slack's answer has no ID token"))?;
    let beside = &answer.credential.access_token;
    let keys = IdTokenKeys::with_aws_lc(client);
    let verified = keys.verify(&id_token, expected, Some(beside), now()).await;
    let user = verified.map_err(Problem::refused)?.user;
    let (user_id, team_id) = (user.user_id.as_ref().unwrap_or(&user.sub), user.team_id.as_ref());
    let team_id = team_id.map(|id| id.as_str().to_owned());
    let text = |text: Option<&slack_auth::methods::UntrustedText>| text.map(ToString::to_string);
    let value = json!({
        "sub": user.sub.as_str(),
        "user_id": user_id.as_str(),
        "team_id": team_id,
        "name": text(user.name.as_ref()),
        "email": text(user.email.as_ref()),
        "email_verified": user.email_verified,
    });
    let line = format!("{} in {}", user_id.as_str(), team_id.as_deref().unwrap_or("?"));
    print(arguments.json, &value, &[line])
}

const ROUNDS: usize = 5;
