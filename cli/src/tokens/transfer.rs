//! `slack-auth store copy` and `slack-auth store rekey`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use slack_auth::store::{Precondition, SealingKeys};
use slack_auth::{InstallationStore, StoreKey};

use super::newer::{Counts, put_if_newer, within};
use super::output::print;
use super::place::Place;
use super::progress::Progress;
use super::sealing::{create_key, read_key};
use super::session::{SessionArguments, keys_of};
use crate::problem::Problem;

#[derive(Args)]
pub(crate) struct CopyArguments {
    /// The store to read, named as for `--store`.
    from: String,
    /// The store to write, named as for `--store`; it is created if it does not exist.
    to: String,
    /// The file with the sealing key of the store to write, if it is another one.
    #[arg(long, value_name = "FILE")]
    to_key_file: Option<PathBuf>,
}

/// Copies what is newer than in the other store, so that a second run continues or changes nothing.
pub(super) async fn copy(
    wanted: &CopyArguments,
    arguments: &SessionArguments,
) -> Result<(), Problem> {
    let (from, to) = (Place::parse(&wanted.from)?, Place::parse(&wanted.to)?);
    let app = arguments.store_app()?;
    let key = arguments.needed_key()?;
    let to_key = wanted.to_key_file.as_deref().map_or_else(|| Ok(key.clone()), read_key)?;
    let from =
        InstallationStore::new(from.open(false).await?, app.clone()).sealed(SealingKeys::new(key));
    let to = InstallationStore::new(to.open(true).await?, app).sealed(SealingKeys::new(to_key));
    let keys = keys_of(&from).await?;
    // A store of another app or key is refused before anything else happens, an empty one too.
    keys_of(&to).await?;
    let (progress, mut counts) = (Progress::new("copying", keys.len()), Counts::default());
    for key in &keys {
        if let Some(stored) = within(from.load(key)).await? {
            counts.add(key, put_if_newer(&to, key, &stored.installation).await?);
        }
        progress.step();
    }
    progress.end();
    let value = json!({
        "written": counts.written, "unchanged": counts.unchanged, "kept": counts.kept,
    });
    print(arguments.json, &value, &[counts.line()])
}

#[derive(Args)]
pub(crate) struct RekeyArguments {
    /// The file with the new sealing key; it is created if it does not exist. `--key-file` names the old one.
    #[arg(long, value_name = "FILE")]
    new_key_file: PathBuf,
}

/// Seals every installation with a new key; a second run does what is left.
pub(super) async fn rekey(
    wanted: &RekeyArguments,
    arguments: &SessionArguments,
) -> Result<(), Problem> {
    let old = arguments.needed_key()?;
    let (place, app) = (arguments.place()?, arguments.store_app()?);
    let backend = place.open(false).await?;
    let path: &Path = &wanted.new_key_file;
    let is_created = !path.exists();
    if is_created {
        // The old key must open the store, so that nobody is left with a new key of nothing.
        let store = InstallationStore::new(backend.clone(), app.clone());
        keys_of(&store.sealed(SealingKeys::new(old.clone()))).await?;
        create_key(path)?;
    }
    let new = read_key(path)?;
    if new.expose() == old.expose() {
        return Err(Problem::misuse("the new key is the old one: name another --new-key-file"));
    }
    let both = SealingKeys::new(new.clone()).old_key(old);
    let both = InstallationStore::new(backend.clone(), app.clone()).sealed(both);
    // The first operation marks the store with the new key: from now on the old one alone is refused.
    let keys = keys_of(&both).await?;
    let with_new = InstallationStore::new(backend, app).sealed(SealingKeys::new(new));
    let progress = Progress::new("sealing", keys.len());
    let (mut sealed, mut already) = (0_usize, 0_usize);
    for key in &keys {
        if seal(&with_new, &both, key).await? {
            sealed += 1;
        } else {
            already += 1;
        }
        progress.step();
    }
    progress.end();
    let value = json!({"sealed": sealed, "already": already, "key_created": is_created});
    let line = format!("{sealed} sealed with the new key, {already} were already");
    let advice =
        format!("from now on --key-file is {}; the old key opens nothing more", path.display());
    print(arguments.json, &value, &[line, advice])
}

/// Returns whether the installation had to be sealed anew.
async fn seal(
    with_new: &InstallationStore,
    both: &InstallationStore,
    key: &StoreKey,
) -> Result<bool, Problem> {
    loop {
        // What the new key opens was written by an earlier run, or by another process since.
        if within(with_new.load(key)).await.is_ok() {
            return Ok(false);
        }
        let Some(stored) = within(both.load(key)).await? else { return Ok(false) };
        let expected = Precondition::Version(stored.version);
        let Err(problem) = within(both.put(key, &stored.installation, expected)).await else {
            return Ok(true);
        };
        let now = within(both.load(key)).await?;
        if now.is_some_and(|now| now.version == stored.version) {
            return Err(problem);
        }
    }
}
