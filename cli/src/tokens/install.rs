//! `slack-auth install`: the tokens of an app with a secret.

use clap::Args;
use serde_json::json;
use slack_auth::methods::OauthV2Access;
use slack_auth::oauth::{AuthorizationRequest, InstallScopes};
use slack_auth::{Recovery, StoreKey};

use super::authorize::{authorize, now, web_redirect};
use super::output::print;
use super::session::{Session, SessionArguments, block_on};
use crate::problem::{Problem, call_problem};

#[derive(Args)]
pub(crate) struct InstallArguments {
    /// The bot scopes, as a comma list.
    #[arg(long, value_name = "SCOPES", required_unless_present = "user_scopes")]
    scopes: Option<String>,
    /// The user scopes, as a comma list.
    #[arg(long, value_name = "SCOPES")]
    user_scopes: Option<String>,
    /// The redirect URL as it is written in the app's settings. Slack wants https: then paste the address that the browser
    /// ends at, even if nothing answers there. Plain http on localhost is for a fake.
    #[arg(long, value_name = "URL")]
    redirect: String,
    /// The workspace to install into, for somebody who is in more than one.
    #[arg(long, value_name = "ID")]
    team: Option<String>,
    /// Read the address that the browser ends at from standard input, with a redirect URL on localhost as well.
    #[arg(long)]
    no_browser: bool,
}

pub(crate) fn run(wanted: &InstallArguments, arguments: &SessionArguments) -> Result<(), Problem> {
    block_on(install(wanted, arguments))
}

async fn install(wanted: &InstallArguments, arguments: &SessionArguments) -> Result<(), Problem> {
    let app = arguments.confidential()?.ok_or_else(|| {
        Problem::misuse(
            "no client secret is given: set --client-secret-file or SLACK_CLIENT_SECRET; an app without one uses `login`",
        )
    })?;
    let client = arguments.client()?;
    let session = Session::open(arguments, app.clone().into()).await?;
    let scopes = match (&wanted.scopes, &wanted.user_scopes) {
        (Some(bot), None) => InstallScopes::bot(bot.as_str()),
        (Some(bot), Some(user)) => InstallScopes::bot(bot.as_str()).user(user.as_str()),
        (None, user) => InstallScopes::user_only(user.as_deref().unwrap_or_default()),
    };
    let redirect = web_redirect(&wanted.redirect, arguments)?;
    let request = AuthorizationRequest::<OauthV2Access>::new(app.id().clone(), scopes, redirect);
    let mut request = request.map_err(Problem::misuse)?;
    if let Some(team) = &wanted.team {
        request = request.team(team.as_str().into());
    }
    let by_hand = wanted.no_browser || wanted.redirect.starts_with("https:");
    let verified = authorize(request, &wanted.redirect, by_hand, arguments).await?;

    let sent = now();
    let reply = client.call(&verified.exchange, &app).await.map_err(call_problem)?;
    let missing = verified.missing_scopes(&reply.value);
    let installation = reply.value.into_installation(sent);
    let fingerprints = |credential: Option<&slack_auth::tokens::Credential>| {
        credential.map(|it| it.access_token.fingerprint().to_string())
    };
    let bot = fingerprints(installation.bot.as_ref());
    let user = fingerprints(installation.user.as_ref());
    let installed = session.rotator.install(installation).await;
    session.settle().await;
    let installed = installed.map_err(|error| match error.recovery() {
        Recovery::RetryLater { .. } | Recovery::Unknown => Problem::refused(error),
        _ => Problem::person(error),
    })?;
    let keys: Vec<String> = installed.rows.iter().map(|row| StoreKey::to_text(&row.key)).collect();
    let missing: Vec<String> =
        missing.bot.iter().chain(missing.user.iter()).map(ToString::to_string).collect();
    let value = json!({"keys": keys, "bot": bot, "user": user, "missing_scopes": missing});
    let mut lines: Vec<String> = keys.iter().map(|key| format!("{key} is installed")).collect();
    if !missing.is_empty() {
        lines.push(format!("not granted: {}", missing.join(", ")));
    }
    print(arguments.json, &value, &lines)
}
