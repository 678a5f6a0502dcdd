//! How a store is set up.

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use slack_store::{StoreError, StoreErrorKind};

use crate::{
    RedisStore,
    access::{Access, Address},
    error::Failure,
    names::Names,
    opening::{self, Opening},
    server::Server,
    worker::Worker,
};

/// Settings of a [`RedisStore`], made by [`RedisStore::builder`].
#[must_use = "nothing is opened before `open`"]
pub struct RedisStoreBuilder {
    address: String,
    startup_nodes: Vec<String>,
    prefix: String,
    timeout: Duration,
    ca_certificates: Option<Vec<u8>>,
    replicas: usize,
    unencrypted: bool,
    may_lose_writes: bool,
}

impl RedisStoreBuilder {
    pub(crate) fn at(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            startup_nodes: Vec::new(),
            prefix: "slack-auth".to_owned(),
            timeout: Duration::from_secs(5),
            ca_certificates: None,
            replicas: 0,
            unencrypted: false,
            may_lose_writes: false,
        }
    }

    /// Adds nodes of a cluster that are asked for the others while the address does not answer, each as `HOST:PORT`. User,
    /// password and TLS are those of the address.
    ///
    /// One node that answers is enough, so a cluster with one configuration endpoint needs none of them. A server that is no
    /// node of a cluster is then refused.
    pub fn startup_nodes<N: Into<String>>(mut self, nodes: impl IntoIterator<Item = N>) -> Self {
        self.startup_nodes.extend(nodes.into_iter().map(Into::into));
        self
    }

    /// Sets what the names of all keys begin with, so that several apps can share a server. Default: `slack-auth`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets how long an operation may take, a new connection included. Default: 5 seconds. It belongs below the time that
    /// the rotator allows a store.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(LONGEST);
        self
    }

    /// Sets the CA certificates, in PEM, that sign the server's certificate. Default: those of the platform.
    pub fn ca_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_certificates = Some(pem.into());
        self
    }

    /// Sets how many replicas must say that they have a write, or a lease, before it counts. Default: 0. With fewer in time
    /// the outcome of a write is [unknown](slack_store::StoreErrorKind::Unknown), and this process does not read what it wrote
    /// until so many have it: what the primary alone has settles nothing.
    ///
    /// A failover to a replica that has a write loses nothing; Redis may still choose another one.
    pub fn wait_for_replicas(mut self, replicas: usize) -> Self {
        self.replicas = replicas;
        self
    }

    /// Sets whether a server elsewhere than on this machine may be reached without TLS. Default: no. Whoever reads the
    /// network between then reads the password, and the tokens if the store is not sealed.
    pub fn unencrypted(mut self, unencrypted: bool) -> Self {
        self.unencrypted = unencrypted;
        self
    }

    /// Sets whether a server is good enough that may lose what it has acknowledged, in a crash or for lack of memory.
    /// Default: no. With a lost write a refreshed pair is lost.
    pub fn may_lose_writes(mut self, may_lose_writes: bool) -> Self {
        self.may_lose_writes = may_lose_writes;
        self
    }

    /// Opens the store: connects, and checks the server and its settings. Of a cluster it checks each primary.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached, refuses the user, is older than Redis 7, is a replica, or may lose what it
    /// acknowledges; when the store is of a newer release; when a startup node is not of the form `HOST:PORT`, or there are
    /// such nodes and the server is none of a cluster. Nothing is overwritten.
    pub async fn open(self) -> Result<RedisStore, StoreError> {
        let names = Names::new(&self.prefix)?;
        let access = Access::new(&self.address, self.ca_certificates, self.unencrypted)?;
        let mut seeds = vec![access.first().map_err(Failure::of_read)?];
        for node in &self.startup_nodes {
            let Some(address) = Address::parse(node).filter(|address| !address.host.is_empty())
            else {
                return Err(refused("a startup node is not of the form HOST:PORT"));
            };
            seeds.push(access.at(&address).map_err(Failure::of_read)?);
        }
        let worker = Worker::new().map_err(|error| {
            StoreError::unavailable("no thread for the store could be started", error)
        })?;
        let opening = Opening {
            access,
            seeds: seeds.into_iter().map(Arc::new).collect(),
            timeout: self.timeout,
            may_lose_writes: self.may_lose_writes,
        };
        let route = worker.run(opening.route()).await;
        let route = route.unwrap_or_else(|ended| Err(Failure::Lost(ended).of_read()))?;
        let server = Arc::new(Server {
            route,
            worker,
            timeout: self.timeout,
            names,
            replicas: self.replicas,
            unconfirmed: Mutex::new(HashSet::new()),
        });
        opening::check_release(&server).await?;
        Ok(RedisStore { server })
    }
}

pub(crate) fn refused(what: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Refused, what)
}

/// Shows no address: the password stands in it.
impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStoreBuilder")
            .field("prefix", &self.prefix)
            .field("timeout", &self.timeout)
            .field("replicas", &self.replicas)
            .finish_non_exhaustive()
    }
}

/// A longer time cannot be added to every instant.
const LONGEST: Duration = Duration::from_secs(86_400 * 365);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        let builder = RedisStore::builder("redis://app:hush-hush@10.0.0.1/0");
        assert!(!format!("{builder:?}").contains("hush"));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let error = runtime.block_on(builder.open()).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("hush"));
    }
}
