//! How a store is set up.

use std::{
    collections::HashSet,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex as SyncMutex},
    time::Duration,
};

use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, TlsCertificates};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use slack_store::{StoreError, StoreErrorKind};
use tokio::sync::Mutex;

use crate::{
    RedisStore,
    names::Names,
    opening,
    server::{Current, Server},
    worker::Worker,
};

/// Settings of a [`RedisStore`], made by [`RedisStore::builder`].
#[must_use = "nothing is opened before `open`"]
pub struct RedisStoreBuilder {
    address: String,
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
            prefix: "slack-auth".to_owned(),
            timeout: Duration::from_secs(5),
            ca_certificates: None,
            replicas: 0,
            unencrypted: false,
            may_lose_writes: false,
        }
    }

    /// Sets what the names of all keys begin with, so that several apps can share a server. Default: `slack-auth`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets how long an operation may take, a new connection included. Default: 5 seconds. It belongs below the time that
    /// the rotator allows a store.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
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

    /// Opens the store: connects, and checks the server and its settings.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached, refuses the user, is older than Redis 7, is a replica, or may lose what it
    /// acknowledges; when the store is of a newer release. Nothing is overwritten.
    pub async fn open(self) -> Result<RedisStore, StoreError> {
        let names = Names::new(&self.prefix)?;
        let client = self.client()?;
        let worker = Worker::new().map_err(|error| {
            StoreError::unavailable("no thread for the store could be started", error)
        })?;
        let server = Arc::new(Server {
            client,
            worker,
            timeout: self.timeout,
            names,
            replicas: self.replicas,
            current: Mutex::new(Current::default()),
            unconfirmed: SyncMutex::new(HashSet::new()),
        });
        opening::check(&server, self.may_lose_writes).await?;
        Ok(RedisStore { server })
    }

    fn client(&self) -> Result<Client, StoreError> {
        // The crate's words may quote the address, and the address holds the password.
        let info: ConnectionInfo = self.address.as_str().into_connection_info().map_err(|_| {
            refused("this is not an address of Redis: give rediss://USER:PASSWORD@HOST/0")
        })?;
        let (is_encrypted, is_local) = match info.addr() {
            ConnectionAddr::Tcp(host, _) => (false, is_local(host)),
            ConnectionAddr::TcpTls { host, insecure, .. } => {
                if *insecure {
                    return Err(refused(
                        "an address with #insecure is not taken: it checks no certificate",
                    ));
                }
                (true, is_local(host))
            }
            // A socket in a folder of this machine.
            _ => (false, true),
        };
        if !(is_encrypted || is_local || self.unencrypted) {
            return Err(refused(
                "the server is not on this machine: give rediss:// in place of redis://, or allow `unencrypted`",
            ));
        }
        if is_encrypted && CryptoProvider::get_default().is_none() {
            // The crate takes the process's default, and panics if there is none. Another one may be quicker.
            let _ = aws_lc_rs::default_provider().install_default();
        }
        // `CLIENT SETINFO` is one more permission, and one that a server may not know.
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        let info = info.set_redis_settings(settings);
        let client = match &self.ca_certificates {
            Some(pem) if is_encrypted => Client::build_with_tls(
                info,
                TlsCertificates { client_tls: None, root_cert: Some(pem.clone()) },
            ),
            _ => Client::open(info),
        };
        client.map_err(|_| refused("the CA certificates are not PEM"))
    }
}

fn is_local(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_elsewhere_is_reached_by_tls_alone() {
        let client = |address: &str| RedisStoreBuilder::at(address).client().map(drop);
        for good in [
            "redis://localhost/0",
            "redis://127.0.0.1:6380",
            "redis://[::1]/",
            "rediss://redis.example.com/0",
            "unix:///run/redis.sock",
        ] {
            assert!(client(good).is_ok(), "{good}");
        }
        for bad in [
            "redis://redis.example.com/0",
            "redis://10.0.0.1/0",
            "redis://localhost.example.com/0",
            "rediss://redis.example.com/#insecure",
            "http://localhost",
            "",
        ] {
            let error = client(bad).unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Refused, "{bad}");
        }
        let elsewhere = RedisStoreBuilder::at("redis://10.0.0.1/0").unencrypted(true);
        assert!(elsewhere.client().is_ok());
    }

    #[test]
    fn no_password_is_shown() {
        let builder = RedisStore::builder("redis://app:hush-hush@10.0.0.1/0");
        assert!(!format!("{builder:?}").contains("hush"));
        let error = builder.client().unwrap_err();
        assert!(!format!("{error:?} {error}").contains("hush"));
    }
}
