//! `slack-auth config`: app configuration tokens, for pipelines.

use std::io::Read as _;

use clap::Subcommand;
use serde::Deserialize;
use serde_json::json;
use slack_auth::rotation::{Rejection, TokenError};
use slack_auth::store::Precondition;
use slack_auth::tokens::{
    ConfigurationCredential, ConfigurationToken, Fingerprint, InstallationKey, RefreshToken,
};
use slack_auth::{Installation, Recovery, Slot, StoreKey, Timestamp};

use super::authorize::now;
use super::mark::{self, Unanswered};
use super::newer::within;
use super::output::print;
use super::session::{Session, SessionArguments, block_on};
use super::token::token_problem;
use crate::problem::Problem;

#[derive(Subcommand)]
pub(crate) enum ConfigCommand {
    /// Store a pair from the settings page: JSON with `token` and `refresh_token` on standard input.
    Add {
        /// The workspace that the token belongs to.
        #[arg(long, value_name = "ID")]
        team: String,
        /// The person that the token belongs to.
        #[arg(long, value_name = "ID")]
        user: String,
    },
    /// Print a valid token, refreshed if it is due.
    Token {
        /// The installation, as `list` prints it; may be left out if there is only one.
        #[arg(long)]
        key: Option<String>,
    },
    /// Rotate the pair now; prints fingerprints.
    Rotate {
        /// The installation, as `list` prints it; may be left out if there is only one.
        #[arg(long)]
        key: Option<String>,
    },
}

/// A pair as `tooling.tokens.rotate` writes it.
#[derive(Deserialize)]
struct Pair {
    token: String,
    refresh_token: String,
}

pub(crate) fn run(command: &ConfigCommand, arguments: &SessionArguments) -> Result<(), Problem> {
    match command {
        ConfigCommand::Add { team, user } => block_on(add(team, user, arguments)),
        ConfigCommand::Token { key } => block_on(token(key.as_deref(), arguments)),
        ConfigCommand::Rotate { key } => block_on(rotate(key.as_deref(), arguments)),
    }
}

async fn add(team: &str, user: &str, arguments: &SessionArguments) -> Result<(), Problem> {
    let store = arguments.open_store(arguments.store_app()?).await?;
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(Problem::refused)?;
    let pair: Pair = serde_json::from_str(&text).map_err(|_| {
        Problem::misuse("standard input must be JSON with the strings token and refresh_token")
    })?;
    let token = ConfigurationToken::new(pair.token).map_err(Problem::misuse)?;
    let refresh_token = RefreshToken::new(pair.refresh_token).map_err(Problem::misuse)?;
    let now = Timestamp::from(std::time::SystemTime::now());
    let mut credential = ConfigurationCredential::new(token, refresh_token, now);
    credential.team_id = Some(team.into());
    credential.user_id = Some(user.into());
    let new = credential.token.fingerprint();
    let fingerprint = new.to_string();

    let place = InstallationKey::Workspace(team.into());
    let key = StoreKey::person(place.clone(), user.into());
    let stored = store.load(&key).await.map_err(Problem::refused)?;
    let (mut installation, expected) = match stored {
        Some(stored) => (stored.installation, Precondition::Version(stored.version)),
        None => (Installation::new(place), Precondition::Absent),
    };
    mark::replace(&mut installation, new)?;
    installation.configuration = Some(credential);
    store.put(&key, &installation, expected).await.map_err(Problem::refused)?;
    let value = json!({"key": key.to_text(), "fingerprint": fingerprint});
    print(arguments.json, &value, &[format!("{} holds {fingerprint}", key.to_text())])
}

async fn token(key: Option<&str>, arguments: &SessionArguments) -> Result<(), Problem> {
    let session = Session::open(arguments, arguments.nobody()?).await?;
    let key = session.key(key, Slot::Configuration).await?;
    let old = fingerprint(&session, &key).await?;
    let earlier = if may_be_due(&session, &key).await? {
        mark::begin(&session.store, &key).await?
    } else {
        None
    };
    if let Some(earlier) = &earlier {
        earlier.warn();
    }
    let token = session.rotator.configuration_token(&key).await;
    session.settle().await;
    let token = match token {
        Ok(token) => token,
        Err(error) => return Err(session.problem(error, &key, earlier.as_ref()).await),
    };
    if let Some(earlier) = earlier.filter(|_| token.fingerprint() != old) {
        earlier.accepted();
    }
    let text = token.expose().to_owned();
    let expires_at = token.expires_at().map(Timestamp::as_unix);
    print(arguments.json, &json!({"token": text, "expires_at": expires_at}), &[text])
}

async fn rotate(key: Option<&str>, arguments: &SessionArguments) -> Result<(), Problem> {
    let session = Session::open(arguments, arguments.nobody()?).await?;
    let key = session.key(key, Slot::Configuration).await?;
    let old = fingerprint(&session, &key).await?;
    // A token that is said to have ended is refreshed at once, whatever its life. What the call returns is a token of
    // another kind: the store tells what came of it.
    let slot = Slot::Configuration;
    let earlier = mark::begin(&session.store, &key).await?;
    if let Some(earlier) = &earlier {
        earlier.warn();
    }
    let _ = session.rotator.configuration_token(&key).await;
    let _ = session.rotator.report_rejected(&key, slot, old, Rejection::Expired).await;
    session.settle().await;
    let new = fingerprint(&session, &key).await?;
    if new == old {
        // Why it failed was printed by the observer; the token itself says whether a person must act.
        if let Err(error) = session.rotator.configuration_token(&key).await {
            return Err(session.problem(error, &key, earlier.as_ref()).await);
        }
        return Err(Problem::refused("the pair was not rotated: the stored one is unchanged"));
    }
    if let Some(earlier) = earlier {
        earlier.accepted();
    }
    let (old, new) = (old.to_string(), new.to_string());
    let value = json!({"key": key.to_text(), "old": old, "new": new});
    print(arguments.json, &value, &[format!("{}: {old} became {new}", key.to_text())])
}

impl Session {
    /// Returns the problem of a pair that could not be rotated; `earlier` is an attempt that stored no answer.
    async fn problem(
        &self,
        error: TokenError,
        key: &StoreKey,
        earlier: Option<&Unanswered>,
    ) -> Problem {
        match (earlier, error.recovery()) {
            (Some(earlier), Recovery::AuthorizeAgain) => earlier.refused(),
            (None, Recovery::AuthorizeAgain) => {
                mark::end(&self.store, key).await;
                token_problem(error)
            }
            _ => token_problem(error),
        }
    }
}

/// Returns whether asking for the token may send its refresh token: in the first half of its life it does not.
async fn may_be_due(session: &Session, key: &StoreKey) -> Result<bool, Problem> {
    let stored = within(session.store.load(key)).await?;
    let held = stored.and_then(|stored| stored.installation.any_credential(Slot::Configuration));
    Ok(held.is_some_and(|held| {
        let life = held.expires_at().map(|end| (end.since(held.issued_at()), end.since(now())));
        life.is_none_or(|(whole, left)| left < whole / 2)
    }))
}

async fn fingerprint(session: &Session, key: &StoreKey) -> Result<Fingerprint, Problem> {
    let stored = session.store.load(key).await.map_err(Problem::refused)?;
    let credential =
        stored.and_then(|stored| stored.installation.any_credential(Slot::Configuration));
    let credential = credential
        .ok_or_else(|| Problem::person(format!("{} holds no such token", key.to_text())))?;
    Ok(credential.fingerprint())
}
