//! `slack-auth store`: what keeps installations.

use clap::Subcommand;
use serde_json::json;
use slack_auth::InstallationStore;
use slack_auth::store::SealingKeys;

use super::import::{ImportArguments, import};
use super::newer::within;
use super::output::print;
use super::sealing::create_key;
use super::session::{SessionArguments, block_on, keys_of};
use super::transfer::{CopyArguments, RekeyArguments, copy, rekey};
use crate::problem::Problem;

#[derive(Subcommand)]
pub(crate) enum StoreCommand {
    /// Create the store, and a sealing key if the key file does not exist.
    Init,
    /// Read every installation, to show that the key opens all of them.
    Verify,
    /// Store what `slack_sdk` or `@slack/oauth` has kept.
    Import(ImportArguments),
    /// Copy every installation to another store, unless that has a newer one.
    Copy(CopyArguments),
    /// Seal every installation with a new key.
    Rekey(RekeyArguments),
}

pub(crate) fn run(command: &StoreCommand, arguments: &SessionArguments) -> Result<(), Problem> {
    block_on(async {
        match command {
            StoreCommand::Init => init(arguments).await,
            StoreCommand::Verify => verify(arguments).await,
            StoreCommand::Import(wanted) => import(wanted, arguments).await,
            StoreCommand::Copy(wanted) => copy(wanted, arguments).await,
            StoreCommand::Rekey(wanted) => rekey(wanted, arguments).await,
        }
    })
}

async fn init(arguments: &SessionArguments) -> Result<(), Problem> {
    let place = arguments.place()?;
    let new_key = arguments.key_file.as_deref().filter(|path| !path.exists());
    if let Some(path) = new_key {
        create_key(path)?;
    }
    let key = arguments.needed_key()?;
    let backend = place.open(true).await?;
    if arguments.client_id.is_some() {
        // A store that is there must be of this app and key.
        let store = InstallationStore::new(backend, arguments.store_app()?);
        keys_of(&store.sealed(SealingKeys::new(key))).await?;
    }
    let shown = place.shown();
    let value = json!({"store": shown, "key_created": new_key.is_some()});
    let mut lines = vec![format!("the store is in {shown}")];
    if let Some(path) = new_key {
        lines.push(format!(
            "its key is in {}: keep it in another place than the store; without it nothing can be read",
            path.display()
        ));
    }
    print(arguments.json, &value, &lines)
}

async fn verify(arguments: &SessionArguments) -> Result<(), Problem> {
    let store = arguments.open_store(arguments.store_app()?).await?;
    let mut read = 0;
    for key in keys_of(&store).await? {
        within(store.load(&key)).await?;
        read += 1;
    }
    print(
        arguments.json,
        &json!({"installations": read}),
        &[format!("{read} installations, all readable")],
    )
}
