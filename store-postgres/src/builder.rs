//! How a store is set up.

use std::{fmt, sync::Arc, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use slack_store::{StoreError, StoreErrorKind};
use tokio_postgres::{NoTls, config::SslMode};

use crate::{
    PostgresStore, address,
    database::Database,
    names::{Names, Statements},
    schema, tls,
    worker::Worker,
};

/// Settings of a [`PostgresStore`], made by [`PostgresStore::builder`] or [`PostgresStore::builder_over`].
#[must_use = "nothing is opened before `open`"]
pub struct PostgresStoreBuilder {
    server: Server,
    names: Names,
    connections: usize,
    timeout: Duration,
    ca_certificates: Vec<u8>,
    may_lose_commits: bool,
}

enum Server {
    At(String),
    Over(Pool),
}

impl PostgresStoreBuilder {
    pub(crate) fn at(connection: &str) -> Self {
        Self::new(Server::At(connection.to_owned()))
    }

    pub(crate) fn over(pool: Pool) -> Self {
        Self::new(Server::Over(pool))
    }

    fn new(server: Server) -> Self {
        Self {
            server,
            names: Names { schema: "slack_auth".to_owned(), prefix: String::new() },
            connections: 8,
            timeout: Duration::from_secs(5),
            ca_certificates: Vec::new(),
            may_lose_commits: false,
        }
    }

    /// Sets the schema of the tables. Default: `slack_auth`.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.names.schema = schema.into();
        self
    }

    /// Sets what the tables' names begin with, so that several apps can share a schema. Default: nothing.
    pub fn table_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.names.prefix = prefix.into();
        self
    }

    /// Sets how many connections there may be at most. Default: 8. A pool of your own has a limit of its own.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.connections = connections.max(1);
        self
    }

    /// Sets how long an operation may take, the wait for a connection included. Default: 5 seconds. It belongs below the
    /// time that the rotator allows a store.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(LONGEST);
        self
    }

    /// Adds CA certificates, in PEM, to those of the platform. A pool of your own brings its TLS along.
    pub fn ca_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_certificates = pem.into();
        self
    }

    /// Sets whether a server is good enough that acknowledges a commit and may lose it in a crash (`fsync` or
    /// `synchronous_commit` is off). Default: no. With a lost commit a refreshed pair is lost.
    pub fn may_lose_commits(mut self, may_lose_commits: bool) -> Self {
        self.may_lose_commits = may_lose_commits;
        self
    }

    /// Opens the store: connects, makes the tables where they are not there, and checks them and the server's settings.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached, refuses the user or the role, takes no writes, may lose what it acknowledges,
    /// or when the tables are of a newer release or have been altered. Nothing is overwritten.
    pub async fn open(self) -> Result<PostgresStore, StoreError> {
        self.names.check()?;
        let pool = match self.server {
            Server::Over(pool) => pool,
            Server::At(connection) => {
                let mut config = address::parse(&connection)?;
                config.connect_timeout(self.timeout);
                let settings = ManagerConfig { recycling_method: RecyclingMethod::Fast };
                // A machine without any authority can still reach a server that needs none.
                let manager = if config.get_ssl_mode() == SslMode::Disable {
                    Manager::from_config(config, NoTls, settings)
                } else {
                    let connector = tls::connector(&self.ca_certificates)?;
                    Manager::from_config(config, connector, settings)
                };
                let pool = Pool::builder(manager).max_size(self.connections).build();
                pool.map_err(|error| StoreError::unavailable("the pool cannot be made", error))?
            }
        };
        let worker = Worker::new().map_err(|error| {
            StoreError::unavailable("no thread for the store could be started", error)
        })?;
        let statements = Statements::new(&self.names);
        let database =
            Database { pool, worker, timeout: self.timeout, names: self.names, statements };
        let database = Arc::new(database);
        let (opened, may_lose_commits) = (Arc::clone(&database), self.may_lose_commits);
        let prepare = async move { schema::prepare(&opened, may_lose_commits).await };
        database.worker.handle().spawn(prepare).await.map_err(|error| {
            StoreError::new(StoreErrorKind::Unavailable, "the Tokio runtime has ended")
                .because(error)
        })??;
        Ok(PostgresStore { database })
    }
}

/// Shows no connection string: the password stands in it.
impl fmt::Debug for PostgresStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStoreBuilder")
            .field("names", &self.names)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// A longer time cannot be added to every instant.
const LONGEST: Duration = Duration::from_secs(86_400 * 365);
