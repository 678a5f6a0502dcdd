//! A person's way over Slack's page, and back by loopback or by a pasted address.

use std::io::{BufRead as _, IsTerminal as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use slack_auth::oauth::{
    AuthorizationRequest, AuthorizationUrl, Callback, CallbackError, CodeExchange,
    PendingAuthorization, RedirectUri, VerifiedCallback, random_bytes,
};
use slack_auth::{Recovery, Timestamp};

use super::loopback::{Loopback, answer};
use super::session::SessionArguments;
use crate::problem::Problem;

/// Sends a person over Slack's page, and returns what is to be exchanged.
pub(super) async fn authorize<M: CodeExchange>(
    request: AuthorizationRequest<M>,
    redirect: &str,
    no_browser: bool,
    arguments: &SessionArguments,
) -> Result<VerifiedCallback<M>, Problem> {
    let bytes = random_bytes().map_err(Problem::refused)?;
    let (url, pending) = request.begin(&arguments.endpoint()?, &bytes, now());
    if no_browser {
        return pasted(&url, pending);
    }
    let returned = tokio::time::timeout(WAIT, by_browser(&url, pending, redirect)).await;
    returned.map_err(|_| Problem::person("nobody came back from the browser in ten minutes"))?
}

/// Reads the redirect URI of an app with a secret. Slack has only https there; a fake may have plain http on loopback.
pub(super) fn web_redirect(
    redirect: &str,
    arguments: &SessionArguments,
) -> Result<RedirectUri, Problem> {
    if arguments.endpoint.is_some() && redirect.starts_with("http:") {
        return RedirectUri::insecure_for_tests(redirect).map_err(Problem::misuse);
    }
    RedirectUri::new(redirect).map_err(Problem::misuse)
}

/// Has a person open the page elsewhere and paste the address that the browser ends at.
fn pasted<M: CodeExchange>(
    url: &AuthorizationUrl,
    pending: PendingAuthorization<M>,
) -> Result<VerifiedCallback<M>, Problem> {
    eprintln!(
        "open this address in a browser, and paste the address that it ends at:\n{}",
        url.expose()
    );
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(Problem::refused)?;
    let callback = Callback::parse(line.trim()).map_err(Problem::misuse)?;
    pending.finish(callback, now()).map_err(|error| refused(&error))
}

/// Opens a browser and waits until it comes back; other requests do not end the wait.
async fn by_browser<M: CodeExchange>(
    url: &AuthorizationUrl,
    mut pending: PendingAuthorization<M>,
    redirect: &str,
) -> Result<VerifiedCallback<M>, Problem> {
    let uri: http::Uri = redirect.parse().map_err(Problem::misuse)?;
    let is_local = uri.scheme_str() == Some("http");
    let port = uri.port_u16().filter(|_| is_local).ok_or_else(|| {
        Problem::misuse(
            "the redirect URL must be http on localhost with a port: else use --no-browser",
        )
    })?;
    let listener = Loopback::bind(port).await.map_err(|error| {
        Problem::refused(format!(
            "cannot listen on port {port}: {error}; end what listens there, or use --no-browser"
        ))
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
                return Err(refused(&error));
            }
            Err(error) => {
                answer(stream, "400 Bad Request", "This answer belongs to another browser.").await;
                let expired = || Problem::person("the browser came back too late: log in again");
                pending = error.into_pending().ok_or_else(expired)?;
            }
        }
    }
}

fn refused<M: CodeExchange>(error: &CallbackError<M>) -> Problem {
    // The error holds what is pending, which must not outlive the flow.
    Problem::person(error.to_string())
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

pub(super) fn now() -> Timestamp {
    Timestamp::from(std::time::SystemTime::now())
}

const WAIT: Duration = Duration::from_secs(600);
