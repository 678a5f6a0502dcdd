//! `slack-auth list` and `slack-auth status`: what the store holds, and what needs a person.

use std::time::Duration;

use serde_json::{Value, json};
use slack_auth::health::{CredentialHealth, HealthState};
use slack_auth::store::Unreadable;
use slack_auth::{StoreKey, Timestamp};

use super::output::print;
use super::session::{Session, SessionArguments, block_on};
use crate::problem::Problem;

/// Prints every credential by its fingerprint.
pub(crate) fn list(arguments: &SessionArguments) -> Result<(), Problem> {
    let found = block_on(find(arguments))?;
    print(arguments.json, &json!({"credentials": found.rows()}), &found.lines())?;
    found.check_readable()
}

/// Prints the health of every credential; fails if a person must act.
pub(crate) fn status(arguments: &SessionArguments, within: u64) -> Result<(), Problem> {
    let found = block_on(find(arguments))?;
    let until = Timestamp::from(std::time::SystemTime::now()) + Duration::from_secs(within);
    let ends_soon =
        |it: &CredentialHealth| !it.rotates && it.ends_at().is_some_and(|end| end <= until);
    let credentials = || found.credentials.iter().map(|(_, health)| health);
    let needs_person = credentials().filter(|it| it.needs_person() || ends_soon(it)).count();
    let soonest = credentials().filter_map(|it| it.ends_at().or(it.expires_at)).min();
    let value = json!({
        "credentials": found.rows(),
        "ends_soonest": soonest.map(Timestamp::as_unix),
        "needs_person": needs_person,
        "unreadable": found.unreadable.len(),
    });
    print(arguments.json, &value, &found.lines())?;
    if needs_person > 0 {
        let text =
            format!("{needs_person} of {} credentials need a person", found.credentials.len());
        return Err(Problem::person(text));
    }
    found.check_readable()
}

/// What the store holds.
struct Found {
    credentials: Vec<(StoreKey, CredentialHealth)>,
    unreadable: Vec<Unreadable>,
}

async fn find(arguments: &SessionArguments) -> Result<Found, Problem> {
    let app = match &arguments.client_id {
        Some(_) => arguments.app()?,
        None => arguments.nobody()?,
    };
    let session = Session::open(arguments, app).await?;
    let (mut credentials, mut unreadable, mut after) = (Vec::new(), Vec::new(), None);
    loop {
        let page = session.rotator.health_page(after.as_ref(), PAGE).await;
        let page = page.map_err(Problem::refused)?;
        unreadable.extend(page.unreadable);
        for installation in page.installations {
            let key = installation.key;
            credentials.extend(installation.credentials.into_iter().map(|it| (key.clone(), it)));
        }
        after = page.next;
        if after.is_none() {
            credentials.sort_by(|(one, _), (other, _)| one.cmp(other));
            return Ok(Found { credentials, unreadable });
        }
    }
}

impl Found {
    fn rows(&self) -> Vec<Value> {
        let row = |(key, health): &(StoreKey, CredentialHealth)| {
            let reason = match &health.state {
                HealthState::Retrying { problem, .. } => Some(problem.as_str()),
                HealthState::NeedsAuthorization { reason, .. } => Some(reason.as_str()),
                _ => None,
            };
            json!({
                "key": key.to_text(),
                "slot": health.slot.as_str(),
                "fingerprint": health.token.to_string(),
                "health": health.state.as_str(),
                "reason": reason,
                "rotates": health.rotates,
                "issued_at": health.issued_at.as_unix(),
                "expires_at": health.expires_at.map(Timestamp::as_unix),
                "refresh_token_ends_at": health.refresh_token_ends_at.map(Timestamp::as_unix),
            })
        };
        self.credentials.iter().map(row).collect()
    }

    fn lines(&self) -> Vec<String> {
        let line = |(key, health): &(StoreKey, CredentialHealth)| {
            let (key, slot, token) = (key.to_text(), health.slot.as_str(), &health.token);
            let end = health.expires_at.map_or_else(|| "-".to_owned(), |end| end.to_string());
            format!("{key}  {slot}  {end}  {token}  {}", health.state)
        };
        let unreadable = |it: &Unreadable| format!("{:?}  {}", it.name, it.error);
        let unreadable = self.unreadable.iter().map(unreadable);
        self.credentials.iter().map(line).chain(unreadable).collect()
    }

    /// Fails if an entry cannot be read: a person must look at it.
    fn check_readable(&self) -> Result<(), Problem> {
        match self.unreadable.len() {
            0 => Ok(()),
            count => Err(Problem::person(format!("{count} entries of the store cannot be read"))),
        }
    }
}

const PAGE: usize = 100;
