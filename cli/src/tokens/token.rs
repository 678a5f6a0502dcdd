//! `slack-auth token`, `exec`, `whoami`, `sweep` and `revoke`.

use std::process::Command;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::json;
use slack_auth::methods::AuthTest;
use slack_auth::rotation::{SweepFailure, TokenError};
use slack_auth::{Recovery, Slot};

use super::output::print;
use super::progress::Progress;
use super::session::{Session, SessionArguments, block_on, named_key};
use crate::problem::Problem;

/// Which token.
#[derive(Args)]
pub(crate) struct TokenArguments {
    /// The installation, as `list` prints it; may be left out if there is only one.
    #[arg(long)]
    key: Option<String>,
    /// The bot's token or the person's.
    #[arg(long, value_enum, default_value_t = SlotName::Bot)]
    slot: SlotName,
    /// For how many seconds the token must be valid.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    min_validity: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum SlotName {
    Bot,
    User,
}

impl From<SlotName> for Slot {
    fn from(name: SlotName) -> Self {
        match name {
            SlotName::Bot => Self::Bot,
            SlotName::User => Self::User,
        }
    }
}

#[derive(Args)]
pub(crate) struct ExecArguments {
    #[command(flatten)]
    token: TokenArguments,
    /// The environment variable that gets the token.
    #[arg(long, value_name = "NAME", default_value = "SLACK_TOKEN")]
    env: String,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    program: Vec<std::ffi::OsString>,
}

/// Returns the problem of a token that could not be had.
pub(super) fn token_problem(error: TokenError) -> Problem {
    match error.recovery() {
        Recovery::AuthorizeAgain | Recovery::AskAdmin | Recovery::FixConfiguration => {
            Problem::person(error)
        }
        Recovery::FixCall => Problem::misuse(error),
        _ => Problem::refused(error),
    }
}

/// Prints a valid token.
pub(crate) fn token(wanted: &TokenArguments, arguments: &SessionArguments) -> Result<(), Problem> {
    let (token, expires_at) = block_on(valid(wanted, arguments))?;
    print(arguments.json, &json!({"token": token, "expires_at": expires_at}), &[token])
}

/// Runs a program with a valid token in its environment.
pub(crate) fn exec(wanted: &ExecArguments, arguments: &SessionArguments) -> Result<(), Problem> {
    let (token, _) = block_on(valid(&wanted.token, arguments))?;
    let [program, rest @ ..] = &wanted.program[..] else {
        return Err(Problem::misuse("no program is named"));
    };
    let mut command = Command::new(program);
    command.args(rest).env(&wanted.env, token);
    // What opens the store is not the program's business.
    for variable in ["SLACK_AUTH_KEY", "SLACK_AUTH_KEY_FILE", "SLACK_CLIENT_SECRET"] {
        command.env_remove(variable);
    }
    let status = command.status().map_err(|error| {
        Problem::misuse(format!("cannot run {}: {error}", program.to_string_lossy()))
    })?;
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(Problem::of_program(code)),
        None => Err(Problem::refused("the program was ended by a signal")),
    }
}

async fn valid(
    wanted: &TokenArguments,
    arguments: &SessionArguments,
) -> Result<(String, Option<u64>), Problem> {
    let session = Session::open(arguments, arguments.app()?).await?;
    let slot = wanted.slot.into();
    let key = session.key(wanted.key.as_deref(), slot).await?;
    let min_validity = Duration::from_secs(wanted.min_validity);
    let token = session.rotator.access_token_for(&key, slot, min_validity).await;
    session.settle().await;
    let token = token.map_err(token_problem)?;
    Ok((token.expose().to_owned(), token.expires_at().map(slack_auth::Timestamp::as_unix)))
}

