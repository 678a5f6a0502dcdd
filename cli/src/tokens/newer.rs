//! Writing an installation into a store that may hold a newer one.

use std::future::Future;
use std::time::Duration;

use slack_auth::store::{Precondition, StoreError};
use slack_auth::{Installation, InstallationStore, Slot, StoreKey};

use crate::problem::Problem;

/// What became of an installation that was to be written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was written.
    Written,
    /// The same was there.
    Unchanged,
    /// What was there is not older, and stays.
    Kept,
}

/// How many installations had each outcome.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) written: usize,
    pub(super) unchanged: usize,
    /// The keys of those that were kept.
    pub(super) kept: Vec<String>,
}

impl Counts {
    pub(super) fn add(&mut self, key: &StoreKey, outcome: Outcome) {
        match outcome {
            Outcome::Written => self.written += 1,
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Kept => self.kept.push(key.to_text()),
        }
    }

    pub(super) fn line(&self) -> String {
        format!(
            "{} written, {} there already, {} kept since the store's own is not older",
            self.written,
            self.unchanged,
            self.kept.len()
        )
    }
}

/// Writes the installation unless what is stored is the same or not older; compares and swaps.
pub(super) async fn put_if_newer(
    store: &InstallationStore,
    key: &StoreKey,
    installation: &Installation,
) -> Result<Outcome, Problem> {
    for _ in 0..ROUNDS {
        let expected = match within(store.load(key)).await? {
            None => Precondition::Absent,
            Some(stored) => match compare(&stored.installation, installation) {
                Outcome::Written => Precondition::Version(stored.version),
                outcome => return Ok(outcome),
            },
        };
        match tokio::time::timeout(LIMIT, store.put(key, installation, expected)).await {
            Ok(Ok(_)) => return Ok(Outcome::Written),
            Ok(Err(error)) if error.is_conflict() => {}
            Ok(Err(error)) => return Err(Problem::refused(error)),
            Err(_) => return Err(too_slow()),
        }
    }
    Err(Problem::refused("another process keeps changing an installation: stop it, and try again"))
}

/// Compares what is stored with what is to be written.
///
/// Only an installation whose every credential is at least as new as the stored one, and one of them newer, replaces it: a
/// refresh of either side is never undone.
fn compare(stored: &Installation, new: &Installation) -> Outcome {
    if stored.encode_exposing_secrets().as_ref() == new.encode_exposing_secrets().as_ref() {
        return Outcome::Unchanged;
    }
    let mut is_newer = false;
    for slot in [Slot::Bot, Slot::User, Slot::Configuration] {
        let (old, new) = (stored.any_credential(slot), new.any_credential(slot));
        match (old, new) {
            (None, None) => {}
            (None, Some(_)) => is_newer = true,
            (Some(old), Some(new)) if old.fingerprint() == new.fingerprint() => {}
            (Some(old), Some(new)) if new.issued_at() > old.issued_at() => is_newer = true,
            (Some(_), _) => return Outcome::Kept,
        }
    }
    if is_newer { Outcome::Written } else { Outcome::Kept }
}

/// Waits for an operation of a store, but not for good.
pub(super) async fn within<T>(
    operation: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, Problem> {
    let done = tokio::time::timeout(LIMIT, operation).await.map_err(|_| too_slow())?;
    done.map_err(Problem::refused)
}

fn too_slow() -> Problem {
    Problem::refused(format!("the store does not answer within {} seconds", LIMIT.as_secs()))
}

const LIMIT: Duration = Duration::from_secs(60);
const ROUNDS: usize = 5;

#[cfg(test)]
mod tests {
    use slack_auth::tokens::{AccessToken, Credential, InstallationKey};
    use slack_auth::{ClientId, Timestamp, store::MemoryStore};

    use super::*;

    fn installation(bot: Option<(&str, u64)>, user: Option<(&str, u64)>) -> Installation {
        let credential = |(token, at): (&str, u64)| {
            Credential::new(AccessToken::new(token).unwrap(), Timestamp::from_unix(at))
        };
        let mut installation = Installation::new(InstallationKey::Workspace("T0FAKE00001".into()));
        installation.bot = bot.map(credential);
        installation.user = user.map(credential);
        installation
    }

    #[test]
    fn only_what_is_newer_in_all_is_written() {
        let (one, two) = (Some(("xoxb-1", 1)), Some(("xoxb-2", 2)));
        let user = Some(("xoxp-1", 1));
        let other = Some(("xoxp-3", 3));
        for (stored, new, outcome) in [
            (installation(one, None), installation(one, None), Outcome::Unchanged),
            (installation(one, None), installation(two, None), Outcome::Written),
            (installation(two, None), installation(one, None), Outcome::Kept),
            (installation(one, None), installation(one, user), Outcome::Written),
            (installation(one, user), installation(two, None), Outcome::Kept),
            (installation(two, user), installation(one, other), Outcome::Kept),
            (installation(one, other), installation(two, other), Outcome::Written),
            (installation(one, None), installation(Some(("xoxb-9", 1)), None), Outcome::Kept),
        ] {
            assert!(compare(&stored, &new) == outcome, "{stored:?} {new:?}");
        }
    }

    #[test]
    fn what_another_process_stored_meanwhile_is_compared_again() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let store = InstallationStore::new(MemoryStore::new(), ClientId::new("1.2").unwrap());
        let key = InstallationKey::Workspace("T0FAKE00001".into()).into();
        let put = |new: &Installation| {
            let done = runtime.block_on(put_if_newer(&store, &key, new));
            done.unwrap_or_else(|_| panic!("the store failed"))
        };
        let (old, new) =
            (installation(Some(("xoxb-1", 1)), None), installation(Some(("xoxb-2", 2)), None));
        assert!(put(&old) == Outcome::Written);
        assert!(put(&old) == Outcome::Unchanged);
        assert!(put(&new) == Outcome::Written);
        assert!(put(&old) == Outcome::Kept);
    }
}
