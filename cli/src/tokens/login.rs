//! `slack-auth login`: a person's token, by PKCE on loopback.

use std::io::{BufRead as _, IsTerminal as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::Args;
use serde_json::json;
use slack_auth::methods::OauthV2Access;
use slack_auth::oauth::{
    AuthorizationRequest, AuthorizationUrl, Callback, CodeVerifier, InstallScopes,
    PendingAuthorization, RedirectUri, VerifiedCallback, random_bytes,
};
use slack_auth::store::Precondition;
use slack_auth::{PublicClient, Recovery, StoreKey, Timestamp};

use super::loopback::{Loopback, answer};
use super::output::print;
use super::session::{SessionArguments, block_on};
use crate::problem::Problem;

#[derive(Args)]
pub(crate) struct LoginArguments {
    /// The user scopes, as a comma list.
    #[arg(long, value_name = "SCOPES")]
    scopes: String,
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
    block_on(login(wanted, arguments))
}

async fn login(wanted: &LoginArguments, arguments: &SessionArguments) -> Result<(), Problem> {
    let (client, id) = (arguments.client()?, arguments.client_id()?);
    let store = arguments.open_store(id.clone())?;
    let redirect = RedirectUri::new(wanted.redirect.as_str()).map_err(Problem::misuse)?;
    let scopes = InstallScopes::user_only(wanted.scopes.as_str());
    let request = AuthorizationRequest::<Exchange>::new(id.clone(), scopes, redirect)
        .map_err(Problem::misuse)?;
    let bytes = random_bytes().map_err(Problem::refused)?;
    let (url, pending) = request.begin(&arguments.endpoint()?, &bytes, now());
    let verified = if wanted.no_browser {
        pasted(&url, pending)?
    } else {
        let wait = by_browser(&url, pending, &wanted.redirect);
        let returned = tokio::time::timeout(WAIT, wait).await;
        returned
            .map_err(|_| Problem::person("nobody came back from the browser in ten minutes"))??
    };

    let sent = now();
    let app = PublicClient::new(id);
    let reply =
        client.call(&verified.exchange, &app).await.map_err(|error| match error.recovery() {
            Recovery::RetryLater { .. } | Recovery::Unknown => Problem::refused(error),
            _ => Problem::person(error),
        })?;
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

/// Has a person open the page elsewhere and paste the address that the browser ends at.
fn pasted(
    url: &AuthorizationUrl,
    pending: PendingAuthorization<Exchange>,
) -> Result<VerifiedCallback<Exchange>, Problem> {
    eprintln!(
        "open this address in a browser, and paste the address that it ends at:\n{}",
        url.expose()
    );
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(Problem::refused)?;
    let callback = Callback::parse(line.trim()).map_err(Problem::misuse)?;
    pending.finish(callback, now()).map_err(Problem::person)
}

/// Opens a browser and waits until it comes back; other requests do not end the wait.
async fn by_browser(
    url: &AuthorizationUrl,
    mut pending: PendingAuthorization<Exchange>,
    redirect: &str,
) -> Result<VerifiedCallback<Exchange>, Problem> {
    let uri: http::Uri = redirect.parse().map_err(Problem::misuse)?;
    let is_local = uri.scheme_str() == Some("http");
    let port = uri.port_u16().filter(|_| is_local).ok_or_else(|| {
        Problem::misuse(
            "the redirect URL must be http on localhost with a port: else use --no-browser",
        )
    })?;
    let listener = Loopback::bind(port).await.map_err(|error| {
        Problem::refused(format!("cannot listen on port {port}: {}", error.kind()))
    })?;
    eprintln!("waiting for the browser at port {port}; if none opens, go to\n{}", url.expose());
    open(url);
    loop {
        let (target, stream) = listener.request().await.map_err(Problem::refused)?;
        let path = target.split('?').next().unwrap_or_default();
        if path != uri.path() {
            answer(stream, "404 Not Found", "Nothing is here.").await;
            continue;
        }
        let Ok(callback) = Callback::parse(&target) else {
            answer(stream, "400 Bad Request", "This is not an answer of Slack.").await;
            continue;
        };
        match pending.finish(callback, now()) {
            Ok(verified) => {
                answer(stream, "200 OK", "You can close this page and go back to the terminal.")
                    .await;
                return Ok(verified);
            }
            Err(error)
                if error.error_response().is_some()
                    || error.recovery() != Recovery::AuthorizeAgain =>
            {
                answer(stream, "200 OK", "Slack refused. Go back to the terminal.").await;
                return Err(Problem::person(error));
            }
            Err(error) => {
                answer(stream, "400 Bad Request", "This answer belongs to another browser.").await;
                let expired = || Problem::person("the browser came back too late: log in again");
                pending = error.into_pending().ok_or_else(expired)?;
            }
        }
    }
}

/// Opens a browser if somebody sits at the terminal.
fn open(url: &AuthorizationUrl) {
    if !std::io::stderr().is_terminal() {
        return;
    }
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let quiet = Command::new(program)
        .arg(url.expose())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    // Without a browser the printed address is there.
    drop(quiet);
}

fn now() -> Timestamp {
    Timestamp::from(std::time::SystemTime::now())
}

const WAIT: Duration = Duration::from_secs(600);
const ROUNDS: usize = 5;
