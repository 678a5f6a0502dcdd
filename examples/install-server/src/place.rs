//! Where installations are kept.

use std::{fmt, path::PathBuf, sync::Arc};

use slack_auth::store::{FileStore, PostgresStore, StoreBackend, StoreError};
use sqlite_store_example::SqliteStore;

use crate::InvalidSetting;

/// Where installations are kept: one machine's folder or file, or a server that many hosts share.
#[non_exhaustive]
pub enum Place {
    /// A folder.
    Folder(PathBuf),
    /// A file of SQLite's.
    Sqlite(PathBuf),
    /// A PostgreSQL server, by its URL, which may hold a password.
    Postgres(String),
}

impl Place {
    /// Parses what the variable `STORE` says.
    ///
    /// # Errors
    ///
    /// When it is none of the three.
    pub fn parse(text: &str) -> Result<Self, InvalidSetting> {
        let refused = InvalidSetting(
            "STORE must be file:FOLDER, sqlite:FILE, or postgres://USER:PASSWORD@HOST/DATABASE",
        );
        let (scheme, rest) = text.split_once(':').ok_or(refused)?;
        match scheme {
            "file" | "sqlite" if rest.is_empty() => Err(refused),
            "file" => Ok(Self::Folder(rest.into())),
            "sqlite" => Ok(Self::Sqlite(rest.into())),
            "postgres" | "postgresql" => Ok(Self::Postgres(text.to_owned())),
            _ => Err(refused),
        }
    }

    /// Opens the store there; what is missing is made.
    ///
    /// # Errors
    ///
    /// When it cannot be opened: the error says what to do.
    pub async fn open(&self) -> Result<Arc<dyn StoreBackend>, StoreError> {
        Ok(match self {
            Self::Folder(folder) => Arc::new(FileStore::open(folder)?),
            Self::Sqlite(file) => Arc::new(SqliteStore::open(file)?),
            Self::Postgres(url) => Arc::new(PostgresStore::open(url).await?),
        })
    }
}

/// Shows no URL: the password stands in it.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => f.debug_tuple("Folder").field(folder).finish(),
            Self::Sqlite(file) => f.debug_tuple("Sqlite").field(file).finish(),
            Self::Postgres(_) => f.write_str("Postgres(..)"),
        }
    }
}
