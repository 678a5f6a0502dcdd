//! `slack-auth list` and `slack-auth status`: what the store holds, and what needs a person.

use std::time::Duration;

use serde_json::{Value, json};
use slack_auth::rotation::AnyCredential;
use slack_auth::{Slot, Timestamp};

use super::output::print;
use super::session::{SessionArguments, block_on, keys_of};
use crate::problem::Problem;

const SLOTS: [Slot; 3] = [Slot::Bot, Slot::User, Slot::Configuration];

/// The health of a credential, as far as the store shows it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    /// The token does not end.
    Lasting,
    /// The token is valid and can be refreshed.
    Valid,
    /// The token has ended and will be refreshed when it is asked for.
    Due,
    /// The token is valid, and cannot be refreshed when it ends.
    Ending,
    /// A person must authorize again.
    Ended,
}

impl Health {
    fn of(credential: &AnyCredential, now: Timestamp) -> Self {
        let is_over = credential.expires_at().is_some_and(|end| now >= end);
        // Refresh tokens of a public client end after thirty days; of others the store knows no end.
        match (credential.refresh_token().is_some(), credential.expires_at(), is_over) {
            (false, None, _) => Self::Lasting,
            (false, Some(_), true) => Self::Ended,
            (false, Some(_), false) => Self::Ending,
            (true, _, true) => Self::Due,
            (true, _, false) => Self::Valid,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Lasting => "lasting",
            Self::Valid => "valid",
            Self::Due => "due",
            Self::Ending => "ending",
            Self::Ended => "ended",
        }
    }
}

/// Prints every credential by its fingerprint.
pub(crate) fn list(arguments: &SessionArguments) -> Result<(), Problem> {
    let (rows, lines, _) = block_on(rows(arguments))?;
    print(arguments.json, &json!({"credentials": rows}), &lines)
}

/// Prints the health of every credential; fails if a person must act.
pub(crate) fn status(arguments: &SessionArguments, within: u64) -> Result<(), Problem> {
    let (rows, lines, soonest) = block_on(rows(arguments))?;
    let now = Timestamp::from(std::time::SystemTime::now());
    let ends_within = |row: &&Value| {
        let end = row["expires_at"].as_u64().unwrap_or(u64::MAX);
        row["health"] == "ended"
            || row["health"] == "ending" && end <= (now + Duration::from_secs(within)).as_unix()
    };
    let needs_person = rows.iter().filter(ends_within).count();
    let value = json!({
        "credentials": rows,
        "ends_soonest": soonest.map(Timestamp::as_unix),
        "needs_person": needs_person,
    });
    print(arguments.json, &value, &lines)?;
    if needs_person > 0 {
        let text = format!("{needs_person} of {} credentials need a person", rows.len());
        return Err(Problem::person(text));
    }
    Ok(())
}

type Rows = (Vec<Value>, Vec<String>, Option<Timestamp>);

async fn rows(arguments: &SessionArguments) -> Result<Rows, Problem> {
    let store = arguments.open_store(arguments.store_app()?)?;
    let now = Timestamp::from(std::time::SystemTime::now());
    let (mut rows, mut lines, mut soonest) = (Vec::new(), Vec::new(), None);
    for key in keys_of(&store).await? {
        let Some(stored) = store.load(&key).await.map_err(Problem::refused)? else { continue };
        for slot in SLOTS {
            let Some(credential) = stored.installation.any_credential(slot) else { continue };
            let health = Health::of(&credential, now);
            let end = credential.expires_at();
            soonest = [soonest, end].into_iter().flatten().min();
            let (key, slot) = (key.to_text(), slot.as_str());
            let fingerprint = credential.fingerprint().to_string();
            let shown = end.map_or_else(|| "-".to_owned(), |end| end.to_string());
            lines.push(format!("{key}  {slot}  {}  {shown}  {fingerprint}", health.as_str()));
            rows.push(json!({
                "key": key,
                "slot": slot,
                "fingerprint": fingerprint,
                "health": health.as_str(),
                "rotates": credential.refresh_token().is_some(),
                "issued_at": credential.issued_at().as_unix(),
                "expires_at": end.map(Timestamp::as_unix),
            }));
        }
    }
    Ok((rows, lines, soonest))
}
