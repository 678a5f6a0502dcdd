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
    /// A server of Redis or Valkey, by its URL, which may hold a password.
    #[cfg(feature = "redis")]
    Redis(String),
}

impl Place {
    /// Parses what the variable `STORE` says.
    ///
    /// # Errors
    ///
    /// When it is none of these.
    pub fn parse(text: &str) -> Result<Self, InvalidSetting> {
        let refused = InvalidSetting(
            "STORE must be file:FOLDER, sqlite:FILE, postgres://USER:PASSWORD@HOST/DATABASE, or \
             rediss://USER:PASSWORD@HOST/0",
        );
        let (scheme, rest) = text.split_once(':').ok_or(refused)?;
        match scheme {
            "file" | "sqlite" if rest.is_empty() => Err(refused),
            "file" => Ok(Self::Folder(rest.into())),
            "sqlite" => Ok(Self::Sqlite(rest.into())),
            "postgres" | "postgresql" => Ok(Self::Postgres(text.to_owned())),
            #[cfg(feature = "redis")]
            "redis" | "rediss" => Ok(Self::Redis(text.to_owned())),
            #[cfg(not(feature = "redis"))]
            "redis" | "rediss" => {
                Err(InvalidSetting("STORE must be another: for Redis build with --features redis"))
            }
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
            #[cfg(feature = "redis")]
            Self::Redis(url) => Arc::new(slack_store_redis::RedisStore::open(url).await?),
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
            #[cfg(feature = "redis")]
            Self::Redis(_) => f.write_str("Redis(..)"),
        }
    }
}
