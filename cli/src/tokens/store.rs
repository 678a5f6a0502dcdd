//! `slack-auth store`: the folder that keeps installations.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use clap::Subcommand;
use serde_json::json;
use slack_auth::store::{FileStore, SealingKey};

use super::output::print;
use super::session::{SessionArguments, block_on, keys_of};
use crate::problem::Problem;

#[derive(Subcommand)]
pub(crate) enum StoreCommand {
    /// Create the store, and a sealing key if the key file does not exist.
    Init,
    /// Read every installation, to show that the key opens all of them.
    Verify,
}

pub(crate) fn run(command: &StoreCommand, arguments: &SessionArguments) -> Result<(), Problem> {
    match command {
        StoreCommand::Init => init(arguments),
        StoreCommand::Verify => block_on(verify(arguments)),
    }
}

fn init(arguments: &SessionArguments) -> Result<(), Problem> {
    let new_key = arguments.key_file.as_deref().filter(|path| !path.exists());
    match new_key {
        Some(path) => create_key(path)?,
        None if arguments.sealing_key()?.is_some() => {}
        None => {
            let text = "no sealing key is given: set --key-file or SLACK_AUTH_KEY";
            return Err(Problem::misuse(text));
        }
    }
    let folder = arguments.folder()?;
    FileStore::open(folder).map_err(Problem::refused)?;
    let value = json!({"store": folder, "key_created": new_key.is_some()});
    let mut lines = vec![format!("the store is in {}", folder.display())];
    if let Some(path) = new_key {
        lines.push(format!(
            "its key is in {}: keep it in another place than the store; without it nothing can be read",
            path.display()
        ));
    }
    print(arguments.json, &value, &lines)
}

/// Creates a key file that its owner alone can read.
fn create_key(path: &Path) -> Result<(), Problem> {
    let key = SealingKey::random().map_err(Problem::refused)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let cannot = |error: std::io::Error| {
        Problem::refused(format!("cannot write {}: {}", path.display(), error.kind()))
    };
    let mut file = options.open(path).map_err(cannot)?;
    for byte in key.expose() {
        write!(file, "{byte:02x}").map_err(cannot)?;
    }
    writeln!(file).and_then(|()| file.sync_all()).map_err(cannot)
}

async fn verify(arguments: &SessionArguments) -> Result<(), Problem> {
    let store = arguments.open_store(arguments.store_app()?)?;
    let mut read = 0;
    for key in keys_of(&store).await? {
        store.load(&key).await.map_err(Problem::refused)?;
        read += 1;
    }
    print(
        arguments.json,
        &json!({"installations": read}),
        &[format!("{read} installations, all readable")],
    )
}
