//! Where a store is: a folder, or a database by its URL.

use std::path::PathBuf;
use std::sync::Arc;

use slack_auth::store::{FileStore, StoreBackend};

use crate::problem::Problem;

/// The place of a store. A URL may hold a password, so it has no `Debug`.
pub(super) enum Place {
    Folder(PathBuf),
    Postgres(String),
    Redis(String),
}

impl Place {
    /// Reads what `--store` says: a folder, `file:PATH`, `postgres://..`, `rediss://..`, or `env:NAME` for
    /// the variable that says it.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        if let Some(name) = text.strip_prefix("env:") {
            let value = std::env::var(name)
                .map_err(|_| Problem::misuse(format!("the variable {name} names no store")))?;
            if value.starts_with("env:") {
                return Err(Problem::misuse(format!("the variable {name} names another variable")));
            }
            return Self::of_value(&value);
        }
        let place = Self::of_value(text)?;
        if let Self::Postgres(url) | Self::Redis(url) = &place {
            refuse_password_in_arguments(url)?;
        }
        Ok(place)
    }

    fn of_value(text: &str) -> Result<Self, Problem> {
        if text.is_empty() {
            return Err(Problem::misuse("the name of the store is empty"));
        }
        match scheme(text) {
            None => Ok(Self::Folder(text.into())),
            Some("file") => {
                let path = &text["file:".len()..];
                let path = match path.strip_prefix("//") {
                    Some(rest) if rest.starts_with('/') => rest,
                    Some(_) => {
                        let text = "a file: URL names no host: write file:PATH or file:///PATH";
                        return Err(Problem::misuse(text));
                    }
                    None => path,
                };
                if path.is_empty() {
                    return Err(Problem::misuse("file: needs a path behind it: file:PATH"));
                }
                Ok(Self::Folder(path.into()))
            }
            Some("postgres" | "postgresql") if cfg!(feature = "postgres") => {
                Ok(Self::Postgres(text.to_owned()))
            }
            Some("postgres" | "postgresql") => Err(Problem::misuse(
                "this slack-auth was built without PostgreSQL: build it with the feature `postgres`",
            )),
            Some("redis" | "rediss") if cfg!(feature = "redis") => Ok(Self::Redis(text.to_owned())),
            Some("redis" | "rediss") => Err(Problem::misuse(
                "this slack-auth was built without Redis: build it with the feature `redis`, which needs Rust 1.88",
            )),
            Some(scheme) => Err(Problem::misuse(format!(
                "no store has the scheme `{scheme}`: name a folder, file:PATH, postgres://USER@HOST/DATABASE, \
                 rediss://USER@HOST/0, or env:NAME for a variable that holds one of these"
            ))),
        }
    }

    /// Returns what may be shown of the place: never user, password or options.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Postgres(url) | Self::Redis(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or((url, ""));
                let scheme = if scheme.starts_with("postgres") { "postgres" } else { scheme };
                let rest = rest.split('?').next().unwrap_or_default();
                // A password may hold an `@`, a host cannot.
                format!("{scheme}://{}", rest.rsplit('@').next().unwrap_or_default())
            }
        }
    }

    /// Opens the backend; a folder is created only if `create` says so.
    pub(super) async fn open(&self, create: bool) -> Result<Arc<dyn StoreBackend>, Problem> {
        match self {
            Self::Folder(folder) if !create && !folder.is_dir() => Err(Problem::misuse(format!(
                "there is no store at {}: create it with `slack-auth store init`",
                folder.display()
            ))),
            Self::Folder(folder) => {
                let folder = folder.clone();
                let opened = tokio::task::spawn_blocking(move || FileStore::open(folder)).await;
                Ok(Arc::new(opened.map_err(Problem::refused)?.map_err(Problem::refused)?))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(url) => {
                let store = slack_auth::store::PostgresStore::open(url).await;
                Ok(Arc::new(store.map_err(Problem::refused)?))
            }
            #[cfg(not(feature = "postgres"))]
            Self::Postgres(_) => Err(Problem::misuse("built without PostgreSQL")),
            #[cfg(feature = "redis")]
            Self::Redis(url) => Ok(Arc::new(super::redis::open(url).await?)),
            #[cfg(not(feature = "redis"))]
            Self::Redis(_) => Err(Problem::misuse("built without Redis")),
        }
    }
}

/// Returns the scheme of a URL. One letter is a drive of Windows.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let is_scheme = scheme.len() > 1
        && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    is_scheme.then_some(scheme)
}

/// Everybody on the machine can read the arguments of a process.
fn refuse_password_in_arguments(url: &str) -> Result<(), Problem> {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let user = rest.rsplit_once('@').map_or("", |(user, _)| user);
    let has_password = user.contains(':') || rest.contains("password=");
    let is_argument = || {
        std::env::args_os().any(|argument| {
            argument.to_str().is_some_and(|argument| {
                argument == url || argument.strip_prefix("--store=") == Some(url)
            })
        })
    };
    if has_password && is_argument() {
        return Err(Problem::misuse(
            "a password must not be in an argument: put the URL into SLACK_AUTH_STORE, or into another variable that \
             env:NAME names",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn folder(text: &str) -> Option<PathBuf> {
        match Place::parse(text) {
            Ok(Place::Folder(folder)) => Some(folder),
            _ => None,
        }
    }

    #[test]
    fn folders_are_paths_or_file_urls() {
        for (text, path) in [
            ("store", "store"),
            ("./a:b", "./a:b"),
            ("C:\\store", "C:\\store"),
            ("file:store", "store"),
            ("file:/tmp/store", "/tmp/store"),
            ("file:///tmp/store", "/tmp/store"),
        ] {
            assert_eq!(folder(text).as_deref(), Some(Path::new(path)), "{text}");
        }
        for text in ["", "file:", "file://host/store", "sqlite:store", "env:SLACK_AUTH_NO_SUCH"] {
            assert!(Place::parse(text).is_err(), "{text}");
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn a_database_is_shown_without_its_password() {
        for url in ["postgres://app:p@hush@db:5432/app?password=hush", "postgres://db:5432/app"] {
            let place = Place::parse(url).unwrap_or_else(|_| panic!("{url}"));
            assert_eq!(place.shown(), "postgres://db:5432/app");
        }
    }

    #[cfg(feature = "redis")]
    #[test]
    fn redis_is_shown_without_its_password() {
        for url in ["rediss://app:p@hush@db:6380/0?prefix=hush", "rediss://db:6380/0"] {
            let place = Place::parse(url).unwrap_or_else(|_| panic!("{url}"));
            assert_eq!(place.shown(), "rediss://db:6380/0");
        }
    }
}