/// Prints whose token it is, as Slack says.
pub(crate) fn whoami(wanted: &TokenArguments, arguments: &SessionArguments) -> Result<(), Problem> {
    block_on(async {
        let session = Session::open(arguments, arguments.app()?).await?;
        let slot = wanted.slot.into();
        let key = session.key(wanted.key.as_deref(), slot).await?;
        let reply = session.rotator.call(&AuthTest, &key, slot).await;
        session.settle().await;
        let who = match reply {
            Ok(reply) => reply.value,
            Err(error) if error.recovery() == Recovery::AuthorizeAgain => {
                return Err(Problem::person(error));
            }
            Err(error) => return Err(Problem::refused(error)),
        };
        let text = |text: Option<String>| text.unwrap_or_else(|| "?".to_owned());
        let (user, team) = (who.user.map(|u| u.to_string()), who.team.map(|t| t.to_string()));
        let value = json!({
            "key": key.to_text(),
            "user": user,
            "user_id": who.user_id.map(|id| id.as_str().to_owned()),
            "team": team,
            "team_id": who.team_id.map(|id| id.as_str().to_owned()),
            "is_enterprise_install": who.is_enterprise_install,
        });
        print(arguments.json, &value, &[format!("{} in {}", text(user), text(team))])
    })
}

/// Refreshes every token that is due, and counts what needs a person.
pub(crate) fn sweep(arguments: &SessionArguments) -> Result<(), Problem> {
    block_on(async {
        let app = arguments.app()?;
        let progress = Progress::unbounded("tokens tried");
        let session = Session::of_sweep(arguments, app, progress.clone()).await?;
        let report = session.rotator.sweep_once().await;
        session.settle().await;
        progress.end();
        let report = report.map_err(Problem::refused)?;
        let persons = needing_person(&session).await?;
        let (failed, unreadable) = (report.failures.len(), report.unreadable.len());
        let failure =
            |it: &SweepFailure| format!("{} {}: {}", it.key.to_text(), it.slot.as_str(), it.error);
        let mut lines: Vec<String> = report.failures.iter().map(failure).collect();
        lines.extend(report.unreadable.iter().map(|it| format!("{:?}: {}", it.name, it.error)));
        lines.push(format!("{} refreshed, {failed} failed", report.refreshed));
        let value = json!({
            "refreshed": report.refreshed,
            "failed": failed,
            "needs_person": persons,
            "unreadable": unreadable,
        });
        print(arguments.json, &value, &lines)?;
        let is_settings = |it: &&SweepFailure| {
            matches!(it.error.recovery(), Recovery::FixConfiguration | Recovery::AskAdmin)
        };
        let settings = report.failures.iter().filter(is_settings).count();
        match (persons, failed, unreadable) {
            (0, 0, 0) => Ok(()),
            (0, ..) if settings > 0 => Err(Problem::person(format!(
                "{settings} tokens could not be refreshed before somebody corrects the app's settings or credentials"
            ))),
            (0, 0, _) => {
                Err(Problem::person(format!("{unreadable} entries of the store cannot be read")))
            }
            (0, ..) => Err(Problem::refused(format!("{failed} tokens could not be refreshed"))),
            _ => Err(Problem::person(format!("{persons} installations need a person"))),
        }
    })
}

/// Counts the installations that need a person.
async fn needing_person(session: &Session) -> Result<usize, Problem> {
    let summary = session.rotator.health_summary(0).await.map_err(Problem::refused)?;
    Ok(summary.needing_person)
}

/// Revokes the tokens of an installation and removes it.
pub(crate) fn revoke(key: &str, arguments: &SessionArguments) -> Result<(), Problem> {
    block_on(async {
        let key = named_key(key)?;
        let session = Session::open(arguments, arguments.app()?).await?;
        if session.store.load(&key).await.map_err(Problem::refused)?.is_none() {
            return Err(Problem::refused(format!("the store holds nothing for {}", key.to_text())));
        }
        let revoked = session.rotator.revoke_all(&key).await;
        session.settle().await;
        revoked.map_err(Problem::refused)?;
        let value = json!({"key": key.to_text(), "revoked": true});
        print(arguments.json, &value, &[format!("{} is revoked and removed", key.to_text())])
    })
}
