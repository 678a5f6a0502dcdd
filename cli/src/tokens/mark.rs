//! A mark beside a configuration pair while its refresh token is under way.
//!
//! A kill between Slack's answer and the moment when the new pair is on disk loses that answer, and nobody can undo it. So
//! the pair is marked on disk before it is sent. A mark that names the stored pair belongs to an attempt that stored no
//! answer; one that names an older pair means nothing, so a success need not remove it.

use serde::{Deserialize, Serialize};
use slack_auth::store::Precondition;
use slack_auth::tokens::{AppData, Fingerprint};
use slack_auth::{Installation, InstallationStore, Slot, StoreKey, Timestamp};

use super::authorize::now;
use super::newer::within;
use crate::problem::Problem;

/// What is kept as the installation's app data.
#[derive(Serialize, Deserialize)]
struct Mark {
    /// The fingerprint of the token whose pair is being rotated.
    slack_auth_rotates: String,
    /// When that began, in Unix seconds.
    since: u64,
}

/// An attempt of an earlier run that stored no answer.
pub(super) struct Unanswered(Timestamp);

impl Unanswered {
    /// Says what is not known, and what is done about it.
    pub(super) fn warn(&self) {
        eprintln!(
            "slack-auth: an earlier run began to rotate this pair at {} and stored no answer of Slack; whether Slack \
             answered is not known, so the same refresh token is sent again",
            self.0
        );
    }

    /// Says what became of it if the same refresh token was accepted.
    pub(super) fn accepted(&self) {
        eprintln!(
            "slack-auth: Slack accepted the refresh token; if it had answered the run that began at {}, that pair is lost, \
             and the one that is stored now takes its place",
            self.0
        );
    }

    /// Returns the problem of a refresh token that is not accepted any more.
    pub(super) fn refused(&self) -> Problem {
        Problem::person(format!(
            "Slack refuses the refresh token: it had most likely answered the run that began at {}, and that answer was \
             lost before it was stored; create a pair on the settings page and store it with `slack-auth config add`",
            self.0
        ))
    }
}

/// Marks the pair before it is sent; returns the earlier attempt if one stored no answer.
pub(super) async fn begin(
    store: &InstallationStore,
    key: &StoreKey,
) -> Result<Option<Unanswered>, Problem> {
    for _ in 0..ROUNDS {
        let Some(stored) = within(store.load(key)).await? else { return Ok(None) };
        let mut installation = stored.installation;
        let Some(held) = installation.any_credential(Slot::Configuration) else { return Ok(None) };
        let fingerprint = held.fingerprint().to_string();
        if let Some(data) = &installation.app_data {
            // Another program keeps something of its own there: then the lease alone tells of the attempt.
            let Ok(mark) = serde_json::from_slice::<Mark>(data.as_ref()) else { return Ok(None) };
            if mark.slack_auth_rotates == fingerprint {
                if let Some(held) = within(store.lease(key, Slot::Configuration)).await? {
                    eprintln!(
                        "slack-auth: another process rotates this pair, or was killed while it did: waiting at most {} s",
                        held.remaining.as_secs()
                    );
                }
                return Ok(Some(Unanswered(Timestamp::from_unix(mark.since))));
            }
        }
        let mark = Mark { slack_auth_rotates: fingerprint, since: now().as_unix() };
        let bytes = serde_json::to_vec(&mark).map_err(Problem::refused)?;
        installation.app_data = Some(AppData::new(bytes).map_err(Problem::refused)?);
        let expected = Precondition::Version(stored.version);
        match store.put(key, &installation, expected).await {
            Ok(_) => return Ok(None),
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(Problem::refused(error)),
        }
    }
    Err(Problem::refused("another process keeps changing the pair: try again"))
}

/// Removes the mark after Slack has refused the pair for good: that is an answer, and none was lost. A mark that cannot be
/// removed only makes the next run say less than it could know.
pub(super) async fn end(store: &InstallationStore, key: &StoreKey) {
    let Ok(Some(stored)) = within(store.load(key)).await else { return };
    let mut installation = stored.installation;
    if marked(&installation).is_some() {
        installation.app_data = None;
        let _ = within(store.put(key, &installation, Precondition::Version(stored.version))).await;
    }
}

/// Prepares a stored installation for a pair that a person brings.
///
/// # Errors
///
/// The pair that is stored came of the one that is brought, which is spent.
pub(super) fn replace(installation: &mut Installation, new: Fingerprint) -> Result<(), Problem> {
    let Some(mark) = marked(installation) else { return Ok(()) };
    let held = installation.any_credential(Slot::Configuration).map(|it| it.fingerprint());
    let is_of_new = mark.slack_auth_rotates == new.to_string();
    if is_of_new && held.is_some_and(|held| held != new) {
        return Err(Problem::refused(format!(
            "that pair was rotated at {}, and the one that is stored came of it: nothing was changed; to start anew, create \
             another pair on the settings page",
            Timestamp::from_unix(mark.since)
        )));
    }
    if !is_of_new {
        installation.app_data = None;
    }
    Ok(())
}

fn marked(installation: &Installation) -> Option<Mark> {
    serde_json::from_slice(installation.app_data.as_ref()?.as_ref()).ok()
}

const ROUNDS: usize = 5;
