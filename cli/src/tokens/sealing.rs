//! The sealing key of a store.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use slack_auth::store::SealingKey;

use super::session::secret;
use crate::problem::Problem;

/// Parses a key of 64 hexadecimal digits.
pub(super) fn parse_key(text: &str) -> Result<SealingKey, Problem> {
    let digits = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).unwrap_or_default();
        *byte = u8::from_str_radix(pair, 16).unwrap_or_default();
    }
    if digits {
        return Ok(SealingKey::new(bytes));
    }
    Err(Problem::misuse(
        "the sealing key must be 64 hexadecimal digits: create one with `slack-auth store init`",
    ))
}

/// Reads a key from a file.
pub(super) fn read_key(path: &Path) -> Result<SealingKey, Problem> {
    parse_key(&secret("", Some(path))?.unwrap_or_default())
}

/// Creates a key file that its owner alone can read; returns once it is durable.
pub(super) fn create_key(path: &Path) -> Result<(), Problem> {
    let key = SealingKey::random().map_err(Problem::refused)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let cannot = |error: std::io::Error| {
        Problem::refused(format!("cannot write {}: {error}", path.display()))
    };
    let mut file = options.open(path).map_err(cannot)?;
    for byte in key.expose() {
        write!(file, "{byte:02x}").map_err(cannot)?;
    }
    writeln!(file).and_then(|()| file.sync_all()).map_err(cannot)?;
    if cfg!(unix) {
        // Its name in the folder must be durable as well.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = File::open(folder.unwrap_or(Path::new("."))).map_err(cannot)?;
        folder.sync_all().map_err(cannot)?;
    }
    Ok(())
}
